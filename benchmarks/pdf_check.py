"""Check every PDF of a month by the rules of PDF/UA-1 and PDF/A-2a that a program can judge, and print the result.

    python benchmarks/pdf_check.py [MONTH] [--home DIR]

Without a month the latest one is taken. One line a file: pages, KB, and what each rule (`tests/pdf_rules.py`) found;
exits 1 if one rule is broken. veraPDF is not among the Python packages: where you have it, run it beside this.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))


def main() -> int:
    """Check the month's files; return 1 where a rule is broken."""
    import pdf_rules
    import pikepdf

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("month", nargs="?")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("INFOACCESS_HOME", ROOT)))
    given = parser.parse_args()
    months = sorted(path.parent.name for path in (given.home / "reports").glob("20??-??/manifest.json"))
    month = given.month or (months[-1] if months else "")
    files = sorted((given.home / "reports" / month).glob("*.pdf")) if month else []
    if not files:
        sys.exit(f"no PDF of {month or 'any month'} in {given.home / 'reports'}: run scripts/run_month.py first")
    broken = 0
    for path in files:
        found = pdf_rules.check(path)
        with pikepdf.open(path) as pdf:
            size = f"{len(pdf.pages)} pages, {path.stat().st_size / 1000:.0f} KB"
        faults = {name: sorted(set(wrong)) for name, wrong in found.items() if wrong}
        broken += bool(faults)
        print(f"{path.name}: {size}: {len(found) - len(faults)} of {len(found)} rules hold")
        for name, wrong in faults.items():
            print(f"    {name}: {'; '.join(wrong[:4])}{f' and {len(wrong) - 4} more' if len(wrong) > 4 else ''}")
    print(f"{len(files) - broken} of {len(files)} files of {month} hold all rules: {', '.join(pdf_rules.RULES)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
