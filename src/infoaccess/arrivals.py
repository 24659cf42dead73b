"""The page of a month's arrivals for the office: what came, what was used, who did not send, what there is to do.

Rows read = dressing + accepted + refused + folded, for every kind of table and in the sum. The page shows counts, names
of files and units, and the words of the catalogue of reasons; it never quotes a cell, so it names no person.
"""

from urllib.parse import quote

import pandas as pd

from infoaccess import columns, html, reasons, rooms, units, words

ROWS = ("read", "accepted", "refused", "folded", "dressing", "warnings")
_NONE = dict.fromkeys(ROWS, 0)


def page(month: str, door: dict, problems: pd.DataFrame | list[dict], lang: str = "vi") -> str:
    """Return the page as one self-contained HTML text that opens offline and prints.

    `door` is the door's account of the month; `problems` has columns severity and rule, and `rows` where it is counted.
    Raises ValueError for a language other than Vietnamese, which is the only one of the catalogue of reasons.
    """
    if lang != "vi":
        raise ValueError(f"the page of arrivals speaks Vietnamese only: {lang!r}")
    names = _names(month)
    files = [_file(f, names) for f in sorted(door["files"], key=_order)]
    kinds = [{"title": columns.kinds()[k].title, **_NONE, **v} for k, v in door["tables"].items() if any(v.values())]
    absent = [names[code] for code in names if code in set(door["communes_without_list"])]
    sent = [name for code, name in names.items() if code not in set(door["communes_without_list"])]
    refused = [f for f in files if f["state"] == "refused"]
    return html.fragment(
        "arrivals.html.j2",
        n=lambda value: words.number(value, lang),
        month=words.month(month, lang),
        folder=f"data/{rooms.RAW}/{month}",
        synthetic=words.load(lang)("title.synthetic") if door["synthetic"] else None,
        incomplete=_incomplete(absent, refused) if door["incomplete"] else None,
        files=files,
        refused=refused,
        used=_grouped([f for f in files if f["state"] != "refused"]),
        kinds=kinds,
        total={key: sum(kind[key] for kind in kinds) for key in ROWS},
        sent=sent if files else [],
        absent=absent if files else list(names.values()),
        reasons=_reasons(problems),
        heading_help=reasons.load()["unknown_heading"].office,
        headings=[_heading(h) for h in door["unknown_headings"]],
        books=[_book(b, names) for b in door["problem_books"]],
    )


def _names(month: str) -> dict[str, str]:
    """Name the month's communes by code; one whose name another bears too is told apart by its code."""
    found = units.of(units.commune_set(month))
    again = found["name"].duplicated(keep=False)
    told = found["name"].where(~again, found["name"] + " (" + found["code"] + ")")
    return dict(zip(found["code"], told, strict=True))


def _order(file: dict) -> tuple:
    """Put what asks for action first: refused files, then those with refused rows, then those with warnings."""
    rows = _NONE | (file.get("rows") or {})
    return file["state"] != "refused", not rows["refused"], not rows["warnings"], file["name"]


def _file(file: dict, names: dict[str, str]) -> dict:
    """Prepare a file's line: kinds and sender by name, and for a refused one what there is to do."""
    known = reasons.load().get(file.get("rule") or "")
    sender = file.get("sender") or ""
    why = (file.get("reason") or "").removeprefix(f"Tệp {file['name']}").lstrip(":, ")
    if known:
        why = why.removesuffix(f"{known.commune}.").rstrip()  # it has a column of its own
    return {
        "name": file["name"],
        "state": file["state"],
        "kinds": [columns.kinds()[kind].title for kind in file.get("kinds") or []],
        "sender": names.get(sender, sender),
        "rows": _NONE | (file.get("rows") or {}),
        "reason": why,
        "commune": known.commune if known else "",
        "office": known.office if known else "",
    }


def _grouped(files: list[dict]) -> list[tuple[str, list[dict]]]:
    """Gather files by the kinds of table they hold, in the order of the dictionary."""
    order = [kind.title for kind in columns.kinds().values()]
    groups: dict[tuple, list[dict]] = {}
    for file in files:
        groups.setdefault(tuple(sorted(file["kinds"], key=order.index)), []).append(file)
    ordered = sorted(groups.items(), key=lambda group: [order.index(title) for title in group[0]])
    return [("; ".join(titles) or "Không có bảng", members) for titles, members in ordered]


def _incomplete(absent: list[str], refused: list[dict]) -> str:
    """Say why a month is not complete."""
    parts = []
    if absent:
        parts.append(f"{len(absent)} xã/phường chưa có danh sách")
    if refused:
        parts.append(f"{len(refused)} tệp không dùng được")
    return "THÁNG CHƯA ĐỦ: " + (", ".join(parts) or "còn thiếu tệp hoặc bảng cần có")


def _reasons(problems: pd.DataFrame | list[dict]) -> list[dict]:
    """Count the problems of rows by rule, the refusals first, then the most frequent."""
    frame = pd.DataFrame(problems)
    if frame.empty:
        return []
    frame = frame if "rows" in frame else frame.assign(rows=1)
    frame = frame[frame["severity"] != "file"]  # a refused file stands among the files
    counted = frame.groupby(["severity", "rule"], as_index=False)["rows"].sum()
    counted = counted.sort_values(["severity", "rows", "rule"], ascending=[True, False, True], kind="stable")
    found = []
    for severity, rule, rows in counted[["severity", "rule", "rows"]].itertuples(index=False):
        known = reasons.load().get(rule)
        words_ = {"title": known.title if known else rule, "commune": known.commune if known else ""}
        words_["office"] = known.office if known else ""
        found.append({"severity": severity, "rule": rule, "rows": int(rows), **words_})
    return found


def _heading(heading: dict) -> dict:
    """Prepare an unknown heading: where it stands and which column it may mean."""
    return {key: heading.get(key) or "" for key in ("file", "sheet", "heading", "proposal")}


def _book(book: dict, names: dict[str, str]) -> dict:
    """Prepare the link to a workbook of rows to mend."""
    return book | {"sender": names.get(book["sender"], book["sender"]), "href": "problems/" + quote(book["name"])}
