"""Look at the house: settings, key, boundaries, letters, the last runs, lists that are late."""

import datetime as dt

from infoaccess import journal, locks, rooms
from infoaccess.errors import InfoAccessError
from infoaccess.health import Finding, fault, good, warning

LATE_DAY = 10  # from this day of a month the lists of the month before are late
QUIET_DAYS, QUIET_DAYS_DUE = 40, 3  # without a run: by hand, and where a schedule runs every night
LONG_HOURS = 12
_GEOMETRY = "paths_C_commune.json"
_PLACEHOLDERS = {"month": "2025-06", "since": "2025-06", "area": "46", "edition": "public"}


def settings() -> list[Finding]:
    """Check notebooks/parameters.yaml: its values, and that every stage's notebook finds what it names."""
    from infoaccess import pipeline, runner

    about = "Cài đặt"
    try:
        found = runner.settings()
        if wrong := _wrong(found):
            return [
                fault(about, "; ".join(wrong), "Sửa notebooks/parameters.yaml; nghĩa của từng dòng ghi ở cuối dòng.")
            ]
        for stage in pipeline.STAGES:
            path = rooms.notebooks() / f"{stage.notebook}.ipynb"
            runner.check_parameters(path, runner.select(path, found | _PLACEHOLDERS))
    except InfoAccessError as err:
        return [fault(about, journal.clean(str(err)), "Sửa notebooks/parameters.yaml.")]
    return [good(about, "notebooks/parameters.yaml hợp lệ cho mọi sổ tay")]


def _wrong(found: dict) -> list[str]:
    """Name the settings whose value is none."""
    first = found.get("first_month")
    whole = [k for k in found if k.endswith(("_seconds", "_months", "_megabytes"))]
    bad = [f"{k} phải là số nguyên không âm" for k in whole if type(found[k]) is not int or found[k] < 0]
    if not isinstance(first, str) or not _is_month(first):
        bad.append("first_month phải là năm-tháng, ví dụ 2023-01")
    if type(found.get("threshold")) is not int or found["threshold"] < 2:
        bad.append("threshold phải là số nguyên từ 2")
    if found.get("state") not in ("estimated", "preliminary", "official"):
        bad.append("state phải là estimated, preliminary hoặc official")
    if found.get("lang") not in ("vi", "en"):
        bad.append("lang phải là vi hoặc en")
    return bad


def _is_month(text: str) -> bool:
    try:
        return bool(rooms.month_name(text))
    except InfoAccessError:
        return False


def key() -> list[Finding]:
    """Look at the secret of the households' ids, without making one."""
    from infoaccess import identity

    about, path = "Khóa bảo mật", rooms.key_file()
    if not path.exists():
        made = rooms.data(rooms.VALIDATED)
        if made.is_dir() and any(made.iterdir()):
            told = f"không có {path}, nhưng đã có tháng được lập: khóa mới sẽ không nối được với các tháng đó"
            return [fault(about, told, "Khôi phục từ bản sao lưu, hoặc đặt INFOACCESS_KEY_FILE tới khóa đang dùng.")]
        return [good(about, f"sẽ được tạo ở lần chạy đầu: {path}. Hãy sao lưu sau đó")]
    try:
        identity.key()
    except InfoAccessError as err:
        return [fault(about, str(err), "Làm theo câu trên, rồi kiểm tra lại.")]
    return [good(about, f"{path}, chỉ chủ của nó đọc được")]


def geometry() -> list[Finding]:
    """Look whether boundaries are built, and from the files that lie there now."""
    about, remedy = "Ranh giới", "Chạy: .venv/bin/python scripts/build_geo.py"
    built = rooms.built(_GEOMETRY)
    if not built.exists():
        return [fault(about, "chưa dựng geo/built", remedy)]
    when = built.stat().st_mtime
    sources = [*rooms.official().glob("*"), *rooms.facts("area_sets").glob("*")]
    newer = [p.name for p in sources if p.name != "README.md" and p.stat().st_mtime > when]
    if newer:
        return [warning(about, f"cũ hơn {', '.join(sorted(newer)[:3])}", remedy)]
    return [good(about, f"dựng ngày {dt.date.fromtimestamp(when):%d/%m/%Y}")]


def letters() -> list[Finding]:
    """Look at the mail server's settings and at letters that were not sent."""
    from infoaccess import mail

    about = "Thư báo"
    left = sorted(rooms.letters().glob("*.eml")) if rooms.letters().is_dir() else []
    try:
        server = mail.settings()
        if server is None:
            text = f"không đặt máy chủ thư (data/mail.toml): thư nằm ở data/journal/letters ({len(left)} thư)"
            return [good(about, text)]
        mail.password(server)
    except InfoAccessError as err:
        return [fault(about, journal.clean(str(err)), "Sửa data/mail.toml (mẫu: docs/operating.md).")]
    last = [event for event in journal.read() if event["event"] == "letter"][-1:]
    if last and not last[0]["text"].startswith(("sent", "unwanted")):
        told = f"thư gần nhất chưa gửi được: {journal.clean(last[0]['text'])}"
        return [warning(about, told, f"Sửa data/mail.toml hoặc kết nối; {len(left)} thư nằm ở data/journal/letters.")]
    return [good(about, f"gửi qua {server.host}:{server.port} cho {len(server.to)} người")]


def last_runs() -> list[Finding]:
    """Look at how the last run went and how long ago that was."""
    about, told = "Lần chạy gần nhất", [run for run in journal.runs() if "--tell" not in run.start["text"]]
    if not told:
        return [good(about, "chưa có lần nào trong nhật ký")]
    last, now = told[-1], dt.datetime.now().astimezone()
    when = dt.datetime.fromisoformat(last.start["time"])
    name = f"{when:%d/%m/%Y %H:%M} ({journal.clean(last.start['text'])})"
    again = "Chạy lại: .venv/bin/python scripts/run_month.py --due"
    if last.lost:
        return [fault(about, f"{name}: dừng mà không kịp báo (mất điện, hết bộ nhớ hoặc bị tắt)", again)]
    if last.end is None:
        hours = (now - when).total_seconds() / 3600
        if hours > LONG_HOURS:
            told = f"{name}: đã chạy {hours:.0f} giờ mà chưa xong"
            return [warning(about, told, "Xem máy có treo không; dừng lần chạy đó rồi chạy lại.")]
        return [good(about, f"{name}: đang chạy")]
    if last.code:
        return [fault(about, f"{name}: mã {last.code}, {last.end['text']}", "Xem reports/failed.html và làm theo.")]
    limit = QUIET_DAYS_DUE if "--due" in last.start["text"] else QUIET_DAYS
    if (now - when).days > limit:
        return [warning(about, f"{name}: đã {(now - when).days} ngày không chạy", "Kiểm tra lịch chạy, rồi chạy lại.")]
    return [good(about, f"{name}: xong")]


def lists(today: dt.date | None = None) -> list[Finding]:
    """Look for months whose lists have not come and months that have lists but no reports."""
    today = today or dt.date.today()
    held = rooms.raw_months()
    due = rooms.shift(f"{today:%Y-%m}", -1 if today.day >= LATE_DAY else -2)
    about, found, remedy = "Danh sách", [], "Nhắc các xã, phường gửi, rồi chép vào data/0_raw/<tháng>/."
    if not held:
        return [warning(about, "data/0_raw chưa có tháng nào", remedy)]
    late = [m for m in rooms.months_between(held[0], max(held[-1], due)) if m not in held + rooms.purged_months()]
    late = [m for m in late if m <= due]
    if late:
        told = f"chưa có danh sách của {_span(late)}"
        found.append(warning(about, told, remedy))
    unmade = [m for m in held if not (rooms.reports(m) / "manifest.json").exists()]
    if unmade:
        told = f"có danh sách nhưng chưa có báo cáo: {_span(unmade)}"
        found.append(warning(about, told, "Chạy: .venv/bin/python scripts/run_month.py --due"))
    return found or [good(about, f"mới nhất: tháng {held[-1]}")]


def _span(months: list[str]) -> str:
    return ", ".join(months) if len(months) <= 4 else f"{len(months)} tháng từ {months[0]} đến {months[-1]}"


def leftovers() -> list[Finding]:
    """Look for what an interrupted deletion or run left behind."""
    from infoaccess import kept

    if half := kept.unfinished():
        told = f"lần xóa danh sách trước chưa xong: {', '.join(half)}"
        return [fault("Phần dở", told, "Chạy: .venv/bin/python scripts/purge.py")]
    if (cut := locks.owner(rooms.data(""))) and not locks.alive(cut):
        return [good("Phần dở", f"{cut}: bị ngắt giữa chừng; lần chạy sau tự dọn rồi làm tiếp")]
    rests = [p for room in rooms.data("").glob("*/") for p in room.glob(".*.new-????????")]
    if rests:
        return [good("Phần dở", f"{len(rests)} thư mục dở của lần chạy bị ngắt; lần chạy sau tự dọn")]
    return [good("Phần dở", "không có")]


CHECKS = {
    "Cài đặt": settings,
    "Khóa bảo mật": key,
    "Ranh giới": geometry,
    "Thư báo": letters,
    "Lần chạy gần nhất": last_runs,
    "Danh sách": lists,
    "Phần dở": leftovers,
}
