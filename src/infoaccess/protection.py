"""Choose which further counts to hide, so that no hidden count can be worked out: secondary suppression.

The counting rule, once. Hidden counts are attacked as a reader would; where the interval of one is narrower than it has
to be, the equations that make it narrow are found, and the cheapest printed count in them that can give way is hidden
too; then the attack is made again, until it finds nothing. First by passing bounds, which is fast and finds most, then
by linear programs, whose multipliers name the equations. What is hidden for the sake of others and can still be worked
out is printed after all: it tells nothing new. Counts are hidden and printed in bundles (a numerator with its
denominator, twins that repeat each other): where one count of a bundle stays open all of it stays hidden, so a count
that is not small may bear the sign of hiding and yet follow from sums.

Objective: least information lost, the sum of cost over hidden counts. A count costs 1 + log2(1 + count), times 30 for a
district, 1000 for the city, 2 for the poor and the near poor, 4 for all households; a denominator costs what all counts
over it cost, because it takes them along. The city's totals are hidden for the sake of others at the very last only,
where so few lists have come that the whole city is a few households.

Sources: exact cell suppression is NP-hard; the heuristic of one linear program for each count in danger follows J. P.
Kelly, B. L. Golden, A. A. Assad, Networks 22 (1992) and M. Fischetti, J. J. Salazar, Management Science 47 (2001).
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from infoaccess import attack
from infoaccess.equations import Model

STEPS = 400  # rounds of hiding; each hides at least one count more
PATIENT = 4  # rounds in which one count at a time is hidden for another
WIDE = 2000  # counts looked at for one count in danger
DEEP = 8  # equations between a count in danger and one that may be hidden for it


@dataclass(frozen=True)
class Protected:
    """Hold what was chosen: bundles hidden, those that had to be hidden for themselves, and the last attack."""

    hidden: set[int]
    first: set[int]
    audit: attack.Audit
    need: np.ndarray  # the width that was asked for each count
    before: int = 0  # counts that former prints and public knowledge told already, whatever is hidden now


class _Graph:
    """Look up the equations of a count and the counts of an equation."""

    def __init__(self, model: Model):
        s = model.system
        self.model, self.s = model, s
        order = np.argsort(s.col, kind="stable")
        self.of_count = order
        self.count_at = np.searchsorted(s.col[order], np.arange(len(s.value) + 1))
        self.row_at = np.searchsorted(s.row, np.arange(s.rows + 1))

    def entries_of(self, count: int) -> np.ndarray:
        """Return the entries in which a count stands."""
        return self.of_count[self.count_at[count] : self.count_at[count + 1]]

    def line(self, row: int) -> slice:
        """Return the entries of an equation."""
        return slice(self.row_at[row], self.row_at[row + 1])


def primary(model: Model) -> set[int]:
    """Return the bundles that hold a count which must not be printed, with all that goes with them."""
    must = np.flatnonzero(model.must & (model.bundle >= 0))
    return model.hide(set(model.bundle[must].tolist()))


def protect(model: Model) -> Protected:
    """Hide what must be hidden and as much more as it takes; tell what the last attack found.

    What was known before, however much is hidden now, cannot be taken back, but it must not become known better: that
    much is asked for it. The caller decides what to do where `audit.exposed` is not empty: then nothing helps.
    """
    first = primary(model)
    if not model.public.any():
        found = _protect(model, first, wide=False)
        if not len(found.audit.exposed):
            return found
    silent = attack.audit(model.system.showing(model.public))
    asked = replace(model.system, need=np.minimum(model.system.need, silent.width))
    return replace(_protect(replace(model, system=asked), first, wide=True), before=len(silent.exposed))


def _protect(model: Model, first: set[int], *, wide: bool) -> Protected:
    """Hide until the attack finds nothing; `wide` goes as far as hiding all around a count in danger."""
    graph = _Graph(model)
    hidden, found, far, tries = set(first), None, 1, Counter()
    for _ in range(STEPS):
        hidden |= _by_propagation(graph, hidden)
        system = model.system.showing(model.known(hidden))
        found = attack.audit(system, before=found, brief=True)
        more = _by_programs(graph, found, hidden, system, tries) if len(found.exposed) else set()
        if len(found.exposed) and not more:
            found = attack.audit(system, before=found)
        while wide and not more and len(found.exposed) and (wider := _within(graph, found.exposed, far)) is not None:
            more, far = wider - hidden, far + 1
        if not more:
            break
        hidden |= more
    return Protected(hidden - _told(model, hidden, first), first, found, model.system.need)


def _told(model: Model, hidden: set[int], first: set[int]) -> set[int]:
    """Return bundles whose every count can be worked out from what is printed: hiding them hides nothing."""
    known = model.known(hidden)
    low, high = attack.propagate(model.system.showing(known))
    open_ = (high > low) & ~known & (model.bundle >= 0)
    told = hidden - first - set(model.bundle[open_].tolist())
    while True:
        kept = {b for above in hidden - told for b in model.below.get(above, ())}
        if not told & kept:
            return told
        told -= kept


def _by_propagation(graph: _Graph, hidden: set[int]) -> set[int]:
    """Hide counts until passing bounds finds no count in danger, or nothing more can be done."""
    model, hidden = graph.model, set(hidden)
    stuck: set[int] = set()
    for _ in range(STEPS):
        known = model.known(hidden)
        low, high = attack.propagate(model.system.showing(known))
        width = high - low
        need = model.system.need
        danger = [k for k in np.flatnonzero(~known & (width < need)) if k not in stuck]
        if not danger:
            break
        sums = np.bincount(graph.s.row, width[graph.s.col], graph.s.rows)
        sizes = [k for k in danger if model.size[k]]  # sizes of groups first: they take other counts along
        busy: set[int] = set()  # one choice at a time in a territory, for it may serve several counts
        chosen: set[int] = set()
        for k in sorted(sizes or danger, key=lambda k: (-need[k], k)):
            if model.place[k] in busy:
                continue
            options = _options(graph, k, width, sums, known)
            if not options:
                stuck.add(k)
                continue
            _, u, pick = min(options)
            busy.update((model.place[k], model.place[u]))
            chosen |= model.hide({pick})
        hidden |= chosen
    return hidden


def _narrow(graph: _Graph, k: int, width: np.ndarray, sums: np.ndarray, need: float) -> list[int]:
    """Return the equations that by themselves keep a count's interval narrower than needed."""
    rows = graph.s.row[graph.entries_of(k)]
    part = k % 3
    keep = [r for r in rows if sums[r] - width[k] < need]
    inner = graph.model.inner
    return [r for r in keep if not inner[r] or part == 1]


def _zeros(graph: _Graph, k: int, rows, known: np.ndarray) -> set[int]:
    """Return printed zeros that alone tell a count: equations of whose counts all that are printed are zero.

    A zero gives no room, so nothing is hidden behind it; but where a count is as large as it, nothing else helps.
    """
    model, told = graph.model, set()
    for r in rows:
        cols = graph.s.col[graph.line(r)]
        shown = cols[known[cols] & (cols != k)]
        if model.inner[r] or not len(shown) or model.system.value[shown].any() or model.public[shown].any():
            continue
        told |= set(model.bundle[shown].tolist()) - {-1} - model.never
    return told


def _options(graph: _Graph, k: int, width: np.ndarray, sums: np.ndarray, known: np.ndarray) -> list[tuple]:
    """List what may be hidden for a count in danger: (score, count, bundle).

    An equation where hidden counts could already give way, were they not fixed elsewhere themselves, needs no further
    one: the search goes on from those. What is passed over so is taken where nothing else is found.
    """
    model, need = graph.model, graph.model.system.need[k]
    short = need - width[k]
    layer, seen, spare, inner = [k], {k}, [], []
    for _ in range(DEEP):
        found, beyond = [], []
        for v in layer:
            narrow = _narrow(graph, v, width, sums, need)
            if zeros := _zeros(graph, v, narrow, known):
                return [(0.0, v, zero) for zero in zeros]
            for r in narrow:
                line = graph.line(r)
                cols, signs = graph.s.col[line], graph.s.sign[line]
                mine = signs[np.flatnonzero(cols == v)[0]]
                here, room = [], 0.0
                for u, sign in zip(cols.tolist(), signs.tolist(), strict=True):
                    if u == v:
                        continue
                    if not known[u]:
                        room += _room(model, k, u, mine * sign)
                        if u not in seen:
                            seen.add(u)
                            beyond.append(u)
                    elif model.bundle[u] >= 0 and not model.public[u] and np.isfinite(model.cost[model.bundle[u]]):
                        score = model.cost[model.bundle[u]] / min(
                            1.0, max(_room(model, k, u, mine * sign) / short, 1e-3)
                        )
                        here.append((score, u, int(model.bundle[u])))
                (inner if model.inner[r] else spare if room >= short else found).extend(here)
        if found or len(seen) > WIDE:
            return found or spare or inner
        layer = beyond
    return spare or inner


def _room(model: Model, k: int, u: int, side: float) -> float:
    """Return how much room a count can give to another in an equation where both stand, with equal signs or not."""
    up, down = model.up, model.down
    if side > 0:
        return min(up[k], down[u]) + min(down[k], up[u])
    return min(up[k], up[u]) + min(down[k], down[u])


def _by_programs(
    graph: _Graph, found: attack.Audit, hidden: set[int], system: attack.System, tries: Counter
) -> set[int]:
    """Hide one count for each count in danger that programs found, from the equations that bind it.

    For a count that stays in danger however often that was tried, several at once: `tries` counts.
    """
    model, known = graph.model, system.known
    done: set[int] = set()
    chosen: set[int] = set()
    for k in found.exposed:
        rows = found.binding.get(int(k), ())
        if any(r in done for r in rows):
            continue
        if zeros := _zeros(graph, k, rows, known):
            chosen |= model.hide(zeros)
            continue
        short = model.system.need[k] - (found.high[k] - found.low[k])
        options, lines = _near(graph, k, rows, known, short), list(rows)
        for _ in range(DEEP):  # what binds is fixed by counts some steps away
            if options:
                break
            beyond = {u for r in lines for u in graph.s.col[graph.line(r)] if not known[u] and u != k}
            lines = sorted({int(graph.s.row[e]) for u in beyond for e in graph.entries_of(u)})
            options = _near(graph, k, lines, known, short)
        if not options:  # at last zeros, which give no room but tell something
            around = {int(model.bundle[u]) for r in (*rows, *lines) for u in graph.s.col[graph.line(r)] if known[u]}
            chosen |= model.hide({b for b in around if b >= 0} - model.never)
            continue
        if options:
            tries[int(k)] += 1
            chosen |= model.hide({pick for *_, pick in sorted(options)[: 2 ** max(0, tries[int(k)] - PATIENT)]})
            done.update(int(r) for r in rows)
    return chosen - hidden


def _within(graph: _Graph, exposed: np.ndarray, steps: int) -> set[int] | None:
    """Hide all within some equations of the counts in danger, city and empty groups too; None past the last equation.

    That is the last resort, where so few lists have come that even the whole of them is a few households: a month
    with a hole is better than no month.
    """
    s, model = graph.s, graph.model
    counts = np.zeros(len(s.value), bool)
    counts[exposed] = True
    for _ in range(steps):
        rows = np.bincount(s.row, counts[s.col], s.rows) > 0
        before, counts = counts, counts.copy()
        counts[s.col[rows[s.row]]] = True
    if steps > 1 and (before == counts).all():
        return None
    return model.hide({int(b) for b in np.unique(model.bundle[counts]) if b >= 0})


def _near(graph: _Graph, k: int, rows, known: np.ndarray, short: float) -> list[tuple]:
    """List what may be hidden in some equations: (score, equation, bundle)."""
    model, options = graph.model, []
    for r in rows:
        for u in graph.s.col[graph.line(r)]:
            if u != k and known[u] and model.bundle[u] >= 0 and not model.public[u]:
                room = max(model.down[u], min(model.up[u], 1e9), 0.5)
                score = model.cost[model.bundle[u]] / min(1.0, room / max(short, 1.0))
                score *= 1.0 + 5.0 * bool(model.inner[r])
                if np.isfinite(score):
                    options.append((score, int(r), int(model.bundle[u])))
    return options
