"""Draw the pictures of the README anew from the synthetic sample (made first where it is not there)."""

import sys
from pathlib import Path

from infoaccess import cli, lab, pictures


def main() -> int:
    """Make the sample ready and write docs/pictures."""
    here = Path(__file__).resolve().parent
    lab.enter(lab.chosen(sample=True))
    lab.prepare(here / "make_sample.py")
    for path in pictures.write(here.parent / "docs" / "pictures"):
        print(f"{path.name}: {path.stat().st_size // 1024 + 1} KB")
    return 0


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
