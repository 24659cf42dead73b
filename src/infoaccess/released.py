"""Read room 4 for a report: released counts of one month's units, and of the same units in all months before.

The only source of a report's figures; the internal edition has the same cells, none hidden (`edition`).
Rates are formed here, last; a suppressed or missing part gives no rate.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from infoaccess import edition as editions
from infoaccess import memo, rooms, store, units
from infoaccess.disclosure import PUBLISHED, SUPPRESSED
from infoaccess.errors import RoomError, UsageError

HANDED = ("handed_", "value_")  # measures that lists of hand-overs alone are the source of


@dataclass(frozen=True)
class Cell:
    """Hold one released count: numerator over denominator, either of which may be hidden or missing."""

    numerator: int | None = None
    denominator: int | None = None
    numerator_status: str = "missing"
    denominator_status: str = "missing"
    received: int = 0
    expected: int = 0

    @property
    def rate(self) -> float | None:
        """Return numerator / denominator, or None where a part is hidden, missing or there is nobody to count."""
        return self.numerator / self.denominator if self.numerator is not None and self.denominator else None

    @property
    def complement(self) -> int | None:
        """Return denominator - numerator (of need met: who waits), or None where a part is hidden or missing."""
        known = self.numerator is not None and self.denominator is not None
        return self.denominator - self.numerator if known else None

    @property
    def status(self) -> str:
        """Tell the rate's state: published, suppressed, empty or missing."""
        if {self.numerator_status, self.denominator_status} & set(SUPPRESSED):
            return "suppressed"
        if self.numerator_status != PUBLISHED or self.denominator_status != PUBLISHED:
            return "missing"
        return "published" if self.denominator else "empty"

    @property
    def partial(self) -> bool:
        """Tell whether some commune of the unit sent no list."""
        return self.received < self.expected

    @property
    def phones(self) -> "Cell":
        """Return a count of phones handed over as what it is: whole, as lists of households are not its source."""
        return replace(self, received=self.expected)


@dataclass(frozen=True)
class Release:
    """Hold what room 4 says of one area set family: cells by (month, code, group, base, measure)."""

    month: str
    months: list[str]
    cells: dict[tuple, Cell]
    quality: dict
    targets: list[dict]
    standard: str
    threshold: int
    synthetic: bool
    promises: list[dict] = field(default_factory=list)  # phones promised: 1 row = 1 source in 1 month
    budgets: list[dict] = field(default_factory=list)  # money planned: 1 row = 1 source in 1 year
    edition: str = editions.PUBLIC

    def cell(
        self,
        code: str,
        measure: str,
        *,
        month: str | None = None,
        group: str = "all",
        base: str = "household",
    ) -> Cell:
        """Return one count; a Cell of status missing where there is none."""
        return self.cells.get((month or self.month, code, group, base, measure), Cell())


def area(month: str, code: str) -> dict:
    """Find a unit that is valid in a month.

    Raises UsageError for any other code, naming the nearest help.
    """
    valid = units.on(month)
    found = valid[valid["code"] == code]
    if found.empty:
        old = units.table()
        elsewhere = old[old["code"] == code]["name"].unique()
        known = f" (mã này là của {', '.join(elsewhere)} ở thời kỳ khác)" if len(elsewhere) else ""
        raise UsageError(
            f"Đơn vị {code!r} không có trong tháng {month}{known}. "
            f"Xem các mã ở geo/units.csv; mã toàn thành phố là {units.CITY}."
        )
    return found.iloc[0].to_dict()


def read(month: str, first: str, codes: list[str] | None = None, edition: str = editions.PUBLIC) -> Release:
    """Read room 4 from a first month to a month, in the area sets of that month's era; an edition's counts of it.

    Raises RoomError when the month was not released.
    """
    held = [m for m in store.months(rooms.RELEASE) if first <= m <= month]
    if month not in held:
        raise RoomError(f"Tháng {month} chưa qua bước 4. Hãy chạy: python scripts/run_month.py {month}")
    of = (month, first, None if codes is None else tuple(codes), edition)
    return memo.held("release", files(held, edition), of, lambda: _read(month, held, codes, edition))


def files(months: list[str], edition: str = editions.PUBLIC) -> list[Path]:
    """Name the files that some months' figures rest on: of room 4, and for the internal edition of room 3."""
    full = [path for m in months for path in editions.files(m, edition)]
    return full + [rooms.data(rooms.RELEASE, m) / name for m in months for name in ("counts.parquet", "door.json")]


def _read(month: str, held: list[str], codes: list[str] | None, edition: str) -> Release:
    levels, twins = units.LEVELS[units.era_of(month)], _twins(month, held)
    phones = pl.any_horizontal(pl.col("measure").str.starts_with(kind) for kind in HANDED)
    wanted = pl.col("area_set").is_in(list(levels)) | (pl.col("area_set").is_in([s for s, _ in twins]) & phones)
    if codes is not None:
        wanted &= pl.col("code").is_in(codes)
    frame = pl.concat([editions.counts(m, edition).filter(wanted) for m in held], how="diagonal").collect()
    cells = {}
    columns = ["area_set", "month", "code", "group", "base", "measure", "numerator", "denominator", "numerator_status"]
    columns += ["denominator_status", "communes_received", "communes_expected"]
    for area_set, month_, code, group, base, measure, *rest in frame.select(columns).iter_rows():
        found = Cell(*rest)
        found = found.phones if measure.startswith(HANDED) else found
        if area_set in levels:
            cells[(month_, code, group, base, measure)] = found
        elif code in (same := twins[(area_set, month_)]):
            cells.setdefault((month_, same[code], group, base, measure), found)
    folder = rooms.data(rooms.RELEASE, month)
    door = store.door(rooms.RELEASE, month)
    return Release(
        month=month,
        months=rooms.months_between(held[0], month),
        cells=cells,
        quality=json.loads((folder / "quality.json").read_text(encoding="utf-8")),
        targets=pl.read_parquet(folder / "targets.parquet").to_dicts(),
        standard=frame.filter(pl.col("month") == month)["standard"][0],
        threshold=door["threshold"],
        synthetic=any(_synthetic(m) for m in held),
        promises=pl.read_parquet(folder / "promises.parquet").to_dicts(),
        budgets=pl.read_parquet(folder / "budgets.parquet").to_dicts(),
        edition=edition,
    )


def _twins(month: str, held: list[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Return, by area set and month of earlier eras, which of its codes are the territory of which of the month's.

    Room 4 has counts by source of money in the units of their own time alone.
    """
    here = {part: code for s in units.LEVELS[units.era_of(month)][1:] for code, part in units.leaves(s).items()}
    found = {}
    for then in held:
        for area_set in units.LEVELS[units.era_of(then)][1:]:
            if units.era_of(then) != units.era_of(month):
                same = {code: here[part] for code, part in units.leaves(area_set).items() if part in here}
                found[(area_set, then)] = same
    return found


def _synthetic(month: str) -> bool:
    path = rooms.data(rooms.RELEASE, month) / "quality.json"
    return json.loads(path.read_text(encoding="utf-8"))["synthetic"]
