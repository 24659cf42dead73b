"""The first door (stage 1): every row of a list is accepted with the right meaning, refused with a reason, or folded.

Frames: `origin` and the frame of values share their index, 1 row = 1 row of a list. A problem says where, what
and what to do; it never quotes a cell, only the class of its value. A row is folded when another row stands for it (an
exact duplicate, a mended row). Accepted + refused + folded = rows of data, asserted at the door.
"""

from collections import Counter
from itertools import zip_longest

import pandas as pd

from infoaccess import reasons, values
from infoaccess.columns import Column, Kind
from infoaccess.lists import Note, Table

FATES = ("read", "dressing", "accepted", "refused", "folded")
PROBLEM_COLUMNS = ["severity", "file", "sheet", "row", "column", "value_class", "rule", "sentence"]
_DTYPES = {"tick": "boolean", "count": "Int64", "money": "Int64", "year": "Int64", "percent": "Float64"}
_NOUNS = {
    "tick": "dấu x hoặc ô trống",
    "count": "số đếm (số nguyên từ 0)",
    "money": "số tiền nguyên (đồng)",
    "year": "năm có bốn chữ số",
    "percent": "tỷ lệ phần trăm",
    "code": "mã xã 5 chữ số",
    "identity": "số CCCD 12 chữ số hoặc CMND 9 chữ số",
    "date": "ngày dạng ngày/tháng/năm",
    "month": "tháng dạng tháng/năm",
    "choice": "một trong các giá trị của mẫu",
    "text": "chữ",
}


class Sheet:
    """Gather one kind's rows of a month and what is wrong with them."""

    def __init__(self, kind: Kind, tables: list[Table], month: str | None = None):
        """Convert all cells; note each cell that is no value of its column's type."""
        self.kind, self.tables, self.month = kind, tables, month
        self.owner = [t for t in tables for _ in t.rows]
        self.origin = pd.DataFrame(
            {
                "file": [t.file for t in self.owner],
                "sheet": [t.sheet for t in self.owner],
                "row": [number for t in tables for number, _ in t.rows],
            }
        ).astype({"file": "str", "sheet": "str", "row": "int64"})
        turned = [list(zip_longest(*(row for _, row in t.rows))) for t in tables]  # ragged rows end in None
        self.cells = {name: self._gathered(name, turned) for name in kind.columns}
        self.frame = pd.DataFrame(index=self.origin.index)
        self.problems: list[dict] = []
        self.refused = pd.Series(False, index=self.origin.index)
        self.folded = pd.Series(False, index=self.origin.index)
        self.stale: set[int] = set()  # mended rows whose first row is no longer there: another row of theirs goes first
        self._gone: set[int] = set()  # folded rows, of which nothing is said
        self._told: set[tuple[int, str]] = set()
        converted = {column.name: self._converted(column) for column in kind.columns.values()}
        self.frame = pd.DataFrame(converted, index=self.origin.index)
        self._check_old_text()
        self._check_schema()

    def _gathered(self, name: str, turned: list[list[tuple]]) -> list:
        """Return a column's cells, None where a table has no such column."""
        found: list = []
        for table, cells in zip(self.tables, turned, strict=True):
            at = table.position.get(name)
            found += [None] * len(table.rows) if at is None or at >= len(cells) else cells[at]
        return found

    def _converted(self, column: Column) -> pd.Series:
        dtype = _DTYPES.get(column.type, "object" if column.type == "date" else "str")
        if not any(column.name in t.position for t in self.tables):
            return pd.Series(None, index=self.origin.index, dtype=dtype)
        cells = self.cells[column.name]
        if column.type == "date":
            result, good = self._dates(column)
        elif column.type == "choice":
            result, good = values.choice(cells, column.choices)
        else:
            result, good = getattr(values, column.type)(cells)
        whole = all(column.name in t.position for t in self.tables)
        if column.type == "tick" and not whole:  # a box can only be empty where there is a column of boxes
            result = [v if column.name in t.position else None for v, t in zip(result, self.owner, strict=True)]
        wrong = [] if all(good) else [i for i, ok in enumerate(good) if not ok]
        bad = [i for i in wrong if (i, column.name) not in self._told]
        self.report(bad, column.name, _rule("value", column), noun=_NOUNS[column.type])
        return pd.Series(result, index=self.origin.index, dtype=dtype)

    def _dates(self, column: Column) -> tuple[list, list]:
        """Read a column of dates table by table, as each has its own order of day and month."""
        result, good, start = [], [], 0
        for table in self.tables:
            cells = self.cells[column.name][start : start + len(table.rows)]
            read, fine = values.date(cells, month=self.month)
            if values.date_order(cells, self.month) in ("mixed", "unknown"):
                unclear = [start + i for i, (c, ok) in enumerate(zip(cells, fine, strict=True)) if not ok and _parts(c)]
                self.report(unclear, column.name, "date_order")
            turned = values.swapped(cells, self.month) if self.month else []
            self.report([start + i for i, yes in enumerate(turned) if yes], column.name, "date_swapped")
            result, good, start = result + read, good + fine, start + len(table.rows)
        return result, good

    def _check_old_text(self) -> None:
        """Tell cells in a font of before Unicode that nobody can decode."""
        for i, table in enumerate(self.owner):
            if not table.leftover:
                continue
            row = int(self.origin.at[i, "row"])
            for name, at in table.position.items():
                if (row, at) in table.leftover:
                    self.report([i], name, _rule("legacy_text", self.kind.columns[name]))

    def _check_schema(self) -> None:
        """Check presence and range of the columns that have either, with pandera."""
        if self.frame.empty:
            return
        import pandera.pandas as pa  # here and below: it takes 0.2 s, and stage 1 alone checks rows
        from pandera.errors import SchemaErrors

        judged = (c for c in self.kind.columns.values() if not self._may_be_blank(c) or _range(c))
        schema = pa.DataFrameSchema(
            {c.name: pa.Column(None, checks=_range(c), nullable=self._may_be_blank(c)) for c in judged}
        )
        try:
            schema.validate(self.frame, lazy=True)
        except SchemaErrors as err:
            found = err.failure_cases[["column", "check", "index"]].astype({"index": int})
            for (name, check), rows in found.groupby(["column", "check"], sort=False)["index"]:
                self._schema_problems(self.kind.columns[name], str(check), rows.tolist())

    def _may_be_blank(self, column: Column) -> bool:
        """Tell whether a blank is no fault: in a form a blank figure is not known, which its own checks tell."""
        return not column.required or self.kind.levels

    def _schema_problems(self, column: Column, check: str, rows: list[int]) -> None:
        rows = [i for i in rows if (i, column.name) not in self._told]  # unreadable: "empty" would say it twice
        if check == "not_nullable":
            self.report(rows, column.name, "required")
            return
        high = "" if column.maximum is None else f" đến {column.maximum}"
        self.report(rows, column.name, _rule("range", column), span=f"từ {column.minimum}{high}")
        if not column.required:
            self.frame.loc[rows, column.name] = pd.NA

    def report(self, rows, column: str, rule: str, *, other: dict[int, int] | None = None, **told) -> None:
        """Note a problem for some rows: by position or by a boolean mask; `other` names the row it disagrees with."""
        if isinstance(rows, pd.Series):
            rows = list(rows.index[rows.fillna(False).astype(bool)])
        rows = [i for i in rows if i not in self._gone]
        if not len(rows):
            return
        reason = reasons.load()[rule]
        sentence = reason.told(**told)
        for i in rows:
            place = self.owner[i].place(int(self.origin.at[i, "row"]), column)
            twin = f"{sentence[:-1]} (xem {self.where(other[i])})." if other and i in other else sentence
            self.problems.append(
                {
                    "severity": reason.severity,
                    "file": place.file,
                    "sheet": place.sheet,
                    "row": place.row,
                    "column": self.kind.columns[column].label if place.column == column else place.column,
                    "value_class": values.class_of(self.cells[column][i]),
                    "rule": rule,
                    "sentence": twin,
                    "_index": i,
                    "_column": column,
                }
            )
            self._told.add((i, column))
        if reason.severity == "refused":
            self.refused.loc[list(rows)] = True

    def where(self, i: int) -> str:
        """Name a row in Vietnamese."""
        return str(self.owner[i].place(int(self.origin.at[i, "row"])))

    def fold(self, rows: pd.Series) -> None:
        """Fold the rows of a mask: another row stands for each of them, and nothing more is said of it."""
        self.folded |= rows
        self.refused &= ~self.folded
        self._gone = set(self.folded.index[self.folded])
        self.problems = [p for p in self.problems if p["_index"] not in self._gone]

    @property
    def kept(self) -> pd.Series:
        """Tell which rows are neither refused nor folded."""
        return ~self.refused & ~self.folded

    def accepted(self) -> pd.DataFrame:
        """Return the accepted rows with their origin: 1 row = 1 row of a list."""
        return pd.concat([self.origin[self.kept], self.frame[self.kept]], axis=1)

    def doors(self) -> dict[str, Counter]:
        """Count the rows of each file that came to the door; nothing may be lost between."""
        if not self.tables:  # most kinds of table, in most months
            return {}
        found = {t.file: Counter() for t in self.tables}
        for table in self.tables:
            found[table.file]["read"] += table.rows_read
            found[table.file]["dressing"] += sum(table.dressing.values())
        for fate, mask in (("accepted", self.kept), ("refused", self.refused), ("folded", self.folded)):
            for file, rows in self.origin.loc[mask, "file"].value_counts().items():
                found[file][fate] += int(rows)
        for problem in self.problems:
            found[problem["file"]]["warnings"] += problem["severity"] == "warning"
        for file, counts in found.items():
            if counts["read"] != sum(counts[fate] for fate in FATES[1:]):
                raise AssertionError(f"rows lost at the door: {file} {dict(counts)}")
        return found

    def door(self) -> dict[str, int]:
        """Count the rows of all files: read = dressing + accepted + refused + folded."""
        total = sum(self.doors().values(), Counter())
        return {key: total[key] for key in (*FATES, "warnings")}


def problem_table(sheets: list[Sheet], others: list[dict] = ()) -> pd.DataFrame:
    """Return all problems, files first, then rows: 1 row = 1 problem of 1 cell or 1 file."""
    rows = [*others, *(p for s in sheets for p in s.problems)]
    frame = pd.DataFrame(rows, columns=PROBLEM_COLUMNS)
    rank = frame["severity"].map({s: n for n, s in enumerate(reasons.SEVERITIES)})
    order = frame.assign(_rank=rank).sort_values(["_rank", "file", "sheet", "row"], kind="stable", ignore_index=True)
    return order[PROBLEM_COLUMNS].astype({"row": "Int64"})


def note_row(note: Note) -> dict:
    """Turn a note on a file into a row of the problem table."""
    reason = reasons.load()[note.rule]
    known = {"severity": reason.severity, "rule": note.rule, "sentence": reason.told(**note.values)}
    return known | {c: getattr(note.place, c) for c in ("file", "sheet", "row", "column")} | {"value_class": ""}


def _rule(rule: str, column: Column) -> str:
    """Name the rule for a column: a fault in a column that is not required only warns."""
    return rule if column.required else f"{rule}_optional"


def _parts(cell: object) -> bool:
    return isinstance(cell, str) and sum(c in "/.-" for c in cell) == 2


def _range(column: Column) -> list:
    import pandera.pandas as pa

    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    return checks
