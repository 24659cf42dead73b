"""Write the generated pages of docs/."""

from pathlib import Path

from infoaccess import columns


def main() -> None:
    """Write docs/columns.md from the dictionary of columns."""
    path = Path(__file__).resolve().parents[1] / "docs" / "columns.md"
    path.write_text(columns.markdown(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
