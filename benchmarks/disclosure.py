"""Measure disclosure control: holes of primary suppression, a rule of thumb and the release; what each hides; time.

    python benchmarks/disclosure.py --home DIR [--threshold 5] [--every 1]

DIR holds room 3 of the months (make_sample.py --scale 1 --home DIR, then stages 1 to 3). Room 4 is not written: what
earlier months printed is read from DIR's room 4, if there is one. The rule of thumb hides, once in every sum with one
hidden count, the smallest other count. `lost` is the cost of protection.py over what is hidden beyond primary
suppression. `headline`: communes of the month whose headline rate is hidden by the release, of all. Seconds are those
of the processor, for the system and its protection (the attack on it included).
`told` counts those that former prints alone tell, whatever is hidden now (an opening figure of movements, say, which
the month before printed): nothing takes that back, so the release may not make them known better, and no more.
Exits 1 where the release leaves another count in danger.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np


def by_thumb(model, first: set[int]) -> set[int]:
    """Hide by hand: in every sum with exactly one hidden count its smallest other one, once."""
    system, hidden = model.system, set(first)
    known = model.known(first)
    starts = np.searchsorted(system.row, np.arange(system.rows + 1))
    for row in range(system.rows):
        cols = system.col[starts[row] : starts[row + 1]]
        gone = ~known[cols]
        may = [int(c) for c in cols[~gone] if model.bundle[c] >= 0 and int(model.bundle[c]) not in model.never]
        if gone.sum() == 1 and may and not model.inner[row]:
            hidden |= model.hide({int(model.bundle[min(may, key=lambda c: (system.value[c], c))])})
    return hidden


def _headline(rows, month: str) -> np.ndarray:
    """Return the rows that hold the headline of the month's own communes."""
    from infoaccess import units

    own = {"area_set": units.commune_set(month), "measure": "deprived_any", "base": "household", "group": "all"}
    return np.flatnonzero(np.logical_and.reduce([(rows[k] == v).to_numpy() for k, v in own.items()]))


def main() -> int:
    """Compare the three for every month."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--threshold", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="take every n-th month")
    given = parser.parse_args()
    os.environ["INFOACCESS_HOME"] = str(given.home)
    from infoaccess import attack, disclosure, linked, protection, rooms, store

    rules, worst, seconds, total = linked.declared(), 0, [], np.zeros(3, int)
    print("month, bundles, small counts | in danger, told | hidden | lost | headline | seconds")
    print("in danger, hidden and lost: by primary suppression alone, by thumb, by the release")
    for month in store.months(rooms.INDICATORS)[:: given.every]:
        start = time.process_time()
        rows = linked.kept(linked.read(month), month, rules, given.threshold)
        rows, model = disclosure.model(rows, month, given.threshold, rules)
        found = protection.protect(model)
        seconds.append(time.process_time() - start)
        first, printed = found.first, len(model.cost)
        ways = [first, by_thumb(model, first), found.hidden]
        systems = [replace(model.system, need=need) for need in (model.system.need, model.system.need, found.need)]
        left = zip(systems, ways, strict=True)
        danger = [len(attack.audit(system.showing(model.known(way))).exposed) for system, way in left]
        total += danger
        finite = np.where(np.isfinite(model.cost), model.cost, 0)
        lost = [finite[list(way - first)].sum() for way in ways]
        worst = max(worst, danger[-1])
        headline = [int(model.bundle[3 * c]) in found.hidden for c in model.cell[_headline(rows, month)] if c >= 0]
        print(
            f"{month} {printed:6d} {found.audit.attacked:6d} | "
            f"{danger[0]:6d} {danger[1]:6d} {danger[2]:6d} {found.before:3d} | "
            f"{len(ways[0]):6d} {len(ways[1]):6d} {len(ways[2]):6d} | {lost[0]:6.0f} {lost[1]:6.0f} {lost[2]:6.0f} | "
            f"{sum(headline):3d}/{len(headline):3d} | {seconds[-1]:.1f}",
            flush=True,
        )
    print(f"in danger in all months: {total[0]} by primary alone, {total[1]} by thumb, {total[2]} in the release")
    print(f"seconds a month: median {np.median(seconds):.1f}, most {max(seconds):.1f}")
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main())
