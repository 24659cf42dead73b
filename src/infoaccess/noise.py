"""Show the noise of small numbers beside every rate and rank, so that nobody reads chance as merit.

What an interval means here: the lists are a full count, not a sample, so the rate itself is certain. The interval tells
how far the rate of a unit of this size would wander by chance alone, were the month's list one draw of a process that
turns households into deprived ones (or users, or served ones) independently at a steady rate. It answers "may one say
that this unit does better than another?", never "what is the true number of households?". Households of one village
are alike and units truly differ, so intervals are too short rather than too long: overdispersion is measured and told.

The counting rule, once: integers in, rates last; a hidden or missing count has no interval; a unit with nobody to count
has no rate; units with figures only make up the common rate (sum of numerators / sum of denominators).

Sources: Wilson 1927, JASA 22:209 (score interval); Newcombe 1998, Statistics in Medicine 17:857 (method 3) and 17:873
(method 10, differences); Spiegelhalter 2005, Statistics in Medicine 24:1185 (funnel plots: exact limits made smooth,
95 % and 99.8 %, overdispersion from winsorised z-scores); Klein, Wright & Wieczorek 2020, JRSS C 69:589 (ranks from
pairwise comparisons).
"""

from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

from infoaccess import words
from infoaccess.errors import UsageError

FEWEST = 6  # units with a rate below which nothing is said of chance
LEVELS = (0.95, 0.998)  # warning and action limits of a funnel plot
WINSORISED = 0.1  # of the units at each end, before overdispersion is measured
LARGEST = 2_000_000  # above it nobody counts households or people: money is no count of independent events
VERDICTS = ("far_above", "above", "within", "below", "far_below", "suppressed", "missing", "empty", "alone", "equal")
TEXT = {
    "vi": {
        "far_above": "{name}: {share} ({of}), cao hơn mức chung rõ rệt (mức chung {common}; "
        "ngẫu nhiên cho phép đến {up})",
        "above": "{name}: {share} ({of}), cao hơn mức chung {common} nhưng chưa rõ rệt: cứ {often} đơn vị thì chừng "
        "một đơn vị ra ngoài giới hạn này do ngẫu nhiên",
        "within": "{name}: {share} ({of}), khác biệt với mức chung {common} có thể do ngẫu nhiên "
        "(ngẫu nhiên cho phép từ {down} đến {up})",
        "below": "{name}: {share} ({of}), thấp hơn mức chung {common} nhưng chưa rõ rệt: cứ {often} đơn vị thì chừng "
        "một đơn vị ra ngoài giới hạn này do ngẫu nhiên",
        "far_below": "{name}: {share} ({of}), thấp hơn mức chung rõ rệt (mức chung {common}; "
        "ngẫu nhiên cho phép từ {down})",
        "suppressed": "{name}: số liệu được che để bảo mật, không so sánh",
        "missing": "{name}: chưa có số liệu, không so sánh",
        "empty": "{name}: không có đối tượng để tính tỷ lệ",
        "alone": "{name}: {share} ({of}), không có đơn vị nào khác có số liệu để so sánh",
        "equal": "{name}: {share} ({of}), các đơn vị có cùng tỷ lệ",
        "rank": "xếp hạng {rank}/{units}, nhưng chỉ chắc chắn là từ hạng {best} đến hạng {worst}",
        "rank_none": "số liệu không đủ để xếp hạng (theo tỷ lệ là {rank}/{units})",
        "rank_sure": "xếp hạng {rank}/{units}, chắc chắn",
        "over": "Các đơn vị khác nhau nhiều hơn ngẫu nhiên có thể gây ra (hệ số phân tán {phi}): có khác biệt thật "
        "giữa các đơn vị, giới hạn {limits}",
        "not_over": "Các đơn vị khác nhau không nhiều hơn ngẫu nhiên có thể gây ra (hệ số phân tán {phi})",
        "widened": "đã nới theo hệ số này",
        "narrow": "trong biểu đồ chưa nới theo hệ số này nên có thêm đơn vị nằm ngoài",
    },
    "en": {
        "far_above": "{name}: {share} ({of}), clearly above the common rate ({common}; chance allows up to {up})",
        "above": "{name}: {share} ({of}), above the common rate {common} but not clearly: about one unit in {often} "
        "falls outside this limit by chance",
        "within": "{name}: {share} ({of}), the difference from the common rate {common} may be chance "
        "(which allows {down} to {up})",
        "below": "{name}: {share} ({of}), below the common rate {common} but not clearly: about one unit in {often} "
        "falls outside this limit by chance",
        "far_below": "{name}: {share} ({of}), clearly below the common rate ({common}; chance allows down to {down})",
        "suppressed": "{name}: hidden for confidentiality, not compared",
        "missing": "{name}: no figures, not compared",
        "empty": "{name}: nobody to count, no rate",
        "alone": "{name}: {share} ({of}), no other unit has figures to compare with",
        "equal": "{name}: {share} ({of}), all units have the same rate",
        "rank": "rank {rank} of {units}, but only ranks {best} to {worst} are certain",
        "rank_none": "the numbers do not allow a rank (by rate {rank} of {units})",
        "rank_sure": "rank {rank} of {units}, certain",
        "over": "The units differ by more than chance explains (dispersion {phi}): there are real differences, "
        "and the limits are {limits}",
        "not_over": "The units differ by no more than chance explains (dispersion {phi})",
        "widened": "widened by that factor",
        "narrow": "not widened by that factor, so that many units lie outside",
    },
}


@cache
def quantile(level: float) -> float:
    """Return the normal quantile that leaves (1 - level) / 2 above it.

    Raises ValueError for a level outside 0..1.

    >>> round(quantile(0.95), 4), round(quantile(0.998), 4)
    (1.96, 3.0902)
    """
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(numerator: int, denominator: int, level: float = 0.95) -> tuple[float, float] | None:
    """Return the Wilson score interval of a rate, as shares (0-1); None where there is nobody to count.

    Raises ValueError for counts that make no rate.

    >>> [round(bound, 4) for bound in wilson(81, 263)], wilson(0, 0)
    ([0.2553, 0.3662], None)
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} / {denominator} is no rate")
    if not denominator:
        return None
    z = quantile(level)
    middle, spread = 2 * numerator + z * z, z * sqrt(z * z + 4 * numerator * (denominator - numerator) / denominator)
    whole = 2 * (denominator + z * z)
    low = 0.0 if numerator == 0 else (middle - spread) / whole
    return low, 1.0 if numerator == denominator else (middle + spread) / whole


def difference(first: tuple[int, int], second: tuple[int, int], level: float = 0.95) -> tuple[float, float] | None:
    """Return Newcombe's interval (method 10) for first rate - second rate of two units that share no household.

    Not for two months of one unit: most households are in both. None where either has nobody to count.

    >>> [round(bound, 4) for bound in difference((56, 70), (48, 80))]
    [0.0524, 0.3339]
    """
    bounds = wilson(*first, level), wilson(*second, level)
    if None in bounds:
        return None
    (low_1, high_1), (low_2, high_2) = bounds
    p, q = first[0] / first[1], second[0] / second[1]
    low = p - q - sqrt((p - low_1) ** 2 + (high_2 - q) ** 2)
    return max(-1.0, low), min(1.0, p - q + sqrt((high_1 - p) ** 2 + (q - low_2) ** 2))


def limits(rate: float, denominator: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact binomial limits (shares) of a unit of this size at a common rate, made smooth between counts.

    A count lies outside them exactly when, at the common rate, that many or more (or fewer) is less likely than
    (1 - level) / 2. The lower one is Spiegelhalter's interpolation; the upper one is its mirror image.

    >>> [round(bound, 4) for bound in limits(0.5, 6)]
    [0.0167, 0.9833]
    """
    if rate in (0.0, 1.0):
        return rate, rate
    low = _lower(rate, denominator, (1 - level) / 2)
    return low, 1 - _lower(1 - rate, denominator, (1 - level) / 2)


def _lower(rate: float, size: int, tail: float) -> float:
    k = np.arange(size)
    steps = np.log((size - k) / (k + 1)) + np.log(rate / (1 - rate))
    chances = np.exp(size * np.log1p(-rate) + np.concatenate([[0.0], np.cumsum(steps)]))
    below = np.cumsum(chances)
    first = int(np.argmax(below >= tail))  # the smallest count that is not improbable
    return max(0.0, float(first - (below[first] - tail) / chances[first]) / size)


@dataclass(frozen=True)
class Funnel:
    """Hold a funnel plot's data; `units` is the frame of `funnel`, `rate` the common rate of those with figures."""

    units: pd.DataFrame
    rate: float | None
    compared: int  # units with a rate
    dispersion: float | None  # 1 where units differ by chance alone
    overdispersed: bool
    widened: bool

    def limits(self, denominator: int) -> list[tuple[float, float]]:
        """Return the limits (shares) of a unit of this size, one pair a level of LEVELS, as they are judged by."""
        factor = sqrt(self.dispersion) if self.widened and self.overdispersed else 1.0
        pairs = [limits(self.rate, denominator, level) for level in LEVELS]
        spread = [(self.rate - (self.rate - a) * factor, self.rate + (b - self.rate) * factor) for a, b in pairs]
        return [(max(0.0, a), min(1.0, b)) for a, b in spread]


def counts(names: dict[str, str], cells: dict) -> pd.DataFrame:
    """Set released counts (`released.Cell`) of units out as `funnel` reads them; both are keyed by code."""
    found = [cells[code] for code in names]
    parts = {part: pd.array([getattr(c, part) for c in found], dtype="Int64") for part in ("numerator", "denominator")}
    return pd.DataFrame(
        {"code": list(names), "name": list(names.values()), **parts, "status": [c.status for c in found]}
    )


def funnel(counts: pd.DataFrame, widened: bool = False) -> Funnel:
    """Judge units against their common rate; `units` has 1 row = 1 unit, in the order given.

    `counts` has columns code, name, numerator, denominator (integers, missing where hidden) and, if known, status
    (published, suppressed, empty, missing). Columns added: share and lower_share, upper_share (Wilson, 95 %), funnel
    limits lower_95, upper_95, lower_998, upper_998 (all 0-1), verdict (one of VERDICTS). `widened` multiplies the
    distance of the limits by the square root of the dispersion where that is above chance.
    Raises UsageError for counts that make no rate, or that are too large to be a count of households or people.
    """
    frame = counts.astype({"numerator": "Int64", "denominator": "Int64"}).reset_index(drop=True)
    known = frame[["numerator", "denominator"]].notna().all(axis=1)
    wrong = frame[known & ~((frame["numerator"] >= 0) & (frame["numerator"] <= frame["denominator"]))]
    if len(wrong) or (frame["denominator"] > LARGEST).any():
        bad = wrong if len(wrong) else frame[frame["denominator"] > LARGEST]
        raise UsageError(
            f"Đơn vị {bad['code'].iloc[0]}: {bad['numerator'].iloc[0]} / {bad['denominator'].iloc[0]} không phải là "
            "tỷ lệ của hộ hay người; chỉ so sánh được số đếm hộ hoặc người."
        )
    rated = known & (frame["denominator"] > 0).fillna(False)
    x, n = (frame.loc[rated, part].astype(int) for part in ("numerator", "denominator"))
    rate = int(x.sum()) / int(n.sum()) if len(n) else None
    phi = _dispersion(x.to_numpy(), n.to_numpy(), rate)
    over = phi is not None and phi > 1 + 2 * sqrt(2 / len(n))  # chi-square / units has mean 1, sd sqrt(2 / units)
    found = Funnel(frame, rate, len(n), phi, over, widened)
    same = len(n) > 0 and all(a * int(n.iloc[0]) == int(x.iloc[0]) * b for a, b in zip(x, n, strict=True))
    status = frame["status"] if "status" in frame else pd.Series("missing", index=frame.index)
    rows = []
    for i, a, b in zip(frame.index, frame["numerator"], frame["denominator"], strict=True):
        if not rated[i]:
            verdict = "empty" if known[i] else "suppressed" if status[i] == "suppressed" else "missing"
            rows.append({"verdict": verdict})
            continue
        pairs = found.limits(int(b))
        row = dict(zip(("lower_95", "upper_95", "lower_998", "upper_998"), [v for p in pairs for v in p], strict=True))
        row["lower_share"], row["upper_share"] = wilson(int(a), int(b))
        verdict = "alone" if len(n) == 1 else "equal" if same else _verdict(a / b, pairs)
        rows.append(row | {"share": a / b, "verdict": verdict})
    columns = ["share", "lower_share", "upper_share", "lower_95", "upper_95", "lower_998", "upper_998"]
    judged = pd.DataFrame(rows, index=frame.index, columns=[*columns, "verdict"])
    judged = judged.astype(dict.fromkeys(columns, "Float64"))
    return Funnel(frame.join(judged), rate, len(n), phi, over, widened)


def _verdict(share: float, pairs: list[tuple[float, float]]) -> str:
    (low, high), (lowest, highest) = pairs
    if share > high:
        return "far_above" if share > highest else "above"
    if share < low:
        return "far_below" if share < lowest else "below"
    return "within"


def _dispersion(x: np.ndarray, n: np.ndarray, rate: float | None) -> float | None:
    """Return the mean square of the winsorised z-scores; None where there is nothing to compare."""
    if len(n) < 2 or rate in (0.0, 1.0):
        return None
    z = (x / n - rate) / np.sqrt(rate * (1 - rate) / n)
    cut = int(len(z) * WINSORISED)
    ordered = np.sort(z)
    return float(np.mean(np.clip(z, ordered[cut], ordered[len(z) - 1 - cut]) ** 2))


def ranks(counts: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Rank units with figures, the highest rate first: 1 row = 1 unit, with the ranks that its numbers allow.

    Columns: code, name, numerator, denominator, share (0-1), rank (equal rates share the best), surely_above and
    surely_below (a number of units), best_rank = 1 + surely_above, worst_rank = units - surely_below. One unit is
    surely above another when Newcombe's interval for their difference excludes 0 at 1 - (1 - level) / (units - 1): so
    a unit's interval of ranks holds at `level` although it is compared with all others.
    """
    frame = counts[counts[["numerator", "denominator"]].notna().all(axis=1)]
    frame = frame[frame["denominator"] > 0][["code", "name", "numerator", "denominator"]].astype(
        {"numerator": int, "denominator": int}
    )
    pairs = list(zip(frame["numerator"].tolist(), frame["denominator"].tolist(), strict=True))
    strict = 1 - (1 - level) / max(1, len(pairs) - 1)
    bounds = np.array([wilson(*pair, strict) for pair in pairs], dtype=float).reshape(-1, 2)
    p = np.array([a / b for a, b in pairs], dtype=float)
    gap = p[:, None] - p[None, :]
    reach = np.hypot((p - bounds[:, 0])[:, None], (bounds[:, 1] - p)[None, :])
    above = gap - reach > 0  # [i, j]: unit i is surely above unit j
    frame = frame.assign(share=p, rank=[1 + sum(c * b > a * d for c, d in pairs) for a, b in pairs])
    frame = frame.assign(surely_above=above.sum(axis=0), surely_below=above.sum(axis=1))
    frame = frame.assign(best_rank=1 + frame["surely_above"], worst_rank=len(frame) - frame["surely_below"])
    return frame.sort_values(["rank", "code"]).reset_index(drop=True)


def sentence(found: Funnel, row: dict, lang: str = "vi", ranked: dict | None = None) -> str:
    """Say one unit of a funnel (a row of `units`, and of `ranks` if its rank is to be told) in a sentence."""
    text, values = TEXT[lang], {"name": row["name"]}
    if pd.notna(row["share"]):
        part, whole = (words.number(int(row[k]), lang) for k in ("numerator", "denominator"))
        outer = row["verdict"].startswith("far_")
        edges = (row["lower_998"], row["upper_998"]) if outer else (row["lower_95"], row["upper_95"])
        values |= {"share": words.share(row["share"], lang), "of": f"{part}/{whole}", "often": 20}
        values |= {"common": words.share(found.rate, lang)}
        values |= {"down": words.share(edges[0], lang), "up": words.share(edges[1], lang)}
    told = [text[row["verdict"]].format(**values)]
    if ranked is not None and found.compared > 1:
        span = ranked["worst_rank"] - ranked["best_rank"]
        key = "rank_sure" if not span else "rank_none" if span == found.compared - 1 else "rank"
        place = {"rank": ranked["rank"], "best": ranked["best_rank"], "worst": ranked["worst_rank"]}
        told.append(text[key].format(**place, units=found.compared))
    return "; ".join(told) + "."


def note(found: Funnel, lang: str = "vi") -> str:
    """Say whether the units differ by more than chance explains; empty where there is nothing to compare."""
    if found.dispersion is None:
        return ""
    text, phi = TEXT[lang], words.number(found.dispersion, lang, 1)
    shown = text["widened" if found.widened else "narrow"]
    return text["over" if found.overdispersed else "not_over"].format(phi=phi, limits=shown) + "."
