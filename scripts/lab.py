"""Open JupyterLab on explore.ipynb, with the office's released months or, where it has none, a synthetic sample."""

import argparse
import subprocess
import sys
from pathlib import Path

from infoaccess import cli, lab


def main() -> int:
    """Read the arguments, make months ready, open JupyterLab and stay until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", nargs="?", default="explore.ipynb", help="which of notebooks/ to open")
    parser.add_argument("--sample", action="store_true", help="the synthetic sample, whatever the office has released")
    parser.add_argument("--prepare", action="store_true", help="make the months ready and stop")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    args = parser.parse_args()
    home = lab.chosen(args.sample)
    if home == lab.sample_home():
        print(
            f"Chuẩn bị dữ liệu giả lập ở {home} (lần đầu chừng hai phút; danh sách của cơ quan không bị đụng tới) ..."
        )
    lab.enter(home)
    months = lab.prepare(Path(__file__).with_name("make_sample.py"))
    print(f"Sẵn sàng: {months[0]} đến {months[-1]} ({len(months)} tháng).", flush=True)
    if args.prepare:
        return 0
    asked = lab.command(args.port, not args.no_browser, args.notebook)
    return subprocess.run(asked, env=lab.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
