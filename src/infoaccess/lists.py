"""Find the tables on the sheets of a workbook, and sort the rows under each heading into data and dressing.

Nothing is converted here and nothing is lost: every non-blank row under a heading is a row of data or is counted as
dressing (index row, repeated heading, subtotal, total, other text, signature block).
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from infoaccess import columns, grids, headings, reasons, sorting, values
from infoaccess.columns import Kind
from infoaccess.errors import Place, RefusedFile
from infoaccess.grids import Grid

UNREAD = 3  # rows with several cells and a number, outside every known table, that are worth a word
SYNTHETIC_MARK = "dữ liệu giả lập"


@dataclass(frozen=True)
class Table:
    """Hold one table: where each column stands and its rows of data, cells as the file has them."""

    file: str
    sheet: str
    kind: Kind
    position: dict[str, int]
    heading: dict[str, str]  # column name -> heading as the file spells it
    rows: list[tuple[int, list]]  # (row number in the sheet, its cells)
    totals: list[tuple[int, list]] = field(default_factory=list)
    dressing: Counter = field(default_factory=Counter)
    mentioned: frozenset[str] = frozenset()  # commune codes named anywhere, in a subtotal without households too
    unknown: tuple[str, ...] = ()  # headings nobody claimed, as paths
    above: str = ""  # the title rows, in canonical form
    heading_key: str = ""
    heading_row: int = 0
    sha: str = ""
    sheet_index: int = 0
    leftover: frozenset[tuple[int, int]] = frozenset()  # (row number, position) of cells in undecodable old text
    synthetic: bool = False

    def place(self, row: int | None = None, column: str | None = None) -> Place:
        """Point to a row and column in the words of the file."""
        return Place(self.file, self.sheet, row, self.heading.get(column, column))

    @property
    def rows_read(self) -> int:
        """Count the non-blank rows under the heading."""
        return len(self.rows) + sum(self.dressing.values())


@dataclass(frozen=True)
class Note:
    """Hold something to know of a file that is used: rule, place, values of its sentence."""

    rule: str
    place: Place
    values: dict = field(default_factory=dict, hash=False)


def read(name: str, data: bytes, confirmed: dict[str, dict] | None = None) -> tuple[list[Table], list[Note]]:
    """Read a file's tables, in the order of sheets and rows, and what else is to be known of it.

    `confirmed` holds what the office confirmed of headings: heading key -> {path of a heading: column}.
    Raises RefusedFile when the file is no workbook, holds no known table, or a table lacks a required column.
    """
    sha = hashlib.sha256(data).hexdigest()[:12]
    tables: list[Table] = []
    notes: list[Note] = []
    strange: list[Grid] = []
    for grid in grids.read(name, data):
        found = headings.find(grid.cells, grid.merged, confirmed or {})
        if grid.hidden:
            notes += [Note("hidden_sheet", Place(name, grid.sheet))] if found else []
            continue
        above = grid.cells[: found[0].first] if found else grid.cells
        unread = sum(_dense(row) for row in above)
        if unread >= UNREAD:
            notes.append(Note("unread_rows", Place(name, grid.sheet), {"rows": unread}))
        strange += [] if found else [grid]
        ends = [h.first for h in found[1:]] + [len(grid.cells)]
        for head, end in zip(found, ends, strict=False):
            tables.append(_table(name, sha, grid, head, end, first=head is found[0]))
            notes += _unknown(tables[-1], headings.proposals(head))
        if found and grid.hidden_rows:
            notes.append(Note("hidden_rows", Place(name, grid.sheet), {"rows": grid.hidden_rows}))
    if not tables:
        raise _nearest(name, strange)
    return tables, notes


def _dense(row: list) -> bool:
    """Tell whether a row may belong to a table: four cells filled, a number among them."""
    filled = [v for v in row if v not in ("", None)]
    return len(filled) > 3 and any(isinstance(v, int | float) or str(v).strip().isdigit() for v in filled)


def _nearest(name: str, strange: list[Grid]) -> RefusedFile:
    """Build the refusal of a file without a known table: what comes closest to one, if anything does."""
    for grid in strange:
        near = headings.closest(grid.cells, grid.merged)
        if near:
            return _lacking(Place(name, grid.sheet, near.first + 1), near)
    return reasons.refusal("no_table", Place(name), rows=headings.ROWS)


def _lacking(here: Place, head: headings.Found) -> RefusedFile:
    """Build the refusal of a table that lacks required columns, with what its unknown headings may mean."""
    kind, position = head.match.kind, head.match.position
    names = ", ".join(f'"{c.label}"' for c in kind.required if c.name not in position)
    proposals = headings.proposals(head)
    return reasons.refusal("missing_column", here, kind=kind.title, columns=names, proposals=proposals)


def _unknown(table: Table, proposals: list[dict]) -> list[Note]:
    """Tell the headings nobody claimed, each with what it may mean."""
    notes = []
    for entry in proposals:
        guess = entry["column"]
        told = f'; có phải là "{table.kind.columns[guess].label}"?' if guess else ""
        place = Place(table.file, table.sheet, table.heading_row, headings.shown(entry["path"]))
        notes.append(Note("unknown_heading", place, entry | {"proposal": told}))
    return notes


def _table(name: str, sha: str, grid: Grid, head: headings.Found, end: int, first: bool) -> Table:
    """Make one table of a found heading and the rows down to `end`."""
    here = Place(name, grid.sheet, head.first + 1)
    kind, position = head.match.kind, head.match.position
    heading = {column: headings.spelling(grid.cells, head, at) for column, at in position.items()}
    solid = {c.name for c in kind.columns.values() if c.required or c.key}
    for column in head.match.doubled:
        if column in solid:
            raise reasons.refusal("double_column", here, column=heading.get(column, kind.columns[column].label))
    if any(c.name not in position for c in kind.required):
        raise _lacking(here, head)
    wide = [position[c.name] for c in kind.columns.values() if c.spread and c.name in position]
    sorting.spread(grid.cells, grid.merged, head.last + 1, wide)
    done = sorting.sort(grid.cells[:end], head, kind, position)
    at = position.get("commune_code")
    listed = [row[at] if at < len(row) else None for row in grid.cells[head.last + 1 : end]] if at is not None else []
    titles = grid.cells[: head.first] if first else []
    above = " ".join(columns.normal(v) for row in titles for v in row if v not in ("", None))
    return Table(
        file=name,
        sheet=grid.sheet,
        kind=kind,
        position=position,
        heading=heading,
        rows=done.rows,
        totals=done.totals,
        dressing=done.dressing,
        mentioned=frozenset(c for c in values.code(listed)[0] if c),
        unknown=tuple(head.paths[i] for i in head.match.unknown),
        above=above,
        heading_key=head.key,
        heading_row=head.last + 1,
        sha=sha,
        sheet_index=grid.index,
        leftover=frozenset((r + 1, c) for r, c in grid.leftover),
        synthetic=SYNTHETIC_MARK in above,
    )
