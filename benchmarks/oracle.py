"""Compare every row of every table of room 3 with the plain pandas oracle, to the last digit: exit 1 if any differs.

    python benchmarks/oracle.py [--scale 1] [--home DIR] [--spoil] [--tables NAME ...] [--months YYYY-MM ...]

Without --home a sample of 36 months is made in a temporary home and walked through stages 1 to 3; a home that is given
is only compared. With --spoil room 2 is spoiled (see tests/oracle_homes.py) and stage 3 run again: never on a home of
real lists.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import oracle_homes
from oracle import Room

KINDS = ["month", "measure", "base", "_merge"]


def compared(home: Path, table: str, months: list[str]) -> dict:
    """Compare one table of all months: rows of either side, rows that differ, seconds; say which kinds differ."""
    began, room, rows, differ = time.perf_counter(), Room(home), 0, []
    for month in months or room.months:
        number, found = oracle_homes.differing(room, home, month, table)
        rows += number
        differ += [found] if len(found) else []
    if differ:
        print(pd.concat(differ).groupby(KINDS, observed=True).size().to_string(max_rows=30), flush=True)
    seconds = round(time.perf_counter() - began, 1)
    return {"table": table, "rows": rows, "differ": sum(map(len, differ)), "seconds": seconds}


def main() -> int:
    """Make or take a home, compare, print one line a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 = as many households as in the city")
    parser.add_argument("--home", type=Path, help="a home whose room 3 is there")
    parser.add_argument("--spoil", action="store_true", help="spoil room 2 and run stage 3 again")
    parser.add_argument("--tables", nargs="+", default=list(oracle_homes.TABLES), choices=oracle_homes.TABLES)
    parser.add_argument("--months", nargs="+", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = given.home or Path(scratch)
        if not given.home:
            oracle_homes.sample(home, given.scale)
            oracle_homes.walk(home, "1_validated", "2_placed", "3_indicators")
        if given.spoil:
            oracle_homes.spoil(home)
            oracle_homes.walk(home, "3_indicators")
        found = []
        for table in given.tables:
            found.append(compared(home, table, given.months))
            print(
                "{table:12} {rows:>10} rows compared, {differ:>8} differ, {seconds:>7} s".format(**found[-1]),
                flush=True,
            )
    return int(any(f["differ"] or not f["rows"] for f in found))


if __name__ == "__main__":
    sys.exit(main())
