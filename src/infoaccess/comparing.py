"""Set a month's counts beside last month's, those of the same month last year, and those of when the plan began.

The counting rule, once: a unit compares with the unit that had its territory then, and with no other. Territory is the
set of leaves of `units`; a code alone says nothing, for 31 of today's 40 codes were another commune's. Both months must
be counted by the same standard. A change is one of counts (numerator, denominator) and one of the rate, formed from the
four integers in one step; a part that is hidden or missing gives no change. The switch-off of 2G (September to October
2024) moved households to smartphones or out of the count whatever the programme did: every smartphone measure compared
across it is marked. No interval stands beside a change in time: most households are on both lists, so the two months
are not independent draws and the intervals of `noise` do not apply.

Sources: the provincial plan of December 2023; the ministry's switch-off of 2G, completed in October 2024.
"""

from fractions import Fraction

import pandas as pd

from infoaccess import areas, rooms, words
from infoaccess.errors import UsageError

PLAN_START = "2023-12"
SWITCH_OFF = ("2024-09", "2024-10")
KEY = ["month", "area_set", "code", "group", "base", "measure"]
PARTS = ["numerator", "denominator"]
COMPARED = ("same", "same_territory")
COLUMNS = [*KEY, "valid_from", "name", "compared_with", "then_month", "then_area_set", "then_code", "state"]
COLUMNS += ["numerator", "denominator", "then_numerator", "then_denominator", "numerator_change", "denominator_change"]
COLUMNS += ["share", "then_share", "share_change", "break_2g", "partial"]
TEXT = {
    "vi": {
        "month": "tháng trước",
        "year": "cùng kỳ năm trước",
        "plan": "khi bắt đầu kế hoạch",
        "up": "{name}: tăng {by} so với {with_} ({month}), từ {then} lên {now}; số đếm thay đổi {count}",
        "down": "{name}: giảm {by} so với {with_} ({month}), từ {then} xuống {now}; số đếm thay đổi {count}",
        "level": "{name}: không đổi so với {with_} ({month}), {now}; số đếm thay đổi {count}",
        "same_territory": "khi đó là đơn vị mã {code} có cùng địa giới",
        "other_territory": "{name}: không so sánh với {with_} ({month}) vì số liệu khi đó không có "
        "đơn vị nào cùng địa giới",
        "other_standard": "{name}: không so sánh với {with_} ({month}) vì hai tháng tính theo hai chuẩn khác nhau",
        "no_list": "{name}: không so sánh với {with_} vì {month} không có số liệu",
        "missing": "{name}: không so sánh tỷ lệ với {with_} ({month}) vì có số không công bố hoặc chưa có",
        "empty": "{name}: không so sánh tỷ lệ với {with_} ({month}) vì có tháng không có đối tượng để tính",
        "break_2g": "giữa hai tháng mạng 2G ngừng phát sóng (tháng 9 và tháng 10 năm 2024), "
        "thay đổi không phải chỉ do chương trình",
        "partial": "có xã chưa gửi danh sách ở một trong hai tháng",
    },
    "en": {
        "month": "the month before",
        "year": "the same month a year before",
        "plan": "the beginning of the plan",
        "up": "{name}: up {by} on {with_} ({month}), from {then} to {now}; change of the count {count}",
        "down": "{name}: down {by} on {with_} ({month}), from {then} to {now}; change of the count {count}",
        "level": "{name}: unchanged on {with_} ({month}), {now}; change of the count {count}",
        "same_territory": "then unit {code}, of the same territory",
        "other_territory": "{name}: not compared with {with_} ({month}), whose figures hold no unit of this territory",
        "other_standard": "{name}: not compared with {with_} ({month}), which was counted by another standard",
        "no_list": "{name}: not compared with {with_}, as there are no figures of {month}",
        "missing": "{name}: rate not compared with {with_} ({month}), as a figure is hidden or missing",
        "empty": "{name}: rate not compared with {with_} ({month}), as one of the months has nobody to count",
        "break_2g": "2G was switched off between the two months (September to October 2024): "
        "the change is not the programme's alone",
        "partial": "a commune sent no list in one of the two months",
    },
}


def across_2g(measure: str, then: str, now: str) -> bool:
    """Tell whether a smartphone measure is compared across the switch-off of 2G.

    >>> across_2g("adult_smartphone", "2024-10", "2024-11"), across_2g("adult_smartphone", "2024-11", "2024-12")
    (True, False)
    >>> across_2g("adult_smartphone", "2024-08", "2024-09"), across_2g("deprived_any", "2024-08", "2024-12")
    (True, False)
    """
    first, last = SWITCH_OFF
    return "smartphone" in measure and then <= last and now >= first and then < now


def change(now: tuple[int, int], then: tuple[int, int]) -> Fraction:
    """Return the exact change of a rate, as a share (1 = 100 points), from (numerator, denominator) now and then.

    >>> change((3, 10), (1, 4))
    Fraction(1, 20)
    """
    return Fraction(*map(int, now)) - Fraction(*map(int, then))


def earlier(month: str, start: str = PLAN_START) -> dict[str, str]:
    """Name the months that a month is compared with; the plan's beginning only once it lies in the past.

    >>> earlier("2025-03")
    {'month': '2025-02', 'year': '2024-03', 'plan': '2023-12'}
    """
    found = {"month": rooms.shift(month, -1), "year": rooms.shift(month, -12)}
    return found | ({"plan": start} if start < month else {})


def compare(counts: pd.DataFrame, month: str, start: str = PLAN_START) -> pd.DataFrame:
    """Compare every count of a month with the three earlier months: 1 row = 1 count of the month x 1 earlier month.

    `counts` holds 1 row = 1 month x area_set x code x group x base x measure, with valid_from and the integers
    numerator and denominator (missing where hidden); standard, communes_received and communes_expected are heeded
    where they are there. Columns: see COLUMNS; shares are 0-1, share_change is a difference of shares (0.01 = 1 point),
    changes of counts are now less then. state is same, same_territory (another key, the same territory),
    other_territory, other_standard, no_list, missing or empty: only the first two have a share_change.
    Raises UsageError for a row that stands there twice, or whose valid_from is not that of its area set and month.
    """
    wanted = earlier(month, start)
    counts = counts[counts["month"].isin({month, *wanted.values()})]
    _check(counts)
    rows = counts.astype(dict.fromkeys(PARTS, "Int64")).to_dict("records")
    held = {tuple(row[k] for k in KEY): row for row in rows}
    listed = {(row["month"], row["group"], row["base"], row["measure"]) for row in rows}
    names = {s: areas.names(s, month) for s in counts["area_set"].unique()}
    twins = _twins()
    found = []
    for row in (r for r in rows if r["month"] == month):
        for against, then in wanted.items():
            what = (row["group"], row["base"], row["measure"])
            keys = [(then, *unit, *what) for unit in twins[row["area_set"], row["code"]]]
            old = next((held[k] for k in keys if k in held), None)
            state = "other_territory" if (then, *what) in listed else "no_list"
            found.append(_row(row, old, against, then, state) | {"name": names[row["area_set"]][row["code"]]})
    whole = [c for c in COLUMNS if c.endswith(("numerator", "denominator", "numerator_change", "denominator_change"))]
    types = dict.fromkeys(whole, "Int64") | dict.fromkeys([c for c in COLUMNS if "share" in c], "Float64")
    return pd.DataFrame(found, columns=COLUMNS).astype(types)


def _check(counts: pd.DataFrame) -> None:
    twice = counts[counts.duplicated(KEY)]
    if len(twice):
        raise UsageError(f"Số đếm bị lặp lại: {', '.join(map(str, twice[KEY].iloc[0]))}.")
    for month, area_set, code, start in counts[["month", "area_set", "code", "valid_from"]].drop_duplicates().values:
        right = areas.valid_from(area_set, month)
        if start != right or code not in areas.leaves(area_set):
            raise UsageError(
                f"Tháng {month}, hệ đơn vị {area_set}: không có đơn vị mã {code} có hiệu lực từ {start} "
                f"(mã của hệ này có hiệu lực từ {right})."
            )


def _twins() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return for every unit the units with its leaves, itself first, then those of sets in their order."""
    every = [((s, code), members) for s in areas.known() for code, members in areas.leaves(s).items()]
    by_leaves: dict[frozenset, list] = {}
    for unit, members in every:
        by_leaves.setdefault(members, []).append(unit)
    return {unit: [unit, *(u for u in by_leaves[members] if u != unit)] for unit, members in every}


def _row(row: dict, old: dict | None, against: str, then: str, without: str) -> dict:
    out = {k: row[k] for k in (*KEY, "valid_from", *PARTS)} | {"compared_with": against, "then_month": then}
    out |= {"state": without, "break_2g": across_2g(row["measure"], then, row["month"]), "partial": _partial(row)}
    now, share = [row[part] for part in PARTS], _share(row)
    out |= {"share": share, "then_share": None, "share_change": None}
    if old is None:
        return out
    same = (old["area_set"], old["code"]) == (row["area_set"], row["code"])
    out |= {"then_area_set": old["area_set"], "then_code": old["code"], "partial": _partial(row) or _partial(old)}
    out |= {f"then_{part}": old[part] for part in PARTS} | {"then_share": _share(old)}
    if row.get("standard") != old.get("standard"):
        return out | {"state": "other_standard"}
    both = [part for part in PARTS if pd.notna(row[part]) and pd.notna(old[part])]
    out |= {f"{part}_change": row[part] - old[part] for part in both}  # a missing part leaves its change missing
    if len(both) < len(PARTS):
        return out | {"state": "missing"}
    if share is None or out["then_share"] is None:
        return out | {"state": "empty"}
    moved = float(change(tuple(now), (old["numerator"], old["denominator"])))
    return out | {"state": "same" if same else "same_territory", "share_change": moved}


def _share(row: dict) -> float | None:
    if any(pd.isna(row[part]) for part in PARTS) or not row["denominator"]:
        return None
    return row["numerator"] / row["denominator"]


def _partial(row: dict) -> bool:
    got, asked = row.get("communes_received"), row.get("communes_expected")
    return bool(pd.notna(got) and pd.notna(asked) and got < asked)


def sentence(row: dict, lang: str = "vi") -> str:
    """Say one row of `compare` (as a dict) in a sentence, with what has to be known before it is read."""
    text = TEXT[lang]
    values = {"name": row["name"], "with_": text[row["compared_with"]], "month": words.month(row["then_month"], lang)}
    if row["state"] not in COMPARED:
        return text[row["state"]].format(**values) + "."
    by = words.points(abs(row["share_change"]), lang).lstrip("+")
    flat = words.points(row["share_change"], lang) == words.points(0, lang)
    direction = "level" if flat else "up" if row["share_change"] > 0 else "down"
    values |= {"by": by, "then": words.share(row["then_share"], lang), "now": words.share(row["share"], lang)}
    told = [text[direction].format(**values, count=words.signed(int(row["numerator_change"]), lang))]
    if row["state"] == "same_territory":
        told.append(text["same_territory"].format(code=row["then_code"]))
    told += [text[flag] for flag in ("break_2g", "partial") if row[flag]]
    return "; ".join(told) + "."
