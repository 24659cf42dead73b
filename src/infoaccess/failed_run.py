"""Say in plain words why a run failed: one page beside the archive's and one letter, without personal data.

What is told is this suite's own sentence, the stage, the notebook and the cell. A cell of a list is quoted nowhere;
what may quote one (the half-run notebook, the full message of an unexpected fault) stays in data/failed, and only its
place is told.
"""

import datetime as dt
import os
import re
import traceback
from contextlib import suppress
from dataclasses import dataclass

from infoaccess import html, journal, mail, rooms, words
from infoaccess.errors import InfoAccessError

CODES = (1, 2, 3, 4, 5, 6, 7)
PARTLY = 7  # published, without some reports
_PLACE = re.compile(r"(?P<notebook>\d\w*)(, ô \[(?P<cell>[^\]]*)\])?: (?P<reason>.*)", re.DOTALL)
_KEPT = re.compile(r" (?:\([Bb]ản chạy dở: (.*)\)|Bản chạy dở: (.*)|Xem (.*[/\\]failed[/\\].*)\.)$", re.DOTALL)
_UNEXPECTED = re.compile(r"(?P<reason>Lỗi không lường trước \([^)]*\))\.( Toàn văn: (?P<kept>.*) \([^)]*\)\.)?")
_MONTH = re.compile(r"20\d\d-[01]\d")
_UNIT = re.compile(r"5_progress_report_(\d+)\.ipynb$")


@dataclass(frozen=True)
class Failure:
    """Hold what is told of a run that failed."""

    run: str
    what: str
    time: str
    code: int
    reason: str
    notebook: str = ""
    cell: str = ""
    unit: str = ""
    kept: str = ""
    steps: tuple[str, ...] = ()


def of(err: BaseException, run: str, what: str) -> Failure:
    """Return what is to be told of an error that ended a run."""
    text = str(err) if isinstance(err, InfoAccessError) else f"Lỗi không lường trước ({type(err).__name__})"
    found = _UNEXPECTED.fullmatch(text)
    if found:
        reason, kept, parts = found["reason"], found["kept"] or "", {}
    else:
        ending = _KEPT.search(text)
        text = text[: ending.start()] if ending else text
        kept = next(filter(None, ending.groups())) if ending else ""
        place = _PLACE.fullmatch(text)
        parts = place.groupdict() if place else {}
        reason = parts.get("reason") or text
    unit = _UNIT.search(kept)
    return Failure(
        run,
        journal.clean(what),
        journal.now(),
        getattr(err, "exit_code", 1),
        journal.clean(reason),
        parts.get("notebook") or "",
        parts.get("cell") or "",
        unit[1] if unit else "",
        journal.clean(kept),
    )


def lost(run: journal.Run) -> Failure:
    """Return what is to be told of a run that ended without a word."""
    steps = [journal.clean(step["text"]) for step in run.steps if step["event"] == "step"]
    return Failure(run.id, journal.clean(run.start["text"]), run.start["time"], -1, "", steps=tuple(steps[-1:]))


def keep_trace(err: BaseException, run: str) -> str:
    """Write the whole message of an unexpected fault where personal data may lie; return its place, "" on failure."""
    path = rooms.failed() / f"{run}.txt"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
            file.writelines(traceback.format_exception(err))
        return str(path)
    return ""


def page(failure: Failure, lang: str) -> str:
    """Return the page that tells a failed run."""
    w = words.load(lang)
    facts = [(w(f"telling.{key}"), text) for key, text in _facts(failure, w)]
    sections = [{"heading": w("telling.todo_title"), "ordered": True, "items": todo(failure, w)}]
    sections.append({"heading": w("telling.details"), "ordered": False, "items": _details(failure, w)})
    info = {"lang": lang, "title": _title(failure, w), "lead": w("telling.untouched"), "facts": facts}
    return html.notice(info | {"sections": sections, "links": [{"label": w("page.archive"), "href": "index.html"}]})


def letter(failure: Failure, lang: str) -> mail.Letter:
    """Return the letter that tells a failed run."""
    w = words.load(lang)
    lines = [_title(failure, w), w("telling.untouched"), ""]
    lines += [f"{w(f'telling.{key}')}: {text}" for key, text in _facts(failure, w)]
    lines += ["", w("telling.todo_title")]
    lines += [f"{n}. {text}" for n, text in enumerate(todo(failure, w), 1)]
    lines += ["", *_details(failure, w)]
    key = "telling.partly_subject" if failure.code == PARTLY else "telling.failed_subject"
    subject = w(key, what=_asked(failure, w))
    return mail.Letter("failed", subject, "\n".join(lines))


def todo(failure: Failure, w: words.Words) -> list[str]:
    """List what to do about a failure, the first thing first."""
    key = "lost" if failure.code < 0 else f"code_{failure.code if failure.code in CODES else 1}"
    month = _MONTH.search(f"{failure.kept} {failure.what} {failure.reason}")
    return [
        text.replace(w("telling.month"), month[0] if month else w("telling.month"))
        for text in w.table["telling"]["todo"][key]
    ]


def stage(notebook: str, w: words.Words) -> str:
    """Name the stage of a notebook for a reader; the notebook's own name where it is none of the suite's."""
    return w.table["telling"]["stage"].get(notebook, notebook)


def _facts(failure: Failure, w: words.Words) -> list[tuple[str, str]]:
    when = dt.datetime.fromisoformat(failure.time)
    found = [("when", f"{when:%d/%m/%Y %H:%M}"), ("what", _asked(failure, w))]
    if failure.notebook:
        found.append(("stage_is", stage(failure.notebook, w)))
        cell = w("telling.cell", cell=failure.cell) if failure.cell else ""
        found.append(("notebook", ", ".join(filter(None, (f"{failure.notebook}.ipynb", cell)))))
    if failure.unit:
        found.append(("unit", failure.unit))
    if failure.code < 0:
        last = failure.steps[-1] if failure.steps else w("telling.no_step")
        return [*found, ("last_step", last), ("reason", w("telling.lost"))]
    return [*found, ("reason", failure.reason), ("code", str(failure.code))]


def _title(failure: Failure, w: words.Words) -> str:
    return w("telling.partly_title" if failure.code == PARTLY else "telling.failed_title")


def _asked(failure: Failure, w: words.Words) -> str:
    return w("telling.scheduled") if failure.what in ("", "--due") else failure.what


def _details(failure: Failure, w: words.Words) -> list[str]:
    found = [w("telling.kept", path=failure.kept)] if failure.kept else []
    return [*found, w("telling.journal", path=journal.clean(str(rooms.journal(journal.FILE))), run=failure.run)]
