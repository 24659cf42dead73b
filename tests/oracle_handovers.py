"""Count again, in plain pandas, how hand-overs stand by the rules of eligibility.toml, and how long households waited.

As in `oracle`: from the definitions alone, nothing of the package imported; the .toml file is data. Hand-overs are
judged one at a time. True, False and None (unknown) combine as Kleene has it: the known decide where they can.
"""

import calendar
import tomllib
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from oracle import ROOT, SOURCES, Room, classes, era, handovers, of_households, surely, units


def both(*told: bool | None) -> bool | None:
    return False if False in told else None if None in told else True


def either(*told: bool | None) -> bool | None:
    return True if True in told else None if None in told else False


def opposite(told: bool | None) -> bool | None:
    return None if told is None else not told


def known(value):
    """Return a cell's value, None where it is missing."""
    return None if pd.isna(value) else bool(value) if isinstance(value, (bool, np.bool_)) else value


def past(told, bound) -> bool | None:
    return None if told is None or bound is None else told >= bound


@cache
def rules() -> dict:
    return tomllib.loads((ROOT / "src" / "infoaccess" / "eligibility.toml").read_text(encoding="utf-8"))


@cache
def seen(room: Room) -> tuple[dict, dict, set]:
    """Return what lists told of each household's smartphone and earlier devices, by month, and who stood on which."""
    phones, devices, there = {}, {}, set()
    for month in room.months:
        rows = room.read(month, "households").dropna(subset=["household_id"])
        there |= {(month, who) for who in rows["household_id"]}
        for column in ("has_smartphone", *rules()["programme"]["earlier_device_columns"]):
            told = rows.dropna(subset=[column]) if column in rows else rows.iloc[:0]
            kept = phones if column == "has_smartphone" else devices
            for who, has in zip(told["household_id"], told[column] if len(told) else [], strict=True):
                kept.setdefault(who, []).append((month, column, bool(has)))
    return phones, devices, there


def verdicts(h: dict, first: bool | None, room: Room, table: dict) -> dict[str, tuple[bool | None, bool | None]]:
    """Tell of each rule whether it applies to a hand-over and whether it is kept; None where lists do not decide."""
    programme, source = table["programme"], table["sources"].get(h["source"])
    day, value, cash = h["handed_on"], h["value_vnd"], None if h["form"] is None else h["form"] == "cash"
    phones, devices, there = seen(room)
    mine = h["household_id"]
    listed = (
        None if mine is None else any((m, mine) in there for m in (h["month"], None if day is None else f"{day:%Y-%m}"))
    )
    if not listed and not room.received(h["month"]).get(h["commune_code"]):
        listed = None  # its commune sent no list to stand on
    earlier = [has for m, _, has in phones.get(mine, []) if day is not None and m < f"{day:%Y-%m}"]
    had = {
        c: [has for m, k, has in devices.get(mine, []) if k == c and m <= h["month"]]
        for c in programme["earlier_device_columns"]
    }
    any_device = either(*(any(told) if told else None for told in had.values()))

    def of_source(tell) -> bool | None:
        return None if source is None else tell(source)

    has_cash = of_source(lambda s: "cash_vnd" in s)
    bought = h.get("bought_on")
    return {
        "source_missing": (True, source is not None),
        "class_source": (True, of_source(lambda s: either(*(h[c] for c in s["classes"])))),
        "not_listed": (True, listed),
        "second_phone": (True, first),
        "had_smartphone": (True, not earlier[-1] if earlier else None),
        "earlier_device": (of_source(lambda s: s["excludes_earlier_device"]), opposite(any_device)),
        "before_rule": (of_source(lambda s: "valid_from" in s), of_source(lambda s: past(day, s.get("valid_from")))),
        "before_programme": (of_source(lambda s: not s["before_programme"]), past(day, programme["valid_from"])),
        "cash_source": (cash, has_cash),
        "cash_amount": (
            both(cash, has_cash),
            None if value is None else of_source(lambda s: value == s.get("cash_vnd")),
        ),
        "cash_bought": (
            both(cash, has_cash),
            of_source(lambda s: both(past(bought, s.get("valid_from")), past(day, bought))),
        ),
        "mobile_plan": (both(opposite(cash), of_source(lambda s: s["needs_mobile_plan"])), h.get("mobile_plan")),
        "value_missing": (True, value is not None),
        "value_implausible": (
            both(opposite(cash), value is not None),
            value is not None and programme["phone_min_vnd"] <= value <= programme["phone_max_vnd"],
        ),
    }


def firsts(hands: list[dict]) -> list[bool | None]:
    """Tell whether each hand-over is its household's first by day; None where an earlier era may hide one.

    Identifiers change with the codes, so one may be hidden wherever the same commune of today has hand-overs of an
    earlier era.
    """
    order, oldest = {}, {}
    for n, h in enumerate(hands):
        year, month = int(h["month"][:4]), int(h["month"][5:])
        day = h["handed_on"] or date(year, month, calendar.monthrange(year, month)[1])
        order.setdefault(h["household_id"], []).append((day, n))
        oldest[h["C_commune"]] = min(h["commune_valid_from"], oldest.get(h["C_commune"], "9"))
    told = []
    for n, h in enumerate(hands):
        mine, since = h["household_id"], h["commune_valid_from"]
        if mine is None:
            told.append(None)
        elif min(order[mine])[1] != n:
            told.append(False)
        else:
            told.append(None if oldest[h["C_commune"]] < since else True)
    return told


def eligibility(room: Room, month: str) -> pd.DataFrame:
    """Count how all hand-overs to date stand by the rules: breach, not checked, clean, by source; breaches by rule."""
    months, table = room.to_date(month), rules()
    rows = handovers(room, months)
    hands = [{k: known(v) for k, v in h.items()} for h in rows.to_dict("records")]
    active = [name for name, rule in table["rules"].items() if rule["active"]]
    found = [verdicts(h, first, room, table) for h, first in zip(hands, firsts(hands), strict=True)]
    told = [[both(v[r][0], opposite(v[r][1])) for r in active] for v in found]
    broken = pd.DataFrame(told, columns=active, index=rows.index, dtype=object)
    applies = pd.DataFrame([[v[r][0] is not False for r in active] for v in found], columns=active, index=rows.index)
    one = pd.Series(1, rows.index)
    breach = broken.eq(True).any(axis=1)
    states = {"breach": breach, "not_checked": ~breach & broken.isna().any(axis=1)}
    states["clean"] = ~breach & ~states["not_checked"]
    decided = {r: one.where(broken[r].notna() & applies[r].astype(bool)) for r in active}
    measures = {(f"breach_{r}", "phone"): (broken[r].eq(True).astype("Int64"), decided[r]) for r in active}
    for source in SOURCES:
        of_it = one.where(rows["source"].eq(source))
        measures |= {(f"eligibility_{k}_{source}", "phone"): (v.astype("Int64"), of_it) for k, v in states.items()}
    return units([(rows, classes(rows), measures)], month, room.complete(months), room.received(month))


# ---- waiting


def waits(room: Room, month: str, within: tuple[int, ...] = (30, 90, 180)) -> pd.DataFrame:
    """Count whose phone came within so many days of the first month with a need, where that is as long ago."""
    months = room.to_date(month)
    lists = pd.concat([room.read(m, "households") for m in months], ignore_index=True)
    lists["era"] = lists["month"].map(era)
    oldest = lists.groupby("era")["month"].min()
    lists = lists.dropna(subset=["household_id"])
    needy = lists[surely(lists["wants_smartphone"]) & ~surely(lists["has_smartphone"])]
    began = needy.sort_values("month", kind="stable").drop_duplicates("household_id").set_index("household_id")
    began = began[began["month"] > began["era"].map(oldest)]  # a need on an era's first list may be older
    last = needy.groupby("household_id")["month"].max()
    start = pd.to_datetime(began["month"] + "-01")
    end = pd.to_datetime(last.reindex(began.index) + "-01") + pd.offsets.MonthEnd(0)
    phones = handovers(room, months).dropna(subset=["household_id"])
    phones = phones.assign(day=pd.to_datetime(phones["handed_on"]))
    phones["start"] = pd.to_datetime(phones["household_id"].map(start.to_dict()))
    got = phones[phones["day"] >= phones["start"]].groupby("household_id")["day"].min().reindex(began.index)
    served, days = got.notna(), (got.fillna(end) - start).dt.days
    flags = {}
    for n in within:
        soon, late = served & (days <= n), days >= n
        old = start + pd.Timedelta(days=n) <= pd.Timestamp(month + "-01") + pd.offsets.MonthEnd(0)
        flags[f"waited_{n}"] = soon.astype("boolean").where((soon | late) & old)
    return units([(began, classes(began), of_households(flags))], month, room.complete(months), room.received(month))
