"""Show a file's headings that nobody knows and what they may mean; keep what is confirmed: confirm_headings.py FILE."""

import argparse
import os
import sys
from pathlib import Path

from infoaccess import cli, confirming


def main() -> int:
    """Show the proposals, or keep them with --yes and --set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--yes", action="store_true", help="keep all proposals that are shown")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="HEADING=COLUMN", help="keep these; empty COLUMN: ignore"
    )
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = str(Path(args.home).resolve())
    print("\n".join(confirming.confirm(args.file, all_of_them=args.yes, chosen=args.set)))
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
