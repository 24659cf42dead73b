"""Count the national poverty software's forms (Biểu 1-8) from a month's household list: 1 row = 1 unit.

Counting rule, once: a household counts where the list says so. What is not known is never 0: a cell holds the sum of
what is known, beside it stand how many households are not known (`unknown`) and how many communes have nothing to add
(`lacking`): the count is then the least it can be. A cell with nothing known under it is missing. Counts are added from
communes to districts to the city; rates are formed last. A rate over a unit that lacks a commune is missing, since its
two parts would speak of different communes; with unknown households it is the least it can be, like its count.
Forms: templates of the national poverty software (rates: 4 = 3/1*100; Biểu 5, 7: % of poor, of near-poor households).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import polars as pl

from infoaccess import flows, tally, units
from infoaccess.columns import INDICATORS
from infoaccess.errors import UsageError

CLASSES = ("poor", "near_poor")
TARGETS = ("minority", "policy", "other")  # the groups of Biểu 8 that a list tells; a household may be of two
MOVES = flows.COLUMNS
BY = ["commune_code", "commune_valid_from"]
_RATES = {  # rate of Biểu 1 -> numerator, denominator
    "poor_percent": ("poor", "households"),
    "near_poor_percent": ("near_poor", "households"),
    "poor_people_percent": ("poor_people", "people"),
    "near_poor_people_percent": ("near_poor_people", "people"),
}


@dataclass(frozen=True)
class Counted:
    """Hold a form's figures: three frames of one shape, 1 row = 1 unit code of `places`, 1 column = 1 figure."""

    values: pd.DataFrame  # Int64 counts, Float64 percentages; missing where nothing is known
    unknown: pd.DataFrame  # households whose answer is not known
    lacking: pd.DataFrame  # communes under the unit with nothing known

    @property
    def least(self) -> pd.DataFrame:
        """Tell which figures are of what is known only: a count is then the least it can be."""
        return self.values.notna() & ((self.unknown > 0) | (self.lacking > 0))


Form = Mapping[str, Counted]  # what is counted, households or people -> figures


def places(month: str) -> pd.DataFrame:
    """Return the units of a month in the order of the forms: each district, its communes under it, the city last.

    Columns: level, code, valid_from, name, serial ("1", "1.1"; of communes "1" where there is no district level).
    """
    known = units.on(month)
    level = known["area_set"].str.removeprefix(f"{units.era_of(month)}_")
    known = known.assign(level=level)[["level", "code", "valid_from", "name", "parent_code"]]
    city, districts, communes = (known[level == name] for name in ("city", "district", "commune"))
    rows = []
    for n, district in enumerate(districts.to_dict("records"), 1):
        rows.append(district | {"serial": str(n)})
        own = communes[communes["parent_code"] == district["code"]].to_dict("records")
        rows += [commune | {"serial": f"{n}.{m}"} for m, commune in enumerate(own, 1)]
    if districts.empty:
        rows = [commune | {"serial": str(n)} for n, commune in enumerate(communes.to_dict("records"), 1)]
    rows += [row | {"serial": ""} for row in city.to_dict("records")]
    return pd.DataFrame(rows).drop(columns="parent_code")


def sums(partition: pl.LazyFrame) -> pl.DataFrame:
    """Sum one partition of a month's households by commune; `tally.merge` adds partitions.

    Who is poor is told as in the movements, so that Biểu 2 closes with the households of Biểu 4.
    """
    classed = partition.with_columns(**{name: flows.own(name) for name in CLASSES})
    nowhere = pl.all_horizontal(pl.col(BY).is_null()) & (pl.col("denominator_contributors") == 0)  # of an empty list
    return tally.tally(classed, _measures(), BY).filter(~nowhere)


def _measures() -> list[tally.Measure]:
    """List what the forms count; every flag is three-valued."""
    minority, policy, members = pl.col("minority"), pl.col("policy"), pl.col("members")
    one = pl.col("commune_code").is_not_null()  # a bare literal would count once a commune, not once a household
    flags = {"listed": one, "minority": minority, "policy": policy, "other": ~(minority | policy)}
    flags["two"] = minority & policy
    found = [tally.share_of_households(name, flag) for name, flag in flags.items()]
    found += [tally.share_of_people(name, flag, members) for name, flag in flags.items()]
    return found + [tally.share_of_households(name, pl.col(name)) for name in (*CLASSES, *INDICATORS)]


class Month:
    """Count all forms of one month from the sums of its households and the tables of its communes."""

    def __init__(self, month: str, summed: pl.DataFrame, communes: pl.DataFrame):
        """Take sums of households and which communes sent a list (`list_received`).

        Raises UsageError where a row's commune is none of the month.
        """
        self.month, self.places = month, places(month)
        at_home = self.places["level"] == "commune"
        self.communes = self.places.loc[at_home, "code"].tolist()
        self.start = units.valid_from(units.commune_set(month))
        flags = self._homed(communes.select(*BY, "list_received").to_pandas()).set_index(BY[0])["list_received"]
        self.received = flags.reindex(self.communes, fill_value=False).astype(bool)
        long = self._homed(summed.to_pandas())
        keys = ["group", "base", "measure", BY[0]]
        # Where no household is on any list, there is not even a column of sums.
        self.sums = long.reindex(columns=[*keys, *tally.SUMS]).set_index(keys).sort_index()

    def poverty_counts(self, populations: pl.DataFrame) -> Counted:
        """Return Biểu 1: all households and people of a unit; poor, near-poor, their people, the rates in percent."""
        wide = self._homed(populations.to_pandas()).set_index(BY[0])[["households", "people"]]
        values = wide.reindex(self.communes).astype("Int64")
        unknown = values * 0
        for name in CLASSES:
            for column, base in ((name, "household"), (f"{name}_people", "person")):
                values[column], unknown[column] = self._cell(name, base, "listed")
        found = self._rolled(values, unknown.fillna(0))
        rates, partial = {}, found.lacking > 0
        for rate, (part, base) in _RATES.items():
            whole = ~(partial[part] | partial[base])
            rates[rate] = _percent(found.values[part], found.values[base]).where(whole)
        told = {rate: found.unknown[part] for rate, (part, _) in _RATES.items()}
        none = dict.fromkeys(_RATES, 0)
        return Counted(
            found.values.assign(**rates), found.unknown.assign(**told), found.lacking.assign(**none).astype("Int64")
        )

    def deprivation_counts(self, group: str) -> Counted:
        """Return Biểu 4 (poor) or 6 (near_poor): households, all deprivations, households deprived of each of 12."""
        values, unknown = pd.DataFrame(index=self.communes), pd.DataFrame(index=self.communes)
        values["households"], unknown["households"] = self._cell(group, "household", "listed")
        for name in INDICATORS:
            values[name], unknown[name] = self._cell(group, "household", name)
        total = values[list(INDICATORS)].sum(axis=1, min_count=1)  # of what the row shows, so that it adds up
        values.insert(1, "deprivations", total)
        unknown.insert(1, "deprivations", unknown[list(INDICATORS)].max(axis=1))
        return self._rolled(values, unknown)

    def target_groups(self, base: str) -> Counted:
        """Return Biểu 8 in households (`household`) or people (`person`): poor, near-poor, each by group.

        Columns: <class>_<group> with the groups listed (all), minority, policy, other (neither); and two (both), which
        the form does not print, as the groups do not part the class.
        """
        values, unknown = pd.DataFrame(index=self.communes), pd.DataFrame(index=self.communes)
        for name in CLASSES:
            for group in ("listed", *TARGETS, "two"):
                values[f"{name}_{group}"], unknown[f"{name}_{group}"] = self._cell(name, base, group)
        return self._rolled(values, unknown)

    def movements(self, frame: pd.DataFrame, group: str) -> Form:
        """Return Biểu 2 (poor) or 3 (near_poor) from rows of communes: 1 row = 1 commune, households or people.

        Takes the columns of the kind `movements` as room 1 has them: level, unit_code, unit_valid_from, group, counted
        (households where there is no such column), opening to closing. Rows of districts and the city are formed anew.
        """
        named = frame.rename(columns={"unit_code": BY[0], "unit_valid_from": BY[1]})
        rows = named[(named["level"] == "commune") & (named["group"] == group)]
        counted = rows["counted"] if "counted" in rows else pd.Series("households", index=rows.index)
        found = {}
        for name in ("households", "people"):
            own = self._homed(rows[counted == name])
            if len(own) or name == "households":
                values = own.set_index(BY[0])[list(MOVES)].reindex(self.communes).astype("Int64")
                found[name] = self._rolled(values, (values * 0).fillna(0))
        return found

    def _cell(self, group: str, base: str, measure: str) -> tuple[pd.Series, pd.Series]:
        """Return a sum by commune and the households for which it is not known; missing where nothing is."""
        got = self._by(group, base, measure)
        listed = self._by(group, "household", "listed")["numerator"]
        known = self._by("all", "household", group)["denominator_contributors"]
        unclassed = self._by("all", "household", "listed")["numerator"] - known
        unknown = listed - got["denominator_contributors"] + unclassed  # a household of no known class may be of this
        nothing = (listed > 0) & (got["denominator_contributors"] == 0)
        return got["numerator"].where(self.received & ~nothing), unknown

    def _by(self, group: str, base: str, measure: str) -> pd.DataFrame:
        """Return the sums of one measure by commune; 0 where a commune has no household on a list."""
        key = (group, base, measure)
        held = self.sums.loc[key] if key in self.sums.index else self.sums.iloc[:0].droplevel([0, 1, 2])
        return held.reindex(self.communes, fill_value=0).astype("Int64")

    def _homed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Make sure that every row's commune is one of the month.

        A commune is known by code and first day: of the codes of today most were another commune's.
        """
        strange = ~(frame[BY[0]].isin(self.communes) & frame[BY[1]].eq(self.start))
        if strange.any():
            raise UsageError(
                f"Tháng {self.month}: {frame.loc[strange, BY[0]].nunique()} mã xã không thuộc danh mục có hiệu lực từ "
                f"{self.start} nên không lập được biểu. Hãy chạy lại các bước trước của tháng này."
            )
        return frame

    def _rolled(self, values: pd.DataFrame, unknown: pd.DataFrame) -> Counted:
        """Add the rows of communes up to districts and the city."""
        parent = units.of(units.commune_set(self.month)).set_index("code")["parent_code"].reindex(self.communes)
        homes = [pd.Series(self.communes, index=self.communes), pd.Series(units.CITY, index=self.communes)]
        homes += [parent] if (self.places["level"] == "district").any() else []
        parts = [values, unknown.astype("Int64"), values.isna().astype("Int64")]
        order = self.places["code"].tolist()
        summed = [
            pd.concat([part.groupby(home).sum(min_count=1) for home in homes]).reindex(order).astype("Int64")
            for part in parts
        ]
        return Counted(*summed)


def shares(counts: Counted) -> Counted:
    """Form Biểu 5 or 7 from Biểu 4 or 6: percent of the group's households; missing where a unit has none.

    Both parts are of the communes heard from; households whose answer is not known count below, not above, so that the
    share stays that of the form and of its counts. `least` marks both.
    """
    base = counts.values["households"]
    values = pd.DataFrame({"households": base})
    for name in INDICATORS:
        values[f"{name}_percent"] = _percent(counts.values[name], base)
    marks = [
        part[["households", *INDICATORS]].rename(columns=lambda c: c if c == "households" else f"{c}_percent")
        for part in (counts.unknown, counts.lacking)
    ]
    return Counted(values, *marks)


def forms(
    month: str,
    households: pl.LazyFrame,
    populations: pl.DataFrame,
    communes: pl.DataFrame,
    movements: pd.DataFrame | None = None,
) -> dict[int, Form]:
    """Count all forms of a month from the tables of room 2: number of the form -> figures; 2 and 3 from `movements`."""
    counted = Month(month, sums(households), communes)
    found: dict[int, Form] = {1: {"households": counted.poverty_counts(populations)}}
    for number, group in enumerate(CLASSES):
        if movements is not None:
            found[2 + number] = counted.movements(movements, group)
        own = counted.deprivation_counts(group)
        found[4 + 2 * number] = {"households": own}
        found[5 + 2 * number] = {"households": shares(own)}
    found[8] = {"households": counted.target_groups("household"), "people": counted.target_groups("person")}
    return dict(sorted(found.items()))


def _percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Form a rate in percent; missing where there is nothing to divide by.

    >>> _percent(pd.Series([1, 1, None], dtype="Int64"), pd.Series([4, 0, 2], dtype="Int64")).tolist()
    [25.0, <NA>, <NA>]
    """
    return (part * 100 / whole.where(whole > 0)).astype("Float64")
