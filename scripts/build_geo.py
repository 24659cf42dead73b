"""Build the boundaries of all area sets into geo/built/ and print each area beside the official one."""

import argparse
import os
import sys

from infoaccess import cli, geography, rooms


def main() -> int:
    """Build, then print the table of areas in square kilometres."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = args.home
    areas = geography.build()
    shown = areas.assign(difference_share=(100 * areas["difference_share"]).map("{:+.1f} %".format))
    print(shown.to_string(index=False, float_format="%.2f"))
    print(f"\nRanh giới: {rooms.built()}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
