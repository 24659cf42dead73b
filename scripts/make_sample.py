"""Write synthetic sample lists into data/0_raw: nobody in them exists."""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from infoaccess import rooms, sample_books, sample_people


def main() -> int:
    """Read the arguments, make the people, write the workbooks."""
    known = sample_people.settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=rooms.home())
    parser.add_argument("--scale", type=float, default=0.1, help="1 = as many households as in the city")
    parser.add_argument("--seed", type=int, default=known["seed"])
    parser.add_argument("--first", default=known["first"], help="YYYY-MM")
    parser.add_argument("--last", default=known["last"], help="YYYY-MM")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    given = parser.parse_args()
    os.environ["INFOACCESS_HOME"] = str(given.home)
    raw = rooms.data(rooms.RAW)
    units, lineage = (pd.read_csv(rooms.facts(f"{name}.csv"), dtype=str) for name in ("units", "lineage"))
    try:
        options = {key: getattr(given, key) for key in ("scale", "seed", "first", "last")}
        people = sample_people.simulate(units, lineage, **options)
        bar = sys.stderr.isatty() and (lambda done, total: tqdm(done, total=total, unit="month"))
        folders = sample_books.write(people, raw, progress=bar or None, jobs=given.jobs)
    except (FileExistsError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"{len(folders)} tháng dữ liệu giả lập: {raw}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
