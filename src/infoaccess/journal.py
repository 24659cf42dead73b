"""Keep the journal of runs: JSON lines in data/journal, and one readable line a step where a person watches.

1 line = 1 event of a run: its start, a step, its end with the exit code. A run without an end was killed or lost its
power. Sentences are this suite's own; nothing of a list is in them. The journal never costs a run: where it cannot be
written, the run goes on and says so once.
"""

import datetime as dt
import getpass
import json
import logging
import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from typing import TextIO

from infoaccess import locks, rooms

FILE = "runs.jsonl"
BYTES, FILES = 1_000_000, 12  # some ten thousand lines each; the oldest file goes
LOG = logging.getLogger("infoaccess.journal")
HEARD = logging.getLogger("infoaccess")  # what the other modules warn of
_LONG_NUMBER = re.compile(r"\d{9,}")  # an identity or telephone number; nothing that a reason needs is as long
LOG.propagate = False
LOG.addHandler(logging.NullHandler())  # outside a run nothing is written


@dataclass
class Run:
    """Gather one run's events from the journal."""

    id: str
    start: dict = field(default_factory=dict)
    end: dict | None = None
    steps: list[dict] = field(default_factory=list)

    @property
    def code(self) -> int | None:
        """Return the exit code, None where the run has no end."""
        return self.end["code"] if self.end else None

    @property
    def lost(self) -> bool:
        """Tell whether it ended without a word: no end is written and its process is gone."""
        if self.end is not None or not self.start:
            return False
        born = locks.born(self.start["pid"])
        return not born or born != self.start.get("born")


class _Lines(logging.Formatter):
    """Write an event as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {"time": now(), "level": record.levelname.lower(), "text": clean(record.getMessage())}
        return json.dumps(facts | getattr(record, "facts", {}), ensure_ascii=False)


class _Watched(logging.StreamHandler):
    """Show on a terminal what the other modules warn of, as a step is shown."""

    def __init__(self):
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))


class _Kept(RotatingFileHandler):
    """Write for the owner alone, and say once, instead of at every line, that the journal cannot be written."""

    mute = False

    def _open(self) -> TextIO:
        return open(self.baseFilename, self.mode, encoding="utf-8", opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say it once; the run goes on."""
        if not self.mute:
            self.mute = True
            _complain(sys.exc_info()[1])


def now() -> str:
    """Return the time with its zone, to the second."""
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")


@contextmanager
def opened(what: str) -> Iterator[str]:
    """Write the events of one run while this is open; give the run's id. The caller writes the end."""
    run = f"{dt.datetime.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
    handler: logging.Handler = logging.NullHandler()
    try:
        rooms.journal().mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _Kept(rooms.journal(FILE), maxBytes=BYTES, backupCount=FILES - 1, encoding="utf-8")
    except OSError as err:
        _complain(err)
    handler.setFormatter(_Lines())
    handler.addFilter(lambda record: _of(record, run))
    handlers = [handler, *([_Watched()] if sys.stderr.isatty() else [])]
    levels = [(logger, logger.level) for logger in (LOG, HEARD)]
    LOG.addHandler(handler)
    for each in handlers:
        HEARD.addHandler(each)
    for logger, _ in levels:
        logger.setLevel(logging.INFO)
    try:
        note("start", what, pid=os.getpid(), born=locks.born(os.getpid()), user=_user())
        yield run
    finally:
        LOG.removeHandler(handler)
        for each in handlers:
            HEARD.removeHandler(each)
        for logger, level in levels:
            logger.setLevel(level)
        handler.close()


def step(text: str, **facts) -> None:
    """Tell one step of the run."""
    if sys.stderr.isatty():
        print(f"{dt.datetime.now():%H:%M:%S}  {text}", file=sys.stderr, flush=True)
    note("step", text, **facts)


def note(event: str, text: str, level: int = logging.INFO, **facts) -> None:
    """Write one event of the run."""
    LOG.log(level, "%s", text, extra={"facts": {"event": event} | facts})


def read() -> list[dict]:
    """Return all events, oldest first; a line that a power cut broke is left out."""
    found = []
    for number in range(FILES - 1, -1, -1):
        path = rooms.journal(f"{FILE}.{number}" if number else FILE)
        with suppress(OSError):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict) and {"run", "event", "time", "text"} <= event.keys():
                        found.append(event)
    return found


def runs() -> list[Run]:
    """Return the runs that the journal still tells of, oldest first."""
    found: dict[str, Run] = {}
    for event in read():
        run = found.setdefault(event["run"], Run(event["run"]))
        if event["event"] == "start":
            run.start = event
        elif event["event"] == "end":
            run.end = event
        else:
            run.steps.append(event)
    return [run for run in found.values() if run.start]


def clean(text: str) -> str:
    """Return a sentence without the machine's paths and without anything that may be a person's number.

    >>> clean("tệp a.xlsx, dòng 12: 046123456789")
    'tệp a.xlsx, dòng 12: …'
    """
    for root in (str(rooms.home()), str(rooms.CHECKOUT)):
        text = text.replace(root + os.sep, "").replace(root, ".")
    return _LONG_NUMBER.sub("…", text)


def _of(record: logging.LogRecord, run: str) -> bool:
    record.facts = {"event": "note"} | getattr(record, "facts", {}) | {"run": run}
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a number without a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _complain(err: BaseException | None) -> None:
    told = getattr(err, "strerror", None) or type(err).__name__
    print(f"CẢNH BÁO: không ghi được nhật ký {rooms.journal(FILE)}: {told}. Lần chạy vẫn tiếp tục.", file=sys.stderr)
