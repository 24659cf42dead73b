"""Propose how many phones of a source each unit gets: the arithmetic under the decision that the province takes.

The counting rule, once: 1 phone for 1 household that has a need. Every unit first gets its minimum (never above its
need), then phones go class by class over all units: (1) poor or near-poor that are also people with merit, (2) that
are also social-policy families, (3) poor, (4) near-poor (Circular 14/2022/TT-BTTTT); (5) policy families that are
neither poor nor near-poor, never from the telecoms fund. A class that N no longer covers is shared out by
`sainte_lague` (the default: the next phone goes where weight / (2 x phones + 1) is highest) or by
`largest_remainder` (Hamilton). Weight = need x remoteness, both whole numbers.

Why the default is not the largest remainder: with it a unit can lose a phone because the province has one more to give
(the Alabama paradox). Sainte-Laguë is one queue of phones; N cuts it, so nobody loses when N grows. Equal quotients or
remainders: the larger need of the class, then the smaller code. Source: Balinski & Young, Fair Representation (1982).
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction

import pandas as pd
import polars as pl

from infoaccess.errors import InputError, UsageError
from infoaccess.programme import SOURCES

KEY = ["code", "valid_from"]
# Need columns of a frame of units, a household in one only. policy_*: the list does not tell merit from social policy.
CLASSES = (
    *("merit_poor", "merit_near_poor", "social_poor", "social_near_poor"),
    *("policy_poor", "policy_near_poor", "poor", "near_poor", "policy_only"),
)
INELIGIBLE = {"telecom_fund": ("policy_only",)}
SWITCHES = ("by_class", "policy_first", "merit_first", "poor_first", "by_need", "remoteness", "minimum", "method")


def sainte_lague(total: int, weights: Sequence[int], needs: Sequence[int], floors: Sequence[int]) -> list[int]:
    """Share out phones one by one, each to the highest weight / (2 x phones so far + 1), above floors, within needs.

    Units come in the order of their codes. Nobody's share falls when total grows.

    >>> sainte_lague(4, [6, 3, 1], [6, 3, 1], [0, 0, 0]), sainte_lague(4, [6, 3, 1], [6, 3, 1], [0, 0, 1])
    ([3, 1, 0], [2, 1, 1])
    """
    shares = list(floors)
    queue = [(Fraction(-w, 2 * shares[i] + 1), -needs[i], i) for i, w in enumerate(weights) if shares[i] < needs[i]]
    heapq.heapify(queue)
    for _ in range(total - sum(floors)):
        _, _, i = queue[0]
        shares[i] += 1
        if shares[i] < needs[i]:
            heapq.heapreplace(queue, (Fraction(-weights[i], 2 * shares[i] + 1), -needs[i], i))
        else:
            heapq.heappop(queue)
    return shares


def largest_remainder(total: int, weights: Sequence[int], needs: Sequence[int], floors: Sequence[int]) -> list[int]:
    """Give the whole part of each quota (held between floor and need), what is left to the largest remainders.

    >>> largest_remainder(10, [6, 6, 2], [6, 6, 2], [0, 0, 0]), largest_remainder(11, [6, 6, 2], [6, 6, 2], [0, 0, 0])
    ([4, 4, 2], [5, 5, 1])
    """
    units = [i for i, w in enumerate(weights) if w]

    def quota(i: int, level: Fraction) -> Fraction:
        return min(max(level * weights[i], Fraction(floors[i])), Fraction(needs[i]))

    # The common level of quota / weight rises through the points where a unit leaves its floor or reaches its need.
    bends = sorted({Fraction(edge[i], weights[i]) for i in units for edge in (floors, needs)} | {Fraction(0)})
    low, high = 0, len(bends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if sum(quota(i, bends[middle]) for i in units) <= total else (low, middle - 1)
    level = bends[low]
    free = sum(weights[i] for i in units if floors[i] <= level * weights[i] < needs[i])
    level += Fraction(total - sum(quota(i, level) for i in units), free) if free else 0
    exact = [quota(i, level) if w else Fraction(0) for i, w in enumerate(weights)]
    shares = [int(q) for q in exact]
    for i in sorted(units, key=lambda i: (shares[i] - exact[i], -needs[i], i))[: total - sum(shares)]:
        shares[i] += 1
    return shares


METHODS: dict[str, Callable] = {"sainte_lague": sainte_lague, "largest_remainder": largest_remainder}


@dataclass(frozen=True)
class Criteria:
    """Say what an allotment weighs; each can be switched off alone (`effects`)."""

    by_class: bool = True  # class by class; else all needs in one pool
    policy_first: bool = True  # poor and near-poor policy families before the others
    merit_first: bool = True  # people with merit before social-policy families
    poor_first: bool = True  # poor before near-poor
    by_need: bool = True  # weight by need; else units with a need weigh alike
    remoteness: bool = True  # weight by the column remoteness, if there is one
    minimum: int = 0  # phones a unit gets before all others, never above its need
    method: str = "sainte_lague"  # or largest_remainder

    def without(self, name: str) -> "Criteria":
        """Switch one criterion off; the method is swapped for the other one."""
        other = next(m for m in METHODS if m != self.method)
        return replace(self, **{name: {"minimum": 0, "method": other}.get(name, False)})


def rank(column: str, criteria: Criteria) -> int:
    """Number the class that a need column is served in, 1 first.

    >>> [rank(c, Criteria()) for c in ("merit_near_poor", "social_poor", "poor", "near_poor", "policy_only")]
    [1, 2, 3, 4, 5]
    """
    standing, _, poverty = column.partition("_")
    if not criteria.by_class:
        return 1
    if column == "policy_only":
        return 5
    if standing in ("merit", "social", "policy") and criteria.policy_first:
        return 2 if standing == "social" and criteria.merit_first else 1
    return 4 if "near_poor" in (column, poverty) and criteria.poor_first else 3


def by_class(units: pd.DataFrame, phones: int, source: str, criteria: Criteria | None = None) -> pd.DataFrame:
    """Allot phones within every class: 1 row = 1 unit x class, the class served first on top, then by code.

    `units`: 1 row = 1 unit: code, valid_from, name, any of CLASSES (households with a need), and maybe remoteness
    (whole, from 1). Columns: code, valid_from, name, rank, classes (need columns it holds), need, phones.
    Raises InputError for a frame that cannot be counted; UsageError for a wrong number, source or criterion, and where
    the minimum of all units is more than there is.
    """
    criteria = criteria or Criteria()
    _check_choice(phones, source, criteria)
    table = _checked(units, source)
    columns, weight = eligible(table, source), _column(table, "remoteness")
    ladder: dict[int, list[str]] = {}
    for column in columns:
        ladder.setdefault(rank(column, criteria), []).append(column)
    needs = {r: [sum(row) for row in zip(*(_column(table, c) for c in ladder[r]), strict=True)] for r in sorted(ladder)}
    open_floor = [min(criteria.minimum, sum(each)) for each in zip(*needs.values(), strict=True)]
    left = min(phones, sum(map(sum, needs.values()))) - sum(open_floor)
    if left < 0:
        raise UsageError(
            f"Mức tối thiểu {criteria.minimum} máy mỗi đơn vị cần {sum(open_floor)} máy nhưng chỉ có {phones} máy. "
            "Hãy giảm mức tối thiểu hoặc tăng số máy."
        )
    parts = []
    for r, need in needs.items():
        floors = [min(n, f) for n, f in zip(need, open_floor, strict=True)]
        open_floor = [f - given for f, given in zip(open_floor, floors, strict=True)]
        more = min(left, sum(need) - sum(floors))
        left -= more
        base = need if criteria.by_need else [min(n, 1) for n in need]
        weights = [n * (w if criteria.remoteness else 1) for n, w in zip(base, weight, strict=True)]
        shares = METHODS[criteria.method](sum(floors) + more, weights, need, floors)
        parts.append(table[[*KEY, "name"]].assign(rank=r, classes=" ".join(ladder[r]), need=need, phones=shares))
    return pd.concat(parts, ignore_index=True)


def allot(units: pd.DataFrame, phones: int, source: str, criteria: Criteria | None = None) -> pd.DataFrame:
    """Propose an allotment: 1 row = 1 unit, by code. Takes and raises what `by_class` does.

    Columns: code, valid_from, name, the need columns that the source may serve, need, phones, unmet (households).
    Phones sum to the smaller of N and the whole need; what is over stays with the province.

    >>> units = pd.DataFrame({"code": ["1", "2"], "valid_from": "2025-07-01", "name": ["A", "B"], "poor": [6, 2]})
    >>> allot(units.assign(near_poor=[1, 9]), 10, "telecom_fund")["phones"].tolist()
    [6, 4]
    """
    long = by_class(units, phones, source, criteria)
    sums = long.groupby(KEY, as_index=False)[["need", "phones"]].sum()
    table = _checked(units, source)
    table = table[[*KEY, "name", *eligible(table, source)]].merge(sums, on=KEY, validate="one_to_one")
    return table.assign(unmet=table["need"] - table["phones"])


def served(long: pd.DataFrame) -> pd.DataFrame:
    """Sum `by_class` over the units: 1 row = 1 class, with rank, classes, need, phones."""
    return long.groupby(["rank", "classes"], as_index=False)[["need", "phones"]].sum()


def effects(units: pd.DataFrame, phones: int, source: str, criteria: Criteria | None = None) -> pd.DataFrame:
    """Show what each criterion changes: 1 row = 1 criterion in force x unit.

    Columns: criterion, code, valid_from, name, phones, without (phones were it off; for "method", by the other
    method), change = phones - without, which sums to 0 over the units.
    """
    criteria = criteria or Criteria()
    here = allot(units, phones, source, criteria)[[*KEY, "name", "phones"]]
    parts = []
    for name in SWITCHES:
        if getattr(criteria, name) and (name != "remoteness" or "remoteness" in units):
            off = allot(units, phones, source, criteria.without(name))["phones"]
            parts.append(here.assign(criterion=name, without=off, change=here["phones"] - off))
    return pd.concat(parts, ignore_index=True)[["criterion", *here.columns, "without", "change"]]


def waiting(partition: pl.LazyFrame, by: Sequence[str]) -> pl.DataFrame:
    """Count waiting households of the lists by need column: 1 row = 1 key of `by`; counts add over partitions.

    Waiting as in `programme.events`: asks for a phone and has none. The lists hold one mark for all policy families,
    so policy_poor and policy_near_poor stand for classes 1 and 2. unclassified: waiting, but a missing mark leaves the
    class open, or no class is marked; such a household is in no other column.
    """
    asks = pl.col("wants_smartphone").fill_null(False) & ~pl.col("has_smartphone").fill_null(False)
    poor, near, policy = pl.col("poor"), pl.col("near_poor"), pl.col("policy")
    flags = {
        "policy_poor": poor & policy,
        "policy_near_poor": ~poor & near & policy,
        "poor": poor & ~policy,
        "near_poor": ~poor & near & ~policy,
        "policy_only": ~poor & ~near & policy,
    }
    known = pl.any_horizontal(flag.fill_null(False) for flag in flags.values())
    flags["unclassified"] = ~known
    counts = [(asks & flag.fill_null(False)).sum().cast(pl.Int64).alias(name) for name, flag in flags.items()]
    return partition.group_by(list(by)).agg(counts).sort(list(by)).collect(engine="streaming")


def eligible(units: pd.DataFrame, source: str) -> list[str]:
    """List the need columns of a frame that a source may serve, in the order of the classes."""
    return [c for c in CLASSES if c in units and c not in INELIGIBLE.get(source, ())]


def _column(table: pd.DataFrame, name: str) -> list[int]:
    """Return a column as Python's whole numbers; all 1 where there is none."""
    return table[name].tolist() if name in table else [1] * len(table)


def _check_choice(phones: int, source: str, criteria: Criteria) -> None:
    for what, value in (("Số máy", phones), ("Mức tối thiểu", criteria.minimum)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
            raise UsageError(f"{what} {value!r} không hợp lệ: phải là số nguyên từ 0 trở lên.")
    for what, value, known in (("Nguồn", source, SOURCES), ("Cách làm tròn", criteria.method, METHODS)):
        if value not in known:
            raise UsageError(f"{what} {value!r} không có; chọn một trong: {', '.join(known)}.")
    for name in (f.name for f in fields(criteria) if f.type is bool):
        if not isinstance(getattr(criteria, name), bool):
            raise UsageError(f"Tiêu chí {name} chỉ nhận True hoặc False.")


def _checked(units: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the units by code, refused where something cannot be counted: a missing need is not a need of zero."""
    columns = eligible(units, source)
    lacking = [c for c in (*KEY, "name") if c not in units]
    if lacking or not columns or units.empty:
        raise InputError(f"Bảng nhu cầu thiếu {', '.join(lacking) or 'đơn vị hoặc cột nhu cầu của nguồn này'}.")
    standings = {c.partition("_")[0] for c in columns if c != "policy_only"}
    if "policy" in standings and standings & {"merit", "social"}:
        raise InputError("Bảng nhu cầu vừa tách vừa gộp người có công và hộ chính sách xã hội: chỉ dùng một cách.")
    table = units.sort_values(KEY, kind="stable").reset_index(drop=True)
    if table[[*KEY, "name"]].isna().any(axis=None) or table.duplicated(KEY).any():
        raise InputError("Bảng nhu cầu có đơn vị thiếu mã, thiếu tên hoặc lặp lại. Mỗi đơn vị chỉ được một dòng.")
    for column in (*columns, *(["remoteness"] if "remoteness" in table else [])):
        least = int(column == "remoteness")
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = ~((numbers >= least) & (numbers % 1 == 0)).fillna(False).astype(bool)
        if wrong.any():
            row = table[wrong].iloc[0]
            raise InputError(
                f'Đơn vị {row["name"]} ({row["code"]}), cột "{column}": phải là số nguyên từ {least} trở lên. '
                "Đơn vị chưa gửi danh sách thì chưa phân bổ được: hãy chờ danh sách hoặc để đơn vị đó ra đợt sau."
            )
        table[column] = numbers.astype("int64")
    return table
