"""Make a month's reports, HTML and PDF, and compare with what an office would write from the same notebook.

    python benchmarks/pack.py --home DIR [--month 2025-12] [--jobs 2] [--baseline 3] [--rounds 3]

DIR holds room 4 (make_sample.py --home DIR, then run_month.py --only of stages 1 to 4). It is not written to: the
reports are made in a copy. The baseline is three commands a report: papermill's, `jupyter nbconvert --to html` and
Chromium's print-to-pdf, of so many units, times the number of reports; without Chromium its PDF is left out and that is
said. Ours is the whole command of stage 5, with slides, annex, index and archive. Prints seconds, the ratio, what one
more report costs, sizes of pages and memory; exits 1 below the goal (12 times as fast, pages of 2.5 MB at most).
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL, LARGEST = 12, 2_500_000


def timed(command: list, **more) -> float:
    """Run a command to its end and return its seconds."""
    start = time.perf_counter()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr[-800:]}")
    return time.perf_counter() - start


def baseline(code: str, month: str, folder: Path, browser: str | None, environment: dict) -> list[float]:
    """Make one report by three commands and return the seconds of each."""
    book = folder / "a.ipynb"
    papermill = [sys.executable, "-m", "papermill", ROOT / "notebooks" / "5_progress_report.ipynb", book]
    papermill += ["-r", "month", month, "-r", "area", code, "--no-progress-bar"]
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--no-input", book]
    seconds = [timed(c, env=environment, cwd=folder) for c in (papermill, convert)]
    if browser:
        plain = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
        seconds.append(timed([browser, *plain, f"--print-to-pdf={folder / 'a.pdf'}", (folder / "a.html").as_uri()]))
    return seconds


def ours(home: Path, month: str, jobs: int, areas: list[str], environment: dict) -> float:
    """Make reports by the command of stage 5 and return its seconds."""
    command = [sys.executable, ROOT / "scripts" / "run_month.py", month, "--home", home, "--only", "5", "--jobs", jobs]
    return timed([*command, *(["--area", *areas] if areas else [])], env=environment)


def main() -> int:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--month")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--baseline", type=int, default=3, help="reports to make by three commands")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    browser = next((b for b in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if b), None)
    with tempfile.TemporaryDirectory() as passing:
        home = Path(passing) / "home"
        home.mkdir()
        for part in ("data", "geo"):  # links: nothing is written there but the lock and the marks of a run
            shutil.copytree(given.home / part, home / part, symlinks=True, copy_function=link)
        environment = os.environ | {"INFOACCESS_HOME": str(home)}
        os.environ["INFOACCESS_HOME"] = str(home)
        from infoaccess import rooms, store, units

        month = given.month or store.months(rooms.RELEASE)[-1]
        codes = list(units.on(month)["code"])
        old = [
            baseline(code, month, Path(tempfile.mkdtemp(dir=passing)), browser, environment)
            for code in codes[: given.baseline]
        ]
        each = [statistics.median(column) for column in zip(*old, strict=True)]
        names = ("papermill", "nbconvert", "print-to-pdf")
        print(" + ".join(f"{n} {s:.1f} s" for n, s in zip(names, each, strict=False)), "a report")
        if not browser:
            print("no Chromium: the baseline makes no PDF")
        whole = [ours(home, month, given.jobs, [], environment) for _ in range(given.rounds)]
        pages = {p.name: p.stat().st_size for p in rooms.reports(month).glob("*.html") if p.stem in codes}
        few = [ours(home, month, given.jobs, codes[:n], environment) for n in (1, 11)]
    pack, slow = statistics.median(whole), len(codes) * sum(each)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(codes)} reports: {pack:.1f} s with {given.jobs} jobs; by three commands {slow:.0f} s")
    print(f"one more report {(few[1] - few[0]) / 10:.2f} s; largest process {memory:.0f} MB")
    print(f"pages: median {statistics.median(pages.values()) / 1e6:.2f} MB, largest {max(pages.values()) / 1e6:.2f} MB")
    print(f"ratio {slow / pack:.1f} (goal {GOAL})")
    return int(slow / pack < GOAL or max(pages.values()) > LARGEST)


def link(source: str, target: str) -> None:
    """Link a file instead of copying it."""
    os.link(source, target)


if __name__ == "__main__":
    sys.exit(main())
