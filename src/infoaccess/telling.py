"""Watch a run and tell how it went: the journal, the page of a failed run, the summary, the letter.

Telling comes after the run and changes nothing of it: its exit code and its error stay what they are, whatever happens
to page or letter. What is slow to import is imported when there is something to tell, so a run that finds nothing due
stays quick.
"""

import hashlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from infoaccess import journal, rooms
from infoaccess.errors import InfoAccessError

STOPPED = 143  # ended by SIGTERM, as a shell counts


@dataclass
class Watch:
    """Hold what a watched run says of itself: its id, the exit code it will end with, the months it published."""

    run: str
    code: int = 0
    published: list[str] = field(default_factory=list)


@contextmanager
def watched(what: str, whole: bool = True, inside: bool = False) -> Iterator[Watch]:
    """Watch what is done inside: `with telling.watched(...) as watch: watch.code = ...`.

    `whole` says that the run does all that is asked of a month: only such a run takes the page of a failed one away.
    A run that publishes nothing by its nature (`inside`) writes neither page nor letter: its error may quote a small
    count, and somebody waits for it.
    Errors go on as they are; an unexpected one as an InfoAccessError that names its type and where its text lies, as
    the text may quote a list and what a scheduled job prints leaves data/.
    """
    with journal.opened(what) as run, _stoppable():
        watch, before, began = Watch(run), _published(), time.monotonic()
        _quietly(_tell_former, run)
        err: BaseException | None = None
        try:
            yield watch
        except InfoAccessError as found:
            err, watch.code = found, found.exit_code
            raise
        except Exception as found:
            err, watch.code = _unexpected(found, run), 1
            raise err from None
        except SystemExit as found:
            watch.code = found.code if isinstance(found.code, int) else int(bool(found.code))
            raise
        except BaseException:  # Ctrl-C: somebody watches
            watch.code = 130
            raise
        finally:
            seconds = round(time.monotonic() - began, 1)
            watch.published = sorted(m for m, mark in _published().items() if before.get(m) != mark)
            _quietly(_sum_up, watch.published)
            if err is not None and not inside:
                _quietly(_failed, err, run, what)
            elif whole and not inside and watch.code not in (130, STOPPED):
                _quietly(_clear)
            _end(watch, err, seconds)


def tell_lost() -> int:
    """Tell of runs that ended without a word and of which nobody was told yet; return how many there were.

    The page is written where no run came after: a later one has said itself how it went.
    """
    with journal.opened("check.py --tell") as own:
        lost, last = _untold(), [run for run in journal.runs() if run.id != own][-1:]
        _quietly(_tell_former, own)
        if last and last[0].id in [run.id for run in lost]:
            _quietly(_put_page, lambda lang: _page_of_lost(last[0], lang))
        journal.note("end", f"{len(lost)} lần chạy dừng không báo", code=0)
    return len(lost)


def language() -> str:
    """Return the language of the settings; Vietnamese where they cannot be read."""
    from infoaccess import runner

    with suppress(InfoAccessError):
        found = runner.settings().get("lang")
        return found if found in ("vi", "en") else "vi"
    return "vi"


def _published() -> dict[str, str]:
    """Return a mark of each month's manifest: what a run published is told by what changed."""
    found = {}
    for path in rooms.reports().glob("20??-??/manifest.json"):
        with suppress(OSError):
            found[path.parent.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _failed(err: InfoAccessError, run: str, what: str) -> None:
    from infoaccess import failed_run

    failure = failed_run.of(err, run, what)
    _put_page(lambda lang: failed_run.page(failure, lang))
    _send(failed_run.letter(failure, language()))


def _clear() -> None:
    if rooms.failed_page().exists():
        rooms.failed_page().unlink()
        _index()


def _sum_up(months: list[str]) -> None:
    if not months:
        return
    from infoaccess import month_end

    lang = language()
    path = rooms.journal(f"summary-{months[-1]}.html")
    rooms.put(path, month_end.page(months, lang))
    path.chmod(0o600)
    print(f"Tổng kết: {path}")
    journal.note("summary", str(path.relative_to(rooms.home())), months=months)
    _send(month_end.letter(months, lang))


def _put_page(made: Callable[[str], str]) -> None:
    rooms.put(rooms.failed_page(), made(language()))
    _index()


def _page_of_lost(run: journal.Run, lang: str) -> str:
    from infoaccess import failed_run

    return failed_run.page(failed_run.lost(run), lang)


def _index() -> None:
    """Write the archive's start page anew: it says when the last run failed."""
    from infoaccess import published

    published.archive(language())


def _untold() -> list[journal.Run]:
    told = {event.get("of") for event in journal.read() if event["event"] == "lost"}
    return [run for run in journal.runs() if run.id not in told and run.lost]


def _tell_former(own: str) -> None:
    """Note each run that ended without a word, and write one letter of the newest."""
    lost = [run for run in _untold() if run.id != own]
    for run in lost:
        journal.note("lost", run.start["text"], of=run.id)
    if lost:
        from infoaccess import failed_run

        _send(failed_run.letter(failed_run.lost(lost[-1]), language()))


def _send(letter) -> None:
    from infoaccess import mail

    done, where = mail.tell(letter)
    journal.note("letter", f"{done}: {where}" if where else done, kind=letter.kind)
    if done in ("file", "lost") and where.endswith(")"):
        print(f"CẢNH BÁO: thư báo chưa gửi được: {where}", file=sys.stderr)


def _unexpected(err: Exception, run: str) -> InfoAccessError:
    from infoaccess import failed_run

    kept = failed_run.keep_trace(err, run)
    where = f" Toàn văn: {kept} (có thể chứa thông tin cá nhân)." if kept else ""
    return InfoAccessError(f"Lỗi không lường trước ({type(err).__name__}).{where}")


def _end(watch: Watch, err: BaseException | None, seconds: float) -> None:
    told = journal.clean(str(err)) if err is not None else ", ".join(watch.published) or "xong"
    journal.note("end", told, code=watch.code, seconds=seconds, published=watch.published)


def _quietly(work: Callable, *given: object) -> None:
    """Do what only tells; where that fails the journal says so, and the run is as it was."""
    try:
        work(*given)
    except Exception as err:
        journal.note("untold", f"{getattr(work, '__name__', 'tell')}: {type(err).__name__}")
        print(f"CẢNH BÁO: không ghi được trang báo kết quả ({type(err).__name__}).", file=sys.stderr)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let the system's request to end (SIGTERM) unwind the run, so that it tidies up and has its last word."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise SystemExit(STOPPED)

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
