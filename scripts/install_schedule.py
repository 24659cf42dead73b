"""Start the run by itself every night: install_schedule.py [--show | --install | --remove] [--user NAME] [--at H]."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, schedule, scheduling


def main() -> int:
    """Show the schedule (the default), put it in place, or take it away."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="print it, change nothing (the default)")
    what.add_argument("--install", action="store_true", help="put it in place on this machine")
    what.add_argument("--remove", action="store_true", help="take it away")
    parser.add_argument("--kind", choices=scheduling.KINDS, help="default: what this machine has")
    parser.add_argument("--user", help="who runs it (default: the owner of data/)")
    parser.add_argument("--at", default="02:00", help="time of day")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    job = schedule.job(args.user, args.at)
    if args.install or args.remove:
        print("\n".join((scheduling.install if args.install else scheduling.remove)(job, args.kind)))
    else:
        print(scheduling.shown(job, (args.kind,) if args.kind else scheduling.KINDS), end="")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
