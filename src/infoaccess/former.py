"""Remember what former revisions of a month's room 4 printed, and tell what that says of the counts to be printed now.

The counting rule, once. A reader keeps what was printed. A numerator or denominator that a former revision printed and
that is the same now is known, printed or not; what a former revision hid stays hidden, for its own sums would tell it.
Where more lists came since, a numerator that changed by fewer than the threshold is hidden, in the city too: it tells
of few households. A correction of lists is not hidden for being small, as it has to be published. Room 4 counts as
printed whether or not reports were made of it.
"""

import polars as pl

from infoaccess import rooms
from infoaccess.linked import Declared

KEY = ["area_set", "code", "group", "base", "measure"]
_STATES = ["numerator_status", "denominator_status"]
_HELD = [*KEY, "numerator", "denominator", "communes_received", *_STATES]
_TOLD = ["same", "few", "same_denominator", "held", "held_denominator"]
FILE = "former.parquet"


def kept(month: str) -> pl.DataFrame | None:
    """Read what revisions before the present one printed: 1 row = 1 count of 1 revision; None where there is none."""
    path = rooms.data(rooms.RELEASE, month) / FILE
    return pl.read_parquet(path) if path.exists() else None


def present(month: str) -> pl.DataFrame | None:
    """Read what room 4 holds of a month now; None where it holds nothing."""
    path = rooms.data(rooms.RELEASE, month) / "counts.parquet"
    return pl.read_parquet(path) if path.exists() else None


def added(before: pl.DataFrame | None, printed: pl.DataFrame) -> pl.DataFrame:
    """Add a revision to those before it; the same count with the same values is kept once."""
    new = printed.filter(pl.col("numerator_status") != "missing").select(_HELD)
    return pl.concat([new] if before is None else [before, new]).unique(maintain_order=True)


def patterns(before: pl.DataFrame) -> pl.DataFrame:
    """Keep what was hidden and forget the values, for a reader who does not know which counts are still the same."""
    return before.with_columns(pl.lit(None, pl.Int64).alias(c) for c in ("numerator", "denominator"))


def mark(rows: pl.DataFrame, before: pl.DataFrame | None, rules: Declared) -> pl.DataFrame:
    """Add to public and told what former revisions say, and public_denominator, held and held_denominator."""
    if before is None:
        return rows.with_columns(pl.lit(False).alias(c) for c in ("public_denominator", "held", "held_denominator"))
    alone = [n for n, e in enumerate(rules.counts) if e.denominator in ("public", "withheld")]
    now = rows.with_row_index("place")
    both = now.select("place", *(c for c in _HELD if c not in _STATES), "threshold", "entry").join(
        before, on=KEY, suffix="_then", maintain_order="left"
    )
    moved = (pl.col("numerator") - pl.col("numerator_then")).abs()
    few = (moved > 0) & (moved < pl.col("threshold"))
    few = few & (pl.col("communes_received") != pl.col("communes_received_then"))
    gone, below = (pl.col(state).str.starts_with("suppressed") for state in _STATES)
    said = both.group_by("place").agg(
        (moved == 0).any().alias("same"),
        few.any().alias("few"),
        (pl.col("denominator") == pl.col("denominator_then")).any().alias("same_denominator"),
        gone.any().alias("held"),
        (below & ~pl.col("entry").is_in(alone)).any().alias("held_denominator"),
    )
    said = said.with_columns(pl.col(c).fill_null(False) for c in _TOLD)
    found = now.join(said, on="place", how="left", maintain_order="left").with_columns(
        pl.col(c).fill_null(False) for c in _TOLD
    )
    return found.with_columns(
        (pl.col("public") | pl.col("same")).alias("public"),
        (pl.col("told") | pl.col("few")).alias("told"),
        pl.col("same_denominator").alias("public_denominator"),
    ).drop("place", "same", "few", "same_denominator")
