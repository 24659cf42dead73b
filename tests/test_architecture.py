"""The house keeps its shape: notebooks bare and thin, no module too long, one lock for all, words in both languages."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from infoaccess import columns, pipeline, reasons, words

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_bare_thin_and_signed(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    code = [c for c in book["cells"] if c["cell_type"] == "code"]
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert 2 <= len(code) <= 12
    assert code[0]["metadata"]["tags"] == ["parameters"]
    for cell in book["cells"]:
        assert re.fullmatch(r"[a-z][a-z-]*", cell["id"])
    for cell in code:
        source = "".join(cell["source"])
        assert not cell["outputs"] and cell["execution_count"] is None
        assert len(source.splitlines()) <= 8
        kinds = (ast.FunctionDef, ast.ClassDef, ast.For, ast.If, ast.While, ast.Try, ast.comprehension)
        assert not any(isinstance(node, kinds) for node in ast.walk(ast.parse(source)))
    for line in "".join(code[0]["source"]).splitlines():
        assert re.fullmatch(r"[a-z_]+: (str|int|float|bool) = .+  # .+", line), line


def test_every_stage_has_its_notebook_and_reads_only_to_its_left():
    order = ["0_raw", "1_validated", "2_placed", "3_indicators", "4_release", "reports"]
    for stage in pipeline.STAGES:
        assert (ROOT / "notebooks" / f"{stage.notebook}.ipynb").exists()
        assert all(order.index(room) < order.index(stage.writes) for room in stage.reads)
    assert pipeline.STAGES[-1].reads == ("4_release",)


def test_modules_are_small_and_scripts_short():
    for path in (ROOT / "src" / "infoaccess").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.name
    for path in (ROOT / "scripts").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 50, path.name


def test_both_languages_hold_the_same_keys():
    assert words.keys(words.load("vi").table) == words.keys(words.load("en").table)


def names(requirements) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", r, maxsplit=1)[0].lower() for r in requirements}


def test_environment_pyproject_and_lock_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = names(project["dependencies"]) | names(project["optional-dependencies"]["lab"])
    lock = names(
        line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if line[:1].isalpha()
    )
    assert wanted | names(project["optional-dependencies"]["test"]) <= lock
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert conda[-1]["pip"][-1].startswith("-e .")
    assert {"jupyterlab", "pandas", "geopandas", "plotly", "papermill", "nbconvert"} <= names(conda[:-1])
    assert names(conda[:-1]) - {"python", "pip"} <= wanted


def test_documented_columns_are_the_dictionary():
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == columns.markdown()


def test_every_reason_is_given_somewhere_and_documented():
    """No rule without use, no use without a rule, and the page for the office holds today's table."""
    source = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "src" / "infoaccess").glob("*.py")}
    code = "\n".join(source.values())
    for rule in reasons.load():
        base = rule.removesuffix("_optional")
        assert f'"{base}"' in code, rule
    given = re.findall(r'\.report\([^"]*"[a-z_0-9]+",\s*"([a-z_]+)"', code)
    given += re.findall(r'(?:refusal|Note)\(\s*"([a-z_]+)"', code)
    assert len(given) > 40 and set(given) <= set(reasons.load())
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert page == reasons.put_table(page)


def test_readme_names_what_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"python3? (scripts/\w+\.py)", text):
        assert (ROOT / name).exists(), name
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    assert set(re.findall(r"`make (\w+)`", text)) <= set(targets)
    for stage in pipeline.STAGES:
        assert stage.notebook in text


def test_no_import_looks_ahead_and_reports_read_no_people():
    """Stages know what lies to their left only; what a report imports never opens a room of people."""
    source = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "src" / "infoaccess").glob("*.py")}
    ahead = {"intake": ("place", "deprivation", "disclosure"), "place": ("deprivation", "disclosure", "report")}
    ahead |= {"deprivation": ("disclosure", "released", "report"), "disclosure": ("released", "report", "figures")}
    for module, later in ahead.items():
        for name in later:
            assert not re.search(rf"^(from|import) .*\b{name}\b", source[module], flags=re.M), (module, name)
    for module in ("released", "figures", "report", "report_tables", "report_pictures", "export"):
        assert not re.search(r"rooms\.(RAW|VALIDATED|PLACED|INDICATORS)", source[module]), module
