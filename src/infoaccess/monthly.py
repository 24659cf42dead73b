"""Make a month: stages 1 to 4, then the reports, which appear all at once or not at all."""

import datetime as dt
import logging
from pathlib import Path

from infoaccess import (
    annex,
    attempts,
    batch,
    changed,
    deposit,
    due,
    kept,
    leash,
    leaving,
    published,
    released,
    revisions,
    rooms,
    runner,
    store,
    units,
)
from infoaccess import edition as editions
from infoaccess.errors import InfoAccessError, Partly, RoomError

_log = logging.getLogger("infoaccess")


def inputs_key(month: str, settings: dict) -> str:
    """Return the checksum of all that a month's figures rest on: its lists, all earlier ones, the method."""
    return due.now(settings).keys[month]


def first_due(month: str, settings: dict, here: due.Now | None = None) -> str:
    """Return the first month whose released counts are not made from the lists, settings and code that are here now."""
    keys = (here or due.now(settings)).keys
    for earlier in (m for m in rooms.raw_months() if settings["first_month"] <= m <= month):
        mark = rooms.data(rooms.RELEASE, earlier) / "inputs.sha256"
        if not mark.exists() or mark.read_text(encoding="ascii") != keys.get(earlier):
            return earlier
    return month


def areas_of(month: str, wanted: list[str]) -> list[str]:
    """List the codes to report on: those wanted, checked, or the city and every unit valid in the month."""
    return [released.area(month, code)["code"] for code in dict.fromkeys(wanted)] or list(units.on(month)["code"])


def plan(month: str, only: str | None, areas: list[str]) -> list[str]:
    """Say what a run would do, a line each; nothing is run."""
    settings = runner.settings()
    _need_lists(month)
    since = first_due(month, settings)
    lines = [f"bước {s.id}: {s.notebook}, tháng {since} đến {month}" for s in runner.stages(only) if s.id != "5"]
    if only in (None, "5"):
        chosen = areas_of(month, areas)
        lines.append(f"bước 5: {len(chosen)} báo cáo của tháng {month}: {', '.join(chosen)}")
    return lines


def run(
    month: str,
    *,
    only: str | None = None,
    areas: list[str] = (),
    jobs: int = 1,
    occasion: due.Occasion | None = None,
    edition: str = editions.PUBLIC,
) -> Path:
    """Make a month and return its folder of reports (or the room of the one stage that was run).

    Before anything else every list that lies there is kept (`deposit`). The internal edition goes into
    data/noi_bo/<month>; then neither reports/ nor what was kept is touched.
    Raises Partly where it was published without some reports, and the other errors of `errors`; with these the reports
    that were there before are still there, untouched.
    """
    occasion = occasion or due.Occasion(asked=True)
    settings, chosen = runner.settings(), runner.stages(only)
    leash.limits(settings)
    inside = editions.named(edition) == editions.INTERNAL
    settings["state"] = due.state(occasion.state, due.published(rooms.month_name(month)), settings)
    codes = areas_of(month, list(areas))
    _need_lists(month)
    with rooms.alone(*rooms.places(), doing=month) as cut_off:
        if cut_off:
            _log.warning("Lần chạy trước bị dừng giữa chừng (%s): đã dọn, nay làm tiếp.", cut_off)
        leash.sweep()
        if kept.unfinished():
            raise RoomError(
                f"Lần xóa danh sách trước chưa xong (tháng {', '.join(kept.unfinished())}). "
                "Hãy chạy scripts/purge.py rồi chạy lại."
            )
        if not inside:
            rooms.reports().mkdir(parents=True, exist_ok=True)
            published.tidy(settings["lang"])
            deposit.take()
        return _run(month, chosen, codes, jobs, settings, occasion, inside)


def shortfall(month: str) -> list[str]:
    """Say in one line, where it is so, that the month is incomplete and where the office reads why."""
    door = store.door(rooms.VALIDATED, month)
    refused = [f["name"] for f in door["files"] if f["state"] == "refused"]
    silent = len(door["communes_without_list"])
    parts = [f"{len(refused)} tệp không dùng được ({', '.join(refused)})"] if refused else []
    parts += [f"{silent}/{door['communes']} xã, phường chưa có danh sách"] if silent else []
    page = rooms.data(rooms.VALIDATED, month) / "summary.html"
    return [f"THÁNG CHƯA ĐỦ: {'; '.join(parts)}. Xem {page}"] if parts else []


def _need_lists(month: str) -> None:
    held = rooms.raw_months()
    if rooms.month_name(month) in rooms.purged_months():
        day = kept.record(month)["purged_on"]
        raise RoomError(
            f"Danh sách của tháng {month} đã xóa ngày {day} theo thời hạn lưu giữ: số đã công bố và báo cáo vẫn còn, "
            "nhưng không lập lại được."
        )
    if month not in held:
        last = f" Tháng mới nhất đang có: {held[-1]}." if held else ""
        folder = rooms.data(rooms.RAW, month)
        raise RoomError(f"Chưa có danh sách của tháng {month}: hãy chép các tệp vào {folder} rồi chạy lại.{last}")


def _run(month: str, chosen, codes: list[str], jobs: int, settings: dict, occasion: due.Occasion, inside: bool) -> Path:
    of_stage, _ = leash.limits(settings)
    # What the figures rest on is noted before they are made: a list that comes meanwhile makes its month due again.
    here = due.now(settings)
    since = first_due(month, settings, here)
    values = {**settings, "month": month, "since": since}
    with rooms.scratch() as folder:
        done = []
        for stage in (s for s in chosen if s.id != "5"):
            runner.say(f"{stage.notebook}: {since} - {month}")
            source = rooms.notebooks() / f"{stage.notebook}.ipynb"
            target = folder / f"{stage.notebook}.ipynb"
            attempts.call(runner.execute, stage.notebook, runner.select(source, values), target, of_stage)
            done.append(target)
        if any(s.id == "4" for s in chosen):
            for m in (m for m in here.keys if since <= m <= month and m in rooms.raw_months()):
                rooms.put(rooms.data(rooms.RELEASE, m) / "inputs.sha256", here.keys[m])
        if all(s.id != "5" for s in chosen):
            return rooms.data(
                {"1": rooms.VALIDATED, "2": rooms.PLACED, "4": rooms.RELEASE}.get(chosen[0].id, rooms.INDICATORS)
            )
        if inside:
            return _keep_inside(month, codes, jobs, settings)
        return _publish(month, codes, jobs, settings, done, here, occasion)


def _keep_inside(month: str, codes: list[str], jobs: int, settings: dict) -> Path:
    """Make the internal edition: the same reports, slides and annex with full counts, and an index; no manifest."""
    made = {"state": settings["state"], "lang": settings["lang"], "edition": editions.INTERNAL}
    with rooms.replaced(rooms.internal_reports(month)) as folder:
        (folder / "run").mkdir()
        found, failed = batch.reports(tasks(month, codes, settings, folder, editions.INTERNAL), jobs)
        if failed:
            raise next(iter(failed.values()))
        slides = found.pop(batch.SLIDES, None) is not None
        numbers = {code: one["numbers"] for code, one in found.items()}
        (folder / "annex.xlsx").write_bytes(annex.book(month, since=settings["first_month"], **made))
        door = store.door(rooms.VALIDATED, month)
        page = published.month_index(month, numbers, {}, settings, door, slides=slides, inside=True)
        (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
    return rooms.internal_reports(month)


def _publish(
    month: str,
    codes: list[str],
    jobs: int,
    settings: dict,
    done: list[Path],
    here: due.Now,
    occasion: due.Occasion,
) -> Path:
    with rooms.replaced(rooms.reports(month)) as folder:
        (folder / "run").mkdir()
        for path in done:
            (folder / "run" / path.name).write_bytes(path.read_bytes())
        reports, failed = batch.reports(tasks(month, codes, settings, folder), jobs)
        left = [made["left"] for made in reports.values()]
        reports.pop(batch.SLIDES, None)
        numbers = {code: made["numbers"] for code, made in reports.items()}
        if not numbers:
            raise next(iter(failed.values()))
        told = {code: err.reason for code, err in failed.items()}
        if occasion.beside:  # last, as what is carried shares its bytes with the revision it comes from
            numbers, told = revisions.carried(month, folder, numbers, told)
        door = store.door(rooms.VALIDATED, month)
        made = {"state": settings["state"], "since": settings["first_month"], "lang": settings["lang"]}
        book = leaving.annexed(month, made)
        (folder / "annex.xlsx").write_bytes(book)
        manifest = published.manifest(month, numbers, settings, door, _made_from(month, here))
        manifest |= {"failed": (occasion.as_published or {}).get("failed", told)}
        manifest |= {"rests_on": _rests_on(month, here), "reasons": _reasons(month, here, codes, occasion)}
        manifest["read_back"] = leaving.stop(month, *left, leaving.of_month(folder, month, book, [*numbers]))
        manifest = revisions.settle(month, folder, manifest, _day(month, occasion), occasion.as_published)
        changed.write(month, folder, settings["lang"])
        left_out = {c: "not_asked" for c in units.on(month)["code"] if c not in numbers} | manifest["failed"]
        slides = (folder / "presentation.pdf").exists()
        page = published.month_index(month, numbers, left_out, settings, door, slides=slides)
        (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
        leaving.stop(month, leaving.of_last(folder, month, page, manifest, settings["lang"]))
        published.seal(folder)
    revisions.thin(settings.get("revisions_megabytes", 5000))
    published.archive(settings["lang"])
    if failed:
        raise Partly(_partly(month, failed))
    return rooms.reports(month)


def _day(month: str, occasion: due.Occasion) -> dt.date:
    """Return the day of a publication: the occasion's, never before that of the revision which it replaces."""
    day = occasion.day
    told = None if occasion.as_published else (revisions.read(rooms.reports(month)) or {}).get("published")
    former = dt.date.fromisoformat(told) if told else day
    if day < former:
        _log.warning(
            "Đồng hồ máy đang là %s, sớm hơn lần công bố trước (%s): hãy đặt lại giờ. Bản này mang ngày %s.",
            *(d.strftime("%d/%m/%Y") for d in (day, former, former)),
        )
    return max(day, former)


def _made_from(month: str, here: due.Now) -> str:
    """Return the checksum of what room 4 was made from."""
    mark = rooms.data(rooms.RELEASE, month) / "inputs.sha256"
    return mark.read_text(encoding="ascii") if mark.exists() else here.keys[month]


def _rests_on(month: str, here: due.Now) -> dict:
    """Return on what a revision rests; where room 4 is older than the lists (--only 5), the month stays due."""
    now = here.under(month)
    return now if _made_from(month, here) == here.keys[month] else now | {"own": {}, "lists": {}}


def _reasons(month: str, here: due.Now, codes: list[str], occasion: due.Occasion) -> list[dict]:
    """Say why the month is made; now that stage 1 has read the lists it is known who sent them."""
    if occasion.beside:
        return [{"kind": "reports", "codes": codes}]
    return due.reasons(month, due.published(month), here, occasion.why, asked=occasion.asked)


def tasks(month: str, codes: list[str], settings: dict, folder: Path, edition: str = editions.PUBLIC) -> list[dict]:
    """List the documents to make into a folder: units' reports, and the city's slides where the city is among them."""
    _, of_report = leash.limits(settings)
    names = {"month": month, **{k: settings[k] for k in ("first_month", "state", "lang")}, "edition": edition}
    wanted = {code: code for code in codes} | ({batch.SLIDES: units.CITY} if units.CITY in codes else {})
    return [
        {"code": key, "parameters": names | {"area": code}, "folder": str(folder), "limits": of_report}
        for key, code in wanted.items()
    ]


def _partly(month: str, failed: dict[str, InfoAccessError]) -> str:
    """Say which reports a published month lacks, and why, in one sentence."""
    told = "; ".join(str(err).rstrip(".") for err in failed.values())
    return (
        f"Đã công bố tháng {month} nhưng thiếu {len(failed)} tài liệu ({told}). "
        f"Xem {rooms.reports(month) / 'index.html'}; khi đã khắc phục, chạy lại để lập nốt."
    )
