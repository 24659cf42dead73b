"""Check the boundary files in geo/official, build all area sets into geo/built/, print areas beside official ones."""

import argparse
import os
import sys

from infoaccess import boundaries, boundary_findings, cli, geography, rooms


def main() -> int:
    """Print what there is to say about the files, build, then print the table of areas in square kilometres."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", help="root of data/, geo/ and reports/ (default: this checkout)")
    parser.add_argument("--check", action="store_true", help="only say what is wrong with the files, build nothing")
    args = parser.parse_args()
    if args.home:
        os.environ["INFOACCESS_HOME"] = args.home
    seen = boundaries.examine()
    print("\n".join(map(str, boundary_findings.shortened(seen.findings))), end="\n\n", flush=True)
    if args.check:
        return 0 if seen.sound else 3
    areas = geography.build(seen)
    shown = areas.assign(difference_share=(100 * areas["difference_share"]).map("{:+.1f} %".format))
    print(shown.to_string(index=False, float_format="%.2f"))
    print(f"\nRanh giới: {rooms.built()}\nBáo cáo kiểm tra tệp của cơ quan: {rooms.built('report.html')}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
