"""The attack against brute force, and against holes that are planted one by one."""

from itertools import product

import numpy as np
import pytest

from infoaccess import attack
from infoaccess.attack import System


def table(values: np.ndarray, known: np.ndarray, need: float = 0, lower: np.ndarray | None = None) -> System:
    """Return a table of areas x groups with its totals as a system; `known` has the totals' row and column too."""
    whole = np.pad(values, ((0, 1), (0, 1)))
    whole[-1, :], whole[:, -1] = whole[:-1].sum(0), whole[:, :-1].sum(1)
    whole[-1, -1] = values.sum()
    place = np.arange(whole.size).reshape(whole.shape)
    row, col, sign = [], [], []
    lines = [*place, *place.T]
    for n, line in enumerate(lines):
        row += [n] * len(line)
        col += line.tolist()
        sign += [1.0] * (len(line) - 1) + [-1.0]
    size = whole.size
    floor = np.zeros(size) if lower is None else np.pad(lower, ((0, 1), (0, 1))).ravel().astype(float)
    return System(
        whole.ravel().astype(float), known.ravel(), floor, np.full(size, np.inf), np.full(size, need),
        np.array(row), np.array(col), np.array(sign),
    )  # fmt: skip


def drawn(seed: int, areas: int, groups: int) -> System:
    """Draw a table of small counts, half of them hidden, that need intervals of five."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 9, (areas, groups))
    known = random.random((areas + 1, groups + 1)) > 0.45
    known[-1, -1] = True
    return table(values, known, need=5)


def by_enumeration(system: System, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Try every whole-number table: the least and the most of each count among those that a reader cannot rule out."""
    free = np.flatnonzero(~system.known)
    low, high = system.value.copy(), system.value.copy()
    for guess in product(range(most + 1), repeat=len(free)):
        value = system.value.copy()
        value[free] = guess
        if (value >= system.lower).all() and not np.bincount(system.row, system.sign * value[system.col]).any():
            low, high = np.minimum(low, value), np.maximum(high, value)
    return low, high


@pytest.mark.parametrize("seed", range(40))
def test_bounds_are_those_of_all_whole_tables(seed):
    """The equations of a table of two dimensions are totally unimodular, so both are equal."""
    random = np.random.default_rng(seed)
    areas, groups = int(random.integers(2, 4)), int(random.integers(2, 4))
    values = random.integers(0, 3, (areas, groups))
    known = np.ones((areas + 1, groups + 1), bool)
    hidden = random.permutation(known.size)[: int(random.integers(2, 5))]
    known.ravel()[hidden] = False
    known[-1, -1] = True
    system = table(values, known)
    low, high = attack.bounds(system)
    true_low, true_high = by_enumeration(system, int(values.sum()))
    assert low == pytest.approx(true_low) and high == pytest.approx(true_high)


@pytest.mark.parametrize("seed", range(20))
def test_an_audit_finds_what_bounds_find(seed):
    system = drawn(100 + seed, 4, 3)
    low, high = attack.bounds(system)
    narrow = {k for k in np.flatnonzero(~system.known) if np.floor(high[k] + 1e-6) - np.ceil(low[k] - 1e-6) < 5}
    assert set(attack.audit(system).exposed.tolist()) == narrow


@pytest.mark.parametrize("seed", range(20))
def test_a_brief_audit_finds_some_of_what_a_whole_one_finds_and_none_only_where_there_is_none(seed):
    system = drawn(200 + seed, 9, 5)
    whole, brief = attack.audit(system), attack.audit(system, brief=True)
    assert set(brief.exposed) <= set(whole.exposed) and bool(len(brief.exposed)) == bool(len(whole.exposed))
    assert set(brief.binding) >= set(brief.exposed)


def test_bounds_of_a_system_that_is_not_unimodular_still_hold_the_whole_ones():
    """Three counts in a triangle: the sums fix twice each of them, so halves are met on the way."""
    row, col = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2]), np.array([0, 1, 3, 1, 2, 4, 0, 2, 5])
    sign = np.array([1.0, 1.0, -1.0] * 3)
    value = np.array([2.0, 1.0, 3.0, 3.0, 4.0, 5.0])
    known = np.array([False, False, False, True, True, False])
    system = System(value, known, np.zeros(6), np.full(6, np.inf), np.zeros(6), row, col, sign)
    low, high = attack.bounds(system)
    true_low, true_high = by_enumeration(system, 9)
    assert (low <= true_low + 1e-9).all() and (high >= true_high - 1e-9).all()


def test_a_complement_is_found():
    system = table(np.array([[3, 17]]), np.array([[False, True, True], [True, True, True]]), need=5)
    assert attack.audit(system).exposed.tolist() == [0]


def test_a_count_that_only_grows_is_bounded_by_what_was_printed():
    """Two units of 12 and 11 phones, 23 together; 11 and 9 were printed a month ago: three may be anywhere, no more."""
    known = np.array([[False, True], [False, True], [True, True]])
    values, before = np.array([[12], [11]]), np.array([[11], [9]])
    whole = table(values, known)
    assert [b[0] for b in attack.bounds(whole)] == [12, 12]  # one group only: the total of the row is printed
    known = np.array([[False, False], [False, False], [True, True]])
    low, high = attack.bounds(table(values, known, lower=before))
    assert (low[0], high[0]) == (11, 14)
    assert [b[0] for b in attack.bounds(table(values, known))] == [0, 23]


def test_what_was_proven_before_is_kept_when_more_is_hidden():
    random = np.random.default_rng(3)
    known = random.random((6, 5)) > 0.3
    known[-1] = known[:, -1] = True
    system = table(random.integers(0, 9, (5, 4)), known, need=4)
    first = attack.audit(system)
    fewer = known.copy()
    fewer[0, :3] = fewer[1, :3] = False
    after = system.showing(fewer.ravel())
    assert set(attack.audit(after, before=first).exposed) == set(attack.audit(after).exposed)


def test_a_system_that_the_true_counts_do_not_solve_is_told():
    system = table(
        np.array([[2, 3], [1, 4]]), np.array([[False, False, True], [False, False, True], [True, True, True]])
    )
    assert not system.gaps().any()
    wrong = System(**{**system.__dict__, "value": system.value + np.eye(9)[8] * 7})
    assert wrong.gaps().any()


def nested(seed: int) -> tuple[System, np.ndarray]:
    """Return two units and their sum, six nested counts each, and all whole tables as one row of counts each."""
    random, most = np.random.default_rng(seed), 4
    grid = np.array(list(product(range(most + 1), repeat=6))).reshape(-1, 2, 3)  # both, only internet, only device
    every = np.concatenate([grid, grid.sum(axis=1, keepdims=True)], axis=1)
    both, internet, device = (every[:, :, n] for n in range(3))
    counts = [both + internet + device, both + internet, both + device, both, device, internet]
    tables = np.stack(counts, axis=2).reshape(len(grid), -1)  # count 6 x unit + measure
    lines = []
    for u in range(3):
        any_, inter, dev, both_, only_dev, only_int = (6 * u + m for m in range(6))
        lines += [{any_: 1, inter: -1, only_dev: -1}, {any_: 1, dev: -1, only_int: -1}]
        lines += [{any_: 1, both_: 1, inter: -1, dev: -1}]
    lines += [{m: 1, 6 + m: 1, 12 + m: -1} for m in range(6)]
    row = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    col, sign = (np.array([f for line in lines for f in part(line)]) for part in (dict.keys, dict.values))
    value = tables[random.integers(len(tables))].astype(float)
    known = random.random(18) < 0.5
    known[[12, 13]] = True
    upper = np.tile([12.0, 8.0, 8.0, 4.0, 4.0, 4.0], 3) * np.repeat([1, 1, 2], 6)
    return System(value, known, np.zeros(18), upper, np.full(18, 3.0), row, col, sign.astype(float)), tables


@pytest.mark.parametrize("seed", range(60))
def test_bounds_of_nested_counts_hold_those_of_all_whole_tables(seed):
    system, tables = nested(seed)
    fit = tables[(tables[:, system.known] == system.value[system.known]).all(axis=1)]
    low, high = attack.bounds(system)
    assert np.ceil(low - 1e-6) == pytest.approx(fit.min(axis=0))
    assert np.floor(high + 1e-6) == pytest.approx(fit.max(axis=0))
    narrow = set(np.flatnonzero(~system.known & (fit.max(axis=0) - fit.min(axis=0) < 3)).tolist())
    assert set(attack.audit(system).exposed.tolist()) == narrow
