"""Ask of every figure whether it can be true: findings for the annex on data quality, of units, never of persons.

The counting rule, once: a rule has its thresholds and its wording in RULES, and nowhere else. An error is arithmetic
that cannot hold (a whole below its parts, a rate above one); a warning is a figure to look at, which may well be right:
the yearly review of September to December and a hand-over of phones move figures too. A figure that is hidden or
missing is not judged. A unit is compared with its own months only, by steps from month to month: an outlier is so many
times the median absolute deviation of its steps (scaled by 1.4826 to match a standard deviation; Hampel 1974, JASA
69:383; Leys et al. 2013, JESP 49:764), and never less than half a binomial standard error, for a series that stood
still has no deviation at all. What the programme hands over moves in steps by design and is not judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import median

import numpy as np
import pandas as pd

from infoaccess import areas, columns, rooms, words
from infoaccess.columns import INDICATORS

KEY = ["month", "area_set", "code", "group", "base", "measure"]
COLUMNS = ["rule", "severity", *KEY, "kind", "figure", "expected", "sentence_vi", "sentence_en"]
PARENTS = (("A_district", "city"), ("A_commune", "A_district"), ("A_commune", "city"), ("B_district", "city"))
PARENTS += (("B_commune", "B_district"), ("B_commune", "city"), ("C_commune", "city"))
MALE_HEAD = "male_head"
BY_STEPS = ("covered", "handed_", "value_")  # measures of the programme: steps are what they are made of


@dataclass(frozen=True)
class Rule:
    """Hold one rule: its severity (error, warning), thresholds, and wording in both languages."""

    severity: str
    limits: dict
    vi: str
    en: str


RULES = {
    "parts_differ": Rule(
        "error",
        {},
        "{unit}, {month}, {measure}: ghi {figure} nhưng cộng các đơn vị bên trong được {expected}",
        "{unit}, {month}, {measure}: stands at {figure}, its parts add up to {expected}",
    ),
    "rate_above_one": Rule(
        "error",
        {},
        "{unit}, {month}, {measure}: tử số {figure} không nằm trong khoảng từ 0 đến mẫu số {expected}",
        "{unit}, {month}, {measure}: numerator {figure} is not between 0 and the denominator {expected}",
    ),
    "sex_swapped": Rule(
        "warning",
        {"months": 3, "size": 20, "from_half": 0.1, "errors": 3},
        "{unit}, {month}: tỷ lệ chủ hộ là nam {figure}, các tháng trước thường là {expected}; có thể cột Nam và cột Nữ "
        "bị đổi chỗ",
        "{unit}, {month}: {figure} of heads are men, usually {expected}; the columns for men and women may be swapped",
    ),
    "jump_count": Rule(
        "warning",
        {"months": 6, "window": 13, "times": 6, "least": 10},
        "{unit}, {month}, {measure}: {figure}, theo diễn biến các tháng trước thì khoảng {expected}; hãy xem lại danh "
        "sách (thiếu tờ, lặp dòng, đợt rà soát)",
        "{unit}, {month}, {measure}: {figure}, about {expected} by the months before; look at the list (a sheet "
        "missing, rows twice, a review)",
    ),
    "jump_rate": Rule(
        "warning",
        {"months": 6, "window": 13, "times": 6, "least": 0.05},
        "{unit}, {month}, {measure}: {figure}, theo diễn biến các tháng trước thì khoảng {expected}; hãy xem lại cột "
        "này của danh sách",
        "{unit}, {month}, {measure}: {figure}, about {expected} by the months before; look at this column of the list",
    ),
    "moves_alone": Rule(
        "warning",
        {"size": 30, "others": 8, "least": 0.1, "errors": 4, "median": 0.02, "largest": 0.05},
        "{unit}, {month}, {measure}: {figure}, tháng trước {expected}, trong khi các chỉ số khác hầu như không đổi; "
        "hãy hỏi có đợt hỗ trợ nào, hay cột bị lệch",
        "{unit}, {month}, {measure}: {figure} after {expected}, while the other indicators hardly moved; ask for a "
        "measure of support, or a column out of place",
    ),
    "copied_list": Rule(
        "warning",
        {"size": 20, "chance": 0.001},
        "{unit}, {month}: cả {figure} hộ và mọi ô đánh dấu giống hệt tháng trước; có thể gửi lại danh sách cũ",
        "{unit}, {month}: all {figure} households with all ticks are last month's; the old list may have been resent",
    ),
    "heaped": Rule(
        "warning",
        {"size": 20, "share": 0.9},
        "{unit}, {month}: {figure} số hộ ghi cùng một số nhân khẩu (ở các đơn vị khác là {expected}); có thể số nhân "
        "khẩu được điền cho có",
        "{unit}, {month}: {figure} of households have one and the same size (elsewhere {expected}); the sizes may have "
        "been filled in without asking",
    ),
    "all_alike": Rule(
        "warning",
        {"size": 20, "chance": 0.0001, "lists": 5, "lenient": 0.1},
        "{unit}, {month}, {measure}: {figure} số hộ được đánh dấu, lẽ ra khoảng {expected}; cột có thể bị bỏ trống "
        "hoặc được kéo cho cả danh sách",
        "{unit}, {month}, {measure}: {figure} of households are ticked, about {expected} would be usual; the column "
        "may have been left out or filled down",
    ),
}


def check(counts: pd.DataFrame, indicators: Sequence[str] = INDICATORS) -> pd.DataFrame:
    """Judge counts, released or internal, of any number of months: 1 row = 1 finding.

    `counts` holds 1 row = 1 month x area_set x code x group x base x measure with integers numerator and denominator,
    missing where hidden or not received. Columns: rule, severity, the key of the count, kind (count, share), figure,
    expected (both in that kind; shares 0-1), sentence_vi, sentence_en. The twelve measures that may move together are
    `indicators`; the share of male heads is the measure `male_head`.
    """
    frame = counts[[*KEY, "numerator", "denominator"]].astype({"numerator": "Float64", "denominator": "Float64"})
    found = [*_parts(frame), *_above_one(frame)]
    frame = frame.astype({"numerator": float, "denominator": float}).sort_values(KEY)
    swapped = [f for key, part in _series(frame[frame["measure"] == MALE_HEAD]) for f in _swapped(key, part)]
    known = {_at(f) for f in swapped}
    steady = frame[~frame["measure"].str.startswith(BY_STEPS)]
    found += swapped + [f for f in _jumps(steady) if _at(f) not in known]
    found += _alone(frame[frame["measure"].isin(indicators)])
    return told(found)


def markdown() -> str:
    """Write the table of rules for docs: rule, severity, thresholds, sentence."""
    lines = ["| rule | severity | thresholds | sentence |", "|---|---|---|---|"]
    for name, rule in RULES.items():
        limits = ", ".join(f"{k} {v}" for k, v in rule.limits.items()) or "none: exact"
        lines.append(f"| `{name}` | {rule.severity} | {limits} | {rule.en} |")
    return "\n".join(lines)


def finding(rule: str, key: dict, kind: str, figure: float, expected: float | None) -> dict:
    """Put a finding together; `told` gives it severity and sentences."""
    return {"rule": rule, "kind": kind, "figure": figure, "expected": expected} | key


def _at(found: dict) -> tuple:
    return tuple(found[k] for k in KEY)


def _parts(frame: pd.DataFrame) -> list[dict]:
    """Hold every unit against its parts: equal where all are known, never below the sum of the known ones."""
    found = []
    for child, parent in PARENTS:
        home = {c: into[0] for c, into in areas.over(child, parent).items()}
        due = pd.Series(home).value_counts()
        parts = frame[frame["area_set"] == child]
        by = ["month", parts["code"].map(home).rename("code"), "group", "base", "measure"]
        sums = parts.groupby(by)[["numerator", "denominator"]].agg(["sum", "count"])
        sums.columns = [f"{a}_{b}" for a, b in sums.columns]
        both = frame[frame["area_set"] == parent].merge(sums.reset_index(), on=["month", "code", *KEY[3:]])
        for part in ("numerator", "denominator"):
            whole, total = both[part], both[f"{part}_sum"]
            all_known = both[f"{part}_count"] == both["code"].map(due)
            wrong = both[((all_known & (whole != total)) | (whole < total)).fillna(False).astype(bool)]
            found += [finding("parts_differ", r, "count", r[part], r[f"{part}_sum"]) for r in wrong.to_dict("records")]
    return found


def _above_one(frame: pd.DataFrame) -> list[dict]:
    wrong = (frame["numerator"] > frame["denominator"]) | (frame["numerator"] < 0)
    rows = frame[wrong.fillna(False).astype(bool)].to_dict("records")
    return [finding("rate_above_one", r, "count", r["numerator"], r["denominator"]) for r in rows]


def _series(frame: pd.DataFrame):
    """Yield every count's own months, oldest first."""
    for key, part in frame.groupby(KEY[1:], sort=False):
        yield dict(zip(KEY[1:], key, strict=True)), part


def _swapped(key: dict, part: pd.DataFrame) -> list[dict]:
    limit, found = RULES["sex_swapped"].limits, []
    part = part[part["denominator"] >= limit["size"]].dropna()
    shares = (part["numerator"] / part["denominator"]).to_numpy()
    for t in range(limit["months"], len(shares)):
        usual, now = float(np.median(shares[:t])), shares[t]
        error = sqrt(usual * (1 - usual) / part["denominator"].iloc[t])
        across = abs(usual - 0.5) >= limit["from_half"] and (usual - 0.5) * (now - 0.5) < 0
        if across and abs(now - usual) > max(limit["errors"] * error, 3 * abs(now - (1 - usual))):
            found.append(finding("sex_swapped", key | {"month": part["month"].iloc[t]}, "share", now, usual))
    return found


def outliers(values: Sequence[float], floors: Sequence[float], limits: dict) -> list[tuple[int, float]]:
    """Return (place, expected value) of values that leave their own path; a value that comes back to it does not.

    >>> outliers([50, 51, 50, 52, 51, 52, 53, 90, 54], [1] * 9, RULES["jump_count"].limits)
    [(7, 54.0)]
    """
    found, seen = [], []  # the known values so far, with their places
    for t, value in enumerate(values):
        if value != value:
            continue
        past = [v for place, v in seen[-limits["window"] :] if place >= t - limits["window"]]
        seen.append((t, value))
        if len(past) <= limits["months"]:
            continue
        steps = [b - a for a, b in pairwise(past)]
        usual = median(steps)
        scale = max(1.4826 * median(abs(step - usual) for step in steps), floors[t])
        expected, level = past[-1] + usual, median(past[-limits["months"] :])
        nearest = min(abs(value - expected), abs(value - level))
        if nearest > limits["times"] * scale and nearest >= limits["least"]:
            found.append((t, float(expected)))
    return found


def _jumps(frame: pd.DataFrame) -> list[dict]:
    found, once_told = [], set()
    for key, part in _series(frame):
        months, upper, lower = part["month"].tolist(), part["numerator"].to_numpy(), part["denominator"].to_numpy()
        jumped = set()
        for name, values in (("denominator", lower), ("numerator", upper)):
            floors = [0.5 * sqrt(max(v, 1.0)) if v == v else 0.0 for v in values]
            for t, expected in outliers(values, floors, RULES["jump_count"].limits):
                once = (months[t], key["area_set"], key["code"], key["group"], key["base"], values[t])
                # One list too long moves the denominators of all measures, and their numerators: it is told once.
                if t not in jumped and once not in once_told:
                    found.append(finding("jump_count", key | {"month": months[t]}, "count", values[t], expected))
                if name == "denominator":
                    jumped.add(t)
                    once_told.add(once)
        smooth = (upper + 1) / (lower + 2)  # a rate of 0 or 1 has an error too
        floors = [
            0.5 * sqrt(p * (1 - p) / n) if n > 0 and 0 < p < 1 else 1.0 for p, n in zip(smooth, lower, strict=True)
        ]
        shares = np.divide(upper, lower, out=np.full(len(lower), np.nan), where=lower > 0)
        for t, expected in outliers(shares, floors, RULES["jump_rate"].limits):
            expected = min(1.0, max(0.0, expected))
            found.append(finding("jump_rate", key | {"month": months[t]}, "share", shares[t], expected))
    return found


def _alone(frame: pd.DataFrame) -> list[dict]:
    limit, found = RULES["moves_alone"].limits, []
    for key, part in frame.groupby(["area_set", "code", "group", "base"], sort=False):
        upper, lower = (part.pivot(index="month", columns="measure", values=v) for v in ("numerator", "denominator"))
        months = rooms.months_between(min(upper.index), max(upper.index))
        upper, lower = upper.reindex(months), lower.reindex(months)  # a month that is not there breaks the series
        share = upper / lower.where(lower >= limit["size"])
        moved, pooled = share.diff(), (upper + upper.shift()) / (lower + lower.shift())
        error = (pooled * (1 - pooled) * (1 / lower + 1 / lower.shift())) ** 0.5
        far = (moved.abs() >= limit["least"]) & (moved.abs() > limit["errors"] * error)
        for t, measure in zip(*np.nonzero(far.to_numpy()), strict=True):
            others = moved.iloc[t].drop(moved.columns[measure]).dropna().abs()
            still = len(others) >= limit["others"] and others.median() <= limit["median"]
            if still and others.max() <= limit["largest"]:
                at = dict(zip(KEY[1:5], key, strict=True)) | {
                    "month": share.index[t],
                    "measure": share.columns[measure],
                }
                now, then = share.iloc[t, measure], share.iloc[t - 1, measure]
                found.append(finding("moves_alone", at, "share", now, then))
    return found


def told(found: list[dict]) -> pd.DataFrame:
    """Write findings as a frame, 1 row = 1 finding with its severity and sentences, errors first."""
    rows = []
    for one in found:
        rule = RULES[one["rule"]]
        row = {k: one.get(k) for k in COLUMNS} | {"severity": rule.severity}
        for lang in words.LANGUAGES:
            write = words.share if row["kind"] == "share" else words.number
            values = {k: write(row[k], lang) for k in ("figure", "expected")}
            values |= {"unit": _unit(row), "month": words.month(row["month"], lang)}
            values["measure"] = _label(row["measure"], lang)
            row[f"sentence_{lang}"] = getattr(rule, lang).format(**values) + "."
        rows.append(row)
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"figure": "Float64", "expected": "Float64"})
    return frame.sort_values(["severity", *KEY, "rule"]).reset_index(drop=True)


def _unit(row: dict) -> str:
    name = areas.names(row["area_set"], row["month"]).get(row["code"])
    return f"{name} ({row['code']})" if name else str(row["code"])


def _label(measure: str, lang: str) -> str:
    """Name a measure: by the words of the reports, else by the heading of its column, else by its id."""
    known = words.load(lang).table["measure"]
    heading = columns.kinds()["households"].columns.get(measure)
    return known.get(measure) or (heading.label if heading and lang == "vi" else measure)
