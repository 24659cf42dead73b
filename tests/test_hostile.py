"""The first door against the hostile collection: every row has its fate, every file its reason; no traceback."""

import json
from pathlib import Path

import hostile
import pandas as pd
import pytest
from invented import MONTH, Variant

from infoaccess import columns, gate, identity, intake, lists, reasons, units
from infoaccess.errors import InfoAccessError, InputError
from infoaccess.validate import Sheet

VARIANTS = hostile.variants()


@pytest.fixture(scope="module")
def pool():
    """Open the reading processes once: they are what takes time."""
    with gate.readers() as readers:
        yield readers


@pytest.fixture
def send(tmp_path, monkeypatch):
    """Return a function that puts a variant's files into a new home and returns the home."""
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    monkeypatch.setenv("INFOACCESS_KEY_FILE", str(tmp_path / "person.key"))

    def put(variant: Variant) -> Path:
        folder = tmp_path / "data" / "0_raw" / variant.month
        folder.mkdir(parents=True)
        for name, data in variant.content().items():
            if name.endswith("/"):
                (folder / name).mkdir()
            else:
                (folder / name).write_bytes(data)
        return tmp_path

    return put


def test_the_collection_is_large_and_its_names_are_unique():
    names = [v.name for v in VARIANTS]
    assert len(names) >= 120
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_every_row_has_its_fate(variant, send, pool):
    home = send(variant)
    if variant.file_refusals and not variant.accepted:
        with pytest.raises(InputError) as told:
            intake.run(variant.month, pool)
        assert len(str(told.value).splitlines()) == 1
        for file, rules in variant.file_refusals.items():
            assert any(_said(rule, str(told.value)) for rule in rules), str(told.value)
            assert file in str(told.value)
        return
    door = intake.run(variant.month, pool)
    room = home / "data" / "1_validated" / variant.month
    assert json.loads((room / "door.json").read_text(encoding="utf-8")) == door
    problems = pd.read_csv(
        room / "problems.csv", dtype={"file": str, "row": "Int64"}, keep_default_na=False, na_values={"row": ""}
    )
    _check_balance(variant, door["tables"])
    for file in door["files"]:
        assert _balanced(file["rows"]), file["name"]
    _check_accepted(variant, room)
    _check_problems(variant, problems)
    _check_texts(variant)


def _said(rule: str, message: str) -> bool:
    """Tell whether a message holds a rule's sentence, up to its first blank to fill."""
    return reasons.load()[rule].sentence.split("{")[0].strip(' "') in message


def _check_balance(variant: Variant, tables: dict[str, dict[str, int]]) -> None:
    for kind, rows in tables.items():
        assert _balanced(rows), kind
    total = {k: sum(rows[k] for rows in tables.values()) for k in ("read", "dressing", "accepted", "refused", "folded")}
    data = len(variant.accepted) + sum(variant.counts.values()) + len(variant.refused) + variant.folded
    assert total["read"] - total["dressing"] == data
    assert total["folded"] == variant.folded
    if variant.dressing is not None:
        assert total["dressing"] == variant.dressing
    assert {
        k: rows["accepted"] for k, rows in tables.items() if rows["accepted"] and k != "households"
    } == variant.counts


def _balanced(rows: dict[str, int]) -> bool:
    return rows["read"] == rows["dressing"] + rows["accepted"] + rows["refused"] + rows["folded"]


def _check_accepted(variant: Variant, room: Path) -> None:
    frame = pd.read_parquet(room / "households.parquet")
    start, secret = units.valid_from(units.commune_set(variant.month)), identity.key()
    expected = {identity.household_id(secret, c, start, v, n): (c, v, n) for c, v, n in variant.accepted}
    assert sorted(expected.get(i, (i,)) for i in frame["household_id"]) == sorted(variant.accepted)
    for name, wanted in variant.values.items():
        kind, _, column = name.rpartition(".")
        held = pd.read_parquet(room / f"{kind or 'households'}.parquet")[column]
        assert held.tolist() == wanted, name


def _check_problems(variant: Variant, problems: pd.DataFrame) -> None:
    told = problems[problems["severity"] == "refused"]
    found = {}
    for file, row, rule in told[["file", "row", "rule"]].itertuples(index=False):
        found.setdefault((file, row), set()).add(rule)
    assert set(found) == {(file, row) for file, row, _ in variant.refused}
    for file, row, rules in variant.refused:
        assert found[file, row] & set(rules.split("|")), (file, row, found[file, row])
    files = problems[problems["severity"] == "file"]
    refusals = dict(zip(files["file"], files["rule"], strict=True))
    assert set(refusals) == set(variant.file_refusals)
    for file, rules in variant.file_refusals.items():
        assert refusals[file] in rules, refusals[file]
    if variant.warnings is not None:
        assert set(problems.loc[problems["severity"] == "warning", "rule"]) == variant.warnings


def _check_texts(variant: Variant) -> None:
    """Compare what does not leave the door: names and numbers, as the rules see them."""
    if not variant.texts:
        return
    ((name, data),) = variant.content().items()
    tables, _ = lists.read(name, data)
    frame = Sheet(columns.kinds()["households"], tables, variant.month).frame
    for column, wanted in variant.texts.items():
        assert [None if pd.isna(v) else v for v in frame[column]] == wanted, column


def test_a_month_of_refused_files_alone_leaves_no_room(send, pool):
    home = send(next(v for v in VARIANTS if v.name == "empty_file_alone"))
    with pytest.raises(InfoAccessError):
        intake.run(MONTH, pool)
    assert not list((home / "data").glob("1_validated/*/*.parquet"))
