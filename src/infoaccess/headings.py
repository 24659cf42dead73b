"""Find headings: the window of 1 to 4 rows that names most columns of a kind of table; propose names for the unknown.

A proposal is only shown, never used: what the office confirms is kept in data/headings.toml by the checksum of the
heading and used from then on (scripts/confirm_headings.py).
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from infoaccess import columns, rooms
from infoaccess.columns import Kind, Match
from infoaccess.errors import RoomError, UsageError

ROWS = 40  # the first heading of a sheet starts within so many rows
TIERS = 4  # and has at most so many
NEEDED = 3  # names of columns in one row that make it worth a look
WIDE = 300  # columns in which likeness is looked for
CLOSE = 80  # likeness from which a name is proposed, 0-100


@dataclass(frozen=True)
class Found:
    """Hold one heading: its rows (from 0, both included), what it names, its headings as paths."""

    first: int
    last: int
    match: Match
    paths: list[str]

    @property
    def key(self) -> str:
        """Return the checksum by which a confirmed heading is known again."""
        return checksum(self.paths)


def checksum(paths: list[str]) -> str:
    """Return 12 hexadecimal digits that stand for a heading.

    >>> checksum(["mã hộ", "thôn"])
    '2e0b9616ed5a'
    """
    return hashlib.sha256("\n".join(paths).encode("utf-8")).hexdigest()[:12]


def find(cells: list[list], merged: list, confirmed: dict[str, dict]) -> list[Found]:
    """Find all headings of a sheet from the top; the same heading again further down opens no new table."""
    found: list[Found] = []
    solid: list[int] = []  # positions where a row of data has a number
    for number, row in enumerate(cells):
        if not found and number >= ROWS + TIERS:
            break
        if found and (number <= found[-1].last or any(_number(row, at) for at in solid)) or not _worded(row):
            continue
        start = max(found[-1].last + 1 if found else 0, number - TIERS + 1)
        head = _best(cells, merged, start, number, confirmed)
        if head and (not found or head.paths != found[-1].paths):
            found.append(head)
            kind, position = head.match.kind, head.match.position
            solid = [position[c.name] for c in kind.required if c.type in ("count", "money") and c.name in position]
    return found


def _number(row: list, at: int) -> bool:
    cell = row[at] if at < len(row) else ""
    return isinstance(cell, int | float) or (isinstance(cell, str) and cell.strip().isdigit())


def _worded(row: list) -> bool:
    """Tell whether a row holds some names of columns."""
    texts = [v for v in row if isinstance(v, str) and len(v) > 1]
    words = columns.words()
    return len(texts) >= NEEDED and sum(columns.normal(v) in words for v in texts) >= NEEDED - 1


def _best(cells: list[list], merged: list, first: int, row: int, confirmed: dict[str, dict]) -> Found | None:
    """Find the best window of rows that starts at `first` or below and holds `row`."""
    best, rank = None, (0.0, 0, 0)
    for start in range(first, row + 1):
        for depth in range(row - start + 1, TIERS + 1):
            if start + depth > len(cells) or any(map(_ends_heading, cells[start : start + depth])):
                break
            paths = _paths(cells, merged, start, depth)
            match = columns.recognise(paths, confirmed.get(checksum(paths)))
            if match and (match.share, len(match.position), -depth) > rank:
                rank = (match.share, len(match.position), -depth)
                best = Found(start, start + depth - 1, match, paths)
    return best


def _ends_heading(row: list) -> bool:
    """Tell whether a row is no part of a heading: blank, or few names of columns and a number no heading has."""
    if _worded(row):
        return False
    words = [str(int(v) if isinstance(v, float) and v.is_integer() else v).strip() for v in row if v not in ("", None)]
    return not any(words) or any(w.isdigit() and len(w) not in (1, 2, 4) for w in words)


def _paths(cells: list[list], merged: list, start: int, depth: int) -> list[str]:
    """Write each column's tiers as a path; a column without text of its own has none.

    A merged upper tier stands over all columns it spans; a merged name does not name the columns beside it.
    """
    tiers = cells[start : start + depth]
    width = max(len(r) for r in tiers)
    own = [["" if v is None else v for v in row] + [""] * (width - len(row)) for row in tiers]
    spread = [list(row) for row in own]
    for (top, left), (bottom, right) in merged:
        if start <= top < start + depth and bottom - top <= TIERS and left < width:
            span = range(left, min(right, width - 1) + 1)
            for row in range(top, min(bottom, start + depth - 1) + 1):
                for column in span:
                    spread[row - start][column] = own[top - start][left]
    held = [any(str(v).strip() for v in column) for column in zip(*own, strict=True)]
    return [columns.path(list(c)) if mine else "" for c, mine in zip(zip(*spread, strict=True), held, strict=True)]


def spelling(cells: list[list], head: Found, at: int) -> str:
    """Return a heading the way the file spells it: the lowest non-blank tier."""
    rows = cells[head.first : head.last + 1]
    words = [str(r[at]) for r in rows if at < len(r) and r[at] not in ("", None)]
    return " ".join(words[-1].split()) if words else ""


def shown(path: str) -> str:
    """Write a path for a reader.

    >>> shown("chỉ số thiếu hụt > 11")
    'chỉ số thiếu hụt / 11'
    """
    return path.replace(" > ", " / ")


def proposal(kind: Kind, path: str, position: dict[str, int]) -> str | None:
    """Propose the column that an unknown heading may mean, of those the table lacks."""
    from rapidfuzz import fuzz, process  # most files have no unknown heading, and every reader would wait for it

    names = {a: c.name for c in kind.columns.values() if c.name not in position for a in c.aliases if len(a) > 2}
    best = process.extractOne(path.rsplit(" > ", 1)[-1], names.keys(), scorer=fuzz.ratio, score_cutoff=CLOSE)
    return names[best[0]] if best else None


def proposals(head: Found) -> list[dict]:
    """List the unknown headings of a table with the columns they may mean: what the office can confirm."""
    unknown = [head.paths[i] for i in head.match.unknown]
    kind, position = head.match.kind, dict(head.match.position)
    return [
        {"kind": kind.name, "heading_key": head.key, "path": p, "column": proposal(kind, p, position)} for p in unknown
    ]


def closest(cells: list[list], merged: list) -> Found | None:
    """Find the window that would be a heading if every name close to a known one were it."""
    best, rank = None, (columns.THRESHOLD - 0.01, 0)  # half of them is close
    cells = [row[:WIDE] for row in cells[: ROWS + TIERS]]
    for start in range(min(ROWS, len(cells))):
        if sum(isinstance(v, str) and len(v) > 1 for v in cells[start]) < NEEDED:
            continue
        for depth in (1, 2):
            if start + depth > len(cells):
                break
            paths = _paths(cells, merged, start, depth)
            for kind in columns.kinds().values():
                exact = columns.match(kind, paths)
                guessed = {proposal(kind, paths[i], exact.position) for i in exact.unknown} - {None}
                named = set(exact.position) | guessed
                share = sum(c.name in named for c in kind.required) / len(kind.required)
                if (share, -depth) > rank and len(named) >= NEEDED - 1:
                    best, rank = Found(start, start + depth - 1, exact, paths), (share, -depth)
    return best


def load(path: Path) -> dict[str, dict[str, str]]:
    """Read what the office confirmed: heading key -> {path of a heading: column, "" for none}.

    Raises RoomError where the file is broken.
    """
    if not path.exists():
        return {}
    try:
        return {key: dict(entry["columns"]) for key, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, OSError) as err:
        raise RoomError(f"Tệp {path} hỏng. Hãy sửa hoặc xóa tệp; tên cột sẽ phải xác nhận lại.") from err


def confirm(path: Path, key: str, kind: Kind, chosen: dict[str, str]) -> None:
    """Keep what the office confirmed of one heading.

    Raises UsageError for a column that the kind of table does not have.
    """
    for column in chosen.values():
        if column and column not in kind.columns:
            raise UsageError(f'"{kind.title}" không có cột {column!r}. Các cột: {", ".join(kind.columns)}.')
    kept = {k: {"columns": c} for k, c in load(path).items()}
    kept[key] = {"columns": kept.get(key, {}).get("columns", {}) | chosen}
    rooms.put(path, tomli_w.dumps(kept))
