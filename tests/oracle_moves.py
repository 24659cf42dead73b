"""Count again, in plain pandas, what follows households from the month before: movements, Biểu 2 and 3.

As in `oracle`: from the definitions alone, nothing of the package imported. A household is followed by its identifier
where its commune sent a list in both months; who was followed and is on one list only has left or entered. Nullable
booleans are Kleene's: an unknown answer stays unknown unless the known ones decide.
"""

import pandas as pd
from oracle import CLASSES, SETS, Room, classes, era, information, of_households, surely, units


def previous(room: Room, month: str) -> str:
    """Return the month before if it has lists and lies in the same era; raise LookupError if not."""
    year, number = int(month[:4]), int(month[5:])
    before = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02d}"
    if before not in room.months or era(before) != era(month):
        raise LookupError(month)
    return before


def side_by_side(room: Room, first: str, last: str, received: dict[str, bool]) -> pd.DataFrame:
    """Put two lists side by side, before_ and after_: 1 row = 1 household on either, missing where it is not."""
    wanted = ["members", *CLASSES, "deprived_11", "deprived_12", "commune_code", *SETS]
    lists = {}
    for name, month in (("before_", first), ("after_", last)):
        rows = room.read(month, "households")
        gone = pd.Series([f"{name}{i}" for i in range(len(rows))], rows.index)  # who has no id is met on one list only
        rows = rows.assign(id=rows["household_id"].fillna(gone), nameless=rows["household_id"].isna())
        lists[name] = rows.set_index("id")[[*wanted, "nameless"]].add_prefix(name).assign(**{f"{name}on": True})
    rows = lists["before_"].join(lists["after_"], how="outer")
    for name in lists:
        rows[f"{name}on"] = surely(rows[f"{name}on"])
    for c in ("commune_code", "nameless", *SETS):
        rows[c] = rows[f"before_{c}"].where(rows["before_on"], rows[f"after_{c}"])
    rows["followed"] = rows["commune_code"].map(received).eq(True) & ~surely(rows["nameless"])
    return rows


def of_class(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the groups of households side by side: those of the first list, else of the last."""
    found = {c: rows[f"before_{c}"].where(rows["before_on"], rows[f"after_{c}"]) for c in CLASSES}
    return classes(pd.DataFrame(found))


def movements(room: Room, month: str) -> pd.DataFrame:
    """Count who is newly deprived of information, who no longer, and by what, since the month before."""
    first = previous(room, month)
    received, complete = room.received(first, month), room.complete([first, month])
    rows = side_by_side(room, first, month, received)
    phones = room.read(month, "handovers")
    handed = pd.Series(rows.index.isin(phones["household_id"].dropna()), rows.index)
    yes = rows["followed"]
    on_both, left, entered = (
        yes & m for m in (rows["before_on"] & rows["after_on"], ~rows["after_on"], ~rows["before_on"])
    )
    states = {}
    for name, listed in (("before_", rows["before_on"]), ("after_", rows["after_on"])):
        one = rows[[f"{name}deprived_11", f"{name}deprived_12"]].set_axis(["deprived_11", "deprived_12"], axis=1)
        states[name] = {k: v.where(listed & yes) for k, v in information(one).items()}
    flags = {"not_followed": ~yes}
    sized = {}
    for s in states["before_"]:
        was, now = states["before_"][s], states["after_"][s]
        is_deprived, deprived_now = surely(was), surely(now)
        flags[f"before_{s}"], flags[f"now_{s}"] = was, now
        flags[f"no_longer_{s}"] = (~now).where(on_both & is_deprived)
        flags[f"newly_{s}"] = now.where(on_both & surely(~was))
        flags[f"left_{s}"] = left.where(is_deprived).astype("boolean")
        flags[f"unknown_since_{s}"] = (on_both & now.isna()).where(is_deprived).astype("boolean")
        flags[f"entered_{s}"] = entered.where(deprived_now).astype("boolean")
        flags[f"known_since_{s}"] = (on_both & was.isna()).where(deprived_now).astype("boolean")
        sized |= {f"before_{s}": rows["before_members"]}  # people of a change are those of the last list
        sized |= {f"{k}_{s}": rows["after_members"] for k in ("now", "no_longer", "newly")}
    device, internet = surely(flags["no_longer_device"]), surely(flags["no_longer_internet"])
    causes = {"handover_only": device & handed & ~internet, "device_only": device & ~handed & ~internet}
    causes |= {"internet_only": internet & ~device, "handover_and_internet": device & handed & internet}
    causes["device_and_internet"] = device & ~handed & internet
    gone = surely(flags["no_longer_any"])
    flags |= {f"cause_{k}": v.where(gone).astype("boolean") for k, v in causes.items()}
    flags["device_by_handover"] = handed.where(device).astype("boolean")
    flags["internet_beside_handover"] = handed.where(internet).astype("boolean")
    flags["handed_no_longer_any"] = flags["no_longer_any"].where(handed)
    measures = of_households(flags)
    for name, size in sized.items():
        measures |= {k: v for k, v in of_households({name: flags[name]}, size).items() if k[1] == "person"}
    both = phones["household_id"].isin(rows.index[on_both])
    told = of_households({"handed_between": both | ~both, "handed_traced": both})
    told = {(name, "phone"): v for (name, _), v in told.items()}
    return units([(rows, of_class(rows), measures), (phones, classes(phones), told)], month, complete, received)


# ---- Biểu 2 and 3


def is_of(rows: pd.DataFrame, group: str, prefix: str = "") -> pd.Series:
    """Tell whether a list has a household in a class: unknown where it does not say, or says both."""
    own, other = (rows[f"{prefix}{c}"].astype("boolean") for c in (group, "near_poor" if group == "poor" else "poor"))
    return own.mask(surely(own & other))


def flows(room: Room, month: str) -> pd.DataFrame:
    """Count the nine columns of Biểu 2 (poor) and Biểu 3 (near-poor), from the month before to this one."""
    first = previous(room, month)
    received, complete = room.received(first, month), room.complete([first, month])
    rows = side_by_side(room, first, month, received)
    rows = rows[rows["followed"]]
    measures = {}
    for group, other in (("poor", "near_poor"), ("near_poor", "poor")):
        was, now = (is_of(rows, group, p).where(rows[f"{p}on"]) for p in ("before_", "after_"))
        was_other, now_other = (is_of(rows, other, p).where(rows[f"{p}on"]) for p in ("before_", "after_"))
        had = set()
        for m in room.to_date(first)[:-1]:
            if era(m) == era(month):
                list_then = room.read(m, "households")
                had |= set(list_then.loc[surely(is_of(list_then, group)), "household_id"].dropna())
        had_been = pd.Series(rows.index.isin(had), rows.index)
        opening, closing = surely(was), surely(now)
        absent, unlisted = opening & ~rows["after_on"], ~rows["before_on"]
        neither = rows["after_on"] & surely(~now & ~now_other)
        arrives = closing & ~opening & ~surely(was_other) & (unlisted | surely(~was & ~was_other))
        moves = {"opening": opening, "closing": closing, "absent": absent, "unlisted": arrives & ~had_been & unlisted}
        moves |= {"moved_to_other": opening & surely(now_other), "left": opening & neither, "other_decrease": absent}
        moves |= {"moved_from_other": closing & surely(was_other), "returned": arrives & had_been}
        moves |= {"entered": arrives & ~had_been, "other_increase": opening & False}
        had_size, has_size = rows["before_members"], rows["after_members"]
        one = pd.Series(1, rows.index)
        either = opening | closing
        stays = closing & (opening | surely(was_other))
        grown = (has_size - had_size).where(stays, 0)
        size = pd.concat([had_size, has_size], axis=1).max(axis=1)  # the larger of a household's two sizes
        for name, flag in moves.items():
            measures[f"flow_{group}_{name}", "household"] = (flag.where(either).astype("Int64"), one)
            own = had_size if name in ("opening", "moved_to_other", "left", "other_decrease", "absent") else has_size
            own = had_size if name == "moved_from_other" else own
            n = own.where(flag, 0)
            n = n + grown.clip(lower=0) if name == "other_increase" else n
            n = n - grown.clip(upper=0) if name == "other_decrease" else n
            measures[f"flow_{group}_{name}", "person"] = (n.where(either), size.where(either))
    return units([(rows, {"all": one.astype(bool)}, measures)], month, complete, received)
