"""Gather what asks for a look in a month: breaches, what could not be checked, open rows, doubtful lists and figures.

Counting rule: every rule is another module's; here its findings of all months to date are read from rooms 2 and 3 and
given names of communes, sources and rules, for the office's list of things to do (work_list). No person is named.
"""

import pandas as pd
import polars as pl

from infoaccess import (
    areas,
    deprivation,
    eligibility,
    plausibility,
    plausible_lists,
    report,
    rooms,
    store,
    tally,
    transitions,
    units,
    words,
    work_list,
)

STOCKS, RATIO = ("deprivation", "smartphones", "programme"), ("numerator", "denominator")


def book(month: str, unresolved: pl.DataFrame | None) -> bytes:
    """Gather everything that asks for a look, and write it as the list of things to do.

    `unresolved` holds the rows that keep Biểu 2 and 3 open (`flows.unresolved`), None where these cannot be made.
    """
    judged = eligibility.states(*eligibility.gather(month))
    lists = store.lazy(rooms.PLACED, month, "households")
    kept = transitions.kept_poor_rows(lists, deprivation.standard(month)).to_pandas()
    open_rows = (_nobody() if unresolved is None else unresolved).to_pandas()
    why = work_list.NOTHING if unresolved is not None else why_no_movements(month)
    sheets = [
        work_list.breaches(_with_source(_with_commune(eligibility.breaches(judged).to_pandas()))),
        work_list.unchecked(_unchecked(judged)),
        work_list.unresolved(_with_commune(open_rows, month), why),
        work_list.kept_poor(_with_commune(kept, month), month),
        work_list.suspicious(_with_unit(_suspicious(month))),
        work_list.implausible(_with_unit(_implausible(month))),
    ]
    invented = any(synthetic(m) for m in store.months(rooms.PLACED) if m <= month)
    issuer = report.agency(month)
    return work_list.book(sheets, month, f"{issuer['parent_body']}, {issuer['issuing_body']}", invented)


def _nobody() -> pl.DataFrame:
    names = ("group", "counted", "commune_code", "month", "file", "sheet", "row", "why", "sentence")
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))


def _unchecked(judged: pl.DataFrame) -> pd.DataFrame:
    """Lay out why hand-overs could not be checked: 1 row = 1 month x source x rule."""
    rows = eligibility.unchecked(judged).to_pandas()
    titles = {r: entry["title"] for r, entry in eligibility.table()["rules"].items()}
    return _with_source(rows.assign(title=rows["rule"].map(titles))).sort_values(["month", "source_title", "rule"])


def _with_source(rows: pd.DataFrame) -> pd.DataFrame:
    names = {s: entry["title"] for s, entry in eligibility.table()["sources"].items()}
    return rows.assign(source_title=rows["source"].map(names).fillna("(không rõ)"))


def _with_commune(rows: pd.DataFrame, month: str = "") -> pd.DataFrame:
    """Name each row's commune: by code and first day, as codes were given to other territory."""
    known = units.table()
    names = known.set_index(["code", "valid_from"])["name"].to_dict()
    since = rows["commune_valid_from"] if not month else [units.valid_from(units.commune_set(month))] * len(rows)
    return rows.assign(commune=[names.get(key) for key in zip(rows["commune_code"], since, strict=True)])


def _with_unit(found: pd.DataFrame) -> pd.DataFrame:
    """Name each finding's unit."""
    pairs = zip(found["area_set"], found["month"], found["code"], strict=True)
    return found.assign(unit=[areas.names(area_set, month).get(code, code) for area_set, month, code in pairs])


def _suspicious(month: str) -> pd.DataFrame:
    """Judge the month's lists beside those of the month before, whatever the era."""
    previous = rooms.shift(month, -1)
    read = [m for m in (month, previous) if m in store.months(rooms.PLACED)]
    names = ["month", "commune_code", "household_id", *plausible_lists.COPIED]
    lists = []
    for m in read:
        lazy = store.lazy(rooms.PLACED, m, "households")
        lists.append(lazy.select(c for c in names if c in lazy.collect_schema().names()).collect().to_pandas())
    return plausible_lists.check(*lists)


def _implausible(month: str) -> pd.DataFrame:
    """Judge room 3's counts of all months to date.

    Warnings are told of the units that a month had; what older lists say of later units is a sum of those.
    """
    found = plausibility.check(_counts(month))
    here = [a in units.LEVELS[units.era_of(m)] for a, m in zip(found["area_set"], found["month"], strict=True)]
    return found[pd.Series(here, index=found.index, dtype=bool) | (found["severity"] == "error")]


def _counts(month: str) -> pd.DataFrame:
    """Read the stocks of room 3 of all months to date, and count who heads the households, in room 3's columns.

    People are left out: they come by households, so that one large household in a small unit would pass for a jump.
    For the same reason adults, and the twelve indicators one by one, are judged over all groups together only. What
    operators told is no list, and is not judged.
    """
    alone, parts = pl.col("group") == "all", []
    kept = {
        t: pl.col("base").is_in(["household", "phone", "vnd"]) | (alone & (pl.col("base") == "adult")) for t in STOCKS
    }
    of_lists = pl.col("measure").str.contains(r"^uncensored_deprived_\d+$")
    kept["poverty"] = of_lists & alone & (pl.col("base") == "household")
    for m in sorted({*(m for m in store.months(rooms.INDICATORS) if m <= month), month}):
        since = units.era_of(m)
        sets = [a for a in units.AREA_SETS if a == "city" or since <= a[0] <= units.era_of(month)]
        # Of an earlier month a table may never have been made; of this month it must be there.
        tables = [t for t in kept if m == month or (rooms.data(rooms.INDICATORS, m) / t).is_dir()]
        counts = [store.lazy(rooms.INDICATORS, m, f"{t}/counts").filter(kept[t]).collect() for t in tables]
        counts += [_heads(m)] if m in store.months(rooms.PLACED) else []
        parts += [c.filter(pl.col("area_set").is_in(sets)).select(*plausibility.KEY, *RATIO) for c in counts]
    whole = pl.concat(parts)
    named = pl.col("measure").str.strip_prefix("uncensored_")  # the name under which findings know its heading
    return whole.with_columns(named).to_pandas()


def _heads(month: str) -> pl.DataFrame:
    """Count households headed by a man, which no report prints and so room 3 does not hold."""
    share = tally.share_of_households(plausibility.MALE_HEAD, pl.col("head_male"))
    sums = tally.tally(store.lazy(rooms.PLACED, month, "households"), [share], list(areas.known()))
    communes = store.eager(rooms.PLACED, month, "communes")
    counts = tally.by_units(sums, month, deprivation.standard(month), communes, store.complete([month]))
    return counts.filter(pl.col("group") == "all")


def why_no_movements(month: str) -> str:
    """Say why Biểu 2 and 3 of a month cannot be made."""
    before, after = rooms.shift(month, -1), rooms.shift(month, 1)
    if units.era_of(before) != units.era_of(month):
        day = "/".join(reversed(units.ERAS[units.era_of(month)].split("-")))
        return (
            f"Từ ngày {day} mã đơn vị hành chính thay đổi, nên không theo dõi được từng hộ từ {words.month(before)} "
            f"sang {words.month(month)}. Biểu lập được từ {words.month(after)}."
        )
    return f"Chưa có danh sách {words.month(before)} để so với {words.month(month)}, nên không theo dõi được từng hộ."


def synthetic(month: str) -> bool:
    """Tell whether a month's lists are invented."""
    return store.door(rooms.VALIDATED, month)["synthetic"]
