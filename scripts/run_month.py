"""Make a month's reports (run_month.py 2025-06), or whatever is due (run_month.py --due); --plan only says what."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, cluster, due, edition, rooms, scheduled, surroundings, telling


def main() -> int:
    """Run, or with --plan only say what would be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("month", nargs="?", help="YYYY-MM")
    parser.add_argument("--due", action="store_true", help="make every month that is due, and nothing else")
    parser.add_argument("--since", metavar="YYYY-MM", help="with --due: months before it are not published")
    parser.add_argument("--new-method", metavar="REASON", help="with --due: also months whose method alone changed")
    parser.add_argument("--as-of", metavar="DATE", help="from what was known then, into as_of/DATE; publishes nothing")
    parser.add_argument("--state", choices=due.STATES, help="state of the figures (default: parameters.yaml)")
    parser.add_argument("--only", metavar="STAGE", help="one stage: 1, 2, 3a, 3b, 3c, 3d, 4 or 5")
    parser.add_argument("--area", nargs="+", default=[], metavar="CODE", help="only these units' reports")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="reports at a time")
    parser.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler (tcp://host:port): all but stage 4")
    parser.add_argument("--plan", action="store_true", help="say what would be run, and run nothing")
    parser.add_argument("--edition", default=edition.PUBLIC, choices=edition.EDITIONS, help="internal: full counts")
    args = parser.parse_args()
    if args.due == bool(args.month):
        parser.error("hãy cho một tháng (2025-06) hoặc --due")
    edition.by_itself(args.edition, args.due or args.as_of)
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    if args.cluster:
        os.environ[cluster.ADDRESS] = args.cluster
    if args.month:
        rooms.month_name(args.month)
    if args.plan:
        print("\n".join(scheduled.asked(args)))
        return 0
    whole, inside = not (args.only or args.area or args.as_of), args.edition == edition.INTERNAL
    with surroundings.own(), telling.watched(" ".join(sys.argv[1:]), whole, inside) as watch:
        print("\n".join(scheduled.asked(args)))
    return watch.code


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
