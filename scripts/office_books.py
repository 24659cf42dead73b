"""Make the office's workbooks of a month, with full counts: office_books.py 2025-06 [--phones N --source SOURCE]."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import allotment, cli, office, programme


def main() -> int:
    """Make Biểu 1-8, the list of things to do and, with --phones, the annex of an allotment; print where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("month", help="YYYY-MM")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    parser.add_argument("--phones", type=int, help="phones to allot; without it no annex is made")
    parser.add_argument("--source", default="telecom_fund", help=", ".join(programme.SOURCES))
    parser.add_argument("--minimum", type=int, default=0, help="phones that every unit gets first, within its need")
    parser.add_argument("--method", default=allotment.Criteria.method, help=", ".join(allotment.METHODS))
    parser.add_argument("--left-out", nargs="+", default=[], metavar="CODE", help="units that get no phones now")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    criteria = allotment.Criteria(minimum=args.minimum, method=args.method)
    chosen = {"phones": args.phones, "source": args.source, "criteria": criteria, "left_out": args.left_out}
    print(office.run(args.month, **chosen))
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
