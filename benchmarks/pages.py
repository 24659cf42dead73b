"""Open every page of a month in Chromium and print size, load time, network requests, console and axe-core's findings.

    python benchmarks/pages.py [MONTH] [--home DIR] [--area CODE ...]

Without a month the latest one is taken; the archive's own pages are looked at too. A page is opened from its file, in
a window of 1440 pixels in light and of 390 in dark; load time is the browser's own, from the start to the end of the
load event, the best of three. Exits 1 where a page is over its size (city 2.5 MB, others 1.5 MB), takes 2 s or more,
asks the network for anything, says anything on the console, is wider than a phone, or axe-core finds a violation.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
CITY, LARGEST_CITY, LARGEST, SLOWEST_MS = "46", 2_500_000, 1_500_000, 2000
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def look(page, path: Path, axe: str) -> tuple[float, list[str]]:
    """Return a page's load time in ms and what is wrong with it."""
    wrong, times = [], []
    page.events.clear()
    for width, height, dark in ((1440, 900, False), (390, 844, True)):
        page.size(width, height, dark)
        for _ in range(3 if width > 1000 else 1):
            page.call("Page.navigate", url="about:blank")
            page.wait("location.protocol === 'about:'")
            page.open(path)
            page.wait(f"{LOADED} > 0")
            times += [page.run(LOADED)] if width > 1000 else []
        wrong += [f"{width} px, axe: {one}" for one in page.violations(axe)]
        over = page.run("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{over} px wider than {width}"] if over > 0 else []
    wrong += [f"asked for {url}" for url in dict.fromkeys(page.asked())]
    wrong += [f"console: {text}" for text in dict.fromkeys(page.complained())]
    size, limit = path.stat().st_size, LARGEST_CITY if path.stem == CITY else LARGEST
    wrong += [f"{size} bytes, over {limit}"] if size > limit else []
    wrong += [f"took {min(times):.0f} ms"] if min(times) >= SLOWEST_MS else []
    return min(times), wrong


def main() -> int:
    """Look at the month's pages; return 1 where one has a fault."""
    import chromium
    import test_map_pages

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("month", nargs="?")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("INFOACCESS_HOME", ROOT)))
    parser.add_argument("--area", nargs="+", help="only these units' pages, beside the indexes")
    given = parser.parse_args()
    reports = given.home.resolve() / "reports"
    months = sorted(path.parent.name for path in reports.glob("20??-??/manifest.json"))
    month = given.month or (months[-1] if months else "")
    pages = sorted((reports / month).glob("*.html")) if month else []
    if not pages:
        sys.exit(f"no page of {month or 'any month'} in {reports}: run scripts/run_month.py first")
    pages = [p for p in pages if not given.area or not p.stem.isdigit() or p.stem in given.area]
    pages += sorted(reports.glob("*.html"))
    axe, faulty = test_map_pages.axe(), 0
    with tempfile.TemporaryDirectory() as folder, chromium.opened(Path(folder)) as page:
        page.listen()
        for path in pages:
            time, wrong = look(page, path, axe)
            faulty += bool(wrong)
            print(f"{path.relative_to(reports)}: {path.stat().st_size / 1000:.0f} KB, {time:.0f} ms", flush=True)
            for one in wrong[:6]:
                print(f"    {one[:300]}")
    print(f"{len(pages) - faulty} of {len(pages)} pages: no request, no word on the console, no violation (axe-core)")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
