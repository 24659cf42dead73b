"""Stage 4: from counts to counts that may be printed.

Primary suppression: a sum is hidden when fewer than `threshold` households stand behind it or behind its
complement, so that neither a small number nor "none" or "all" of a group tells about a household; a whole group
below the threshold is hidden with its denominator. A group without any household discloses nobody and stays. A count
that stands alone, without a denominator to compare with, is hidden where it is small, not where it is zero.
The threshold is the office's own policy: the Statistics Law (art. 57) names no number. Hidden counts are
marked, not blank, and carry no value.

Secondary suppression: what is hidden so could be worked out from totals, complements, other units, groups and
measures, or from earlier months. `protection` hides more until `attack`, which knows all that is printed and all sums
(linked.toml), leaves every small count an interval at least `threshold` households wide. The attack's result stands at
the door; where it finds a count in danger nothing is released. Both kinds of hidden counts print alike. A rate is
printed only where both its counts are, so it tells nothing more.
"""

import json
import time

import numpy as np
import polars as pl

from infoaccess import derived, earlier, equations, former, linked, protection, rooms, store, tally
from infoaccess.errors import ReleaseError, UsageError
from infoaccess.linked import Declared

PUBLISHED, PRIMARY, SECONDARY, MISSING = "published", "suppressed_primary", "suppressed_secondary", "missing"
SUPPRESSED = (PRIMARY, SECONDARY)
PLANS = {  # the office's own plans and promises: of the whole city, no household's
    "targets": ["year", "target_id", "target_percent"],
    "promises": ["month", "source", "phones"],
    "budgets": ["year", "source", "planned_vnd"],
}
CONTEXT = ("subscriber",)  # bases that count no household of a list


def primary(counts: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """Add numerator_status and denominator_status, and take the value from what is hidden: rows stay as they are.

    A column `threshold` gives a row another one; where a column `count_only` is true the denominator is not judged.
    Raises UsageError for a threshold below 2, which would protect nobody.

    >>> row = {"base": "household", "measure": "m", "numerator": 3, "denominator": 40, "numerator_contributors": 3,
    ...        "complement_contributors": 37, "denominator_contributors": 40}
    >>> primary(pl.DataFrame([row]), 5).select("numerator", "numerator_status", "denominator").row(0)
    (None, 'suppressed_primary', 40)
    """
    if threshold < 2:
        raise UsageError(f"Ngưỡng bảo mật {threshold} không bảo vệ được ai; hãy đặt từ 2 trở lên (mặc định 5).")
    n, c, d = (pl.col(f"{part}_contributors") for part in ("numerator", "complement", "denominator"))
    least = pl.col("threshold") if "threshold" in counts.columns else pl.lit(threshold)
    of_list = ~pl.col("base").is_in(CONTEXT)
    # The denominator of "listed" is the whole population of the unit: never small, and its complement is no secret.
    alone = pl.col("measure") == "listed"
    alone = alone | pl.col("count_only") if "count_only" in counts.columns else alone
    small_group = (d > 0) & (d < least) & ~alone
    empty = pl.when(alone).then(n == 0).otherwise(d == 0)
    small_part = (n < least) | ((c < least) & ~alone)
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
    return _without_hidden(marked).drop([s for s in tally.SUMS if s.endswith("contributors")])


def _without_hidden(marked: pl.DataFrame) -> pl.DataFrame:
    """Take the value from what is not published."""
    return marked.with_columns(
        pl.when(pl.col(f"{part}_status") == PUBLISHED).then(pl.col(part)).alias(part)
        for part in ("numerator", "denominator")
    )


def model(
    rows: pl.DataFrame, month: str, threshold: int, rules: Declared, before: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, equations.Model]:
    """Add to a month's kept counts what nobody prints, judge all, and build the system of their sums.

    `before` holds what former revisions of the month printed (`former`).
    """
    rows = pl.concat([rows, derived.nested(rows, rules)], how="diagonal")
    rows = pl.concat([rows, derived.rests(rows, rules)], how="diagonal")
    extra, of, sums = derived.remainders(rows, month)
    rows = pl.concat([rows, extra], how="diagonal")
    status = primary(rows, threshold)
    small = [(status[f"{part}_status"] == PRIMARY).alias(name) for part, name in _SMALL.items()]
    rows = former.mark(earlier.mark(rows.with_columns(small), month, rules), before, rules)
    rows = rows.with_columns(pl.col("small") | pl.col("told"))
    return rows, equations.build(rows, of, sums, rules)


_SMALL = {"numerator": "small", "denominator": "small_group"}


def release(
    counts: pl.DataFrame,
    month: str,
    threshold: int,
    rules: Declared | None = None,
    before: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, dict]:
    """Release a month's counts (room 3, with their tables): the columns of room 4, and what the attack found.

    `before` holds what former revisions of the month printed (`former`).

    Raises ReleaseError where counts are not declared, do not add up, or cannot be protected.
    """
    rules = rules or linked.declared()
    kept = linked.kept(counts, month, rules, threshold)
    rows, built = model(kept, month, threshold, rules, before)
    if np.abs(built.system.gaps()).max(initial=0) > 0.5:
        raise ReleaseError(f"Tháng {month}: số đếm ở phòng 3 không cộng khớp, không công bố gì. Hãy chạy lại bước 3.")
    start = time.perf_counter()
    found = protection.protect(built)
    told = verdict(found, built, month)
    statuses = {part: _statuses(rows, built, found, at) for part, at in (("numerator", 0), ("denominator", 2))}
    marked = rows.with_columns(pl.Series(f"{part}_status", s) for part, s in statuses.items())
    withheld = [n for n, e in enumerate(rules.counts) if e.denominator == "withheld"]
    status = pl.when(pl.col("denominator").is_null()).then(pl.lit(MISSING)).otherwise("denominator_status")
    status = pl.when(pl.col("entry").is_in(withheld) & (status != MISSING)).then(pl.lit(SECONDARY)).otherwise(status)
    marked = marked.with_columns(status.alias("denominator_status"))
    shown = _without_hidden(marked.filter("released"))
    columns = [*tally.KEYS, "numerator", "denominator", "communes_received", "communes_expected"]
    columns += ["numerator_status", "denominator_status"]
    return shown.select(columns).sort(tally.KEYS), told | {"seconds": round(time.perf_counter() - start, 1)}


def verdict(found: protection.Protected, built: equations.Model, month: str) -> dict:
    """Say what the last attack found: hidden counts attacked, the small ones of them, the narrowest interval left.

    `narrowest` is the least width of a small count's interval over the width asked for it: never below 1.
    `told_before` counts those that former prints alone told: less is asked for them, as nothing takes that back.
    Raises ReleaseError where a count is in danger, saying how many and never which value.
    """
    audit, need = found.audit, found.need
    if len(audit.exposed):
        raise ReleaseError(
            f"Tháng {month}: {len(audit.exposed)} số đếm bị che vẫn có thể suy ra được; không công bố gì, "
            "số liệu đã công bố trước đây giữ nguyên. Hãy báo người phụ trách phần mềm."
        )
    small = ~built.known(found.hidden) & (need > 0)
    ratio = (audit.width[small] / need[small]).min(initial=np.inf)
    return {
        "attacked": audit.attacked,
        "small": int(small.sum()),
        "exposed": 0,
        "told_before": found.before,
        "narrowest": None if np.isinf(ratio) else round(float(ratio), 2),
    }


def _statuses(rows: pl.DataFrame, built: equations.Model, found: protection.Protected, at: int) -> list[str]:
    """Name the status of one part of every row."""
    state = np.full(len(built.cost) + 1, PUBLISHED, object)
    state[list(found.hidden)] = SECONDARY
    state[list(found.first)] = PRIMARY
    places = 3 * built.cell + at
    names = np.where(built.cell < 0, MISSING, state[built.bundle[places]])
    return names.tolist()


def quality(month: str) -> dict:
    """Return what a report may say of the data's quality: counts at the doors, no row and no unit below the commune."""
    one, two = store.door(rooms.VALIDATED, month), store.door(rooms.PLACED, month)
    keep = ("tables", "communes", "communes_without_list", "handover_list_received", "problems", "synthetic")
    refused = sum(f["state"] == "refused" for f in one["files"])
    return (
        {k: one[k] for k in keep}
        | {"tables": store.told(one["tables"])}
        | {"files": len(one["files"]), "files_refused": refused}
        | {k: two[k] for k in ("units", "complete")}
    )


def attacked(month: str) -> dict:
    """Return what the manifest says of a month's release: threshold, numerators by status, what the attack found."""
    door = store.door(rooms.RELEASE, month)
    attack_ = {k: v for k, v in door["attack"].items() if k != "seconds"}
    return {"threshold": door["threshold"], "numerators": door["numerators"], "attack": attack_}


def _revised(
    counts: pl.DataFrame, month: str, threshold: int, before: pl.DataFrame | None
) -> tuple[pl.DataFrame, dict]:
    """Release against a reader who knows which counts are as before; where one that is not cannot be hidden from him,
    against one who does not know that, which the result tells.
    """
    try:
        return release(counts, month, threshold, before=before)
    except ReleaseError:
        if before is None:
            raise
    released, told = release(counts, month, threshold, before=former.patterns(before))
    return released, told | {"unchanged_known": False}


def run(month: str, threshold: int) -> dict:
    """Release one month's counts into room 4 and return how many were hidden.

    Raises ReleaseError where they cannot be released safely: room 4 keeps what it had.
    """
    counts, before, there = linked.read(month), former.kept(month), former.present(month)
    released, told = _revised(counts, month, threshold, before)
    if there is not None and not released.equals(there):  # another revision: readers keep the present one too
        before = former.added(before, there)
        released, told = _revised(counts, month, threshold, before)
    statuses = released.group_by("numerator_status").len().sort("numerator_status").rows()
    door = {"month": month, "threshold": threshold, "rows": released.height, "numerators": dict(statuses)}
    door["attack"] = told
    with rooms.replaced(rooms.data(rooms.RELEASE, month)) as folder:
        released.write_parquet(folder / "counts.parquet", compression="zstd")
        if before is not None:
            before.write_parquet(folder / former.FILE, compression="zstd")
        for name, columns in PLANS.items():
            store.eager(rooms.PLACED, month, name).select(columns).write_parquet(folder / f"{name}.parquet")
        text = json.dumps(quality(month), ensure_ascii=False, indent=1)
        (folder / "quality.json").write_text(text, encoding="utf-8")
        (folder / "door.json").write_text(json.dumps(door, ensure_ascii=False, indent=1), encoding="utf-8")
    return door
