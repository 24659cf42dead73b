"""Try again what chance stopped, up to a limit; what would stop again is not tried again.

Chance: a kernel or a worker that died or did not start. Not chance: an error in a cell, a limit of time or memory, a
document that differs from its figures, a full disk.
"""

import logging
from collections.abc import Callable

from infoaccess.errors import InfoAccessError, KernelDied, WorkerDied

TRIES = 3
CHANCE = (KernelDied, WorkerDied)
_log = logging.getLogger("infoaccess")


def call(function: Callable, *args):
    """Call a function, again where chance stopped it, and return its result."""
    for n in range(1, TRIES + 1):
        try:
            return function(*args)
        except CHANCE as err:
            if not again(err, n):
                raise
    raise AssertionError("no try was made")


def again(err: InfoAccessError | None, tried: int) -> bool:
    """Tell, and say in the log, whether something is to be tried again after so many tries."""
    if not isinstance(err, CHANCE) or tried >= TRIES:
        return False
    _log.warning("%s Thử lại, lần %d/%d.", err, tried + 1, TRIES)
    return True
