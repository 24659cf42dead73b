"""The rules of the lists of households, hand-overs, reviews and denominators: what refuses a row, what only warns.

A row is refused when it cannot be counted with the right meaning; a contradiction that the office must judge is a
warning. Rules look only at rows that still count. Sources: Decree 07/2021/NĐ-CP (classes), Circular 59/2021/TT-BCA
(identity numbers), Circular 14/2022/TT-BTTTT (one phone a household).
"""

import pandas as pd

from infoaccess import columns, identity, naming, units, values
from infoaccess.canonical import canonical
from infoaccess.validate import Sheet

INDICATORS = list(columns.INDICATORS)
MANY_MEMBERS = 20
ADULT_AGE = 15
POOR_FROM = 3  # deprivations
B1_LINES = {"xã": 140, "phường": 175}  # review score B1 that stands for the income line, rural and urban
CITYWIDE = {  # tables of the whole city: what names a row of each
    "subscribers": ["month"],
    "targets": ["year", "target_id"],
    "promises": ["month", "source"],
    "budgets": ["year", "source"],
}
_BESIDE = ("serial", "fault", "origin_ref")  # columns that do not make two rows different


def check_households(sheet: Sheet, month: str, secret: bytes) -> None:
    """Apply the rules of a household list."""
    naming.fill(sheet, month)
    f = sheet.frame
    sexes = f["head_male"].fillna(False) & f["head_female"].fillna(False)
    sheet.report(sexes, "head_female", "two_sexes")
    f.loc[sexes, ["head_male", "head_female"]] = pd.NA
    poor, near, policy = (f[c].fillna(False).astype(bool) for c in ("poor", "near_poor", "policy"))
    sheet.report(~(poor | near | policy), "poor", "no_class")
    sheet.report(poor & near, "near_poor", "two_classes")
    sheet.report(f["adults"] > f["members"], "adults", "adults")
    sheet.report(f["adults_with_smartphone"] > f["adults"], "adults_with_smartphone", "adults")
    nines = f["household_no"].str.fullmatch("9{3,}").fillna(False)
    trial = f["head_name"].str.casefold().str.contains(r"\btest\b|\bthử\b|9{3,}").fillna(False)
    sheet.report(nines & (trial | f["members"].isin([9, 99, 999]).fillna(False)), "household_no", "test_row")
    add_household_id(sheet, month, secret)
    fold_exact(sheet, ["household_id"])
    again(sheet, ["household_id"], "household_no", "key_conflict")
    _question(sheet, month)
    _near_duplicates(sheet)


def _question(sheet: Sheet, month: str) -> None:
    """Warn of what a household's own row says against itself."""
    f, kept = sheet.frame, sheet.kept
    poor, near = (f[c].fillna(False).astype(bool) for c in ("poor", "near_poor"))
    total, known = f[INDICATORS].fillna(False).sum(axis=1), f[INDICATORS].notna().all(axis=1)
    sheet.report(kept & known & poor & (total < POOR_FROM), "poor", "class")
    sheet.report(kept & known & near & ~poor & (total >= POOR_FROM), "near_poor", "class")
    phone = f["has_smartphone"].fillna(False)
    sheet.report(kept & phone & f["deprived_12"], "deprived_12", "device")
    sheet.report(kept & phone & f["wants_smartphone"], "wants_smartphone", "need")
    sheet.report(kept & (f["members"] > MANY_MEMBERS), "members", "members_many", limit=MANY_MEMBERS)
    born, year = f["head_birth_year"], int(month[:4])
    sheet.report(kept & (born > year), "head_birth_year", "birth_future")
    sheet.report(kept & (born <= year) & (year - born < ADULT_AGE), "head_birth_year", "head_young")
    facts = [values.identity_facts(i) if isinstance(i, str) else (None, None) for i in f["head_identity"].tolist()]
    sexes = f["head_male"].mask(~f["head_male"].fillna(False) & ~f["head_female"].fillna(False))
    male = pd.Series([m for m, _ in facts], index=f.index, dtype="boolean")
    by_number = pd.Series([y for _, y in facts], index=f.index, dtype="Int64")
    sheet.report(kept & (male != sexes), "head_identity", "identity_sex")
    sheet.report(kept & (by_number != born), "head_identity", "identity_year")


def _near_duplicates(sheet: Sheet) -> None:
    """Warn of rows that may be one household: the same identity number, or name and year of birth in a commune."""
    f, kept = sheet.frame, sheet.kept
    numbered = f[kept & f["head_identity"].notna()]
    for _, rows in numbered[numbered["head_identity"].duplicated(keep=False)].groupby("head_identity"):
        first = rows.index[0]
        for i, code in rows["commune_code"].items():
            other = next((j for j in rows.index if j != i and rows.at[j, "commune_code"] != code), None)
            twin = other if other is not None else first if i != first else rows.index[1]
            rule = "same_identity" if other is None else "two_communes"
            sheet.report([i], "head_identity", rule, other={i: twin})
    people = f[kept & f["head_name"].notna() & f["head_birth_year"].notna()]
    names = people["head_name"].map(canonical)
    key = people.assign(_name=names)[["commune_code", "_name", "head_birth_year"]]
    for _, rows in key[key.duplicated(keep=False)].groupby(list(key.columns)):
        alike = f.loc[rows.index]
        for i in alike.index:
            mine = alike.at[i, "head_identity"]
            others = [j for j in alike.index if j != i and (pd.isna(mine) or pd.isna(alike.at[j, "head_identity"]))]
            if others:  # two numbers tell two people apart
                sheet.report([i], "head_name", "same_person", other={i: others[0]})


def check_handovers(sheet: Sheet, month: str, secret: bytes, household_ids: set[str]) -> None:
    """Apply the rules of a hand-over list; a phone counts even where its household is not found."""
    naming.fill(sheet, month)
    add_household_id(sheet, month, secret)
    if sheet.frame.empty:
        return
    fold_exact(sheet, ["household_id"])
    day = pd.to_datetime(sheet.frame["handed_on"])
    span = pd.Period(month, "M")
    sheet.report(day > span.end_time, "handed_on", "date_after", month=month)
    sheet.report(sheet.kept & (day < span.start_time), "handed_on", "date_before", month=month)
    ids = sheet.frame["household_id"].where(sheet.kept)
    seen = ids.dropna().drop_duplicates(keep="first")
    first = dict(zip(seen, seen.index, strict=True))
    twice = ids.index[ids.notna() & ids.duplicated()]
    sheet.report(list(twice), "household_no", "second_phone", other={i: first[ids[i]] for i in twice})
    sheet.report(ids.notna() & ~ids.isin(list(household_ids)), "household_no", "not_listed")


def check_reviews(sheet: Sheet, month: str, households: Sheet) -> None:
    """Apply the rules of a review list: the result follows from the scores and agrees with the month's list."""
    naming.fill(sheet, month)
    f = sheet.frame
    fold_exact(sheet, ["commune_code", "household_no"])
    named = units.of(units.commune_set(month)).set_index("code")["name"].str.split(n=1).str[0].str.casefold()
    line = f["commune_code"].map(named).map(B1_LINES).fillna(B1_LINES["phường"])
    expected = pd.Series("neither", index=f.index).mask(f["b1"] <= line, "near_poor")
    expected = expected.mask((f["b1"] <= line) & (f["b2"] >= 10 * POOR_FROM), "poor")
    sheet.report(sheet.kept & f["result"].notna() & (expected != f["result"]), "result", "review_class")
    listed = households.frame[households.kept]
    stands = zip(listed["poor"].tolist(), listed["near_poor"].tolist(), listed.index, strict=True)
    by_key = dict(zip(_persons(listed), stands, strict=True))
    for i, key in zip(f.index, _persons(f), strict=True):
        poor, near, row = by_key.get(key, (None, None, None))
        listed_as = "poor" if poor is True else "near_poor" if near is True else "neither"
        if row is not None and sheet.kept[i] and pd.notna(f.at[i, "result"]) and listed_as != f.at[i, "result"]:
            place = f" (xem {households.where(row)})"
            sheet.report([i], "result", "review_differs", place=place)


def _persons(f: pd.DataFrame) -> list[tuple]:
    """Return what a review and a list both say of a household: commune, number, head."""
    cells = zip(*(f[c].tolist() for c in ("commune_code", "household_no", "head_name")), strict=True)
    return [tuple(canonical(v) if isinstance(v, str) else None for v in row) for row in cells]


def check_populations(sheet: Sheet, month: str) -> None:
    """Apply the rules of the table of denominators."""
    naming.fill(sheet, month)
    fold_exact(sheet, ["commune_code"])
    again(sheet, ["commune_code"], "commune_code", "duplicate")
    sheet.report(sheet.frame["people"] < sheet.frame["households"], "people", "people")


def check_citywide(sheets: dict[str, Sheet]) -> None:
    """Apply the one rule of the tables of the whole city: one row a key."""
    for name, key in CITYWIDE.items():
        fold_exact(sheets[name], key)
        again(sheets[name], key, key[-1], "duplicate")


def fold_exact(sheet: Sheet, near: list[str]) -> None:
    """Fold every row that says in all its cells what a row above says; `near` finds the candidates quickly."""
    f = sheet.frame
    candidates = f.index[f.duplicated(near, keep=False) & ~sheet.folded]
    names = [c for c in sheet.kind.columns if c not in _BESIDE]
    seen: set[tuple] = set()
    extra = []
    for i in candidates:
        row = (f.at[i, "commune_code"] if "commune_code" in f else None,) + tuple(
            canonical(values.text_of(sheet.cells[c][i])) for c in names if not c.startswith("commune_")
        )
        extra.append(row in seen)
        seen.add(row)
    sheet.fold(pd.Series(extra, index=candidates, dtype=bool).reindex(f.index, fill_value=False))


def again(sheet: Sheet, key: list[str], column: str, rule: str) -> None:
    """Refuse the later of two counted rows with one key; the sentence names the first."""
    f = sheet.frame.loc[sheet.kept, key].dropna()
    keys = list(zip(*(f[k].tolist() for k in key), strict=True))
    first: dict[tuple, int] = {}
    for i, held in sorted(zip(f.index, keys, strict=True), key=lambda pair: pair[0] in sheet.stale):
        first.setdefault(held, i)
    twin = {i: first[held] for i, held in zip(f.index, keys, strict=True) if first[held] != i}
    sheet.report(list(twin), column, rule, other=twin)


def fold_mended(sheets: list[Sheet]) -> None:
    """Fold the rows that mended rows replace: `origin_ref` names file (checksum), sheet and row.

    A mended row whose first row is no longer there gives way to a list that was sent anew, and is told.
    """
    named = {values.text_of(c) for s in sheets for c in s.cells["origin_ref"]} - {""}
    if not named:
        return
    for sheet in sheets:
        rows = zip(sheet.owner, sheet.origin["row"], strict=True)
        replaced = [f"{t.sha}:{t.sheet_index}:{row}" in named for t, row in rows]
        sheet.fold(pd.Series(replaced, index=sheet.origin.index, dtype=bool))
    here = {f"{t.sha}:{t.sheet_index}:{row}" for s in sheets for t in s.tables for row, _ in t.rows}
    for sheet in sheets:
        refs = [values.text_of(c) for c in sheet.cells["origin_ref"]]
        sheet.stale = {i for i, ref in enumerate(refs) if ref and ref not in here}
        sheet.report(sorted(sheet.stale), "origin_ref", "origin_lost")


def add_household_id(sheet: Sheet, month: str, secret: bytes) -> None:
    """Replace a household's key by its hash."""
    f, start = sheet.frame, units.valid_from(units.commune_set(month))
    complete = f[["commune_code", "village", "household_no"]].notna().all(axis=1)
    keys = zip(*(f[c].tolist() for c in ("commune_code", "village", "household_no")), complete.tolist(), strict=True)
    ids = [identity.household_id(secret, code, start, village, no) if ok else None for code, village, no, ok in keys]
    f["household_id"] = pd.Series(ids, index=f.index, dtype="str")
