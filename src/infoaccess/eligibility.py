"""Who may be given a phone from which source of money, checked hand-over by hand-over.

Counting rule: the table of household class x source (eligibility.toml, each entry with its source) gives every rule a
verdict on every hand-over of all months to date: breach, clean, not_checked (what the lists hold does not decide it) or
not_applicable. A hand-over is a breach if one rule is broken, else not_checked if one rule is not decided, else clean:
not decidable is never clean. Classes are those of the list of the reporting month. Of a household's hand-overs the
first by day is no second one; identifiers change with the commune codes (2025-01, 2025-07) and are followed across
that only by a table of links. Sources: Circular 14/2022/TT-BTTTT (in force 2022-12-12) and the plan of December 2023.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl

from infoaccess import areas, rooms, store, tally, units
from infoaccess.errors import UsageError

CLASSES = {"poor": "hộ nghèo", "near_poor": "hộ cận nghèo", "policy": "gia đình chính sách"}
PLACE = ["month", "file", "sheet", "row"]
STATES = ("clean", "breach", "not_checked", "not_applicable")
WHOLE = "any"  # the name under which a hand-over's verdict over all rules is counted
_FLAGS = ("excludes_earlier_device", "needs_mobile_plan", "before_programme")
_OPTIONAL = {"bought_on": pl.Date, "mobile_plan": pl.Boolean}  # columns a hand-over list may have


@cache
def table() -> dict:
    """Read the programme, the sources and the rules.

    Raises UsageError where a source names a class that is none.
    """
    raw = tomllib.loads(Path(__file__).with_name("eligibility.toml").read_text(encoding="utf-8"))
    for name, entry in raw["sources"].items():
        if wrong := sorted(set(entry["classes"]) - set(CLASSES)):
            raise UsageError(f"eligibility.toml, nguồn {name}: không có diện hộ {', '.join(wrong)}.")
    return raw


def rules() -> list[str]:
    """List the rules in force in the office's order."""
    return [name for name, entry in table()["rules"].items() if entry["active"]]


def grid() -> pl.DataFrame:
    """Return the table itself: 1 row = 1 source x household class, with whether the source may pay, and its law.

    >>> grid().filter(~pl.col("may_pay")).select("source", "class").rows()
    [('telecom_fund', 'policy')]
    """
    rows = [
        {"source": s, "class": c, "may_pay": c in entry["classes"], "law": entry["source"], "wording": entry["wording"]}
        for s, entry in table()["sources"].items()
        for c in CLASSES
    ]
    return pl.DataFrame(rows)


def may_pay(source: str) -> pl.Expr:
    """Tell whether a source may pay for a household by its class; missing where its known classes do not decide."""
    return pl.any_horizontal(pl.col(c) for c in table()["sources"][source]["classes"])


def _settings() -> pl.DataFrame:
    """Return the sources as a table to join: 1 row = 1 source."""
    rows = [
        {"source": s, "known": True}
        | {f"pays_{c}": c in entry["classes"] for c in CLASSES}
        | {flag: entry[flag] for flag in _FLAGS}
        | {"valid_from": entry.get("valid_from"), "cash_vnd": entry.get("cash_vnd")}
        for s, entry in table()["sources"].items()
    ]
    types = {"source": pl.String, "known": pl.Boolean} | {f"pays_{c}": pl.Boolean for c in CLASSES}
    types |= dict.fromkeys(_FLAGS, pl.Boolean) | {"valid_from": pl.Date, "cash_vnd": pl.Int64}
    return pl.DataFrame(rows, schema=types)


def _followed(frame: pl.DataFrame, links: pl.DataFrame | None) -> pl.DataFrame:
    """Add `household`, the identifier that lasts as long as it can be followed, and whether a link tells it."""
    if links is None:
        return frame.with_columns(pl.col("household_id").alias("household"), pl.lit(False).alias("linked"))
    joined = frame.join(links.select("household_id", "first_id"), on="household_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("first_id", "household_id").alias("household"), pl.col("first_id").is_not_null().alias("linked")
    ).drop("first_id")


def _earlier_eras(found: pl.DataFrame) -> pl.Expr:
    """Tell hand-overs that an earlier era's may repeat unseen: one on the same ground under another identifier."""
    first = found.group_by("C_commune").agg(pl.col("era").min().alias("first"))
    everywhere, nowhere = found["era"].min(), first.filter(pl.col("C_commune").is_null())["first"].min()
    by_unit = {code: min(e, nowhere or e) for code, e in first.drop_nulls("C_commune").iter_rows()}
    ground = pl.col("C_commune").replace_strict(by_unit, default=everywhere, return_dtype=pl.String)
    return (ground < pl.col("era")) & ~pl.col("linked")


def _with_history(found: pl.DataFrame, lists: pl.DataFrame) -> pl.DataFrame:
    """Add what the lists tell of each hand-over's household: listed, smartphone before, earlier device."""
    on_list = lists.select("month", "household_id").drop_nulls().unique().with_columns(pl.lit(True).alias("here"))
    day_month = pl.col("handed_on").dt.strftime("%Y-%m")
    found = found.with_columns(day_month.alias("day_month"))
    found = found.join(on_list, on=["month", "household_id"], how="left", maintain_order="left")
    then = on_list.rename({"month": "day_month", "here": "here_then"})
    found = found.join(then, on=["day_month", "household_id"], how="left", maintain_order="left")
    told = lists.drop_nulls(["household", "has_smartphone"]).select(
        "household", pl.col("month").str.to_date("%Y-%m").alias("at"), pl.col("has_smartphone").alias("had"), "month"
    )
    told = told.group_by("household", "at").agg(pl.col("had").any(), pl.col("month").first().alias("seen_month"))
    dated = found.filter(pl.col("household").is_not_null() & pl.col("handed_on").is_not_null())
    dated = dated.select("phone", "household", pl.col("handed_on").dt.truncate("1mo").alias("at")).sort("at")
    last = dated.join_asof(
        told.sort("at"), on="at", by="household", strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    found = found.join(last.select("phone", "had", "seen_month"), on="phone", how="left", maintain_order="left")
    flags = [c for c in table()["programme"]["earlier_device_columns"] if c in lists.columns]
    pairs = found.select("phone", "household", "month").join(
        lists.drop_nulls("household").select("household", pl.col("month").alias("list_month"), *flags), on="household"
    )
    pairs = pairs.filter(pl.col("list_month") <= pl.col("month")).group_by("phone").agg(pl.col(c).max() for c in flags)
    return found.join(pairs, on="phone", how="left", maintain_order="left")


def _verdicts() -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Give for each rule where it applies and what keeps it, both three-valued."""
    programme, day, value = table()["programme"], pl.col("handed_on"), pl.col("value_vnd")
    always, gives_cash = pl.lit(True), pl.when(pl.col("known")).then(pl.col("cash_vnd").is_not_null())
    cash, phone = pl.col("form") == "cash", pl.col("form") == "phone"
    had = pl.any_horizontal(pl.col(c) for c in programme["earlier_device_columns"])
    bought = (pl.col("bought_on") >= pl.col("valid_from")) & (pl.col("bought_on") <= day)
    listed = pl.when(pl.col("here").is_not_null() | pl.col("here_then").is_not_null()).then(True)
    listed = listed.when(pl.col("household_id").is_not_null() & pl.col("list_received")).then(False)
    first = pl.when(pl.col("household").is_null()).then(None).when(pl.col("nth") > 1).then(False)
    return {
        "source_missing": (always, pl.col("known").is_not_null()),
        "class_source": (pl.col("known"), pl.any_horizontal(pl.col(f"pays_{c}") & pl.col(c) for c in CLASSES)),
        "not_listed": (always, listed),
        "second_phone": (always, first.when(~pl.col("lost")).then(True)),
        "had_smartphone": (always, ~pl.col("had")),
        "earlier_device": (pl.col("excludes_earlier_device"), ~had),
        "before_rule": (pl.when(pl.col("known")).then(pl.col("valid_from").is_not_null()), day >= pl.col("valid_from")),
        "before_programme": (~pl.col("before_programme"), day >= pl.lit(programme["valid_from"])),
        "cash_source": (cash, gives_cash),
        "cash_amount": (cash & gives_cash, value == pl.col("cash_vnd")),
        "cash_bought": (cash & gives_cash, bought),
        "mobile_plan": (phone & pl.col("needs_mobile_plan"), pl.col("mobile_plan")),
        "value_missing": (always, value.is_not_null()),
        "value_implausible": (
            phone & value.is_not_null(),
            value.is_between(programme["phone_min_vnd"], programme["phone_max_vnd"]),
        ),
    }


def states(
    handovers: pl.DataFrame, lists: pl.DataFrame, communes: pl.DataFrame, links: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Judge every hand-over by every rule: 1 row = 1 hand-over, in the order given.

    `handovers` are all months' of room 2; `lists` holds month, household_id, has_smartphone and the columns of earlier
    devices that lists have (1 row = 1 household in 1 month); `communes` month, commune_code, list_received; `links`
    household_id, first_id: the identifier under which a household was first known, where a table tells it.
    Adds one column a rule, `state` over all rules, and what sentences need. Values of value_vnd are in đồng.
    """
    absent = [pl.lit(None, t).alias(c) for c, t in _OPTIONAL.items() if c not in handovers.columns]
    found = handovers.with_columns(pl.col("handed_on").cast(pl.Date), *absent).with_row_index("phone")
    eras = {m: units.era_of(m) for m in found["month"].unique()}
    found = _followed(found, links).with_columns(
        pl.col("month").replace_strict(eras, default=None, return_dtype=pl.String).alias("era")
    )
    found = found.with_columns(_earlier_eras(found).alias("lost")) if found.height else found.with_columns(lost=False)
    order = [pl.coalesce("handed_on", pl.col("month").str.to_date("%Y-%m").dt.month_end())]
    order += [pl.col(c) for c in PLACE]
    found = found.sort(order).with_columns(
        (pl.int_range(pl.len()).over("household") + 1).alias("nth"),
        *(pl.col(c).first().over("household").alias(f"first_{c}") for c in (*PLACE, "handed_on", "source")),
    )
    got = communes.select("month", "commune_code", "list_received").unique(["month", "commune_code"])
    found = found.sort("phone").join(got, on=["month", "commune_code"], how="left", maintain_order="left")
    found = _with_history(found, _followed(lists, links)).join(
        _settings(), on="source", how="left", maintain_order="left"
    )
    flags = table()["programme"]["earlier_device_columns"]
    found = found.with_columns(pl.lit(None, pl.Boolean).alias(c) for c in flags if c not in found.columns)
    verdicts = _verdicts()
    found = found.with_columns(_state(*verdicts[rule]).alias(rule) for rule in rules())
    told = [pl.col(rule) for rule in rules()]
    return found.with_columns(
        pl.when(pl.any_horizontal(t == "breach" for t in told))
        .then(pl.lit("breach"))
        .when(pl.any_horizontal(t == "not_checked" for t in told))
        .then(pl.lit("not_checked"))
        .otherwise(pl.lit("clean"))
        .alias("state")
    )


def _state(applies: pl.Expr, kept: pl.Expr) -> pl.Expr:
    """Name a rule's verdict: broken where it applies and is not kept, by three-valued logic."""
    broken = applies & ~kept
    return (
        pl.when(broken)
        .then(pl.lit("breach"))
        .when(broken.is_null())
        .then(pl.lit("not_checked"))
        .when(~applies)
        .then(pl.lit("not_applicable"))
        .otherwise(pl.lit("clean"))
    )


def breaches(judged: pl.DataFrame) -> pl.DataFrame:
    """List every breach for the office: 1 row = 1 hand-over x 1 broken rule, never a person.

    Columns: month, file, sheet, row, commune_code, commune_valid_from, source, rule, title, sentence (Vietnamese).
    """
    head = [*PLACE, "commune_code", "commune_valid_from", "source"]
    rows = []
    for rule in rules():
        entry = table()["rules"][rule]
        for told in judged.filter(pl.col(rule) == "breach").iter_rows(named=True):
            said = {"rule": rule, "title": entry["title"], "sentence": entry["sentence"].format(**_words(told)) + "."}
            rows.append({c: told[c] for c in head} | said)
    types = {c: judged.schema[c] for c in head} | dict.fromkeys(("rule", "title", "sentence"), pl.String)
    return pl.DataFrame(rows, schema=types).sort([*PLACE, "rule"])


def _words(told: dict) -> dict[str, str]:
    """Write what the sentences of one hand-over may need."""
    programme, entry = table()["programme"], table()["sources"].get(told["source"], {})
    days = {"handed_on": told["handed_on"], "first_on": told["first_handed_on"], "bought_on": told["bought_on"]}
    days |= {"valid_from": entry.get("valid_from"), "start": programme["valid_from"]}
    money = {"value": told["value_vnd"], "cash": entry.get("cash_vnd")}
    money |= {"low": programme["phone_min_vnd"], "high": programme["phone_max_vnd"]}
    same = (told["first_handed_on"], told["first_source"]) == (told["handed_on"], told["source"])
    place = "{first_month}, {first_file}, trang tính {first_sheet}, dòng {first_row}".format(**told)
    own = [word for c, word in CLASSES.items() if told[c]]
    return (
        {k: f"{v:%d/%m/%Y}" if v else "(không ghi)" for k, v in days.items()}
        | {k: "(không ghi)" if v is None else f"{v:,}".replace(",", ".") for k, v in money.items()}
        | {"source_title": entry.get("title", ""), "legal": entry.get("source", ""), "month": told["month"]}
        | {"classes": ", ".join(CLASSES[c] for c in entry.get("classes", ())), "seen_month": told["seen_month"]}
        | {"own_class": ", ".join(own) or "không thuộc diện nào", "first_place": place}
        | {"again": table()["rules"]["second_phone"]["again"] if same else ""}
    )


def summary(judged: pl.DataFrame, by: Sequence[str] = ("source",)) -> pl.DataFrame:
    """Count verdicts: 1 row = 1 key of `by` x 1 rule ("any": over all rules); sums add over any partition.

    Columns: phones (hand-overs) = clean + breach + not_checked + not_applicable.
    """
    parts = [
        judged.group_by(list(by)).agg(
            pl.lit(rule).first().alias("rule"),
            pl.len().cast(pl.Int64).alias("phones"),
            *((pl.col(column) == s).sum().cast(pl.Int64).alias(s) for s in STATES),
        )
        for rule, column in [(WHOLE, "state"), *((r, r) for r in rules())]
    ]
    return pl.concat(parts).sort([*by, "rule"])


def unchecked(judged: pl.DataFrame) -> pl.DataFrame:
    """Say what could not be checked and why: 1 row = 1 month x source x rule, with hand-overs and a sentence."""
    counted = summary(judged, ["month", "source"]).filter((pl.col("not_checked") > 0) & (pl.col("rule") != WHOLE))
    why = {r: f"{table()['rules'][r]['unchecked']}." for r in rules()}
    return counted.select("month", "source", "rule", "not_checked", pl.col("rule").replace(why).alias("sentence"))


def measures() -> list[tally.Measure]:
    """List the measures for `tally.tally`: verdicts over all hand-overs, by source, and breaches by rule."""
    one, found = pl.col("state").is_not_null().cast(pl.Int64), []
    for source in table()["sources"]:
        phones = pl.when(pl.col("source") == source).then(one)
        verdicts = [((pl.col("state") == s).cast(pl.Int64), s) for s in STATES[:3]]
        found += [tally.Measure(f"eligibility_{s}_{source}", "phone", flag, phones) for flag, s in verdicts]
    for rule in rules():
        decided = pl.when(pl.col(rule).is_in(["clean", "breach"])).then(one)
        found.append(tally.Measure(f"breach_{rule}", "phone", (pl.col(rule) == "breach").cast(pl.Int64), decided))
    return found


def gather(month: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read what `states` needs of all months to date from room 2: hand-overs, lists, communes.

    Raises RoomError where a month's stage 2 has not been run.
    """
    months = [m for m in store.months(rooms.PLACED) if m <= month]
    wanted = ["month", "household_id", "has_smartphone", *table()["programme"]["earlier_device_columns"]]
    wanted += [*CLASSES, "wants_smartphone", *areas.known()]
    lists = []
    for m in months:
        lazy = store.lazy(rooms.PLACED, m, "households")
        lists.append(lazy.select(c for c in wanted if c in lazy.collect_schema().names()))
    handed = pl.concat([store.eager(rooms.PLACED, m, "handovers") for m in months], how="diagonal_relaxed")
    communes = pl.concat([store.eager(rooms.PLACED, m, "communes") for m in months], how="diagonal_relaxed")
    return handed, pl.concat(lists, how="diagonal_relaxed").collect(), communes
