"""Say which counts are printed or hidden together, and what hiding them costs.

The counting rule, once: the denominators of all measures of a unit and group are one bundle with the count of "listed",
and take their numerators along; another denominator takes its numerator along; a value in đồng is hidden with its
phones. A count costs 1 + log2(1 + count), by level of its unit and group (LEVEL_COST, GROUP_COST).
"""

from collections import defaultdict

import numpy as np

from infoaccess.linked import Declared, Entry

LEVEL_COST = {"commune": 1.0, "other": 1.0, "district": 30.0, "city": 1000.0}
GROUP_COST = {"all": 4.0, "poor": 2.0, "near_poor": 2.0, "policy": 0.2}  # who is of the policy group is in others too
N, C, D = range(3)  # numerator, complement, denominator of a cell: count 3 x cell + part


def of(records: list[dict], at: dict, root: np.ndarray, value: np.ndarray, rules: Declared) -> tuple:
    """Return of each count its bundle (-1: nobody prints it), costs, bundles that stay, and what goes with each.

    `root` names the count that a count is one and the same with; `value` holds all counts, slack at the end.
    """
    names: dict[tuple, int] = {}
    bundle, costs, below = np.full(len(value), -1), defaultdict(float), defaultdict(set)
    weight = {len(r["leaves"]): 1.0 for r in records}
    whole = max(weight, default=0)
    fixed, followers = set(), []
    for cell, r in enumerate(records):
        if not r["released"]:
            continue
        entry = rules.counts[r["entry"]]
        n, d = 3 * cell + N, 3 * cell + D
        place = (r["leaves"], r["group"])
        level = "other" if r["area_set"].rsplit("_", 1)[-1] not in LEVEL_COST else r["area_set"].rsplit("_", 1)[-1]
        price = LEVEL_COST[level] * GROUP_COST.get(r["group"], 1.0) * entry.weight
        follows = _followed(entry, r["measure"]) if entry.follows else None
        target = at.get((*place, *follows), -1) if follows else -1
        key = (*place, r["base"], r["measure"])
        if target >= 0:
            key = (*place, *follows)
            followers.append((n, 3 * target + N, price * (1 + np.log2(1 + value[n]))))
        if root[n] != n and records[root[n] // 3]["released"]:
            other = records[root[n] // 3]
            key = (other["leaves"], other["group"], other["base"], other["measure"])
        if r["measure"] == "listed":
            key = (*place, "sizes")
        one = bundle[n] = names.setdefault(key, len(names))
        costs[one] += price * (1 + np.log2(1 + value[n]))
        if entry.total and len(r["leaves"]) == whole and r["group"] == "all":
            fixed.add(one)
        if entry.denominator in ("public", "withheld"):
            continue
        if root[d] != d:
            continue  # hidden and shown with the numerator that it is
        size = (*place, "sizes") if entry.denominator == "sizes" else (*key, "denominator")
        if entry.denominator.startswith("of:"):  # not the very same count, but nearly: one would tell the other
            size = (*place, *entry.denominator.split(":")[1:])
        two = bundle[d] = names.setdefault(size, len(names))
        below[two].add(one)
        if entry.denominator != "sizes":
            costs[two] += price
        if entry.total and len(r["leaves"]) == whole and r["group"] == "all":
            fixed.add(two)
    # Denominators whose numerator is another count are printed exactly when that is.
    moved = np.flatnonzero(root != np.arange(len(root)))
    bundle[moved] = np.where(bundle[root[moved]] >= 0, bundle[root[moved]], bundle[moved])
    for n, other, lost in followers:  # what it follows may itself have moved
        if bundle[other] >= 0 and bundle[n] != bundle[other]:
            bundle[n] = bundle[other]
            costs[bundle[n]] += lost
    moved = np.r_[moved, np.array([n for n, _, _ in followers], int)]
    for n in moved[moved % 3 == N]:
        if bundle[n] >= 0 and bundle[n + D] >= 0 and bundle[n] != bundle[n + D]:
            below[int(bundle[n + D])].add(int(bundle[n]))
    for d in moved[moved % 3 == D]:  # the parts of a hidden whole tell of it what they add up to
        if bundle[d] >= 0 and bundle[d - D] >= 0 and bundle[d] != bundle[d - D]:
            below[int(bundle[d])].add(int(bundle[d - D]))
    cost = np.array([costs[b] for b in range(len(names))])
    for above, under in below.items():
        cost[above] += sum(costs[u] for u in under)
    cost[list(fixed)] = np.inf
    held = np.bincount(bundle[bundle >= 0], value[: len(bundle)][bundle >= 0], len(names))
    cost[held == 0] = np.inf  # zeros give nothing away and nothing to hide behind
    return bundle, cost, fixed, below


def _followed(entry: Entry, measure: str) -> tuple[str, str]:
    """Name the measure with which a measure is hidden.

    >>> _followed(Entry("t", ("value_*",), "vnd", True, follows="phone:handed_{}"), "value_donated")
    ('phone', 'handed_donated')
    """
    base, pattern = entry.follows.split(":")
    start = next((p for p in entry.measures if p.endswith("*")), measure + "*")[:-1]
    return base, pattern.format(measure.removeprefix(start))
