"""A user's own startup files are no part of a month, and a run without a home leaves nothing behind."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

from infoaccess import leash, runner, surroundings

STARTUP = "import builtins; builtins.total = 42"


def execute(home: Path, line: str) -> str:
    (home / "notebooks").mkdir()
    (home / "notebooks" / "parameters.yaml").write_text("lang: vi", encoding="utf-8")
    cells = [nbformat.v4.new_code_cell('month: str = "2025-06"', metadata={"tags": ["parameters"]})]
    book = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_code_cell(line)])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, home / "notebooks" / "1_validate_lists.ipynb")
    done = runner.execute("1_validate_lists", {"month": "2025-06"}, home / "1_validate_lists.ipynb", leash.Limits())
    return done.cells[-1].outputs[0].text


@pytest.mark.skipif(sys.platform == "win32", reason="HOME is no variable of Windows")
def test_a_users_startup_file_does_not_reach_a_kernel_and_nothing_is_left(tmp_path, monkeypatch):
    startup = tmp_path / "user" / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "0.py").write_text(STARTUP, encoding="utf-8")
    for name in surroundings.FOLDERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv(surroundings.FONTS, str(tmp_path / "fonts"))
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    before = sorted(tmp_path.joinpath("user").rglob("*"))
    with surroundings.own() as folder:
        said = execute(tmp_path, "import builtins, os; print(hasattr(builtins, 'total'), os.environ['IPYTHONDIR'])")
    assert said.split() == ["False", str(folder / "ipythondir")]
    assert not folder.exists() and sorted(tmp_path.joinpath("user").rglob("*")) == before
    assert not set(surroundings.FOLDERS) & set(os.environ)


def test_what_was_set_before_is_set_again(monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", "/somewhere")
    with surroundings.own(), surroundings.own():
        assert os.environ["IPYTHONDIR"] != "/somewhere"
    assert os.environ["IPYTHONDIR"] == "/somewhere"


def test_a_user_without_a_home_gets_a_place_for_fonts_too(monkeypatch, tmp_path):
    monkeypatch.delenv(surroundings.FONTS, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nonexistent"))
    with surroundings.own() as folder:
        assert os.environ[surroundings.FONTS].startswith(str(folder))
    assert surroundings.FONTS not in os.environ
    monkeypatch.setenv("HOME", str(tmp_path))
    with surroundings.own():
        assert surroundings.FONTS not in os.environ
