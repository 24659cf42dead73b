"""Count every table of room 3 again, in plain pandas, from the definitions alone.

Nothing of the package is imported: what is read is room 2 (its tables, and of its door the list of complete units), the
fact files of geo/ and the two .toml files of rules, which are data. A figure is a numerator over a denominator, both
sums over households (or hand-overs) for which both are known; a rule below is written as its definition reads, one
household at a time where that is plainest. Slower than the package, and meant to be read beside docs/method.md.

Sources: Decree 07/2021/NĐ-CP (3 of 12; information dimension); Alkire and Foster, J. of Public Economics 95 (2011).
"""

import json
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
KEYS = ["month", "area_set", "code", "valid_from", "group", "base", "measure", "standard"]
SUMS = ["numerator", "denominator", "numerator_contributors", "complement_contributors", "denominator_contributors"]
COMMUNES = ["communes_received", "communes_expected"]
SETS = {"city": "", "A_district": "2021-07-01", "A_commune": "2021-07-01", "B_district": "2025-01-01"}
SETS |= {"B_commune": "2025-01-01", "C_commune": "2025-07-01"}  # day from which the codes of a set are valid
SOURCES = ("telecom_fund", "local_budget", "mobilised", "donated")
CLASSES = ("poor", "near_poor", "policy")


# ---- facts and rooms


def era(month: str) -> str:
    """Return the era of a month: its communes are those of the set <era>_commune."""
    return "A" if month < "2025-01" else "B" if month < "2025-07" else "C"


@cache
def territory() -> pd.DataFrame:
    """Return the communes of 2021-2024 with their unit in every set: every later unit is a union of them."""
    lineage = pd.read_csv(ROOT / "geo" / "lineage.csv", dtype=str)
    units = {s: lineage[f"{s[0]}{'_district' if 'district' in s else ''}_code"] for s in SETS if s != "city"}
    return pd.DataFrame({"city": "46"} | units)


@cache
def standard(month: str) -> tuple[str, dict]:
    rules = tomllib.loads((ROOT / "src" / "infoaccess" / "deprivation.toml").read_text(encoding="utf-8"))
    return next((name, r) for name, r in rules.items() if r["valid_from"] <= month <= r["valid_to"])


class Room:
    """Hold the months of room 2 of a home, each table read once."""

    def __init__(self, home: Path):
        self.folder, self.kept = Path(home) / "data" / "2_placed", {}
        self.months = sorted(p.name for p in self.folder.glob("20*"))

    def read(self, month: str, table: str) -> pd.DataFrame:
        if (month, table) not in self.kept:
            self.kept[month, table] = pd.read_parquet(self.folder / month / f"{table}.parquet")
        return self.kept[month, table]

    def to_date(self, month: str) -> list[str]:
        return [m for m in self.months if m <= month]

    def complete(self, months: list[str]) -> dict[str, set[str]]:
        doors = [json.loads((self.folder / m / "door.json").read_text(encoding="utf-8")) for m in months]
        return {s: set.intersection(*(set(d["complete"][s]) for d in doors)) for s in SETS}

    def whole(self, month: str) -> dict[str, set[str]]:
        """Tell from the rows which units are complete: nothing that may lie in the unit is without one."""
        land, found = territory(), {}
        for area_set in SETS:
            rows = pd.concat([self.read(month, t)[["commune_code", area_set]] for t in ("households", "handovers")])
            open_ones = land[f"{era(month)}_commune"].isin(rows.loc[rows[area_set].isna(), "commune_code"])
            found[area_set] = set(land[area_set]) - set(land.loc[open_ones, area_set])
        return found

    def received(self, *months: str) -> dict[str, bool]:
        """Tell of each commune of the last month whether its list came in all of the months (of one era)."""
        sent = [self.read(m, "communes").set_index("commune_code")["list_received"] for m in months]
        return pd.concat(sent, axis=1).all(axis=1).to_dict()


# ---- from rows to units


def surely(flag: pd.Series) -> pd.Series:
    return flag.astype("boolean").fillna(False).astype(bool)


def of_households(measures: dict[str, pd.Series], size: pd.Series | None = None) -> dict:
    """Write flags as measures of households, and of people where their number is given."""
    one = pd.Series(1, index=next(iter(measures.values())).index)
    found = {(name, "household"): (flag.astype("Int64"), one) for name, flag in measures.items()}
    if size is not None:
        found |= {(name, "person"): (flag.astype("Int64") * size, size) for name, flag in measures.items()}
    return found


def classes(rows: pd.DataFrame) -> dict[str, pd.Series]:
    poor, near, policy = (surely(rows[c]) for c in CLASSES)
    none = ~poor & ~near
    everyone = pd.Series(True, index=rows.index)
    return {"all": everyone, "poor": poor, "near_poor": near, "policy": policy, "policy_only": policy & none}


def summed(rows: pd.DataFrame, groups: dict[str, pd.Series], measures: dict) -> pd.DataFrame:
    """Add up rows that lie in the same units: 1 row = 1 combination of units x what (number of group and measure)."""
    cells = np.zeros((len(rows), len(measures), 5), dtype="int64")
    for j, (up, low) in enumerate(measures.values()):
        known = (up.notna() & low.notna()).to_numpy(dtype=bool)
        n = up.astype("Int64").fillna(0).to_numpy(dtype="int64") * known
        d = low.astype("Int64").fillna(0).to_numpy(dtype="int64") * known
        cells[:, j, :] = np.stack([n, d, n > 0, d > n, d > 0], axis=1)
    place = pd.MultiIndex.from_frame(rows[list(SETS)].fillna("").astype(str)).to_flat_index()
    parts = []
    for first, inside in zip(range(0, len(groups) * len(measures), len(measures)), groups.values(), strict=True):
        chosen = inside.to_numpy(dtype=bool)
        flat = pd.DataFrame(cells[chosen].reshape(chosen.sum(), 5 * len(measures)))
        flat = flat.groupby(place[chosen]).sum()
        long = pd.DataFrame(flat.to_numpy().reshape(-1, 5), columns=SUMS)
        units_of = pd.DataFrame(flat.index.tolist(), columns=list(SETS)).loc[lambda f: f.index.repeat(len(measures))]
        long[list(SETS)] = units_of.to_numpy()
        parts.append(long.assign(what=np.tile(np.arange(first, first + len(measures)), len(flat))))
    return pd.concat(parts)


def units(parts: list[tuple], month: str, complete: dict[str, set[str]], received: dict[str, bool]) -> pd.DataFrame:
    """Roll (rows, groups, measures) up to the complete units of every set; missing where no commune sent a list."""
    sums, names = [], []
    for rows, groups, measures in parts:
        sums.append(summed(rows, groups, measures))
        sums[-1]["what"] += len(names)
        names += [(g, *m) for g in groups for m in measures]
    sums, what = pd.concat(sums), pd.DataFrame(names, columns=["group", "measure", "base"])
    land, found = territory(), []
    for area_set, since in SETS.items():
        over = land[[f"{era(month)}_commune", area_set]].drop_duplicates().set_axis(["commune", "code"], axis=1)
        over = over[over["code"].isin(complete[area_set])]
        lists = over["commune"].map(received).groupby(over["code"]).agg(["sum", "size"]).set_axis(COMMUNES, axis=1)
        every = pd.MultiIndex.from_product([lists.index, what.index], names=["code", "what"])
        added = sums.groupby([area_set, "what"])[SUMS].sum().rename_axis(["code", "what"])
        table = added.reindex(every, fill_value=0).astype("Int64").reset_index()
        table = table.join(what, on="what").join(lists.astype("Int64"), on="code")
        table.loc[table["communes_received"] == 0, SUMS] = pd.NA
        valid = since or {"A": "2021-07-01", "B": "2025-01-01", "C": "2025-07-01"}[era(month)]
        found.append(table.assign(month=month, area_set=area_set, valid_from=valid, standard=standard(month)[0]))
    return pd.concat(found)[[*KEYS, *SUMS, *COMMUNES]]


def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[int, pd.DataFrame]:
    """Set two tables side by side by key: (rows in either, the rows that are not the same to the last digit)."""
    values, keys = [*SUMS, *COMMUNES], pd.concat([ours[KEYS], theirs[KEYS]], ignore_index=True)
    number, sides = np.zeros(len(keys), dtype="int64"), []  # one number a key: joins faster than eight words
    for key in KEYS:
        codes, words = pd.factorize(keys[key])
        number = number * len(words) + codes
    for table, numbers in ((ours, number[: len(ours)]), (theirs, number[len(ours) :])):
        cells = table[values].astype("Int64").to_numpy(dtype="float64", na_value=np.nan)
        assert len(np.unique(numbers)) == len(numbers) and not (np.abs(cells) >= 2**53).any()
        sides.append(pd.DataFrame(cells, index=numbers))
    every = sides[0].index.union(sides[1].index)
    a, b = (side.reindex(every).to_numpy() for side in sides)
    same = (
        every.isin(sides[0].index) & every.isin(sides[1].index) & ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=1)
    )
    pair = [
        t[np.isin(side.index, every[~same])][[*KEYS, *values]] for t, side in zip((ours, theirs), sides, strict=True)
    ]
    pair = [t.astype(dict.fromkeys(KEYS, object) | dict.fromkeys(values, "Int64")) for t in pair]
    return len(every), pair[0].merge(pair[1], on=KEYS, how="outer", suffixes=("_oracle", "_package"), indicator=True)


# ---- stages 3a, 3b, 3c


def information(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Tell the four states by three-valued logic: one known indicator may decide."""
    net, device = rows["deprived_11"].astype("boolean"), rows["deprived_12"].astype("boolean")
    return {"internet": net, "device": device, "any": net | device, "both": net & device}


def deprivation(room: Room, month: str) -> pd.DataFrame:
    """Count who is deprived of information; "listed" over all households and people of a unit."""
    rows, complete, received = room.read(month, "households"), room.complete([month]), room.received(month)
    states = {f"deprived_{k}": v for k, v in information(rows).items()}
    found = units([(rows, classes(rows), of_households(states, rows["members"]))], month, complete, received)
    return pd.concat([found, listed(room, month, complete, received)])


def listed(room: Room, month: str, complete: dict, received: dict) -> pd.DataFrame:
    """Count listed households over all households, people over all people, where populations make up the unit."""
    rows, all_of = room.read(month, "households"), room.read(month, "populations").set_index("commune_code")
    all_of = all_of.dropna(subset=["households", "people"])
    here = pd.Series(True, index=rows.index)
    found = units([(rows, classes(rows), of_households({"listed": here}, rows["members"]))], month, complete, received)
    found = found.reset_index(drop=True)
    land = territory()
    for area_set in SETS:
        pairs = land[[f"{era(month)}_commune", area_set]].drop_duplicates().set_axis(["commune", "code"], axis=1)
        parted = pairs[pairs.duplicated("commune", keep=False)]["code"]
        for base, column in (("household", "households"), ("person", "people")):
            people = pairs.assign(n=pairs["commune"].map(all_of[column]), h=pairs["commune"].map(all_of["households"]))
            of_unit = people.groupby("code")[["n", "h"]]
            total = of_unit.sum().mask(of_unit.count().lt(of_unit.size(), axis=0))  # a commune's is missing: no total
            total.loc[total.index.isin(parted)] = pd.NA
            at = (found["area_set"] == area_set) & (found["base"] == base) & found["numerator"].notna()
            found.loc[at, "denominator"] = found.loc[at, "code"].map(total["n"]).astype("Int64")
            found.loc[at, "denominator_contributors"] = found.loc[at, "code"].map(total["h"]).astype("Int64")
    rest = found["denominator_contributors"] - found["numerator_contributors"]
    return found.assign(complement_contributors=rest)


def smartphones(room: Room, month: str) -> pd.DataFrame:
    """Count rate b (adults who use one / adults), rate c (households with one / households), and the operators'."""
    rows = room.read(month, "households")
    measures = of_households({"household_smartphone": rows["has_smartphone"]})
    measures["adult_smartphone", "adult"] = (rows["adults_with_smartphone"], rows["adults"])
    found = units([(rows, classes(rows), measures)], month, room.complete([month]), room.received(month))
    sent = room.read(month, "subscribers")
    sent = sent[sent["month"] == month].dropna(subset=["mobile_subscribers", "smartphone_subscribers"])
    city = found[found["area_set"] == "city"].head(1)
    operators = pd.concat([city.assign(group="all", base="subscriber", measure="subscriber_smartphone")] * len(sent))
    if len(sent):
        n, d = int(sent["smartphone_subscribers"].iloc[0]), int(sent["mobile_subscribers"].iloc[0])
        operators[[*SUMS, *COMMUNES]] = [n, d, n, d - n, d, 1, 1]
    return pd.concat([found, operators])


def handovers(room: Room, months: list[str]) -> pd.DataFrame:
    tables = [t for m in months if len(t := room.read(m, "handovers"))] or [room.read(months[-1], "handovers")]
    return pd.concat(tables, ignore_index=True)


def programme(room: Room, month: str) -> pd.DataFrame:
    """Count need to date = phones handed over to date + listed households that have none and still ask for one."""
    months, lists = room.to_date(month), room.read(month, "households")
    waiting = lists[surely(lists["wants_smartphone"]) & ~surely(lists["has_smartphone"])]
    rows = pd.concat([handovers(room, months).assign(handed=True), waiting.assign(handed=False)], ignore_index=True)
    handed = rows["handed"].astype(bool)
    measures = of_households({"covered": handed, "handed_month": handed & (rows["month"] == month)})
    for source in SOURCES:
        paid = rows["source"].eq(source).astype("Int64")  # a phone whose source is not stated is of none of the four
        one = pd.Series(1, index=rows.index, dtype="Int64").where(handed)
        value = rows["value_vnd"].where(handed)
        measures[f"handed_{source}", "phone"] = (paid, one)
        measures[f"value_{source}", "vnd"] = (value * paid, value)
    return units([(rows, classes(rows), measures)], month, room.complete(months), room.received(month))


# ---- multidimensional deprivation


def breakdowns(rows: pd.DataFrame, month: str) -> dict[str, pd.Series]:
    """Name the groups of households: classes of the lists, minority, sex of the head, size, where the commune lies."""
    found = classes(rows)
    found["no_status"] = ~found["poor"] & ~found["near_poor"] & ~found["policy"]
    minority = rows["minority"].astype("boolean")
    found |= {"minority_yes": surely(minority), "minority_no": surely(~minority), "minority_unknown": minority.isna()}
    male, female, n = surely(rows["head_male"]), surely(rows["head_female"]), rows["members"]
    found |= {"head_male": male & ~female, "head_female": female & ~male, "head_unknown": male == female}
    for name, low, high in (("1", 1, 1), ("2_4", 2, 4), ("5_6", 5, 6), ("7_up", 7, 999)):
        found[f"size_{name}"] = surely(n.between(low, high))
    found["size_unknown"] = n.isna()
    facts = pd.read_csv(ROOT / "geo" / "units.csv", dtype=str).query("level == 'commune'")
    kinds = facts.set_index(["code", "valid_from"])["type"].to_dict()
    kind = pd.Series(
        [kinds.get(k) for k in zip(rows["commune_code"], rows["commune_valid_from"], strict=True)], rows.index
    )
    rural, urban = kind.eq("Xã"), kind.isin(["Phường", "Thị trấn"])
    return found | {"rural": rural, "urban": urban, "residence_unknown": ~rural & ~urban}


def poverty(room: Room, month: str) -> pd.DataFrame:
    """Count by Alkire and Foster: a score, one cut-off; an unknown answer matters only where it could decide."""
    rows, (_, rules) = room.read(month, "households"), standard(month)
    weight = {i["id"]: i["weight"] for i in rules["indicators"]}
    dimensions: dict[str, list[str]] = {}
    for i in rules["indicators"]:
        dimensions.setdefault(i["dimension"], []).append(i["id"])
    answers, k, total = rows[list(weight)].astype("boolean"), rules["poor_cutoff"], sum(weight.values())
    least = sum(answers[j].fillna(False).astype("int64") * w for j, w in weight.items())
    most = sum(answers[j].fillna(True).astype("int64") * w for j, w in weight.items())
    undecided = (least < k) & (most >= k)
    whole = answers.notna().all(axis=1)
    deprived = (least >= k).astype("boolean")
    poor = deprived.where(whole)  # q of n: over households all of whose answers are known
    flags = {"H": deprived.where(~undecided), "undecided": undecided, "H_complete": poor}
    for name, members in ({j: [j] for j in weight} | dimensions).items():
        told = answers[members[0]]
        for j in members[1:]:
            told = told | answers[j]
        flags |= {f"uncensored_{name}": told, f"censored_{name}": poor & told.where(whole)}
    measures = of_households(flags, rows["members"])
    score = least.astype("Int64")
    for base, size in (("household", pd.Series(1, rows.index)), ("person", rows["members"])):
        measures["M0", base] = (score * poor.astype("Int64") * size, total * size)
        measures["A", base] = (score.where(surely(poor)) * size, total * size)
    return units([(rows, breakdowns(rows, month), measures)], month, room.complete([month]), room.received(month))
