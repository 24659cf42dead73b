"""Bound every hidden count as a reader could: by all that is printed and by the sums that everybody knows.

The counting rule, once. A system holds counts (some known, the others hidden) and equations, each a sum of counts with
signs that makes zero: units add up to larger units, groups to all, numerator and complement to the denominator. Hidden
counts are whole numbers of at least `lower` (0, or a count that only grows and was printed before) and at most `upper`.
What a reader can learn of a count is the interval of the values it takes in any solution. The interval is found from
outside by passing bounds through the equations (`propagate`) and exactly, but for wholeness, by linear programming
(`bounds`), so it always holds the interval of the whole-number solutions and equals it where the matrix of the
equations is totally unimodular (a table of one or two dimensions).

`audit` only proves that intervals are as wide as they have to be: each solution widens many of them at once, so few
have a program of their own. Counts are whole numbers of households, people, phones or đồng.

Sources: M. Fischetti, J. J. Salazar, Solving the cell suppression problem on tabular data with linear constraints,
Management Science 47 (2001).
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from infoaccess.programs import Programs

EPS = 1e-6
ROUNDS = 200  # sweeps of propagation; each is sound, so stopping early only leaves an interval too wide
FEW = 3  # as few counts get programs of their own at once
SAME = 3  # counts that rest on equations of others, before a brief attack leaves the rest of a part out
MIXED = 30  # programs with a mixed objective for one part, before its counts get programs of their own


@dataclass(frozen=True)
class System:
    """Hold counts and the equations between them: entry k is `sign[k]` x count `col[k]` in equation `row[k]`."""

    value: np.ndarray  # the true counts
    known: np.ndarray  # printed, or known to everybody
    lower: np.ndarray
    upper: np.ndarray
    need: np.ndarray  # the least width of the interval that a reader may be left with; 0: nothing to protect
    row: np.ndarray
    col: np.ndarray
    sign: np.ndarray
    large: np.ndarray | None = None  # counts of large units, which tie the small ones together

    def showing(self, known: np.ndarray) -> "System":
        """Return the same counts with others printed."""
        return replace(self, known=known)

    @property
    def rows(self) -> int:
        """Count the equations."""
        return int(self.row.max(initial=-1)) + 1

    def gaps(self) -> np.ndarray:
        """Return by how much each equation fails in the true counts; all zero in a sound system."""
        return np.bincount(self.row, self.sign * self.value[self.col], self.rows)


@dataclass(frozen=True)
class Audit:
    """Tell what an attack found: counts attacked, those not proven safe with their intervals, programs solved."""

    attacked: int
    exposed: np.ndarray  # indices of counts whose interval is narrower than needed
    low: np.ndarray
    high: np.ndarray
    width: np.ndarray = field(repr=False)  # proven width of every count, a lower bound where it suffices
    binding: dict[int, np.ndarray] = field(repr=False)  # of each exposed count, the equations that keep it narrow
    programs: int = 0


def propagate(system: System, low: np.ndarray | None = None, high: np.ndarray | None = None):
    """Pass bounds through the equations until none moves; return (low, high), which hold every whole solution.

    `low` and `high` may give bounds that are already proven.

    >>> two = System(np.array([3., 4., 7.]), np.array([False, False, True]), np.zeros(3), np.full(3, np.inf),
    ...              np.zeros(3), np.array([0, 0, 0]), np.array([0, 1, 2]), np.array([1., 1., -1.]))
    >>> [b.astype(int).tolist() for b in propagate(two)]
    [[0, 0, 7], [7, 7, 7]]
    """
    s = system
    low = np.where(s.known, s.value, s.lower if low is None else low)
    high = np.where(s.known, s.value, s.upper if high is None else high)
    if not len(s.row):
        return low, high
    starts = np.flatnonzero(np.r_[True, s.row[1:] != s.row[:-1]])
    length = np.diff(np.r_[starts, len(s.row)])
    by_col = np.argsort(s.col, kind="stable")
    at = np.flatnonzero(np.r_[True, s.col[by_col][1:] != s.col[by_col][:-1]])
    touched = s.col[by_col][at]
    plus = s.sign > 0

    def others(part: np.ndarray) -> np.ndarray:
        """Sum each equation's terms but one; infinite where another term is."""
        inf = np.isinf(part)
        finite = np.where(inf, 0.0, part)
        total, open_ = np.add.reduceat(finite, starts), np.add.reduceat(inf.astype(np.int64), starts)
        rest = np.repeat(total, length) - finite
        return np.where(np.repeat(open_, length) - inf > 0, np.inf, rest)

    for _ in range(ROUNDS):
        least, most = np.where(plus, low[s.col], -high[s.col]), np.where(plus, high[s.col], -low[s.col])
        rest_most, rest_least = others(most), -others(-least)
        new_low = np.ceil(np.where(plus, -rest_most, rest_least) - EPS)
        new_high = np.floor(np.where(plus, -rest_least, rest_most) + EPS)
        tighter_low, tighter_high = low.copy(), high.copy()
        tighter_low[touched] = np.maximum(low[touched], np.maximum.reduceat(new_low[by_col], at))
        tighter_high[touched] = np.minimum(high[touched], np.minimum.reduceat(new_high[by_col], at))
        moved = not (np.array_equal(tighter_low, low) and np.array_equal(tighter_high, high))
        low, high = tighter_low, tighter_high
        if not moved:
            break
    return low, high


def parts(system: System, low: np.ndarray, high: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split what is still open into parts that share no equation: (counts, entries of their equations)."""
    from scipy.sparse import coo_matrix  # here and below: SciPy and HiGHS take 0.2 s, and stage 4 alone attacks
    from scipy.sparse.csgraph import connected_components

    free = high > low
    linked = np.flatnonzero(free[system.col])
    if not len(linked):
        return []
    n, size = len(low), len(low) + system.rows
    graph = coo_matrix((np.ones(len(linked)), (system.col[linked], n + system.row[linked])), (size, size))
    _, label = connected_components(graph, directed=False)
    counts = np.flatnonzero(free & np.isin(np.arange(n), system.col[linked]))
    open_rows = np.zeros(system.rows, bool)
    open_rows[system.row[linked]] = True
    entries = np.flatnonzero(open_rows[system.row])
    counts = counts[np.argsort(label[counts], kind="stable")]
    entries = entries[np.argsort(label[n + system.row[entries]], kind="stable")]
    of_count, of_entry = label[counts], label[n + system.row[entries]]
    return [(counts[of_count == k], entries[of_entry == k]) for k in np.unique(of_count)]


def bounds(system: System, wanted: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval that a reader can compute of every hidden count (of those in `wanted`), by two programs each.

    Raises ArithmeticError for a system that not even the true counts solve.
    """
    low, high = propagate(system)
    wanted = np.flatnonzero(~system.known) if wanted is None else wanted
    asked = np.isin(np.arange(len(low)), wanted)
    found_low, found_high = low.copy(), high.copy()
    for inside, entries in parts(system, low, high):
        program = _program(system, low, high, inside, entries)
        for k in np.flatnonzero(asked[inside]):
            for way, found in ((1.0, found_low), (-1.0, found_high)):
                cost = np.zeros(len(inside))
                cost[k] = way
                solution = program.solve(cost)
                found[inside[k]] = -way * np.inf if solution is None else solution[k]
    return found_low, found_high


def audit(system: System, seed: int = 1, before: Audit | None = None, brief: bool = False) -> Audit:
    """Prove for every count with a need that its interval is wide enough, or give the interval that is not.

    Widths are between whole numbers. The same system and seed give the same answer. `before` is an attack on the same
    counts when at least as much was printed: what it proved still holds, as every solution then is one now. A `brief`
    attack leaves counts out once it has found others that the same equations make narrow; where it finds none it is
    whole.
    """
    low, high = propagate(system)
    hidden = ~system.known & (system.need > 0)
    roomy = 2 * system.value + 10 * system.need.max(initial=0)  # no solution without bound: the programs stay finite
    ceiling = np.where(np.isfinite(high), high, roomy)
    start = (system.value, system.value) if before is None else (before.low, before.high)
    seen = [bound.copy() for bound in start]
    need = np.where(hidden, system.need, 0)
    random, programs, binding = np.random.default_rng(seed), 0, {}
    spared = np.zeros(len(low), bool)
    # First with the counts of large units held at their true values: the rest falls into small parts.
    held = np.zeros(len(low), bool) if system.large is None else system.large
    passes = [(np.where(held, system.value, low), np.where(held, system.value, ceiling))] if held.any() else []
    for floor, top in [*passes, (low, ceiling)]:
        for inside, entries in parts(system, floor, top):
            if not (seen[1] - seen[0] < need)[inside].any():
                continue
            program = _program(system, floor, top, inside, entries)
            _mix(program, seen, need, floor, top, random)
            if top is ceiling:
                binding |= _alone(program, seen, need, system, spared if brief else None)
            programs += program.solved
    open_ = np.isin(np.arange(len(low)), system.col) & (ceiling > low)
    least, most = np.where(open_, seen[0], low), np.where(open_, seen[1], high)
    width = most - least
    narrow = hidden & (width < system.need)
    met = narrow & ~spared
    exposed = np.flatnonzero(met if met.any() else narrow)
    for k in exposed:  # what propagation alone fixes
        binding.setdefault(int(k), np.unique(system.row[system.col == k]))
    low, high = np.where(hidden, least, system.value), np.where(hidden, most, system.value)
    return Audit(int(hidden.sum()), exposed, low, high, width, binding, programs)


def _program(*given) -> "Programs":
    from infoaccess.programs import Programs

    return Programs(*given)


def _mix(program: "Programs", seen: list, need: np.ndarray, low: np.ndarray, high: np.ndarray, random) -> None:
    """Widen many intervals at once, with mixed objectives, as long as that helps."""
    inside, idle = program.inside, 0
    for _ in range(MIXED):
        at = np.flatnonzero((seen[1] - seen[0] < need)[inside])
        if len(at) < FEW or idle > 2:
            break
        # No count is driven further than it must go, so that one solution widens as many as it can.
        k = inside[at]
        program.limit(at, np.maximum(low[k], seen[1][k] - need[k]), np.minimum(high[k], seen[0][k] + need[k]))
        cost = np.zeros(len(inside))
        cost[at] = random.choice([-1.0, 1.0], len(at)) / need[k]
        _widen(seen, program, cost)
        program.limit(at, low[k], high[k])
        idle = 0 if (seen[1] - seen[0] < need)[inside].sum() < 0.97 * len(at) else idle + 1


def _alone(program: "Programs", seen: list, need: np.ndarray, system: System, spared=None) -> dict[int, np.ndarray]:
    """Give counts not proven yet their own programs; return what binds those that stay narrow, mark those spared."""
    binding, taken, again = {}, set(), 0
    for at in np.flatnonzero((seen[1] - seen[0] < need)[program.inside]):
        k = int(program.inside[at])
        rests_on = [system.row[system.col == k]]  # bounds passed on before are no equation's here
        if spared is not None and (again > SAME or not taken.isdisjoint(rests_on[0].tolist())):
            spared[k] = True
            continue
        for way in (-1.0, 1.0):
            if seen[1][k] - seen[0][k] < need[k]:
                cost = np.zeros(len(program.inside))
                cost[at] = way
                _widen(seen, program, cost)
                rests_on.append(program.binding())
        if seen[1][k] - seen[0][k] < need[k]:
            binding[k] = np.unique(np.concatenate(rests_on))
            again += not taken.isdisjoint(binding[k].tolist())
            taken.update(binding[k].tolist())
    return binding


def _widen(seen: list[np.ndarray], program: "Programs", cost: np.ndarray) -> None:
    """Widen the proven intervals by one more solution, to whole numbers within it; none found proves nothing."""
    try:
        solution = program.solve(cost)
    except ArithmeticError:
        return
    if solution is not None:
        k, slack = program.inside, EPS * program.scale
        seen[0][k] = np.minimum(seen[0][k], np.ceil(solution - slack))
        seen[1][k] = np.maximum(seen[1][k], np.floor(solution + slack))
