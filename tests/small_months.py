"""Make months in this process, without kernels: the stages' own functions under monthly's own order, marks and lock."""

from pathlib import Path

import pandas as pd

from infoaccess import leash, monthly, pipeline, rooms, runner, sample_books, sample_people

ROOT = Path(__file__).resolve().parents[1]
# A Lưới whole, some communes of Huế's old quarters, one that lies over two old districts.
PART = ("20044", "20056", "20050", "20071", "20101", "19753", "19774", "19789", "20014", "19867")


def part(home: Path, communes: tuple[str, ...] = PART) -> None:
    """Give a home the facts of a part of the city, named by its communes of today: everything is made faster there."""
    units, lineage = facts(ROOT)
    line = lineage[lineage["C_code"].isin(communes)]
    codes = {(e, "commune"): set(line[f"{e}_code"]) for e in "ABC"}
    codes |= {(e, "district"): set(line[f"{e}_district_code"]) for e in "AB"} | {(e, "province"): {"46"} for e in "ABC"}
    here = [row.code in codes[row.era, row.level] for row in units.itertuples()]
    (home / "geo").mkdir(parents=True, exist_ok=True)
    units[here].to_csv(home / "geo" / "units.csv", index=False)
    line.to_csv(home / "geo" / "lineage.csv", index=False)


def facts(root: Path) -> list[pd.DataFrame]:
    """Read units and lineage, the root's own or the checkout's."""
    paths = [root / "geo" / f"{name}.csv" for name in ("units", "lineage")]
    return [pd.read_csv(p if p.exists() else ROOT / "geo" / p.name, dtype=str) for p in paths]


def people(first: str, last: str, scale: float, home: Path = ROOT) -> sample_people.People:
    """Invent a few people of a home's units."""
    return sample_people.simulate(*facts(home), scale=scale, seed=5, first=first, last=last)


def sample(home: Path, first: str, last: str, scale: float = 0.3) -> None:
    """Write small synthetic lists."""
    sample_books.write(people(first, last, scale, home), home / "data" / rooms.RAW)


def make(month: str, patch) -> None:
    """Make a month's counts as run_month.py does, stage by stage; a notebook's call is made here instead."""
    found = {s.notebook: s.id for s in pipeline.STAGES}

    def execute(notebook: str, parameters: dict, target: Path, limits: leash.Limits) -> None:
        pipeline.run(found[notebook], **parameters)

    patch.setattr(runner, "execute", execute)
    for stage in found.values():
        if stage != "5":
            monthly.run(month, only=stage)
    patch.undo()
