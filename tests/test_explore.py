"""A statistician's two minutes: explore.ipynb runs from top to bottom and shows a table and a map."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]


def test_explore_runs_and_shows_a_table_and_a_map(tmp_path):
    environment = os.environ | {"INFOACCESS_HOME": str(tmp_path), "INFOACCESS_KEY_FILE": str(tmp_path / "person.key")}
    sample = ["make_sample.py", "--home", str(tmp_path), "--scale", "0.05", "--first", "2025-12"]
    stages = (["run_month.py", "2025-12", "--only", stage] for stage in ("1", "2", "3a", "3b", "3c", "3d", "4"))
    for script in (["build_geo.py"], sample, *stages):
        command = [sys.executable, str(ROOT / "scripts" / script[0]), *script[1:]]
        subprocess.run(command, check=True, env=environment, capture_output=True, cwd=tmp_path)
    made = tmp_path / "explore.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(ROOT / "notebooks" / "explore.ipynb"),
        str(made),
        "--no-progress-bar",
    ]
    subprocess.run(command, check=True, env=environment, capture_output=True, cwd=tmp_path)
    outputs = [o for c in nbformat.read(made, 4).cells if c.cell_type == "code" for o in c.outputs]
    kinds = {kind for o in outputs if "data" in o for kind in o["data"]}
    assert {"text/html", "image/png"} <= kinds
