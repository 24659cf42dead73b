"""Make what the office itself needs of a month, with full counts and row references: the internal edition.

`run` writes, in this order, into data/internal/<month>: the national software's forms (Biểu 1-8), the list of things to
do, the ledger of phones and money by source, and where a number of phones is stated the annex of a proposed allotment.
1 run = 1 folder, whole or not at all; the same rooms give the same bytes. Rooms 1 to 3 are read under the lock of the
monthly run, so that none is read while it is being replaced. Nothing here is disclosure-controlled: it stays in data/.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import polars as pl

from infoaccess import (
    allotment,
    allotment_annex,
    flows,
    form_books,
    form_counts,
    funding,
    own_counts,
    own_measures,
    report,
    rooms,
    runner,
    store,
    units,
    words,
    work_rows,
)
from infoaccess.allotment import Criteria
from infoaccess.errors import InputError, UsageError

FORMS, WORK, LEDGER, ANNEX = "bieu_1-8.xlsx", "viec_can_lam.xlsx", "so_nguon_ho_tro.xlsx", "phu_luc_phan_bo.xlsx"
OWN = "chi_tieu_rieng.xlsx"
CRITERIA = {  # criterion -> heading of what it changes; lists tell neither merit apart nor how remote a unit is
    "by_class": "Theo thứ tự ưu tiên",
    "policy_first": "Hộ chính sách trước",
    "poor_first": "Hộ nghèo trước",
    "by_need": "Theo nhu cầu",
    "minimum": "Mức tối thiểu",
    "method": "Cách làm tròn (so với cách kia)",
}
SWITCHED = ("by_class", "policy_first", "poor_first", "by_need")


def run(
    month: str,
    *,
    phones: int | None = None,
    source: str = "telecom_fund",
    criteria: Criteria | None = None,
    left_out: Sequence[str] = (),
) -> Path:
    """Make the month's folder anew and return it; with `phones`, the annex of an allotment too.

    An annex of an earlier run goes: its needs may not be those of today's lists. Raises UsageError for a wrong
    parameter, RoomError where a stage was not run or another run is at work, and what the annex raises.
    """
    state = runner.settings()["state"]
    rooms.month_name(month)
    with _alone():
        annex = None if phones is None else _propose(month, phones, source, criteria, left_out).annex()
        before = store.followed(month)
        moved = flows.between(before, month) if before else None
        made = {FORMS: forms(month, state, moved), WORK: work_rows.book(month, moved and moved[1])}
        invented = any(work_rows.synthetic(m) for m in store.months(rooms.PLACED) if m <= month)
        made[LEDGER] = funding.book(month, state, invented)
        if own_measures.measures():
            made[OWN] = own_counts.book(month, state, invented)
        return _put(month, made | ({ANNEX: annex} if annex else {}))


def forms(month: str, state: str, moved: tuple[pl.DataFrame, pl.DataFrame] | None) -> bytes:
    """Count Biểu 1-8 from room 2 and write them; `moved` is `flows.between` the month before and this one.

    Where there is none, Biểu 2 and 3 say in words why.
    """
    before = store.followed(month)
    tables = {name: store.eager(rooms.PLACED, month, name) for name in ("populations", "communes")}
    movements, remarks = None, [work_rows.why_no_movements(month)]
    if moved:
        movements, remarks = flows.form(moved[0], month), _movement_remarks(month, moved[1])
    found = form_counts.forms(month, store.lazy(rooms.PLACED, month, "households"), **tables, movements=movements)
    invented = any(work_rows.synthetic(m) for m in (month, before) if m)
    told = dict.fromkeys((2, 3), remarks)
    head = form_books.Head(month, report.agency(month), state, invented, before or "", told)
    return form_books.book(found, head)


def _movement_remarks(month: str, unresolved: pl.DataFrame) -> list[str]:
    """Say what a reader of Biểu 2 and 3 must know of how they came about."""
    first = next(m for m in store.months(rooms.PLACED) if units.era_of(m) == units.era_of(month))
    told = [f"Tái nghèo, tái cận nghèo: chỉ biết từ danh sách {words.month(first)}; hộ khác bổ sung là phát sinh mới."]
    told.append("Hộ không còn trong danh sách tính vào số hộ khác giảm: danh sách không ghi vì sao.")
    if unresolved.height:
        told.append(f"{words.number(unresolved.height)} dòng chưa rõ làm biểu có thể không khép: xem {WORK}.")
    return told


@dataclass(frozen=True)
class Proposal:
    """Hold one proposed allotment: needs by unit, phones, source, criteria, who is left out and why."""

    month: str
    needs: pd.DataFrame
    phones: int
    source: str
    criteria: Criteria
    remarks: tuple[str, ...]
    synthetic: bool

    def table(self) -> pd.DataFrame:
        """Show needs and phones: 1 row = 1 unit, the last row their sum."""
        found = allotment.allot(self.needs, self.phones, self.source, self.criteria)
        return allotment_annex.frame(found).drop(columns=allotment_annex.NUMBER).set_index(allotment_annex.UNIT)

    def changes(self) -> pd.DataFrame:
        """Show what each criterion changes, in phones: 1 row = 1 unit, 1 column = 1 criterion in force."""
        found = allotment.effects(self.needs, self.phones, self.source, self.criteria)
        wide = found.pivot(index=["code", "name"], columns="criterion", values="change").droplevel("code")
        shown = [c for c in CRITERIA if c in wide]
        return wide[shown].rename(columns=CRITERIA).rename_axis(index=allotment_annex.UNIT, columns="")

    def annex(self) -> bytes:
        """Return the annex as a workbook."""
        rest = {"synthetic": self.synthetic, "remarks": self.remarks}
        return allotment_annex.write(self.needs, self.phones, self.source, self.month, self.criteria, **rest)

    def write(self) -> str:
        """Put the annex beside the month's other workbooks and say where."""
        with _alone():
            return str((_put(self.month, {ANNEX: self.annex()}, keep=True) / ANNEX).relative_to(rooms.home()))


def propose(
    month: str,
    phones: int,
    source: str,
    criteria: Criteria | None = None,
    left_out: Sequence[str] = (),
) -> Proposal:
    """Propose an allotment to the month's districts, to its communes where there are none, by the needs of its lists.

    `left_out`: codes of units that get none now. Raises what `run` does, and InputError naming a unit of which not all
    communes sent a list.
    """
    rooms.month_name(month)
    with _alone():
        return _propose(month, phones, source, criteria, left_out)


def plan(
    month: str,
    phones: int,
    source: str,
    switched_off: str = "",
    minimum: int = 0,
    method: str = Criteria.method,
    left_out: str = "",
) -> Proposal:
    """Propose an allotment as a notebook states it: criteria and codes as words with spaces between.

    Raises what `propose` does, and UsageError for a criterion that is none.
    """
    names = switched_off.split()
    if strange := sorted(set(names) - set(SWITCHED)):
        raise UsageError(f"Không có tiêu chí {', '.join(strange)}; chọn trong: {', '.join(SWITCHED)}.")
    criteria = Criteria(minimum=minimum, method=method, **dict.fromkeys(names, False))
    return propose(month, phones, source, criteria, left_out.split())


def _propose(month: str, phones: int, source: str, criteria: Criteria | None, left_out: Sequence[str]) -> Proposal:
    level = units.LEVELS[units.era_of(month)][1]
    known = units.of(level)[["code", "valid_from", "name"]].sort_values("code", ignore_index=True)
    if strange := sorted(set(left_out) - set(known["code"])):
        raise UsageError(f"Mã {', '.join(strange)} không phải đơn vị được phân bổ của {words.month(month)}.")
    out = known["code"].isin(list(left_out))
    _need_lists(month, level, known[~out])
    waiting = allotment.waiting(store.lazy(rooms.PLACED, month, "households"), [level]).to_pandas().set_index(level)
    needs = known[~out].reset_index(drop=True)
    needs = needs.assign(**{c: needs["code"].map(waiting[c]).fillna(0).astype("Int64") for c in waiting.columns})
    unclassified = int(needs.pop("unclassified").sum())
    remarks = [f"Chưa phân bổ đợt này cho: {', '.join(known.loc[out, 'name'])}."] if out.any() else []
    if unclassified:
        remarks.append(f"Có {words.number(unclassified)} hộ có nhu cầu nhưng chưa rõ diện hộ nên chưa tính.")
    chosen = (needs, phones, source, criteria or Criteria(), tuple(remarks))
    return Proposal(month, *chosen, work_rows.synthetic(month))


def _need_lists(month: str, level: str, wanted: pd.DataFrame) -> None:
    """Make sure that every commune of the units sent a list: a need that is not known is none of zero."""
    communes = store.eager(rooms.PLACED, month, "communes").filter(~pl.col("list_received")).to_pandas()
    lacking = communes[communes[level].isin(wanted["code"])]
    if lacking.empty:
        return
    names = units.of(units.commune_set(month)).set_index("code")["name"]
    of_units = wanted.set_index("code")["name"].reindex(sorted(lacking[level].unique()))
    told = ", ".join(f"{name} ({code})" for code, name in of_units.items())
    silent = ", ".join(names.reindex(lacking["commune_code"].sort_values()))
    raise InputError(
        f"{words.month(month).capitalize()}: chưa có danh sách của {silent}, nên chưa biết nhu cầu của {told}. Hãy chờ "
        "danh sách, hoặc để đơn vị đó ra đợt sau (--left-out, left_out)."
    )


def _alone() -> AbstractContextManager:
    return rooms.alone(rooms.internal(), rooms.data(rooms.VALIDATED), rooms.data(rooms.PLACED))


def _put(month: str, made: dict[str, bytes], keep: bool = False) -> Path:
    """Write workbooks into the month's folder; those that are there go, or are kept where not made anew."""
    with rooms.replaced(rooms.internal(month)) as folder:
        for path in sorted(rooms.internal(month).glob("*.xlsx")) if keep else ():
            (folder / path.name).write_bytes(path.read_bytes())
        for name, content in made.items():
            (folder / name).write_bytes(content)
    return rooms.internal(month)
