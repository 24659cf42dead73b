"""Make a month's reports: run_month.py 2025-06 [--only STAGE] [--area CODE ...] [--home DIR] [--jobs N] [--plan]."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, cluster, edition, monthly, pipeline, rooms


def main() -> int:
    """Run, or with --plan only say what would be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("month", help="YYYY-MM")
    parser.add_argument("--only", metavar="STAGE", help=", ".join(s.id for s in pipeline.STAGES))
    parser.add_argument("--area", nargs="+", default=[], metavar="CODE", help="only these units' reports")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="reports at a time")
    parser.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler (tcp://host:port) for stages 1 to 3")
    parser.add_argument("--plan", action="store_true", help="say what would be run, and run nothing")
    parser.add_argument("--edition", default=edition.PUBLIC, choices=edition.EDITIONS, help="internal: full counts")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    if args.cluster:
        os.environ[cluster.ADDRESS] = args.cluster
    rooms.month_name(args.month)
    if args.plan:
        print("\n".join(monthly.plan(args.month, args.only, args.area)))
        return 0
    print(monthly.run(args.month, only=args.only, areas=args.area, jobs=args.jobs, edition=args.edition))
    print("".join(f"{line}\n" for line in monthly.shortfall(args.month)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
