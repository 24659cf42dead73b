"""Say in one sentence why a month is due, and what a plan would do."""

from infoaccess import due, rooms, words

SHOWN = 4  # names in one sentence


def sentence(month: str, reasons: list[dict], w: words.Words, files: bool = False) -> str:
    """Join a month's reasons to one sentence without its full stop; with `files`, name files whose sender is unknown.

    >>> sentence("2025-03", [{"kind": "first"}], words.load("vi"))
    'chưa công bố lần nào'
    >>> sentence("2025-03", [{"kind": "mended", "files": ["a"], "senders": ["19753"]}], words.load("vi"))
    'danh sách của Phường Thuận Lộc đã sửa (1 tệp)'
    """
    told = [_said(month, one, w, files) for one in reasons]
    told += [w("due.why", why=one["why"]) for one in reasons if one.get("why")]
    return "; ".join(told)


def lines(plan: due.Plan, lang: str) -> list[str]:
    """Say what a plan would do, a line a month, then what it leaves alone and why."""
    w = words.load(lang)
    found = [f"{work.month}: {sentence(work.month, work.reasons, w, files=True)}." for work in plan.works]
    found = found or ["Không có gì đến hạn."]
    for parts in dict.fromkeys(map(tuple, plan.outdated.values())):
        months = [m for m, own in plan.outdated.items() if tuple(own) == parts]
        found.append(
            f"Không tự lập lại: phương pháp đã đổi ({_parts(parts, w)}) sau khi công bố {_spans(months)}. "
            'Nếu muốn sửa số đã công bố: thêm --new-method "LÝ DO".'
        )
    notes: dict[str, list[str]] = {}
    for kind, month in plan.notes:
        notes.setdefault(kind, []).append(month)
    return found + [_NOTES[kind].format(months=_spans(months)) for kind, months in notes.items()]


_NOTES = {
    "before_since": "Không lập, vì trước tháng bắt đầu công bố: {months}. Muốn lập: thêm --since THÁNG.",
    "under_way": "Chưa lập, vì tháng chưa hết: {months}.",
    "no_lists": "Chưa có danh sách: {months}.",
    "vanished": "Danh sách đã công bố nay không còn trong data/0_raw: {months}. Báo cáo giữ nguyên; hãy chép lại danh "
    "sách (data/deposit còn giữ nội dung).",
}


def _said(month: str, one: dict, w: words.Words, files: bool) -> str:
    kind = one["kind"]
    if kind in ("new", "mended", "gone", "renamed"):
        names = due.valid_units(month)
        who = [names.get(code, code) for code in one["senders"]]
        who = who or (one["files"] if files else [w("due.unknown")])
        return w(f"due.{kind}", who=_some(who, w), files=len(one["files"]))
    if kind == "earlier":
        return w("due.earlier", months=_spans(one["months"]))
    if kind == "reports":
        names = due.valid_units(month)
        return w("due.reports", who=_some([names.get(code, code) for code in one["codes"]], w))
    if kind == "method":
        return w("due.method", parts=_parts(one["parts"], w))
    return w(f"due.{kind}")


def _parts(parts: list[str], w: words.Words) -> str:
    named = [p.partition(".") for p in parts]
    return ", ".join(w("due.part_setting", name=s) if s else w(f"due.part_{p}") for p, _, s in named)


def _some(names: list[str], w: words.Words) -> str:
    if len(names) <= SHOWN + 1:
        return ", ".join(names)
    return w("due.some", names=", ".join(names[:SHOWN]), more=len(names) - SHOWN)


def _spans(months: list[str]) -> str:
    """Write months that follow each other as one span.

    >>> _spans(["2025-01", "2025-02", "2025-03", "2025-06"])
    '2025-01 … 2025-03, 2025-06'
    """
    spans: list[list[str]] = []
    for month in months:
        if spans and rooms.shift(spans[-1][-1], 1) == month:
            spans[-1].append(month)
        else:
            spans.append([month])
    return ", ".join(f"{s[0]} … {s[-1]}" if len(s) > 2 else ", ".join(s) for s in spans)
