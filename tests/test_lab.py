"""A real JupyterLab in a real browser: Vietnamese, explore.ipynb from top to bottom, a widget changes the map."""

import base64
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from chromium import opened
from desk_home import made, set_home

from infoaccess import lab, rooms

ROOT = Path(__file__).resolve().parents[1]
BOOK = "window.jupyterapp.shell.currentWidget.content"
CELLS = f"{BOOK}.widgets.filter(c => c.model.type === 'code')"
CHOOSE = """(() => {
  const selects = [...document.querySelectorAll('select')];
  const plain = option => option.text.replaceAll('\u00a0', ' ');
  const find = (select, text) => [...select.options].findIndex(option => plain(option) === text);
  const wanted = 'Hộ có điện thoại thông minh';
  const select = selects.find(select => find(select, wanted) >= 0);
  if (!select) throw Error(selects.map(s => [...s.options].map(o => o.text).join()).join(' | '));
  select.selectedIndex = find(select, wanted);
  select.dispatchEvent(new Event('change', {bubbles: true}));
})()"""
TITLES = "[...document.querySelectorAll('.gtitle')].map(t => t.textContent).join(' | ')"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    pytest.importorskip("jupyterlab", reason="the extra lab is not installed")
    return made(tmp_path_factory)


@pytest.fixture
def address(home, tmp_path, monkeypatch):
    """Start JupyterLab on the small months, as scripts/lab.py does, on a free port and with nobody's own settings."""
    set_home(monkeypatch, home)
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    books = tmp_path / "notebooks"
    books.mkdir()
    for path in (ROOT / "notebooks").iterdir():
        (books / path.name).write_bytes(path.read_bytes())
    command = [a for a in lab.command(port, browser=False) if "root_dir" not in a]
    command += [f"--ServerApp.root_dir={books}", "--ServerApp.token=", "--LabApp.expose_app_in_browser=True"]
    command += ["--ServerApp.port_retries=0"]
    log = (tmp_path / "server.log").open("w")
    server = subprocess.Popen(command, env=lab.environment(), stdout=log, stderr=subprocess.STDOUT, cwd=books)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
    log.close()


def reachable(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/api", timeout=2).status == 200
    except OSError:
        return False


@pytest.mark.browser
def test_explore_runs_in_jupyterlab_and_a_widget_changes_the_map(address, tmp_path):
    with opened(tmp_path) as page:
        page.size(1400, 1000)
        wait_until(page, lambda: reachable(address))
        page.call("Page.navigate", url=f"{address}/lab/tree/explore.ipynb")
        page.wait(f"!!(window.jupyterapp && window.jupyterapp.shell.currentWidget && {BOOK} && {BOOK}.widgets)", 60)
        page.wait("document.body.innerText.includes('Khám phá số liệu')", 60)
        page.wait("document.documentElement.lang.startsWith('vi') || /Tệp|Tập tin/.test(document.body.innerText)", 30)
        page.wait(f"{BOOK}.widgets.length > 5 && !!window.jupyterapp.shell.currentWidget.sessionContext.session", 60)
        page.run("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)")
        page.wait(f"{CELLS}.every(c => c.model.executionCount > 0)", 120)
        page.wait("document.querySelectorAll('.js-plotly-plot .gtitle').length >= 2", 60)
        wrong = page.run(
            f"{CELLS}.flatMap(c => c.model.sharedModel.getOutputs()).filter(o => o.output_type === 'error'"
            " || o.name === 'stderr').map(o => o.evalue || o.text).join()"
        )
        assert wrong == ""
        before = page.run(TITLES)
        assert "thiếu hụt thông tin" in before
        page.run(CHOOSE)
        page.wait(f"({TITLES}).includes('Hộ có điện thoại thông minh')", 60)
        assert page.run(TITLES) != before
        assert not page.run(
            "document.querySelectorAll('.jp-mod-error, .jp-OutputArea-output[data-mime-type*=error]').length"
        )
        shot = base64.b64decode(page.call("Page.captureScreenshot", format="png")["data"])
        keep = os.environ.get("INFOACCESS_SHOTS")
        Path(keep or tmp_path, "lab.png").write_bytes(shot)
        assert len(shot) > 40_000


def wait_until(page, told, turns: int = 200) -> None:
    for _ in range(turns):
        if told():
            return
        page.run("new Promise(done => setTimeout(() => done(true), 200))")
    raise AssertionError("JupyterLab never answered")


def test_the_sample_keeps_away_from_the_offices_lists_and_key(tmp_path, monkeypatch):
    set_home(monkeypatch, tmp_path)
    (tmp_path / "data" / "0_raw" / "2024-03").mkdir(parents=True)
    (tmp_path / "data" / "0_raw" / "2024-03" / "own.xlsx").write_bytes(b"own")
    assert lab.chosen() == tmp_path / "lab_sample"
    lab.enter(lab.chosen())
    assert rooms.home() == tmp_path / "lab_sample" and rooms.key_file() == tmp_path / "lab_sample.key"
    asked = []
    monkeypatch.setattr(lab.geography, "build", lambda: asked.append("geo"))
    monkeypatch.setattr(
        lab.subprocess, "run", lambda command, **_: (rooms.data("0_raw") / "2025-07").mkdir(parents=True)
    )
    monkeypatch.setattr(lab.monthly, "run", lambda month, only: asked.append((month, only)))
    lab.prepare(ROOT / "scripts" / "make_sample.py")
    assert asked[0] == "geo" and asked[-1] == ("2025-07", "4") and ("2025-07", "5") not in asked
    assert sorted(p.name for p in (tmp_path / "data" / "0_raw").iterdir()) == ["2024-03"]


def test_released_months_of_the_office_are_opened_unless_the_sample_is_asked_for(tmp_path, monkeypatch):
    set_home(monkeypatch, tmp_path)
    (tmp_path / "data" / "4_release" / "2025-06").mkdir(parents=True)
    assert lab.chosen() == tmp_path and lab.chosen(sample=True) == tmp_path / "lab_sample"
    command = lab.command(9999, browser=False)
    assert command[0] == sys.executable and "--ServerApp.ip=127.0.0.1" in command
    assert "vi_VN" in (lab.CONFIG / "labconfig" / "default_setting_overrides.json").read_text("utf-8")
