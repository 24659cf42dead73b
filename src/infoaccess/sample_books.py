"""Write the sample's workbooks, one folder a month, dressed as offices dress theirs.

Every workbook says in a row of its own and in its properties that it is synthetic; the same people give the
same bytes.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from infoaccess import sample_people, sample_sheets
from infoaccess.sample_households import NEAR, POOR


def write(
    people: sample_people.People,
    raw_folder: Path,
    months: Iterable[str] | None = None,
    progress: Callable[[Iterable, int], Iterable] | None = None,
    jobs: int = 1,
) -> list[Path]:
    """Write <raw_folder>/<YYYY-MM>/*.xlsx for each month and return the folders.

    `progress(finished, total)` wraps the finished folders (tqdm, say). A month appears whole or not at all.
    Raises FileExistsError, before anything is written, if a folder holds a file that is not a sample.
    """
    wanted = list(people.lists if months is None else months)
    for month in wanted:
        refuse_real(raw_folder / month)
    raw_folder.mkdir(parents=True, exist_ok=True)
    wrap = progress or (lambda finished, total: finished)
    tasks = (_sheets(people, month) for month in wanted)
    one = partial(_write_month, raw_folder)
    if jobs == 1 or len(wanted) < 4:
        return list(wrap(map(one, wanted, tasks), len(wanted)))
    # Fresh processes, not forks: the caller may have run threads that a fork would copy half-way.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
        return list(wrap(workers.map(one, wanted, tasks), len(wanted)))


def refuse_real(folder: Path) -> None:
    """Make sure that a month's folder is absent, or holds nothing but samples.

    Raises FileExistsError with a sentence for the reader.
    """
    if folder.exists():
        for path in sorted(folder.iterdir()):
            if not is_sample(path):
                sentence = sample_people.settings()["text"]["not_sample"]
                raise FileExistsError(sentence.format(folder=folder, name=path.name))


def is_sample(path: Path) -> bool:
    """Say whether a file is a workbook of this module that nobody has saved since."""
    try:
        with zipfile.ZipFile(path) as book:
            properties = book.read("docProps/core.xml").decode("utf-8")
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
        return False
    mark = sample_people.settings()["text"]["mark"]
    stamp = f"{sample_sheets.MADE:%Y-%m-%dT%H:%M:%SZ}</dcterms:modified>"  # saving a workbook in Excel changes it
    return mark in properties and stamp in properties


def _write_month(raw_folder: Path, month: str, sheets: dict[str, dict]) -> Path:
    """Write one month's workbooks into a new folder, then put it in place of the old one."""
    folder, fresh, old = (raw_folder / name for name in (month, f".{month}.new", f".{month}.old"))
    for path in (fresh, old):
        shutil.rmtree(path, ignore_errors=True)
    fresh.mkdir()
    for name, sheet in sheets.items():
        sample_sheets.write(fresh / name, **sheet)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def _sheets(people: sample_people.People, month: str) -> dict[str, dict]:
    """Return a month's workbooks: file name and what goes into it."""
    known, era = sample_people.settings(), people.era(month)
    text, forms = known["text"], known["forms"]
    year, number = month.split("-")
    province = f"{text['committee']} {text['province'][era.era.iloc[0]]}"
    common = {"text": text, "period": text["period"].format(month=number, year=year)}
    found = {}

    def add(key: str, rows: pd.DataFrame, issuer: str = province, office: str = "", **more) -> None:
        found[forms[key]["file"].format(office=office)] = common | {
            "form": forms[key],
            "rows": rows,
            "issuer": issuer,
            **more,
        }

    homes = people.homes.join(era[["code", "name", "office"]], on="commune")
    rows = _list_rows(people.lists[month], homes, text)
    for office, name in era.groupby("office").office_name.first().items():
        mix = int(office)  # an office keeps its own form over the months
        add(
            f"list_{1 + mix % 2}",
            rows[rows.office == office],
            f"{text['committee']} {name.upper()}",
            office,
            total_at=("top", "bottom")[mix // 2 % 2],
            grouped=True,
            roman=mix // 4 % 2 == 0,
        )
    given = people.handovers[people.handovers.month == month]
    if len(given):
        add("handovers", _handover_rows(given, homes, text), sum_of=["value_dong"])
    totals = people.totals[people.totals.month == month].join(era[["code", "name"]], on="commune")
    totals = totals.groupby(["code", "name"], as_index=False)[["households", "people"]].sum()
    add("denominators", totals, sum_of=["households", "people"])
    past = people.subscribers[people.subscribers.month <= month]
    add("subscribers", past.assign(period=past.month.str.slice(5) + "/" + past.month.str.slice(0, 4)))
    goals = [
        {
            "year": int(when),
            "code": goal["code"],
            "target": goal["name"],
            "value": value,
            "source": goal["source"],
        }
        for goal in known["targets"]
        for when, value in goal["years"].items()
    ]
    add("targets", pd.DataFrame(goals).sort_values("year", kind="stable"))
    for key, rows in _funding(people, month, known).items():
        if len(rows):
            add(key, rows)
    return found


def _funding(people: sample_people.People, month: str, known: dict) -> dict[str, pd.DataFrame]:
    """Return the promises made so far and the money planned for the years so far, by source."""
    plan, names, found = known["funding"], known["programme"]["sources"]["names"], {}
    whole = (
        ("promises", "promised", "phones", month, 1),
        ("budgets", "planned_vnd", "planned", month[:4], 1_000_000),  # a plan is in millions
    )
    for key, table, column, last, unit in whole:
        rows = [
            {"when": when, "source": name, column: unit * round(people.scale * value / unit)}
            | {"decision": plan["decision"].format(n=n)}
            for n, (when, values) in enumerate(plan[table].items(), 1)
            for name, value in zip(names, values, strict=True)
            if when <= last and value
        ]
        found[key] = pd.DataFrame(rows)
    if len(found["promises"]):
        when = found["promises"].when
        found["promises"]["period"] = when.str.slice(5) + "/" + when.str.slice(0, 4)
    if len(found["budgets"]):
        found["budgets"]["year"] = found["budgets"].when.astype(int)
    return found


def _list_rows(rows: pd.DataFrame, homes: pd.DataFrame, text: dict) -> pd.DataFrame:
    """Return the household list as its workbook shows it, all offices together."""
    fixed = homes.drop(columns=["commune"]).loc[rows.household].reset_index(drop=True)
    known = rows["number"].to_numpy()
    made = pd.concat([fixed, rows.drop(columns=["commune", "number"])], axis=1)
    made["male"], made["poor"], made["near_poor"] = ~made.female, made.status == POOR, made.status == NEAR
    made["telephone"] = made.telephone.where(known)
    made["note"] = np.select([made.given, made.entered], [text["given"], text["entered"]], "")
    return made.sort_values(["code"], kind="stable")


def _handover_rows(given: pd.DataFrame, homes: pd.DataFrame, text: dict) -> pd.DataFrame:
    """Return the hand-overs as their workbook shows them."""
    made = given.join(homes[["code", "name", "hamlet", "number", "head"]], on="household")
    made["kind"] = np.where(made.cash, text["cash"], text["phone"])
    days = {day: made[day].dt.strftime("%d/%m/%Y").fillna("") for day in ("date", "bought")}
    return made.assign(**days)
