"""Make a month: stages 1 to 4, then the reports, which appear all at once or not at all."""

import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from infoaccess import (
    annex,
    changed,
    deposit,
    due,
    kept,
    published,
    released,
    revisions,
    rooms,
    runner,
    store,
    units,
    warm,
)
from infoaccess.errors import RoomError


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
) -> Path:
    """Make a month and return its folder of reports (or the room of the one stage that was run).

    Before anything else every list that lies there is kept (`deposit`).
    Raises the errors of `errors`; then the reports that were there before are still there, untouched.
    """
    occasion = occasion or due.Occasion()
    settings, chosen = runner.settings(), runner.stages(only)
    settings["state"] = due.state(occasion.state, due.published(rooms.month_name(month)), settings)
    codes = areas_of(month, list(areas))
    _need_lists(month)
    rooms.reports().mkdir(parents=True, exist_ok=True)
    with rooms.alone(rooms.reports(), *(rooms.data(r) for r in (rooms.VALIDATED, rooms.PLACED, rooms.RELEASE))):
        if kept.unfinished():
            raise RoomError(
                f"Lần xóa danh sách trước chưa xong (tháng {', '.join(kept.unfinished())}). "
                "Hãy chạy scripts/purge.py rồi chạy lại."
            )
        deposit.take()
        return _run(month, chosen, codes, jobs, settings, occasion)


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


def _run(month: str, chosen, codes: list[str], jobs: int, settings: dict, occasion: due.Occasion) -> Path:
    with tempfile.TemporaryDirectory(prefix="infoaccess-") as scratch:
        here = due.now(settings)  # once, at the start: a list that comes meanwhile makes the month due again
        since = first_due(month, settings, here)
        values = {**settings, "month": month, "since": since}
        done = []
        for stage in (s for s in chosen if s.id != "5"):
            runner.say(f"{stage.notebook}: {since} - {month}")
            source = rooms.notebooks() / f"{stage.notebook}.ipynb"
            target = Path(scratch) / f"{stage.notebook}.ipynb"
            runner.execute(stage.notebook, runner.select(source, values), target, settings["cell_seconds"])
            done.append(target)
        if any(s.id == "4" for s in chosen):
            for m in (m for m in rooms.raw_months() if since <= m <= month and m in here.keys):
                mark = rooms.data(rooms.RELEASE, m) / "inputs.sha256"
                mark.write_text(here.keys[m], encoding="ascii")
        if all(s.id != "5" for s in chosen):
            return rooms.data(
                {"1": rooms.VALIDATED, "2": rooms.PLACED, "4": rooms.RELEASE}.get(chosen[0].id, rooms.INDICATORS)
            )
        return _publish(month, codes, jobs, settings, done, here, occasion)


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
        names = {
            "month": month,
            "first_month": settings["first_month"],
            "state": settings["state"],
            "lang": settings["lang"],
        }
        tasks = [
            {"code": c, "parameters": names | {"area": c}, "folder": str(folder), "limit": settings["cell_seconds"]}
            for c in codes
        ]
        numbers = _reports(tasks, jobs)
        for task in (t for t in tasks if t["code"] == units.CITY):
            runner.presentation(task)
        if occasion.beside:  # last, as what is carried shares its bytes with the revision it comes from
            numbers = revisions.carried(month, folder, numbers)
        door = store.door(rooms.VALIDATED, month)
        missing = [c for c in units.on(month)["code"] if c not in numbers]
        made = {"state": settings["state"], "since": settings["first_month"], "lang": settings["lang"]}
        (folder / "annex.xlsx").write_bytes(annex.book(month, **made))
        manifest = published.manifest(month, numbers, settings, door, here.keys[month])
        manifest |= {"rests_on": here.under(month), "reasons": _reasons(month, here, codes, occasion)}
        revisions.settle(month, folder, manifest, occasion.day, occasion.as_published)
        changed.write(month, folder, settings["lang"])
        page = published.month_index(month, numbers, missing, settings, door)
        (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
    revisions.thin(settings.get("revisions_megabytes", 5000))
    published.archive(settings["lang"])
    return rooms.reports(month)


def _reasons(month: str, here: due.Now, codes: list[str], occasion: due.Occasion) -> list[dict]:
    """Say why the month is made; now that stage 1 has read the lists it is known who sent them."""
    former = due.published(month)
    found = due.reasons(month, former, here, occasion.why)
    found += [{"kind": "reports", "codes": codes}] if occasion.beside else []
    return found or [{"kind": "asked"} | ({"why": occasion.why} if occasion.why else {})]


def _reports(tasks: list[dict], jobs: int) -> dict[str, list[dict]]:
    """Make all reports in `jobs` processes and return their numbers by unit; the first that fails stops the rest."""
    bar = tqdm(total=len(tasks), desc="báo cáo", disable=not sys.stderr.isatty())
    found = {}
    workers = max(1, min(jobs, len(tasks), os.cpu_count() or 1))
    one = warm.path() if warm.available() else None  # one warm process for all of them
    # Spawned, not forked: a process that has run a polars query hangs its forked children.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, initializer=warm.use, initargs=(one,)) as pool:
        waiting = [pool.submit(runner.report, task) for task in tasks]
        try:
            for future in as_completed(waiting):
                result = future.result()
                found[result["code"]] = result["numbers"]
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    bar.close()
    return {task["code"]: found[task["code"]] for task in tasks}
