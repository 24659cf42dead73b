"""Say which counts a report may print: the public edition those of room 4, the internal one the full ones of room 3.

The internal edition shows the same cells as the public one, none of them hidden. It is made by an explicit wish alone,
lies in data/noi_bo/<month> for its owner, and bears the word NỘI BỘ on every page. Nothing of it may be published:
what leaves the house is made again with room 3 shut (`leaving`), where this edition cannot be read.
"""

from pathlib import Path

import polars as pl

from infoaccess import linked, rooms
from infoaccess.errors import UsageError

PUBLIC, INTERNAL = EDITIONS = ("public", "internal")
KEYS = ["area_set", "code", "group", "base", "measure"]
PARTS = ("numerator", "denominator")


def named(edition: str) -> str:
    """Return the name of an edition.

    Raises UsageError for one that does not exist.

    >>> named("public")
    'public'
    """
    if edition not in EDITIONS:
        raise UsageError(f"Bản {edition!r} không có; chọn một trong: {', '.join(EDITIONS)}.")
    return edition


def by_itself(edition: str, other: object) -> None:
    """Let an edition be asked for.

    Raises UsageError for the internal one together with --due or --as-of.
    """
    if named(edition) == INTERNAL and other:
        raise UsageError("Bản nội bộ (--edition internal) không dùng chung với --due hoặc --as-of.")


def files(month: str, edition: str) -> list[Path]:
    """Name the files of room 3 that an edition rests on: none for the public one.

    Raises RoomError for the internal one inside `rooms.released_only`.
    """
    if named(edition) == PUBLIC:
        return []
    return [rooms.data(rooms.INDICATORS, month) / table / "counts.parquet" for table in linked.tables(month)]


def counts(month: str, edition: str) -> pl.LazyFrame:
    """Open a month's counts in the columns of room 4; a month whose lists were deleted has the public ones alone."""
    released = pl.scan_parquet(rooms.data(rooms.RELEASE, month) / "counts.parquet")
    if named(edition) == PUBLIC or not linked.tables(month):
        return released
    full = linked.read(month).lazy().select(*KEYS, *PARTS).unique(KEYS)
    found = released.drop(PARTS).join(full, on=KEYS, how="left", maintain_order="left")
    shown = [
        pl.when(pl.col(p).is_null()).then(pl.lit("missing")).otherwise(pl.lit("published")).alias(f"{p}_status")
        for p in PARTS
    ]
    return found.with_columns(shown)
