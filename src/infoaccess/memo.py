"""Keep what all reports of a month share, so that it is read once: in a process, and by the fork in all its kernels.

What is kept is known by the state of the files it rests on: a file that was written anew makes it be read anew. What
is kept is shared, never changed: callers only read it.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
MOST = 24  # a statistician's session may look at many months: the oldest go
_HELD: OrderedDict[tuple, object] = OrderedDict()


def held(name: str, files: Sequence[Path], of: tuple, make: Callable[[], T]) -> T:
    """Return what `make` gives for `of` from some files, made once as long as these stay as they are."""
    key = (name, of, tuple(map(_state, files)))
    if key not in _HELD:
        _HELD[key] = make()
    _HELD.move_to_end(key)
    while len(_HELD) > MOST:
        _HELD.popitem(last=False)
    return _HELD[key]


def each(name: str) -> Iterator[tuple[tuple, object]]:
    """Yield what is held under a name: what it is of, and the thing itself."""
    yield from ((of, value) for (held, of, _), value in _HELD.items() if held == name)


def save(path: Path) -> None:
    """Write what is held into a file of this run's own passing folder."""
    path.touch(mode=0o600)  # of the internal edition it holds small counts
    path.write_bytes(pickle.dumps(_HELD, pickle.HIGHEST_PROTOCOL))


def load(path: str | Path) -> None:
    """Hold what another process of this run has saved."""
    _HELD.update(pickle.loads(Path(path).read_bytes()))


def _state(path: Path) -> tuple:
    try:
        found = path.stat()
    except OSError:
        return (str(path),)
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns
