"""Every sum that always holds between released counts is declared: found in the data, not remembered.

Columns are all numerators that are released or guarded, of a month and of the month before, and denominators that are
counts of their own; rows are communes. Each combination of columns that makes zero in all rows must follow from
linked.toml.
Ranks are taken modulo a prime, so they are exact but for a chance in two thousand million.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from small_months import sample

from infoaccess import derived, linked, pipeline, rooms

PRIME = 2**31 - 1
FIRST, LAST = "2024-01", "2024-05"
FEW = (
    15  # rows: a column that differs from zero, or from a month ago, in fewer makes sums by chance, which do not count
)
Name = tuple[str, str, str, str, int]  # group, base, measure, part, months ago


def reduced(matrix: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return the reduced row echelon form modulo the prime, its zero rows left out, and its pivots."""
    m, pivots = matrix.astype(np.int64) % PRIME, []
    for col in range(m.shape[1]):
        row = len(pivots)
        found = np.flatnonzero(m[row:, col])
        if not len(found):
            continue
        m[[row, row + found[0]]] = m[[row + found[0], row]]
        m[row] = m[row] * pow(int(m[row, col]), -1, PRIME) % PRIME
        others = np.flatnonzero(m[:, col])
        others = others[others != row]
        m[others] = (m[others] - m[others, col][:, None] * m[row][None, :]) % PRIME
        pivots.append(col)
        if row + 1 == len(m):
            break
    return m[: len(pivots)], pivots


def null_space(matrix: np.ndarray) -> np.ndarray:
    """Return the combinations of columns that make zero in every row, one a row, modulo the prime."""
    form, pivots = reduced(matrix)
    free = [c for c in range(matrix.shape[1]) if c not in pivots]
    found = np.zeros((len(free), matrix.shape[1]), np.int64)
    for n, c in enumerate(free):
        found[n, c] = 1
        found[n, pivots] = -form[:, c] % PRIME
    return found


def told(vector: np.ndarray, names: list[Name]) -> str:
    """Write a combination: coefficients near zero, modulo the prime, are small whole numbers."""
    signed = np.where(vector > PRIME // 2, vector - PRIME, vector)
    return " ".join(f"{signed[c]:+d}*{':'.join(map(str, names[c]))}" for c in np.flatnonzero(signed))


def chance(matrix: np.ndarray, names: list[Name]) -> np.ndarray:
    """Return columns that are hardly ever other than zero, and those that hardly ever move, as if it were never."""
    at = {name: n for n, name in enumerate(names)}
    one = np.eye(len(names), dtype=np.int64)
    rare = [one[n] for n in range(len(names)) if (matrix[:, n] != 0).sum() < FEW]
    twins = [(n, at.get((*name[:-1], 0))) for name, n in at.items() if name[-1] == 1]
    still = [one[n] - one[t] for n, t in twins if t is not None and (matrix[:, n] != matrix[:, t]).sum() < FEW]
    return np.array([*rare, *still], np.int64).reshape(-1, len(names))


def undeclared(matrix: np.ndarray, names: list[Name], sums: list[dict[Name, int]]) -> list[str]:
    """List the combinations that make zero and do not follow from some sums."""
    at = {name: n for n, name in enumerate(names)}
    lines = [{at[k]: s for k, s in line.items() if k in at} for line in sums]
    known = np.zeros((len(lines), len(names)), np.int64)
    for n, line in enumerate(lines):
        for c, s in line.items():
            known[n, c] += s
    holds = ~(known @ matrix.T).any(axis=1)
    form, pivots = reduced(np.vstack([known[holds], chance(matrix, names)]))
    found = []
    for vector in null_space(matrix):
        left = vector.copy()
        for row, c in zip(form, pivots, strict=True):
            left = (left - left[c] * row) % PRIME
        if left.any():
            found.append(told(left, names))
            form, pivots = reduced(np.vstack([form, left]))
    return found


def declared(rules: linked.Declared, names: list[Name]) -> list[dict[Name, int]]:
    """Lay out what linked.toml says of one month as combinations of counts that make zero."""
    found = []
    for r in rules.relations:
        for group in r.groups:
            found.append({(g or group, *what, "numerator", 0): s for s, what, g in r.terms})
    for n in rules.nested:
        for group in n.groups:
            line = Counter({(group, n.whole[0], n.rest, "numerator", 0): -1})
            for (base, measure, part), side in [(n.whole, 1), *((p, -1) for p in n.parts)]:
                of = {"complement": {"denominator": 1, "numerator": -1}}.get(part, {part: 1})
                line.update({(group, base, measure, p, 0): side * s for p, s in of.items()})
            found.append(dict(line))
    for g in rules.groups:
        for group, *what, ago in names:
            if group == g["whole"] and not ago:
                found.append({(group, *what, 0): 1} | {(p, *what, 0): -1 for p in (*g["parts"], g.get("rest"))})
    return found


def columns(rules: linked.Declared) -> tuple[np.ndarray, list[Name]]:
    """Return the matrix of communes x counts of all months, and the names of its columns."""
    frames = {}
    for month in rooms.months_between(FIRST, LAST):
        rows = linked.read(month).filter(pl.col("area_set") == "A_commune")
        what = rows.select("table", "base", "measure").unique()
        entry = [rules.entry(*row) for row in what.iter_rows()]
        rows = rows.join(what.with_columns(pl.Series("entry", entry)), on=["table", "base", "measure"])
        kept = [n for n, e in enumerate(rules.counts) if e.release or e.protect]
        here = [(n, g) for n in kept for g in rules.counts[n].groups]
        here = pl.DataFrame(here, {"entry": pl.Int64, "group": pl.String}, orient="row")
        rows = rows.join(here, on=["entry", "group"])
        rows = rows.with_columns(pl.lit(5, pl.Int64).alias("threshold"), pl.lit(False).alias("count_only"))
        rows = pl.concat([rows, derived.nested(rows, rules)], how="diagonal")
        own = [n for n in kept if rules.counts[n].denominator == "own"]
        lower = rows.filter(pl.col("entry").is_in(own))
        parts = [(rows, "numerator"), (lower, "denominator")]
        frames[month] = pl.concat(
            f.select("code", "group", "base", "measure", pl.lit(p).alias("part"), pl.col(p).alias("count"))
            for f, p in parts
        )
    tables = []
    for month, before in zip(list(frames)[2:], list(frames)[1:], strict=False):  # the first month has no movements
        both = [frames[m].with_columns(pl.lit(ago).alias("ago")) for ago, m in enumerate((month, before))]
        # Classes of a commune hardly change in a month; what other counts repeat of them is their size.
        both[1] = both[1].filter((pl.col("group") == "all") | (pl.col("measure") == "listed"))
        tables.append(pl.concat(both).with_columns((pl.lit(month) + "|" + pl.col("code")).alias("row")))
    whole = pl.concat(tables)
    names = sorted(whole.select("group", "base", "measure", "part", "ago").unique().iter_rows())
    place = {name: n for n, name in enumerate(names)}
    order = {row: n for n, row in enumerate(whole["row"].unique().sort())}
    matrix = np.zeros((len(order), len(names)), np.int64)
    for row, *name, count in whole.select("row", "group", "base", "measure", "part", "ago", "count").iter_rows():
        matrix[order[row], place[tuple(name)]] = count or 0
    some = matrix.any(axis=0)
    return matrix[:, some], [n for n, there in zip(names, some, strict=True) if there]


def known(rules: linked.Declared, names: list[Name]) -> list[dict[Name, int]]:
    """Lay out all that linked.toml says of two months: every sum now and then, and what repeats."""
    now = declared(rules, names)
    then = [{(*k[:4], 1): s for k, s in line.items()} for line in now]
    repeats = [
        {(group, base, measure, part, 0): 1, (group, *e.repeats.split(":"), part, 1): -1}
        for group, base, measure, part, ago in names
        for e in rules.counts
        if e.repeats and e.base == base and measure in e.measures and not ago
    ]
    return now + then + repeats


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> tuple[np.ndarray, list[Name]]:
    home = tmp_path_factory.mktemp("identities")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFOACCESS_HOME", str(home))
        sample(home, FIRST, LAST, scale=0.3)
        for stage in ("1", "2", "3a", "3b", "3c", "3d"):
            pipeline.run(stage, FIRST, LAST)
        return columns(linked.declared())


def test_every_sum_that_always_holds_follows_from_the_declaration(found):
    matrix, names = found
    assert len(matrix) > 1.5 * len(names) > 100
    assert undeclared(matrix, names, known(linked.declared(), names)) == []


@pytest.mark.parametrize("lost", ["household:deprived_both", "household:now_any", "household:listed"])
def test_a_sum_that_is_not_declared_is_found(found, lost):
    matrix, names = found
    rules = linked.declared()
    terms = {r: {":".join(what) for _, what, _ in r.terms} for r in rules.relations}
    fewer = replace(rules, relations=tuple(r for r in rules.relations if lost not in terms[r]))
    assert len(undeclared(matrix, names, known(fewer, names))) > 0
