"""Write the generated pages and parts of docs/."""

from pathlib import Path

from infoaccess import columns, measures_page, reasons


def main() -> None:
    """Write columns.md from the dictionary, measures.md from the measures, and operating.md's table of reasons."""
    docs = Path(__file__).resolve().parents[1] / "docs"
    (docs / "columns.md").write_text(columns.markdown(), encoding="utf-8", newline="\n")
    (docs / "measures.md").write_text(measures_page.markdown(), encoding="utf-8", newline="\n")
    operating = docs / "operating.md"
    text = reasons.put_table(operating.read_text(encoding="utf-8"))
    operating.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
