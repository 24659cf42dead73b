"""Look at everything a run needs: check.py [--json] [--home DIR]; --tell writes of a run that was killed."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, health, telling


def main() -> int:
    """Print what was found and what to do; the exit code is 4 where there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for a program")
    parser.add_argument("--tell", action="store_true", help="write page and letter of a run that ended without a word")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    if args.tell:
        telling.tell_lost()
        return 0
    found = health.look()
    print(health.as_json(found) if args.json else health.table(found))
    return health.code(found)


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
