"""Simulate the households of the sample lists: synthetic, seeded, calibrated to published totals.

Nobody here exists. Numbers and their sources are in sample.toml. A list is the state at the end of its
month, so a household that gets a smartphone in a month is listed with it in that month, and a poor household
that falls to two deprivations or fewer stands there as near-poor.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from infoaccess.sample_households import A_LUOI, CLASSES, OFF, Pool


@dataclass(frozen=True)
class People:
    """Hold what one run of the generator made; each frame's rows are named in its comment."""

    scale: float
    areas: pd.DataFrame  # era x commune of era A: its code and name in that era, and the office that sends its list
    homes: pd.DataFrame  # household: what does not change (head, address, numbers)
    lists: dict[str, pd.DataFrame]  # month -> household on that month's list
    handovers: pd.DataFrame  # phone, or its price in cash
    totals: pd.DataFrame  # month x commune of era A: all households and people
    subscribers: pd.DataFrame  # month: subscriptions in the city

    def era(self, month: str) -> pd.DataFrame:
        """Return the communes of era A as the map of a month names them, indexed like ``homes.commune``."""
        day = f"{month}-01"
        ends = self.areas.valid_to
        now = (self.areas.valid_from <= day) & (ends.isna() | (ends == "") | (ends >= day))
        return self.areas[now].set_index("commune")


def settings() -> dict:
    """Read the generator's numbers and texts."""
    return tomllib.loads(Path(__file__).with_name("sample.toml").read_text(encoding="utf-8"))


def months(first: str, last: str) -> list[str]:
    """Return the months from first to last, both included.

    >>> months("2023-11", "2024-01")
    ['2023-11', '2023-12', '2024-01']
    """
    return [str(month) for month in pd.period_range(first, last, freq="M")]


def simulate(
    units: pd.DataFrame,
    lineage: pd.DataFrame,
    *,
    scale: float = 0.1,
    seed: int = 2023,
    first: str = "2023-01",
    last: str = "2025-12",
) -> People:
    """Invent the city's listed households, month by month; the whole period is always simulated, then cut.

    Raises ValueError for months outside the sample's period, or a scale too small to meet the totals.
    """
    known = settings()
    every = months(known["first"], known["last"])
    if not (every[0] <= first <= last <= every[-1]):
        raise ValueError(f"Tháng phải nằm trong khoảng {every[0]} - {every[-1]}: {first} - {last}.")
    rng = np.random.default_rng(seed)
    communes = _communes(lineage, known, rng)
    goals = {name: _totals(known, name, every, scale) for name in (*CLASSES, "households")}
    pool, lists, given, was = Pool(communes, known, rng), {}, [], None
    for now, month in enumerate(every):
        time, handed = now / (len(every) - 1), np.zeros(pool.size, bool)
        if now:
            was = pool["status"] != OFF
            pool.live(now)
            given.append(pool.hand_over(now, month, _coverage(known, month), sum(map(len, given))))
            handed[given[-1].household] = True
            pool.reclassify()
        for group in (0, 1):
            pool.settle(group, [goals[name][now, group] for name in CLASSES], handed, time)
        lists[month] = pool.listed(time, was, handed)
    homes = _homes(pool, known, rng)
    handed = pd.concat(given, ignore_index=True)
    _devices(homes, handed, known, np.random.default_rng([seed, 1]))  # a chance of its own: what came before stays
    totals = _denominators(communes, goals["households"], lists, known, rng)
    subscribers = _subscribers(known, every, scale)
    wanted = months(first, last)
    return People(
        scale,
        _areas(units, lineage),
        homes,
        {month: _ordered(lists[month], homes) for month in wanted},
        handed[handed.month.isin(wanted)].reset_index(drop=True),
        totals[totals.month.isin(wanted)].reset_index(drop=True),
        subscribers[subscribers.month <= last],
    )


def _line(at: list[str], values: list[float], month: str) -> float:
    """Return the value at a month, on straight lines through dated points."""
    ordinal = [pd.Period(key, "M").ordinal for key in (*at, month)]
    return float(np.interp(ordinal[-1], ordinal[:-1], values))


def _coverage(known: dict, month: str) -> float:
    """Return the programme's handed / (handed + in need) at the end of a month, as a share."""
    points = known["programme"]["coverage"]
    return _line(list(points), list(points.values()), month)


def _totals(known: dict, name: str, every: list[str], scale: float) -> np.ndarray:
    """Return households by month x (A Lưới, elsewhere), scaled; each December is exact."""
    table = known["totals"]
    rows = []
    for month in every:
        city, inside = (round(scale * _line(table["december"], table[name][key], month)) for key in ("city", "a_luoi"))
        rows.append([inside, city - inside])
    return np.array(rows)


def _areas(units: pd.DataFrame, lineage: pd.DataFrame) -> pd.DataFrame:
    """Return each commune of era A as each era names it, with the office that sends its list."""
    found = []
    for era in ("A", "B", "C"):
        sender = "commune" if era == "C" else "district"
        here = units[units.era == era]
        names = {level: here[here.level == level].set_index("code")["name"] for level in ("commune", sender)}
        code = lineage[f"{era}_code"]
        office = code if era == "C" else lineage[f"{era}_district_code"]
        made = {
            "era": era,
            "commune": range(len(lineage)),
            "code": code,
            "name": code.map(names["commune"]),
            "office": office,
            "office_name": office.map(names[sender]),
            "valid_from": here.valid_from.iloc[0],
            "valid_to": here.valid_to.iloc[0],
        }
        found.append(pd.DataFrame(made))
    return pd.concat(found, ignore_index=True)


def _communes(lineage: pd.DataFrame, known: dict, rng: np.random.Generator) -> pd.DataFrame:
    """Invent each commune's size, poverty, access to information, speed of hand-over and hamlets."""
    spread, n = known["communes"], len(lineage)
    district = pd.DataFrame.from_dict(known["districts"], orient="index").loc[lineage.A_district_code]
    kind, bare = _split_name(lineage.A_name)
    ward = (kind == "Phường").to_numpy()
    size = np.exp(rng.normal(0, spread["household_spread"], n))
    share = size / pd.Series(size).groupby(lineage.A_district_code).transform("sum").to_numpy()
    households = share * district.households.to_numpy()
    rate = district.poverty.to_numpy() * np.exp(rng.normal(0, spread["poverty_spread"], n))
    rate = rate * np.where(kind == "Xã", 1, spread["ward_poverty"])
    low, high = np.array(district.hamlets.tolist()).T
    made = {
        "bare": bare,
        "hamlet": np.where(kind == "Xã", "Thôn", "Tổ dân phố"),
        "district": lineage.A_district_code,
        "group": (lineage.A_district_code != A_LUOI).astype(int),
        "households": households,
        "weight": households * rate,
        "information": district.information.to_numpy()
        + rng.normal(0, spread["information_spread"], n)
        + ward * spread["ward_information"],
        "speed": np.exp(rng.normal(0, spread["speed_spread"], n)),
        "hamlets": rng.integers(low, high + 1),
    }
    return pd.DataFrame(made).reset_index(drop=True)


def _split_name(names: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Split "Thị trấn A Lưới" into its type and its bare name."""
    parts = names.str.extract(r"^(Phường|Thị trấn|Xã)\s+(.+)$")
    return parts[0], parts[1]


def _homes(pool: Pool, known: dict, rng: np.random.Generator) -> pd.DataFrame:
    """Invent what stays the same of a household: head, identity number, hamlet, number in it, telephone."""
    n, communes = pool.size, pool.communes.loc[pool["commune"]]
    female, born = pool["female"], pool["born"]
    folk = np.full(n, "Kinh", dtype=object)
    for code, shares in known["ethnicity"].items():
        here = (communes.district == code).to_numpy()
        folk[here] = rng.choice(list(shares), here.sum(), p=list(shares.values()))
    hamlet = communes.hamlet.to_numpy() + " " + pd.Series(pool["hamlet"]).astype(str).to_numpy()
    made = pd.DataFrame({"commune": pool["commune"], "hamlet": hamlet + " " + communes.bare.to_numpy()})
    # The number restarts in every hamlet, as on real lists: alone it is no key.
    made["number"] = (made.groupby(["commune", "hamlet"]).cumcount() + 1).map("{:03d}".format)
    made["head"] = _heads(female, folk, known["names"], rng)
    made["born"], made["female"], made["ethnicity"] = born, female, folk
    # Digit 4 tells sex and century (0, 1: 1900-1999; 2, 3: 2000-2099), digits 5-6 the year of birth.
    digits = zip(female + 2 * (born >= 2000), born % 100, rng.choice(10**6, n, replace=False), strict=True)
    made["identity"] = [f"046{sex}{year:02d}{rest:06d}" for sex, year, rest in digits]
    made["telephone"] = [f"0000{rest:06d}" for rest in rng.choice(10**6, n, replace=False)]  # no such prefix
    return made


def _devices(homes: pd.DataFrame, given: pd.DataFrame, known: dict, rng: np.random.Generator) -> None:
    """Add, in place, homes' devices of earlier programmes, and to hand-overs the mobile plan and the day of buying."""
    spread, fund = known["devices"], known["programme"]["sources"]["names"][0]
    excluded = homes.index.isin(given.household[given.source == fund])
    for name in ("tablet", "wave"):
        homes[name] = (rng.random(len(homes)) < spread[name]) & ~excluded
    given["plan"] = ~given.cash & (given.source == fund)
    before = pd.to_timedelta(rng.integers(*spread["bought_before_days"], len(given), endpoint=True), unit="D")
    given["bought"] = (given.date - before).where(given.cash)


def _heads(female: np.ndarray, folk: np.ndarray, names: dict, rng: np.random.Generator) -> np.ndarray:
    """Put names together at random, by sex and ethnic group."""

    def pick(key: str) -> np.ndarray:
        text = names[key]
        return rng.choice(np.array(text.split("|" if "|" in text else " "), dtype=object), len(female))

    def by_sex(male: str, other: str) -> np.ndarray:
        return np.where(female, pick(other), pick(male))

    lowland = pick("surnames") + " " + by_sex("male_middle", "female_middle")
    lowland = lowland + " " + by_sex("male_given", "female_given")
    surname = np.where(folk == "Cơ Tu", pick("cotu_surnames"), pick("highland_surnames"))
    return np.where(folk == "Kinh", lowland, surname + " " + by_sex("highland_male", "highland_female"))


def _ordered(rows: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """Sort a list as an office would: by commune, hamlet, number."""
    keys = homes.loc[rows.household, ["commune", "hamlet", "number"]].reset_index(drop=True)
    order = keys.assign(place=keys.hamlet.str.len()).sort_values(["commune", "place", "hamlet", "number"]).index
    return rows.loc[order].reset_index(drop=True)


def _denominators(
    communes: pd.DataFrame, goals: np.ndarray, lists: dict, known: dict, rng: np.random.Generator
) -> pd.DataFrame:
    """Spread all households over the communes, more in each than are listed, and add people."""
    counts = {
        month: rows.groupby("commune")
        .agg(n=("members", "size"), people=("members", "sum"))
        .reindex(communes.index, fill_value=0)
        for month, rows in lists.items()
    }
    most = pd.concat([count.n for count in counts.values()], axis=1).max(axis=1).to_numpy()
    size = known["people"]["per_household"] * np.exp(rng.normal(0, known["people"]["spread"], len(communes)))
    found = []
    for (month, count), goal in zip(counts.items(), goals, strict=True):
        households = np.zeros(len(communes), int)
        for group, total in enumerate(goal):
            here = (communes.group == group).to_numpy()
            least = np.ceil(most[here] / known["communes"]["listed_at_most"]) + 1
            households[here] = _spread(total, communes.households[here].to_numpy(), least)
        people = np.maximum(np.round(households * size), count.people + households - count.n).astype(int)
        made = {"month": month, "commune": communes.index, "households": households, "people": people}
        found.append(pd.DataFrame(made))
    return pd.concat(found, ignore_index=True)


def _spread(total: int, weight: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Spread a total by weights, giving each entry at least its minimum; the parts sum to the total exactly.

    >>> _spread(10, np.array([1.0, 1.0, 8.0]), np.array([3, 0, 0])).tolist()
    [3, 1, 6]
    """
    if least.sum() > total:
        raise ValueError("Tỷ lệ thu nhỏ quá bé: số hộ của danh sách vượt tổng số hộ.")
    held = np.zeros(len(weight), bool)
    while True:
        part = np.where(held, least, 0.0)
        part[~held] = weight[~held] / weight[~held].sum() * (total - part.sum())
        if not (low := part < least).any():
            break
        held |= low
    whole = np.floor(part).astype(int)
    whole[np.argsort(whole - part, kind="stable")[: int(total) - whole.sum()]] += 1
    return whole


def _subscribers(known: dict, every: list[str], scale: float) -> pd.DataFrame:
    """Return the city's subscriptions by month; 2G's end shows as a break in autumn 2024."""
    table = known["subscribers"]
    made = {
        key: [round(scale * _line(table["month"], table[key], month)) for month in every]
        for key in ("mobile", "smartphone")
    }
    return pd.DataFrame({"month": every, **made})
