"""Turn a month's counts into one system: which counts hang together by which sums, and which are printed together.

The counting rule, once. Every count of a row is one number: its numerator, its complement and its denominator, with
numerator + complement = denominator. Units of equal territory share it. Equations come from territories (units add up),
groups (classes add up to all), and the relations of linked.toml. What is printed or hidden together is one bundle: the
denominators of all measures of a unit and group go with that of "listed", a value in đồng with its phones.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from infoaccess import bundles
from infoaccess.attack import System
from infoaccess.bundles import C, D, N
from infoaccess.errors import ReleaseError
from infoaccess.linked import Declared

KEY = ("group", "base", "measure")
LARGE = 9  # communes of 2021-2024 in a unit of the size of a district


@dataclass
class Model:
    """Hold the system of a month and how its counts are printed."""

    system: System
    bundle: np.ndarray  # of each count, what is hidden together with it; -1: nobody prints it
    cost: np.ndarray  # of each bundle: information lost when it is hidden; infinite: it stays
    never: set[int]  # bundles that are not hidden for the sake of others
    below: dict[int, set[int]]  # bundles that are hidden with a bundle
    up: np.ndarray  # how far a count may rise and fall without another of its own row passing zero
    down: np.ndarray
    cell: np.ndarray  # the cell of each row of the month; -1 where its sums are missing
    place: np.ndarray  # the territory of each count; -1: what does not add up
    size: np.ndarray  # counts that are the size of a group
    inner: np.ndarray = field(repr=False)  # equations numerator + complement = denominator
    public: np.ndarray = field(repr=False)  # counts that readers have already, printed or not
    must: np.ndarray = field(repr=False)  # counts that are hidden for themselves

    def hide(self, bundles: set[int]) -> set[int]:
        """Return bundles with all that must go with them."""
        found, waiting = set(), list(bundles)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.below.get(one, ())
        return found

    def known(self, hidden: set[int]) -> np.ndarray:
        """Tell of each count whether it is printed when some bundles are hidden."""
        gone = np.zeros(len(self.cost) + 1, bool)
        gone[list(hidden)] = True
        return ((self.bundle >= 0) & ~gone[self.bundle]) | self.public


def build(rows: pl.DataFrame, of: Mapping, equations: list, rules: Declared) -> Model:
    """Build a month's system from its counts, printed and guarded, and the equations between territories.

    `rows` has the columns of room 3 and entry, released, threshold, small (its numerator or complement tells about too
    few households), small_group (its denominator does), floor (what was printed of a numerator that only grows; missing
    where nothing was), and may have public. Raises ReleaseError where units of equal territory have different counts.
    """
    return _Builder(rows, of, equations, rules).model()


def _signed(whole: tuple, parts: list[tuple]) -> list[tuple]:
    return [(whole, 1.0), *((p, -1.0) for p in parts)]


class _Builder:
    """Collect counts and equations of one month."""

    def __init__(self, rows: pl.DataFrame, of: Mapping, equations: list, rules: Declared):
        self.rules, self.equations = rules, equations
        self.at: dict[tuple, int] = {}  # (territory, group, base, measure) -> cell
        self.records: list[dict] = []
        self.row_cell = np.full(rows.height, -1)
        for n, record in enumerate(rows.iter_rows(named=True)):
            if record["numerator"] is None:
                self.at.setdefault(self._key(record, of), -1)
                continue
            key = self._key(record, of)
            cell = self.at.setdefault(key, len(self.records))
            if cell == len(self.records):
                self.records.append(record | {"leaves": key[0]})
            elif cell < 0 or self.records[cell]["numerator"] != record["numerator"]:
                raise ReleaseError(
                    f"Tháng {record['month']}: hai hệ đơn vị có cùng địa giới ({record['area_set']} {record['code']}) "
                    "mà số đếm khác nhau, phòng 3 không cộng khớp; không công bố gì. Hãy chạy lại bước 3."
                )
            self.row_cell[n] = cell
        self.kinds: dict[tuple, dict] = defaultdict(dict)  # (group, base, measure) -> territory -> cell
        for (leaves, *kind), cell in self.at.items():
            self.kinds[tuple(kind)][leaves] = cell
        self.root = np.arange(3 * len(self.records))
        self.col: list[int] = []
        self.sign: list[float] = []
        self.row: list[int] = []
        self.lines = 0
        self.extra: list[tuple[float, float, float]] = []  # value, lower, upper of slack

    @staticmethod
    def _key(record: dict, of: Mapping) -> tuple:
        return (of[record["area_set"], record["code"]], *(record[k] for k in KEY))

    def equation(self, terms: list[tuple[int, float]]) -> None:
        """Add one equation: a sum of counts with signs that makes zero."""
        if len(terms) > 1:
            self.col += [c for c, _ in terms]
            self.sign += [s for _, s in terms]
            self.row += [self.lines] * len(terms)
            self.lines += 1

    def has_denominator(self, cell: int) -> bool:
        """Tell whether a cell's denominator and complement are anybody's business."""
        return self.rules.counts[self.records[cell]["entry"]].denominator not in ("public", "withheld")

    def model(self) -> Model:
        """Put everything together."""
        known = [(r["numerator"], r["denominator"]) for r in self.records]
        pairs = [(n, n if d is None else d) for n, d in known]  # a population may be missing
        value = np.array([(n, d - n, d) for n, d in pairs], float).ravel()
        self._same_denominators(value)
        self._units(value)
        self._groups()
        first = self.lines
        for cell in range(len(self.records)):
            if self.has_denominator(cell):
                self.equation([(3 * cell + N, 1.0), (3 * cell + C, 1.0), (3 * cell + D, -1.0)])
        last = self.lines
        self._nested(value)
        self._relations(value)
        value = np.r_[value, [e[0] for e in self.extra]]
        n = len(value)
        root = np.r_[self.root, np.arange(len(self.root), n)]
        lower, upper, need = np.zeros(n), np.full(n, np.inf), np.zeros(n)
        lower[len(self.root) :] = [e[1] for e in self.extra]
        upper[len(self.root) :] = [e[2] for e in self.extra]
        self._needs(value, lower, need)
        bundle, cost, never, below = bundles.of(self.records, self.at, self.root, value, self.rules)
        for part in (lower, need):  # counts that are one and the same carry the strictest of all
            np.maximum.at(part, root, part)
        need[root != np.arange(n)] = 0
        public = np.zeros(n, bool)
        public[[root[3 * cell + N] for cell, r in enumerate(self.records) if r.get("public")]] = True
        public[[root[3 * cell + D] for cell, r in enumerate(self.records) if r.get("public_denominator")]] = True
        public |= public[root]
        must = need > 0
        held = {N: "held", D: "held_denominator"}
        must[[root[3 * c + p] for c, r in enumerate(self.records) for p, name in held.items() if r.get(name)]] = True
        need[public] = 0  # nothing that is hidden now takes it back
        row, col, sign = np.array(self.row), root[np.array(self.col)], np.array(self.sign)
        inner = np.zeros(self.lines, bool)
        inner[first:last] = True
        known = (bundle >= 0) | public
        large = np.zeros(n, bool)
        large[: len(self.root)] = np.repeat([len(r["leaves"]) >= LARGE for r in self.records], 3)
        system = System(value, known, lower, upper, need, row, col, sign, large)
        up, down = self._room(value, lower)
        order = {leaves: n for n, leaves in enumerate(dict.fromkeys(r["leaves"] for r in self.records))}
        place, size = np.full(n, -1), np.zeros(n, bool)
        for cell, r in enumerate(self.records):
            place[3 * cell : 3 * cell + 3] = order[r["leaves"]]
            size[3 * cell + D], size[3 * cell + N] = True, r["measure"] == "listed"
        return Model(system, bundle, cost, never, below, up, down, self.row_cell, place, size, inner, public, must)

    def _same_denominators(self, value: np.ndarray) -> None:
        """Let a denominator be the numerator of another count where the declaration says so and the counts agree."""
        for cell, r in enumerate(self.records):
            kind = self.rules.counts[r["entry"]].denominator
            if kind.startswith("of:"):
                other = self.at.get((r["leaves"], r["group"], *kind.split(":")[1:]), -1)
                if other >= 0 and value[3 * other + N] == value[3 * cell + D]:
                    self.root[3 * cell + D] = 3 * other + N

    def _units(self, value: np.ndarray) -> None:
        """Add up units, for every group and measure that has all of an equation's territories."""
        for cells in self.kinds.values():
            for left, right in self.equations:
                sides = [[cells.get(t) for t in side] for side in (left, right)]
                if None in sides[0] or None in sides[1]:
                    continue
                terms = [(c, s) for side, s in zip(sides, (1.0, -1.0), strict=True) for c in side if c >= 0]
                silent = any(c < 0 for side in sides for c in side)
                for part in (N, D) if terms and self.has_denominator(terms[0][0]) else (N,):
                    self.equation([*((3 * c + part, s) for c, s in terms), *self._silent(terms, part, value, silent)])

    def _silent(self, terms: list, part: int, value: np.ndarray, silent: bool) -> list[tuple[int, float]]:
        """Return one more unknown where a unit sent no list: its phones of earlier months still count in the whole."""
        gap = -sum(s * value[3 * c + part] for c, s in terms)
        if not silent or not terms or not gap:
            return []
        self.extra.append((gap, min(gap, 0.0), max(gap, 0.0) if gap < 0 else np.inf))
        return [(len(self.root) + len(self.extra) - 1, 1.0)]

    def _groups(self) -> None:
        """Add up groups, numerators and denominators, where a unit has the whole and all parts."""
        for rule in self.rules.groups:
            names = [rule["whole"], *rule["parts"], *([rule["rest"]] if rule.get("rest") else [])]
            for group, base, measure in [k for k in self.kinds if k[0] == rule["whole"]]:
                for leaves, whole in self.kinds[group, base, measure].items():
                    found = [self.at.get((leaves, g, base, measure)) for g in names]
                    if None in found[: 1 + len(rule["parts"])] or whole < 0:
                        continue
                    cells = [c for c in found if c is not None and c >= 0]
                    for part in (N, D) if self.has_denominator(whole) else (N,):
                        self.equation([(3 * c + part, 1.0 if c == whole else -1.0) for c in cells])

    def _nested(self, value: np.ndarray) -> None:
        """Let a whole be its parts and its rest; without a rest only where the parts make up the whole."""
        at = {"numerator": N, "complement": C, "denominator": D}
        for rule in self.rules.nested:
            for group in rule.groups:
                whole, *parts = ((self.kinds.get((group, b, m), {}), at[p]) for b, m, p in (rule.whole, *rule.parts))
                rest = self.kinds.get((group, rule.whole[0], rule.rest))
                for leaves in whole[0]:
                    terms = [(3 * of.get(leaves, -1) + p, s) for (of, p), s in _signed(whole, parts)]
                    if rest is not None:
                        terms.append((3 * rest.get(leaves, -1) + N, -1.0))
                    if min(c for c, _ in terms) >= 0 and not sum(s * value[c] for c, s in terms):
                        self.equation(terms)

    def _relations(self, value: np.ndarray) -> None:
        """Add the relations between measures; what does not add up becomes one more unknown, bounded by the data."""
        for relation in self.rules.relations:
            for group in relation.groups:
                terms = [(s, (of_group or group, *what)) for s, what, of_group in relation.terms]
                if any(kind not in self.kinds for _, kind in terms):
                    continue
                lines = []
                for leaves in self.kinds[terms[0][1]]:
                    cells = [(self.kinds[kind].get(leaves, -1), s) for s, kind in terms]
                    if all(c >= 0 for c, _ in cells):
                        lines.append([(3 * c + N, float(s)) for c, s in cells])
                gaps = [-sum(s * value[c] for c, s in line) for line in lines]
                if not any(gaps) and len(terms) == 2:
                    for (a, _), (b, _) in lines:
                        self.root[self.root == a] = self.root[b]
                    continue
                for line, gap in zip(lines, gaps, strict=True):
                    if any(gaps):
                        line = [*line, (len(self.root) + len(self.extra), 1.0)]
                        self.extra.append((gap, min(gaps), max(gaps)))
                    self.equation(line)

    def _needs(self, value: np.ndarray, lower: np.ndarray, need: np.ndarray) -> None:
        """Set how wide the interval of each count must stay, and what was printed of it before.

        `threshold` households; of people and đồng as many as stand for so many households on average, of the row or of
        the whole city, whichever is less, rounded down; not more than the row has.
        """
        kinds = [e.denominator for e in self.rules.counts]
        city: dict[tuple, float] = {}
        for r in sorted(self.records, key=lambda r: (-len(r["leaves"]), r["group"] != "all")):
            part = "numerator" if kinds[r["entry"]] == "withheld" else "denominator"
            if r[part]:
                city.setdefault((r["base"], r["measure"]), self._each(r, part))
            city.setdefault((r["base"], r["measure"]), 1.0)
        for cell, r in enumerate(self.records):
            n, c, d = (3 * cell + part for part in (N, C, D))
            if r["floor"] is not None:
                lower[n] = min(r["floor"], value[n])
            each = self._each(r, "numerator" if kinds[r["entry"]] == "withheld" else "denominator")
            width = max(2.0, np.floor(r["threshold"] * min(each, city[r["base"], r["measure"]])))
            if not self.has_denominator(cell):
                need[n] = width * r["small"]
                continue
            need[n] = need[c] = width * r["small"]
            need[d] = width * r["small_group"]
            if not r["small_group"]:
                need[n], need[c] = min(need[n], value[d]), min(need[c], value[d])

    @staticmethod
    def _each(record: dict, part: str) -> float:
        """Return how much stands for one household in a sum; 1 where there is none."""
        return max(1.0, record[part] / record[f"{part}_contributors"]) if record[f"{part}_contributors"] else 1.0

    def _room(self, value: np.ndarray, lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up, down = value.copy(), value - lower  # without a limit of its own: by as much as it is, as a rule of thumb
        for cell in range(len(self.records)):
            if self.has_denominator(cell):
                n, c = 3 * cell + N, 3 * cell + C
                up[n], up[c], down[c] = value[c], down[n], value[c]
        return up, down
