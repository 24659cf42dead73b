"""Make a month: stages 1 to 4, then the reports, which appear all at once or not at all."""

import datetime as dt
import hashlib
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
    identity,
    kept,
    leaving,
    published,
    released,
    revisions,
    rooms,
    runner,
    store,
    units,
    warm,
)
from infoaccess import edition as editions
from infoaccess.errors import RoomError


def inputs_key(month: str, settings: dict) -> str:
    """Return the checksum of all that a month's figures rest on.

    Its lists and all earlier ones (those deleted since, as they were), settings, this code, the secret of the hashes.
    """
    told = sorted((k, v) for k, v in settings.items() if k not in ("retention_months", "revisions_megabytes"))
    known = hashlib.sha256(repr(told).encode() + identity.fingerprint(identity.key()).encode())
    for path in sorted(Path(__file__).parent.glob("*.*")) + [
        rooms.facts("units.csv"),
        rooms.facts("lineage.csv"),
        rooms.confirmed_headings(),
        rooms.facts("aliases.csv"),
        *sorted(rooms.facts("area_sets").glob("*.csv")),
    ]:
        if path.is_file():
            known.update(path.read_bytes())
    for earlier in (m for m in kept.months() if m <= month):
        for name, content in kept.checksums(earlier).items():
            known.update(f"{earlier}/{name}:{content}".encode())
    return known.hexdigest()


def first_due(month: str, settings: dict) -> str:
    """Return the first month whose released counts are not made from the lists, settings and code that are here now."""
    for earlier in (m for m in rooms.raw_months() if settings["first_month"] <= m <= month):
        mark = rooms.data(rooms.RELEASE, earlier) / "inputs.sha256"
        if not mark.exists() or mark.read_text(encoding="ascii") != inputs_key(earlier, settings):
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
    month: str, *, only: str | None = None, areas: list[str] = (), jobs: int = 1, edition: str = editions.PUBLIC
) -> Path:
    """Make a month and return its folder of reports (or the room of the one stage that was run).

    The internal edition goes into data/noi_bo/<month>; then nothing in reports/ is written.

    Raises the errors of `errors`; then the reports that were there before are still there, untouched.
    """
    settings, chosen = runner.settings(), runner.stages(only)
    rooms.month_name(month)
    editions.named(edition)
    codes = areas_of(month, list(areas))
    _need_lists(month)
    rooms.reports().mkdir(parents=True, exist_ok=True)
    with rooms.alone(
        rooms.reports(), *(rooms.data(r) for r in (rooms.VALIDATED, rooms.PLACED, rooms.RELEASE, "noi_bo"))
    ):
        if kept.unfinished():
            raise RoomError(
                f"Lần xóa danh sách trước chưa xong (tháng {', '.join(kept.unfinished())}). "
                "Hãy chạy scripts/purge.py rồi chạy lại."
            )
        return _run(month, chosen, codes, jobs, settings, full=not areas, edition=edition)


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


def _run(month: str, chosen, codes: list[str], jobs: int, settings: dict, full: bool, edition: str) -> Path:
    with tempfile.TemporaryDirectory(prefix="infoaccess-") as scratch:
        since = first_due(month, settings)
        values = {**settings, "month": month, "since": since}
        done = []
        for stage in (s for s in chosen if s.id != "5"):
            runner.say(f"{stage.notebook}: {since} - {month}")
            source = rooms.notebooks() / f"{stage.notebook}.ipynb"
            target = Path(scratch) / f"{stage.notebook}.ipynb"
            runner.execute(stage.notebook, runner.select(source, values), target, settings["cell_seconds"])
            done.append(target)
        if any(s.id == "4" for s in chosen):
            for m in (m for m in rooms.raw_months() if since <= m <= month):
                mark = rooms.data(rooms.RELEASE, m) / "inputs.sha256"
                mark.write_text(inputs_key(m, settings), encoding="ascii")
        if all(s.id != "5" for s in chosen):
            return rooms.data(
                {"1": rooms.VALIDATED, "2": rooms.PLACED, "4": rooms.RELEASE}.get(chosen[0].id, rooms.INDICATORS)
            )
        if edition == editions.INTERNAL:
            return _keep_inside(month, codes, jobs, settings)
        return _publish(month, codes, jobs, settings, done, full)


def _keep_inside(month: str, codes: list[str], jobs: int, settings: dict) -> Path:
    """Make the internal edition: the same reports, slides and annex with full counts, an index, no manifest."""
    made = {"state": settings["state"], "lang": settings["lang"], "edition": editions.INTERNAL}
    with rooms.replaced(rooms.internal_reports(month)) as folder:
        (folder / "run").mkdir()
        given = {"month": month, "first_month": settings["first_month"]} | made
        rest = {"folder": str(folder), "limit": settings["cell_seconds"]}
        tasks = [{"code": c, "parameters": given | {"area": c}} | rest for c in codes]
        numbers = {code: found["numbers"] for code, found in _reports(tasks, jobs).items()}
        for task in (t for t in tasks if t["code"] == units.CITY):
            runner.presentation(task)
        (folder / "annex.xlsx").write_bytes(annex.book(month, since=settings["first_month"], **made))
        page = published.month_index(month, numbers, [], settings, store.door(rooms.VALIDATED, month), inside=True)
        (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
    return rooms.internal_reports(month)


def _publish(month: str, codes: list[str], jobs: int, settings: dict, done: list[Path], full: bool) -> Path:
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
        reports = _reports(tasks, jobs)
        numbers = {code: made["numbers"] for code, made in reports.items()}
        left = [made["left"] for made in reports.values()]
        left += [runner.presentation(task) for task in tasks if task["code"] == units.CITY]
        door = store.door(rooms.VALIDATED, month)
        missing = [] if full else [c for c in units.on(month)["code"] if c not in numbers]
        made = {"state": settings["state"], "since": settings["first_month"], "lang": settings["lang"]}
        (folder / "annex.xlsx").write_bytes(annex.book(month, **made))
        compared = leaving.stop(month, *left, leaving.of_month(folder, month, made, codes))
        manifest = published.manifest(month, numbers, settings, door, inputs_key(month, settings))
        manifest = revisions.settle(month, folder, manifest | {"read_back": compared}, dt.date.today())
        changed.write(month, folder, settings["lang"])
        page = published.month_index(month, numbers, missing, settings, door)
        (folder / "index.html").write_text(page, encoding="utf-8", newline="\n")
        leaving.stop(month, leaving.of_last(folder, month, page, manifest, settings["lang"]))
    revisions.thin(settings.get("revisions_megabytes", 5000))
    published.archive(settings["lang"])
    return rooms.reports(month)


def _reports(tasks: list[dict], jobs: int) -> dict[str, dict]:
    """Make all reports in `jobs` processes; return what each found, by unit. The first that fails stops the rest."""
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
                found[result["code"]] = result
                bar.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    bar.close()
    return {task["code"]: found[task["code"]] for task in tasks}
