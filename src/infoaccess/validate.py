"""The first door (stage 1): every row of a list is accepted with the right meaning or refused with a reason.

Frames: `origin` and the frame of values share their index, 1 row = 1 row of a list. A problem says where, what
and what to do; it never quotes a cell, only the class of its value. Accepted + refused = rows of data, asserted
at the door.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from infoaccess import values
from infoaccess.columns import Column, Kind
from infoaccess.lists import Table

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

    def __init__(self, kind: Kind, tables: list[Table]):
        """Convert all cells; note each cell that is no value of its column's type."""
        self.kind = kind
        self.tables = tables
        owners = [(t, number, row) for t in tables for number, row in t.rows]
        self.owner = [t for t, _, _ in owners]
        self.origin = pd.DataFrame(
            {
                "file": [t.file for t, _, _ in owners],
                "sheet": [t.sheet for t, _, _ in owners],
                "row": [n for _, n, _ in owners],
            }
        ).astype({"file": "str", "sheet": "str", "row": "int64"})
        self.cells = {name: [_cell(t, row, name) for t, _, row in owners] for name in kind.columns}
        self.frame = pd.DataFrame(index=self.origin.index)
        self.problems: list[dict] = []
        self.refused = pd.Series(False, index=self.origin.index)
        for column in kind.columns.values():
            self._convert(column)
        self._check_schema()

    def _convert(self, column: Column) -> None:
        cells = self.cells[column.name]
        if column.type == "choice":
            converted, good = values.choice(cells, column.choices)
        else:
            converted, good = getattr(values, column.type)(cells)
        if column.type == "tick":  # a box can only be empty where there is a column of boxes
            converted = [v if column.name in t.position else None for v, t in zip(converted, self.owner, strict=True)]
        dtype = _DTYPES.get(column.type, "object" if column.type == "date" else "str")
        self.frame[column.name] = pd.Series(converted, index=self.frame.index, dtype=dtype)
        bad = [i for i, ok in enumerate(good) if not ok]
        sentence = f"Giá trị không đọc được là {_NOUNS[column.type]}; hãy sửa ô này"
        self.report(bad, column.name, "value", sentence, refuse=column.required)

    def _check_schema(self) -> None:
        """Check presence and range of every column with pandera."""
        schema = pa.DataFrameSchema(
            {c.name: pa.Column(None, checks=_range(c), nullable=not c.required) for c in self.kind.columns.values()}
        )
        try:
            schema.validate(self.frame, lazy=True)
        except SchemaErrors as err:
            for name, check, index in err.failure_cases[["column", "check", "index"]].itertuples(index=False):
                self._schema_problem(self.kind.columns[name], str(check), int(index))

    def _schema_problem(self, column: Column, check: str, index: int) -> None:
        told = any(p["_index"] == index and p["_column"] == column.name for p in self.problems)
        if told:
            return  # unreadable already: "empty" would say it twice
        if check == "not_nullable":
            self.report([index], column.name, "required", "Ô bắt buộc đang trống; hãy điền giá trị")
        else:
            high = "" if column.maximum is None else f" đến {column.maximum}"
            sentence = f"Giá trị ngoài khoảng cho phép (từ {column.minimum}{high}); hãy kiểm tra lại"
            self.report([index], column.name, "range", sentence, refuse=column.required)
            if not column.required:
                self.frame.loc[index, column.name] = pd.NA

    def report(self, rows, column: str, rule: str, sentence: str, *, refuse: bool = True) -> None:
        """Note a problem for some rows: by position or by a boolean mask."""
        if isinstance(rows, pd.Series):
            rows = list(rows.index[rows.fillna(False).astype(bool)])
        for i in rows:
            place = self.owner[i].place(int(self.origin.at[i, "row"]), column)
            self.problems.append(
                {
                    "severity": "refused" if refuse else "warning",
                    "file": place.file,
                    "sheet": place.sheet,
                    "row": place.row,
                    "column": self.kind.columns[column].label if place.column == column else place.column,
                    "value_class": values.class_of(self.cells[column][i]),
                    "rule": rule,
                    "sentence": sentence + ".",
                    "_index": i,
                    "_column": column,
                }
            )
        if refuse:
            self.refused.loc[list(rows)] = True

    def accepted(self) -> pd.DataFrame:
        """Return the accepted rows with their origin: 1 row = 1 row of a list."""
        kept = ~self.refused
        return pd.concat([self.origin[kept], self.frame[kept]], axis=1)

    def door(self) -> dict[str, int]:
        """Count the rows that came to the door; nothing may be lost between."""
        read = sum(t.rows_read for t in self.tables)
        dressing = sum(sum(t.dressing.values()) for t in self.tables)
        refused = int(self.refused.sum())
        accepted = len(self.accepted())
        if read != dressing + accepted + refused:
            raise AssertionError(f"rows lost at the door: {read} != {dressing} + {accepted} + {refused}")
        warnings = sum(p["severity"] == "warning" for p in self.problems)
        return {
            "read": read,
            "dressing": dressing,
            "accepted": accepted,
            "refused": refused,
            "warnings": warnings,
        }


def problem_table(sheets: list[Sheet]) -> pd.DataFrame:
    """Return all problems, the refusals first: 1 row = 1 problem of 1 cell."""
    rows = [p for s in sheets for p in s.problems]
    frame = pd.DataFrame(rows, columns=PROBLEM_COLUMNS)
    return frame.sort_values(["severity", "file", "sheet", "row"], kind="stable", ignore_index=True)


def _cell(table: Table, row: list, name: str) -> object:
    at = table.position.get(name)
    return None if at is None or at >= len(row) else row[at]


def _range(column: Column) -> list[pa.Check]:
    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    return checks
