"""Read which counts may be released and how they hang together (linked.toml), and lay a month's counts out by it.

The rule, once: what no entry names stops the release; what is not released stays in room 3; what is not released but
follows from released counts is guarded like them. The first entry that fits a count's table, base and measure counts.
"""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import polars as pl

from infoaccess import rooms, store, tally, units
from infoaccess.errors import ReleaseError

LEVELS = ("city", "district", "commune")


@dataclass(frozen=True)
class Entry:
    """Hold what linked.toml says of some measures of one table."""

    table: str
    measures: tuple[str, ...]
    base: str
    release: bool
    protect: bool = False
    total: bool = False
    groups: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    city: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    denominator: str = "own"
    weight: float = 1
    cumulative: bool = False
    follows: str = ""
    repeats: str = ""


@dataclass(frozen=True)
class Relation:
    """Hold a sum of numerators that makes zero: (sign, (base, measure), group or "" for the relation's own)."""

    groups: tuple[str, ...]
    terms: tuple[tuple[int, tuple[str, str], str], ...]


@dataclass(frozen=True)
class Nested:
    """Hold a whole and parts of it that share no household, each (base, measure, which of its sums), and its rest."""

    rest: str
    groups: tuple[str, ...]
    whole: tuple[str, str, str]
    parts: tuple[tuple[str, str, str], ...]
    entry: int  # of the rest, among the counts
    threshold: int | None = None  # fewest households that a rest may tell of, where not that of the run


@dataclass(frozen=True)
class Declared:
    """Hold linked.toml."""

    counts: tuple[Entry, ...]
    groups: tuple[dict, ...]
    relations: tuple[Relation, ...]
    thresholds: dict[str, int]
    nested: tuple[Nested, ...] = ()
    in_districts: tuple[str, ...] = ()  # groups released for communes that lie in districts

    def entry(self, table: str, base: str, measure: str) -> int | None:
        """Find the first entry that fits a measure."""
        fits = (
            n
            for n, e in enumerate(self.counts)
            if e.table == table and e.base == base and any(fnmatchcase(measure, p) for p in e.measures)
        )
        return next(fits, None)


@cache
def declared() -> Declared:
    """Read linked.toml."""
    return parsed(Path(__file__).with_name("linked.toml").read_text(encoding="utf-8"))


def parsed(text: str) -> Declared:
    """Read a declaration from its text."""
    raw = tomllib.loads(text)
    entries = [Entry(**{k: tuple(v) if isinstance(v, list) else v for k, v in e.items()}) for e in raw["counts"]]
    relations = [Relation(tuple(r["groups"]), tuple(map(_term, r["terms"]))) for r in raw.get("relations", ())]
    nested = []
    for n in raw.get("nested", ()):
        whole, parts = _part(n["whole"]), tuple(map(_part, n["parts"]))
        nested.append(Nested(n["rest"], tuple(n["groups"]), whole, parts, len(entries), n.get("threshold")))
        entries.append(Entry("", (n["rest"],), whole[0], release=False, protect=True, denominator="withheld"))
    return Declared(
        tuple(entries),
        tuple(raw.get("groups", ())),
        tuple(relations),
        raw.get("thresholds", {}),
        tuple(nested),
        tuple(raw["in_districts"]),
    )


def _part(text: str) -> tuple[str, str, str]:
    """Read one count of a nest.

    >>> _part("household:waited_30:complement"), _part("household:H")
    (('household', 'waited_30', 'complement'), ('household', 'H', 'numerator'))
    """
    base, measure, *part = text.split(":")
    return base, measure, part[0] if part else "numerator"


def _term(text: str) -> tuple[int, tuple[str, str], str]:
    """Read one term of a relation.

    >>> _term("-household:listed@poor")
    (-1, ('household', 'listed'), 'poor')
    """
    name, _, group = text[1:].partition("@")
    base, measure = name.split(":")
    return {"+": 1, "-": -1}[text[0]], (base, measure), group


def tables(month: str) -> list[str]:
    """Name the tables that room 3 holds for a month."""
    folder = rooms.data(rooms.INDICATORS, month)
    return sorted(p.parent.name for p in folder.glob("*/counts.parquet") if not p.parent.name.startswith("."))


def read(month: str) -> pl.DataFrame:
    """Read all counts of a month from room 3, each with the name of its table.

    Raises RoomError where there are none.
    """
    found = tables(month) or ["deprivation"]
    return pl.concat(
        store.eager(rooms.INDICATORS, month, f"{t}/counts").with_columns(pl.lit(t).alias("table")) for t in found
    )


def kept(counts: pl.DataFrame, month: str, rules: Declared, threshold: int) -> pl.DataFrame:
    """Keep what is released or guarded: adds entry (its place in the declaration), released, count_only, threshold.

    Raises ReleaseError for a table or measure that no entry names, and for a count that stands there twice.
    """
    what = counts.select("table", "base", "measure").unique(maintain_order=True)
    found = [rules.entry(*row) for row in what.iter_rows()]
    lost = sorted(f"{t}: {m} ({b})" for (t, b, m), n in zip(what.iter_rows(), found, strict=True) if n is None)
    if lost:
        raise ReleaseError(
            f"Tháng {month}: phòng 3 có số đếm chưa khai báo trong linked.toml, không công bố gì: {'; '.join(lost)}. "
            "Hãy khai báo số đếm này được công bố hay không."
        )
    named = what.with_columns(pl.Series("entry", found, pl.Int64))
    own = units.LEVELS[units.era_of(month)]
    held = _allowed(rules, districts=len(own) > 2)
    allowed = pl.DataFrame(held, ["entry", "released", "count_only", "level", "own", "group"], orient="row")
    level = pl.col("area_set").str.split("_").list.last()
    placed = counts.with_columns(
        pl.col("area_set").is_in(own).alias("own"),
        pl.when(pl.col("area_set").is_in(units.AREA_SETS)).then(level).otherwise(pl.lit("other")).alias("level"),
    )
    whole = placed.join(named, on=["table", "base", "measure"]).join(allowed, on=["entry", "level", "own", "group"])
    whole = whole.drop("own", "level")
    limit = pl.lit(threshold, pl.Int64)
    for pattern, least in rules.thresholds.items():
        fits = [g for g in whole["group"].unique() if fnmatchcase(g, pattern)]
        limit = pl.when(pl.col("group").is_in(fits)).then(pl.max_horizontal(limit, pl.lit(least))).otherwise(limit)
    whole = whole.with_columns(limit.alias("threshold"))
    if whole.select(pl.struct(tally.KEYS).is_duplicated().any()).item():
        raise ReleaseError(f"Tháng {month}: một số đếm có hai lần ở phòng 3. Hãy chạy lại bước 3 của tháng này.")
    return whole.sort(tally.KEYS)


def _allowed(rules: Declared, districts: bool) -> list[tuple]:
    """List what may be kept: (entry, released, count_only, level, in the month's own units, group).

    `districts`: the month's communes lie in districts, for which all groups are released; the communes have fewer then.
    """
    found = []
    for n, e in enumerate(rules.counts):
        if not (e.release or e.protect):
            continue
        what = (n, e.release, e.denominator in ("public", "withheld"))
        for level in (*LEVELS, "other"):
            if e.levels and level not in e.levels:
                continue
            groups = [g for g in e.groups if g in rules.in_districts] if districts and level == "commune" else e.groups
            found += [(*what, level, True, g) for g in (*groups, *(e.city if level == "city" else ()))]
            found += [(*what, level, False, g) for g in e.elsewhere]
    return found
