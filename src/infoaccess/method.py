"""What figures rest on besides the lists: settings, facts, boundaries, this code, the secret of the hashes.

Imports little: a run that finds nothing due reads no more than this and the checksums of the lists.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import yaml

from infoaccess import checksums, identity, rooms
from infoaccess.errors import UsageError

GIVEN = {"month", "since", "area", "state"}  # parameters of notebooks that no setting of the method gives
PACKAGE = Path(__file__).parent


def settings() -> dict:
    """Read notebooks/parameters.yaml.

    Raises UsageError when it is not a table of settings.
    """
    path = rooms.notebooks() / "parameters.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as err:
        raise UsageError(f"Không đọc được {path}: hãy sửa lại tệp cài đặt này.") from err
    if not isinstance(found, dict):
        raise UsageError(f"{path} phải là các dòng dạng tên: giá trị.")
    return found


def of_figures(settings: dict) -> dict:
    """Pick the settings that a figure or its page can depend on: those that a stage's notebook takes."""
    taken = _taken(rooms.notebooks()) - GIVEN
    return {name: value for name, value in sorted(settings.items()) if name in taken}


@cache
def _taken(folder: Path) -> set[str]:
    """Name the parameters of the stages' notebooks."""
    found = set()
    for path in folder.glob("[0-9]*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = next("".join(c["source"]) for c in cells if "parameters" in c["metadata"].get("tags", ()))
        found |= {line.split(":")[0].strip() for line in text.splitlines() if ":" in line and line[:1].isalpha()}
    return found


def facts() -> dict[str, Path]:
    """Name the small files of facts that the office may change, by their place below the home."""
    found = {
        "geo/units.csv": rooms.facts("units.csv"),
        "geo/lineage.csv": rooms.facts("lineage.csv"),
        "geo/aliases.csv": rooms.facts("aliases.csv"),
        "data/headings.toml": rooms.confirmed_headings(),
        "notebooks/parameters.yaml": rooms.notebooks() / "parameters.yaml",
    }
    found |= {f"geo/area_sets/{path.name}": path for path in sorted(rooms.facts("area_sets").glob("*.csv"))}
    return {name: path for name, path in found.items() if path.is_file()}


def parts(settings: dict) -> dict:
    """Return the method part by part: its settings as they are, of everything else a checksum."""
    names = {name: checksums.of(path) for name, path in facts().items()}
    built = rooms.built()
    drawn = {p.name: checksums.of(p) for p in sorted(built.glob("*")) if p.suffix in (".parquet", ".json")}
    return {
        "settings": of_figures(settings),
        "code": _code("*.*"),
        "pages": _code("words/*", "templates/*") + _notebooks(rooms.notebooks()),
        "units": _some(names, "geo/units", "geo/lineage"),
        "names": _some(names, "geo/aliases", "data/headings"),
        "area_sets": _some(names, "geo/area_sets"),
        "boundaries": checksums.digest(drawn),
    }


def changed(then: dict | None, now: dict) -> list[str]:
    """Name the parts of the method that differ; a setting by its own name, as settings.threshold.

    >>> changed({"code": "1", "settings": {"threshold": 5}}, {"code": "2", "settings": {"threshold": 10}})
    ['code', 'settings.threshold']
    >>> changed(None, {"code": "2"})
    []
    """
    if then is None:
        return []
    found = [name for name in now if name != "settings" and then.get(name) != now[name]]
    old, new = then.get("settings", {}), now.get("settings", {})
    return found + [f"settings.{name}" for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def key(found: dict) -> str:
    """Return one checksum of all that counts rest on besides the lists: the method and the secret of the hashes."""
    counted = {name: value for name, value in found.items() if name != "pages"}
    told = json.dumps(counted, sort_keys=True, ensure_ascii=False) + identity.fingerprint(identity.key())
    return hashlib.sha256(told.encode()).hexdigest()


def _some(names: dict[str, str], *starts: str) -> str:
    return checksums.digest({name: content for name, content in names.items() if name.startswith(starts)})


@cache
def _code(*patterns: str) -> str:
    """Return a checksum of the package's files: read once a process, which runs the code that it has read."""
    known = hashlib.sha256()
    for path in sorted({p for pattern in patterns for p in PACKAGE.glob(pattern) if p.is_file()}):
        known.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode() + _text(path))
    return known.hexdigest()


def _notebooks(folder: Path) -> str:
    known = hashlib.sha256()
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        known.update(f"{path.name}\0".encode() + _text(path))
    return known.hexdigest()


def _text(path: Path) -> bytes:
    return path.read_bytes().replace(b"\r\n", b"\n")  # a checkout on Windows is the same code
