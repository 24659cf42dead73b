"""Open JupyterLab on this machine: Vietnamese interface, no request to the network, months ready to be asked.

Where the office has released months, these are opened. Where it has none, a home of its own beside the data is filled
with a short synthetic sample: three months around the reform of July 2025. The office's lists and key are not touched.
"""

import os
import subprocess
import sys
from pathlib import Path

from infoaccess import geography, monthly, pipeline, rooms, store

FIRST, LAST, SCALE = "2025-05", "2025-07", "1"
CONFIG = Path(__file__).with_name("jupyter")


def sample_home() -> Path:
    """Return the sample's own home: data, boundaries and key, apart from the office's."""
    return rooms.home() / "lab_sample"


def chosen(sample: bool = False) -> Path:
    """Return the home to open: the office's where it has released months and no sample was asked for."""
    return rooms.home() if store.months(rooms.RELEASE) and not sample else sample_home()


def enter(home: Path) -> None:
    """Point this process and what it starts at a home; a sample gets a key of its own beside the office's."""
    if home != rooms.home():
        os.environ["INFOACCESS_KEY_FILE"] = str(rooms.key_file().with_name("lab_sample.key"))
    os.environ["INFOACCESS_HOME"] = str(home)


def prepare(maker: Path) -> list[str]:
    """Make sure that the home has boundaries and released months; return the months.

    `maker` is scripts/make_sample.py. Lists are only made where there are none, so nobody's are replaced.
    """
    if not rooms.built("paths_C_commune.json").exists():
        geography.build()
    if not store.months(rooms.RELEASE):
        if not rooms.raw_months():
            span = ["--first", FIRST, "--last", LAST, "--scale", SCALE]
            subprocess.run([sys.executable, str(maker), "--home", str(rooms.home()), *span], check=True)
        for stage in pipeline.STAGES[:-1]:
            monthly.run(rooms.raw_months()[-1], only=stage.id)
    return store.months(rooms.RELEASE)


def command(port: int = 8888, browser: bool = True, notebook: str = "explore.ipynb") -> list[str]:
    """Return the command that opens JupyterLab on this machine alone; nothing is fetched from outside."""
    where = rooms.notebooks()
    asked = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    asked += [f"--ServerApp.root_dir={where}", f"--LabApp.default_url=/lab/tree/{notebook}"]
    asked += ["--LabApp.extension_manager=readonly", "--ServerApp.open_browser=" + str(browser)]
    # An account that may do all (a container's) is let in too: the server listens to this machine alone, with a token.
    return [*asked, "--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else asked


def environment() -> dict[str, str]:
    """Return the environment of JupyterLab: this one, with the suite's defaults for the interface before all others.

    The user's own settings of JupyterLab go before these defaults, so another language can be chosen and stays.
    """
    path = os.pathsep.join(p for p in (str(CONFIG), os.environ.get("JUPYTER_CONFIG_PATH", "")) if p)
    return os.environ | {"JUPYTER_CONFIG_PATH": path}
