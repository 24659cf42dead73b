"""Find which sums of units everybody knows: every unit is a set of communes of 2021-2024, whatever its area set.

The counting rule, once. Units of equal territory are one. A territory is the sum of the units of another area set that
lie in it and make it up; sums that follow from others are left out. Where the units in it make up only a part, what
remains is a territory too, though nobody prints it: its count is the difference of printed ones. Where two area sets
cut across each other, the smallest areas that both make up give an equation between their sums.
"""

from collections.abc import Iterable, Mapping

from infoaccess import areas, units

Unit = tuple[str, str]  # area set, code
Leaves = frozenset[str]


def of(wanted: Iterable[Unit]) -> dict[Unit, Leaves]:
    """Return the territory of each unit."""
    tables: dict[str, dict[str, Leaves]] = {}
    found = {}
    for area_set, code in wanted:
        if area_set not in tables:
            tables[area_set] = areas.leaves(area_set)
        found[area_set, code] = tables[area_set][code]
    return found


def sums(present: Mapping[Unit, Leaves], month: str) -> tuple[list[tuple[list[Leaves], list[Leaves]]], list[tuple]]:
    """Return the equations between territories, and the remainders that some of them need.

    An equation is (left, right), the sums of which are equal; a remainder is (its territory, the unit it is part of,
    the units of one area set that are the rest of that unit).
    """
    own = units.LEVELS[units.era_of(month)]
    by_set: dict[str, list[Leaves]] = {}
    for (area_set, _), members in present.items():
        by_set.setdefault(area_set, []).append(members)
    order = sorted(by_set, key=lambda s: (s not in own, s))
    equations, remainders, known = [], {}, set(present.values())
    for whole in sorted(known, key=lambda t: (-len(t), min(t))):
        inside = {s: sorted((t for t in by_set[s] if t < whole), key=min) for s in order}
        covering = {s: p for s, p in inside.items() if p and sum(map(len, p)) == len(whole)}
        for s, p in covering.items():
            if not any(_follows(p, covering[o], s in own, o in own) for o in covering if o != s):
                equations.append(([whole], p))
        for s, p in inside.items():
            if p and s not in covering:
                rest = whole - frozenset().union(*p)
                if rest not in known:
                    remainders.setdefault(rest, (whole, p))
                equations.append(([whole], [*p, rest]))
    for n, first in enumerate(order):
        for second in order[n + 1 :]:
            equations += _crossing(by_set[first], by_set[second])
    unique = {(frozenset(left), frozenset(right)): (left, right) for left, right in equations}
    return list(unique.values()), [(rest, whole, p) for rest, (whole, p) in remainders.items()]


def _follows(fine: list[Leaves], coarse: list[Leaves], fine_own: bool, coarse_own: bool) -> bool:
    """Tell whether a sum of fine units follows from that of coarse ones (each its own sum of fine ones)."""
    if fine_own and not coarse_own:  # the other area sets have fewer counts
        return False
    return len(fine) > len(coarse) and all(any(f <= c for c in coarse) for f in fine)


def _crossing(first: list[Leaves], second: list[Leaves]) -> list[tuple[list[Leaves], list[Leaves]]]:
    """Return the smallest areas that two area sets make up with several units each, none of them alone."""
    parts: list[tuple[set, set]] = []
    for unit in first:
        left, right = {unit}, {t for t in second if t & unit}
        for part in [p for p in parts if p[1] & right]:
            left, right = left | part[0], right | part[1]
            parts.remove(part)
        parts.append((left, right))
    return [
        (sorted(left, key=min), sorted(right, key=min))
        for left, right in parts
        if len(left) > 1 and len(right) > 1 and frozenset().union(*left) == frozenset().union(*right)
    ]
