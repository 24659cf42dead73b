"""Twelve months of an office in a few seconds: notebooks, reports and annex are stood in for, all else is the suite's.

A list here is one line of text. A stood-in report prints a checksum of all that its figures would rest on: the lists up
to its month and the threshold. So two revisions have the same figures exactly when they rest on the same.
"""

import datetime as dt
import hashlib
import json
import shutil
from pathlib import Path

import yaml

from infoaccess import (
    annex,
    batch,
    certificates,
    checksums,
    deposit,
    disclosure,
    leaving,
    method,
    rooms,
    runner,
    scheduled,
    units,
)

ROOT = Path(__file__).resolve().parents[1]
SENDERS = {"phuong_thuan_loc.xlsx": "19753", "xa_a_luoi_2.xlsx": "20044"}


def furnish(home: Path, patch) -> None:
    """Make a home with settings of its own and stand in for what is slow."""
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home.parent / "person.key"))
    put_setting("first_month", "2025-01")
    patch.setattr(runner, "execute", _stage)
    patch.setattr(runner, "select", lambda source, values: values)
    patch.setattr(batch, "reports", _reports)
    patch.setattr(annex, "book", lambda *a, **k: b"PK")
    patch.setattr(disclosure, "attacked", lambda month: {})
    for name in ("of_month", "of_last"):  # stand-ins hold no exhibit that could be made again
        patch.setattr(leaving, name, lambda *a: leaving.Told())


def put_setting(name: str, value) -> None:
    """Change one setting of the home."""
    path = rooms.notebooks() / "parameters.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) | {name: value}
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    method._taken.cache_clear()


def put(month: str, name: str, text: str) -> None:
    """Put a list into a month's folder."""
    path = rooms.data(rooms.RAW, month) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def work(day: str, patch, why: str | None = None, since: str | None = None) -> dict[str, str]:
    """Do what is due on a day; return the months with their sentences, as the plan tells them."""
    today = dt.date.fromisoformat(day)
    patch.setattr(deposit, "now", lambda: dt.datetime.fromisoformat(f"{day}T02:00").astimezone())
    found = scheduled.plan(since, why, today)
    told = scheduled.told(found)
    made = scheduled.run(found, why=why, day=today)
    assert [path.name for path in made] == [one.month for one in found.works]
    return dict(line.split(": ", 1) for line in told if line[:2] == "20")


def figures(folder: Path) -> set[str]:
    """Return what the reports of a folder print."""
    return {path.read_text(encoding="utf-8").split()[-1] for path in folder.glob("[0-9]*.html")}


def expected(month: str) -> str:
    """Return what a report of a month prints when it is made from what lies there now."""
    lists = {m: checksums.lists(m) for m in checksums.months() if m <= month}
    told = json.dumps([lists, method.settings()["threshold"]], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _stage(notebook: str, parameters: dict, target: Path, limits: object) -> None:
    target.write_text("{}", encoding="utf-8")
    for month in (m for m in rooms.raw_months() if parameters["since"] <= m <= parameters["month"]):
        if notebook.startswith("1_"):
            _receive(month)
        rooms.data(rooms.RELEASE, month).mkdir(parents=True, exist_ok=True)


def _receive(month: str) -> None:
    files = [
        {"name": name, "sha256": content, "bytes": 1, "state": "used", "sender": SENDERS.get(name, "")}
        for name, content in checksums.lists(month).items()
    ]
    certificates.record(month, [f | {"modified": "2025-01-01T00:00:00"} for f in files])
    door = {"files": files, "tables": {"households": {"accepted": 1}}, "communes": 2, "communes_without_list": []}
    with rooms.replaced(rooms.data(rooms.VALIDATED, month)) as folder:
        (folder / "door.json").write_text(json.dumps(door | {"synthetic": True}), encoding="utf-8")


def _reports(tasks: list[dict], jobs: int) -> tuple[dict, dict]:
    found = {}
    for task in tasks:
        folder, code = Path(task["folder"]), task["code"]
        text = expected(task["parameters"]["month"])
        names = (
            ["presentation.pdf", "presentation_notes.pdf"] if code == batch.SLIDES else [f"{code}.html", f"{code}.pdf"]
        )
        for name in names:
            (folder / name).write_text(f"{code} {text}", encoding="utf-8")
        value = int(text, 16) % 1000
        numbers = [{"id": "listed.households", "label": "Hộ", "text": str(value), "value": value}]
        found[code] = {"numbers": [] if code == batch.SLIDES else numbers, "left": {"files": 0, "exhibits": 0}}
    return found, {}


def all_units(month: str) -> list[str]:
    """List the codes of all units of a month."""
    return list(units.on(month)["code"])
