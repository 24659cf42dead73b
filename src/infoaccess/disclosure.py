"""Stage 4: from counts to counts that may be printed.

Primary suppression: a sum is hidden when fewer than `threshold` households stand behind it or behind its
complement, so that neither a small number nor "none" or "all" of a group tells about a household; a whole group
below the threshold is hidden with its denominator. A group without any household discloses nobody and stays.
The threshold is the office's own policy: the Statistics Law (art. 57) names no number. Hidden counts are
marked, not blank, and carry no value.

Secondary suppression (so that a hidden count cannot be worked out from totals) adds rows of status
`suppressed_secondary` to the same frame; until it exists, the method note of each report says that it does not.
"""

import json

import polars as pl

from infoaccess import rooms, store, tally
from infoaccess.errors import UsageError

PUBLISHED, PRIMARY, SECONDARY, MISSING = "published", "suppressed_primary", "suppressed_secondary", "missing"
SUPPRESSED = (PRIMARY, SECONDARY)
TABLES = ("deprivation", "smartphones", "programme")
CONTEXT = ("subscriber",)  # bases that count no household of a list


def primary(counts: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Add numerator_status and denominator_status, and take the value from what is hidden: rows stay as they are.

    Raises UsageError for a threshold below 2, which would protect nobody.

    >>> row = {"base": "household", "measure": "m", "numerator": 3, "denominator": 40, "numerator_contributors": 3,
    ...        "complement_contributors": 37, "denominator_contributors": 40}
    >>> primary(pl.DataFrame([row]), 5).select("numerator", "numerator_status", "denominator").row(0)
    (None, 'suppressed_primary', 40)
    """
    if threshold < 2:
        raise UsageError(f"Ngưỡng bảo mật {threshold} không bảo vệ được ai; hãy đặt từ 2 trở lên (mặc định 5).")
    n, c, d = (pl.col(f"{part}_contributors") for part in ("numerator", "complement", "denominator"))
    of_list = ~pl.col("base").is_in(CONTEXT)
    # The denominator of "listed" is the whole population of the unit: never small, and its complement is no secret.
    is_listed = pl.col("measure") == "listed"
    small_group = (d > 0) & (d < threshold) & ~is_listed
    empty = pl.when(is_listed).then(n == 0).otherwise(d == 0)
    small_part = (n < threshold) | ((c < threshold) & ~is_listed)
    unknown = pl.col("numerator").is_null()
    numerator = (
        pl.when(unknown)
        .then(pl.lit(MISSING))
        .when(of_list & ~empty & (small_group | small_part))
        .then(pl.lit(PRIMARY))
        .otherwise(pl.lit(PUBLISHED))
    )
    denominator = (
        pl.when(pl.col("denominator").is_null())
        .then(pl.lit(MISSING))
        .when(of_list & small_group)
        .then(pl.lit(PRIMARY))
        .otherwise(pl.lit(PUBLISHED))
    )
    marked = counts.with_columns(numerator.alias("numerator_status"), denominator.alias("denominator_status"))
    hidden = [
        pl.when(pl.col(f"{part}_status") == PUBLISHED).then(pl.col(part)).alias(part)
        for part in ("numerator", "denominator")
    ]
    return marked.with_columns(hidden).drop([s for s in tally.SUMS if s.endswith("contributors")])


def quality(month: str) -> dict:
    """Return what a report may say of the data's quality: counts at the doors, no row and no unit below the commune."""
    one, two = store.door(rooms.VALIDATED, month), store.door(rooms.PLACED, month)
    keep = ("tables", "communes", "communes_without_list", "handover_list_received", "problems", "synthetic")
    refused = sum(f["state"] == "refused" for f in one["files"])
    return (
        {k: one[k] for k in keep}
        | {"files": len(one["files"]), "files_refused": refused}
        | {k: two[k] for k in ("units", "complete")}
    )


def run(month: str, threshold: int) -> dict:
    """Release one month's counts into room 4 and return how many were hidden."""
    counts = pl.concat([store.eager(rooms.INDICATORS, month, f"{name}/counts") for name in TABLES])
    released = primary(counts, threshold)
    statuses = released.group_by("numerator_status").len().sort("numerator_status").rows()
    door = {"month": month, "threshold": threshold, "rows": released.height, "numerators": dict(statuses)}
    with rooms.replaced(rooms.data(rooms.RELEASE, month)) as folder:
        released.write_parquet(folder / "counts.parquet", compression="zstd")
        store.eager(rooms.PLACED, month, "targets").write_parquet(folder / "targets.parquet")
        text = json.dumps(quality(month), ensure_ascii=False, indent=1)
        (folder / "quality.json").write_text(text, encoding="utf-8")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door
