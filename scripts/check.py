"""Tell of runs that ended without a word: check.py --tell."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, telling


def main() -> int:
    """Write the page and the letter of a run that was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tell", action="store_true", required=True, help="what systemd calls after a failed run")
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    telling.tell_lost()
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
