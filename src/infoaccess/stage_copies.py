"""Read the stages' executed copies again: each may show the tables of its doors, as the rooms hold them, and no more.

Stages 1 to 3 hold persons or full counts while they run, so what their notebooks show is the one thing of those rooms
that is published with a month: whole-city totals of rows. A cell that shows anything else with a digit is named.
"""

import json
import re
from pathlib import Path

import nbformat
import pandas as pd
from nbformat import NotebookNode

from infoaccess import pipeline, rooms

ROOMS = {"1": rooms.VALIDATED, "2": rooms.PLACED, "4": rooms.RELEASE}
NAMES = {s.notebook: s.id for s in pipeline.STAGES if s.id != "5"}
READING = "pipeline.doors("  # how the cell begins that shows the doors


def wrong(path: Path) -> list[str]:
    """Name the cells of an executed copy of a stage that show something else than its doors."""
    book = nbformat.read(path, as_version=4)
    found, wanted = [], doors(NAMES[path.stem], book)
    for cell in (c for c in book.cells if c.cell_type == "code" and c.outputs):
        shown = [dict(o.data) for o in cell.outputs if "data" in o]
        streams = [o.text for o in cell.outputs if o.output_type == "stream"]
        if cell.source.startswith(READING) and "\n" not in cell.source.strip() and not streams:
            if shown not in [[b] for b in bundles(eval(cell.source, {"pipeline": pipeline, "doors": wanted}))]:
                found.append(f"{path.name}, ô {cell.id}: bảng không phải của các cửa")
        elif any(re.search(r"\d", text) for text in [*streams, *(str(v) for d in shown for v in d.values())]):
            found.append(f"{path.name}, ô {cell.id} hiện số; sổ tay các bước 1-4 chỉ được hiện bảng của các cửa")
    return found


def doors(stage: str, book: NotebookNode) -> list[dict]:
    """Read the doors of a stage's months from its room, in the order of its run."""
    given = _parameters(book)
    months = [m for m in rooms.raw_months() if given["since"] <= m <= given["month"]] or [given["month"]]
    if stage in ROOMS:
        return [_door(rooms.data(ROOMS[stage], m), m, "") for m in months]
    tables = next(s.tables for s in pipeline.STAGES if s.id == stage)
    return [_door(rooms.data(rooms.INDICATORS, m) / t, m, t) for m in months for t in tables]


def _parameters(book: NotebookNode) -> dict:
    return dict(book.metadata.papermill.parameters)


def _door(folder: Path, month: str, table: str) -> dict:
    """Read one door; a table that a month cannot have has none and no row."""
    path = folder / "door.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"month": month, "table": table, "rows": 0, "above_denominator": 0, "units": {}}


def bundles(table: pd.DataFrame) -> list[dict]:
    """Return what a kernel may display of a table: as plain text, columns are broken into lines or left out.

    >>> [sorted(one) for one in bundles(pd.DataFrame({"a": [1]}))]
    [['text/html', 'text/plain'], ['text/html', 'text/plain']]
    """
    found = []
    for columns in (0, 20):
        with pd.option_context("display.max_columns", columns, "display.width", 80):
            plain = repr(table)
        with pd.option_context("display.max_columns", 20):
            found.append({"text/html": table._repr_html_(), "text/plain": plain})
    return found
