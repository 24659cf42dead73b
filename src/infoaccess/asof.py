"""Make months again from what was known on an earlier day: lists, settings and facts of then, by the code of now.

A passing home inside data/ is filled from the deposit with what stood at that moment and with the revisions that were
in force, the run works there as everywhere, and only its reports leave it, for as_of/<day>/reports/<month>. What was
published is never touched. Where the month had been published from the same lists, it is that revision that is made
again, and both are compared byte for byte.
"""

import datetime as dt
import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from infoaccess import deposit, due, due_lines, method, monthly, published, revisions, rooms, words
from infoaccess.errors import RoomError, UsageError


def moment(text: str) -> dt.datetime:
    """Read a day (its end is meant) or a moment of this machine's clock.

    Raises UsageError for anything else, and for what is still to come.

    >>> moment("2025-07-05").strftime("%H:%M:%S"), moment("2025-07-05T02:00").strftime("%H:%M:%S")
    ('23:59:59', '02:00:00')
    """
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as err:
        raise UsageError(f"Ngày {text!r} không hợp lệ. Hãy viết năm-tháng-ngày, ví dụ 2025-07-05.") from err
    whole = found if "T" in text or ":" in text else dt.datetime.combine(found.date(), dt.time(23, 59, 59))
    if found.date() > dt.date.today():
        raise UsageError(f"Ngày {text} chưa tới, nên chưa biết gì của ngày đó.")
    return whole.astimezone()


def month(then: dt.datetime, name: str, *, areas: list[str] = (), state: str | None = None, jobs: int = 1) -> list[str]:
    """Make one month as it was known at a moment; return what is to be said of it."""
    with rooms.alone():
        deposit.take()
        stood = deposit.at(then)
        if name not in stood:
            seen = deposit.first_seen(name)
            told = f"danh sách đầu tiên được thấy ngày {_local(seen)}" if seen else "kho lưu không có danh sách nào"
            raise RoomError(f"Tháng {name} chưa có gì đến {_day(then)}: {told}. Hãy chọn ngày khác hoặc bỏ --as-of.")
        match = _matched(name, then.date(), stood[name])
        day = dt.date.fromisoformat(match["published"]) if match else then.date()
        settings = match["parameters"] if match else {}
        occasion = due.Occasion(day, state or settings.get("state"), asked=True, as_published=match)
        codes = list(areas) or _codes(name, match)
        with _home(then, stood, until=name, settings=settings) as passing:
            _put_revisions(passing, day, again=(name, match))
            with at_home(passing):
                made = monthly.run(name, areas=codes, jobs=jobs, occasion=occasion)
            final = _brought(then, made)
        return [str(final), *_compared(name, final, match)]


def all_due(
    then: dt.datetime,
    *,
    since: str | None = None,
    why: str | None = None,
    state: str | None = None,
    plan: bool = False,
    jobs: int = 1,
) -> list[str]:
    """Make, or with `plan` only name, what was due at a moment by the lists and the archive of then."""
    with rooms.alone():
        deposit.take()
        stood = deposit.at(then)
        if len(stood) < 2:
            raise RoomError(f"Đến {_day(then)} kho lưu chưa có danh sách nào. Hãy chọn ngày khác hoặc bỏ --as-of.")
        with _home(then, stood) as passing:
            _put_revisions(passing, then.date())
            with at_home(passing):
                settings = method.settings()
                found = due.plan(settings, then.date(), since, why)
            if plan or not found.works:
                with at_home(passing):
                    return due_lines.lines(found, settings["lang"])
            finals = []
            for work in found.works:
                occasion = due.Occasion(then.date(), state, why, beside=work.reports is not None)
                with at_home(passing):
                    made = monthly.run(work.month, areas=work.reports or [], jobs=jobs, occasion=occasion)
                finals.append(str(_brought(then, made)))
            return finals


@contextmanager
def at_home(path: Path) -> Iterator[None]:
    """Let all rooms lie below another root meanwhile."""
    before = os.environ.get("INFOACCESS_HOME")
    os.environ["INFOACCESS_HOME"] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["INFOACCESS_HOME"]
        else:
            os.environ["INFOACCESS_HOME"] = before


@contextmanager
def _home(then: dt.datetime, stood: dict, until: str = "9999-12", settings: dict | None = None) -> Iterator[Path]:
    """Give a passing home with what stood at a moment; it is named by the oldest month that it holds, for `purging`."""
    for left in rooms.data("as_of").glob("*"):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    months = sorted(m for m in stood if m != deposit.FACTS and m <= until)
    _refuse_deleted(then, until)
    passing = rooms.data("as_of", f"{months[0]}.{secrets.token_hex(4)}")
    passing.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passing.mkdir(mode=0o700)
    try:
        _fill(passing, stood, months, settings or {})
        yield passing
    except OSError as err:
        raise rooms.unwritten(passing, err) from err
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _fill(passing: Path, stood: dict, months: list[str], settings: dict) -> None:
    for each in months:
        deposit.restore(each, stood[each], passing / "data" / rooms.RAW / each)
    for name in rooms.purged_months():
        shutil.copytree(rooms.purged(name), passing / "data" / "purged" / name)
    for notebook in rooms.notebooks().glob("*.ipynb"):
        _copied(notebook, passing / "notebooks" / notebook.name)
    for drawn in rooms.built().glob("*"):
        _copied(drawn, passing / "geo" / "built" / drawn.name)
    deposit.restore(deposit.FACTS, stood.get(deposit.FACTS, {}), passing)
    path = passing / "notebooks" / "parameters.yaml"
    if not path.exists():
        _copied(rooms.notebooks() / path.name, path)
    if settings:  # what this code needs and that day's run did not know yet stays as it is
        whole = yaml.safe_load(path.read_text(encoding="utf-8")) | settings
        path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _refuse_deleted(then: dt.datetime, until: str) -> None:
    """Refuse what needs lists that were deleted since.

    Raises RoomError naming the month.
    """
    from infoaccess import kept

    for name in (m for m in rooms.purged_months() if m <= until):
        gone = kept.record(name)["purged_on"]
        if gone > f"{then.date()}":
            raise RoomError(
                f"Không lập lại được như {_day(then)}: danh sách của tháng {name} đã xóa ngày {gone} theo thời hạn lưu "
                "giữ. Hãy dùng lần công bố còn lưu trong reports/."
            )


def _revisions(name: str, day: dt.date) -> list[tuple[Path, dict]]:
    """List a month's revisions that were published up to a day, the latest first, each with its manifest."""
    folders = [rooms.reports(name), *(revisions.place(name, n) for n in reversed(revisions.kept(name)))]
    found = {m["revision"]: (f, m) for f in reversed(folders) if (m := revisions.read(f)) and "published" in m}
    return [found[n] for n in sorted(found, reverse=True) if found[n][1]["published"] <= day.isoformat()]


def _matched(name: str, day: dt.date, stays: dict[str, dict]) -> dict | None:
    """Return the manifest of the latest revision up to a day that rests on these very lists, if there is one."""
    lists = {stay["name"]: stay["sha256"] for stay in stays.values()}
    found = (m for _, m in _revisions(name, day) if m.get("rests_on", {}).get("own") == lists)
    return next(found, None)


def _put_revisions(passing: Path, day: dt.date, again: tuple[str, dict | None] = ("", None)) -> None:
    """Put the archive as it was on a day into a passing home: what a revision is compared with."""
    for name in {*due.published_months(), *(m for m, _ in revisions.numbered())}:
        held = _revisions(name, day)
        if name == again[0] and again[1]:
            held = [(f, m) for f, m in held if m["revision"] < again[1]["revision"]]
            places = [f"{name}.r{m['revision']}" for _, m in held]
        else:
            places = [name, *(f"{name}.r{m['revision']}" for _, m in held[1:])]
        for (folder, _), place in zip(held, places, strict=False):
            revisions.doubled(folder, passing / "reports" / place)


def _codes(name: str, match: dict | None) -> list[str]:
    """Return the units of a revision that had not all reports; nothing means all."""
    whole = list(due.valid_units(name))
    return [] if not match or set(match["reports"]) == set(whole) else [c for c in whole if c in match["reports"]]


def _brought(then: dt.datetime, made: Path) -> Path:
    """Bring a month's reports out of the passing home to as_of/<day>/reports/<month>, beside an index of their own."""
    label = f"{then:%Y-%m-%d}" + ("" if f"{then:%H%M%S}" == "235959" else f"T{then:%H%M%S}")
    apart = rooms.home() / "as_of" / label
    final = apart / "reports" / made.name
    with rooms.replaced(final) as folder:
        shutil.copytree(made, folder, dirs_exist_ok=True)
    lang = method.settings()["lang"]
    with at_home(apart):
        published.archive(lang)
    return final


def _compared(name: str, final: Path, match: dict | None) -> list[str]:
    """Say whether the revision that was made again is the one that was published, byte for byte."""
    if not match:
        return ["Chưa từng công bố từ đúng các danh sách này: đây là bản lập mới theo danh sách của ngày đó."]
    folder = next(f for f, m in _revisions(name, dt.date.today()) if m["revision"] == match["revision"])
    names = sorted(p.name for p in folder.iterdir() if p.is_file())
    _, apart, unread = filecmp.cmpfiles(folder, final, names, shallow=False)
    w = words.load("vi")
    told = f"lần công bố {match['revision']}, ngày {_local(match['published'])}"
    if not apart and not unread:
        return [f"Giống từng byte với {told} ({len(names)} tệp)."]
    other = [*apart, *unread]
    found = [f"Khác {told} ở {len(other)}/{len(names)} tệp: {', '.join(other[:5])}."]
    if other == [revisions.MANIFEST]:
        found = [f"Mọi tài liệu giống từng byte với {told} ({len(names) - 1} tệp); chỉ {other[0]} khác."]
    parts = method.changed(match["rests_on"]["method"], revisions.read(final)["rests_on"]["method"])
    soft = sorted(p for p, v in revisions.read(final)["versions"].items() if match["versions"].get(p) != v)
    if parts or soft:
        told = due_lines.sentence(name, [{"kind": "method", "parts": parts}], w) if parts else ""
        more = f"phần mềm nay khác: {', '.join(soft)}" if soft else ""
        found.append(f"Từ đó {'; '.join(t for t in (told, more) if t)}, nên không chắc giống hoàn toàn.")
    return found


def _day(then: dt.datetime) -> str:
    return f"hết ngày {then:%d/%m/%Y}" if f"{then:%H%M%S}" == "235959" else f"{then:%H giờ %M ngày %d/%m/%Y}"


def _local(text: str) -> str:
    found = dt.datetime.fromisoformat(text)
    return f"{found.astimezone() if found.tzinfo else found:%d/%m/%Y}"
