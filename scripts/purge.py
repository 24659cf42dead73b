"""Delete lists and rooms older than the office keeps them: purge.py [--plan] [--keep MONTHS] [--home DIR]."""

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

from infoaccess import cli, purging, runner


def main() -> int:
    """Delete, or with --plan only say what would be deleted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", action="store_true", help="say what would be deleted, and delete nothing")
    parser.add_argument("--keep", type=int, help="months to keep (default: retention_months in parameters.yaml)")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    settings = runner.settings() | ({} if args.keep is None else {"retention_months": args.keep})
    keep, today = purging.retention(settings), dt.date.today()
    if args.plan:
        print("\n".join(purging.plan(keep, today, settings)))
    else:
        print("\n".join(purging.told(purging.run(keep, today, settings))))
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
