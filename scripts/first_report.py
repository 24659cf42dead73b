"""Show the whole walk on a new machine: boundaries, a sample where there are no lists, the latest month's reports."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from infoaccess import cli, geography, monthly, pipeline, rooms


def main() -> int:
    """Prepare what is missing and run the latest month; --prepare stops when its figures are released."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepare", action="store_true", help="figures only, no reports")
    args = parser.parse_args()
    if not rooms.built("paths_C_commune.json").exists():
        geography.build()
    if not rooms.raw_months():
        print("data/0_raw trống: tạo dữ liệu giả lập ...", flush=True)
        maker = Path(__file__).with_name("make_sample.py")
        subprocess.run([sys.executable, str(maker), "--home", str(rooms.home())], check=True)
    month = rooms.raw_months()[-1]
    if args.prepare:
        for stage in pipeline.STAGES[:-1]:
            monthly.run(month, only=stage.id)
        return 0
    folder = monthly.run(month, jobs=os.cpu_count() or 1)
    print(f"Trang mục lục: {folder / 'index.html'}\nBáo cáo toàn thành phố: {folder / '46.pdf'}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
