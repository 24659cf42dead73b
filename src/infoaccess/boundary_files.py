"""Read the boundary files of a folder: GeoPackage, Shapefile with its companions, GeoJSON.

1 layer = 1 table with polygons in a file. Nothing is converted here: coordinates stay as the file has them, in the
system it declares (or none). Whatever else lies in the folder is named, never silently passed over; texts about the
files may lie beside them.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from infoaccess import legacy
from infoaccess.boundary_findings import ERROR, INFO, WARNING, Finding

KINDS = (".gpkg", ".shp", ".geojson", ".json")
TEXTS = (".md", ".txt", ".pdf", ".docx", ".toml", ".qmd", ".qml", ".sld", ".lyr", ".lyrx", ".xml")
_NEEDED = (".shx", ".dbf")
_COMPANIONS = (*_NEEDED, ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".idx", ".ain", ".aih", ".fbn", ".fbx")
_ENCODINGS = ("utf-8", "cp1258", ".VnTime", "VNI-Times")  # two code pages, two fonts that stand for one


@dataclass(frozen=True)
class Layer:
    """Hold one layer: rows with their attributes, shapes in the file's own coordinates, the declared system."""

    file: str
    rows: pd.DataFrame
    shapes: np.ndarray
    crs: pyproj.CRS | None


def layers(folder: Path) -> tuple[list[Layer], list[Finding]]:
    """Read every layer of polygons of a folder."""
    found, said = [], []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        suffix = path.suffix.lower()
        if path.name.startswith(".") or suffix in TEXTS or path.name.lower().endswith((".gpkg-wal", ".gpkg-shm")):
            continue
        if path.is_dir() or suffix not in (*KINDS, *_COMPANIONS):
            said.append(_unknown(path))
        elif suffix in KINDS:
            new, why = _file(path)
            found, said = found + new, said + why
        elif not _beside(path, ".shp"):
            todo = "Hãy chép đủ bộ tệp .shp, .shx, .dbf, .prj"
            said.append(Finding(ERROR, "companion", path.name, "", "thiếu tệp .shp đi cùng", todo))
    return found, said


def _unknown(path: Path) -> Finding:
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return Finding(WARNING, "folder", path.name, "", "thư mục con không được đọc", "Hãy đặt tệp ngay trong thư mục")
    todo = "Hãy xuất sang GeoPackage (.gpkg), Shapefile hay GeoJSON (tệp nén: hãy giải nén), hoặc chuyển đi nơi khác"
    return Finding(ERROR, "file_kind", path.name, "", "không phải GeoPackage, Shapefile hay GeoJSON", todo)


def _beside(path: Path, suffix: str) -> bool:
    return any(path.with_suffix(s).exists() for s in (suffix, suffix.upper()))


def _file(path: Path) -> tuple[list[Layer], list[Finding]]:
    if path.suffix.lower() == ".shp":
        missing = [s for s in _NEEDED if not _beside(path, s)]
        if missing:
            todo = "Hãy chép đủ bộ tệp .shp, .shx, .dbf, .prj"
            return [], [Finding(ERROR, "companion", path.name, "", f"thiếu tệp {', '.join(missing)} đi cùng", todo)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL warns of (no system, a broken ring) is told as a finding
            names = [str(name) for name, _ in pyogrio.list_layers(path)]
            return _told(path, names)
    except (
        OSError,
        RuntimeError,
        ValueError,
        shapely.errors.ShapelyError,
    ) as err:  # pyogrio's errors are RuntimeErrors
        fault = f"không đọc được, tệp hỏng hoặc bị cắt cụt ({_short(err)})"
        return [], [Finding(ERROR, "unreadable", path.name, "", fault, "Hãy chép lại tệp từ nơi lưu gốc")]


def _short(err: Exception) -> str:
    return " ".join(str(err).split())[:120].rstrip(".")


def _told(path: Path, names: list[str]) -> tuple[list[Layer], list[Finding]]:
    found, said = [], []
    for name in names:
        file = path.name if len(names) == 1 else f"{path.name} [{name}]"
        frame = _frame(path, name)
        if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
            said.append(Finding(INFO, "no_shapes", file, "", "lớp không có hình nào, bỏ qua"))
            continue
        shapes = shapely.force_2d(frame.geometry.to_numpy())
        kinds = set(shapely.get_type_id(shapes)) - {-1}
        if kinds and not kinds & {3, 6, 7}:
            said.append(Finding(INFO, "no_polygons", file, "", "lớp chỉ có điểm hoặc đường, bỏ qua"))
            continue
        crs = pyproj.CRS(frame.crs) if frame.crs is not None else None
        if path.suffix.lower() in (".geojson", ".json") and _says_nothing(path) and _metres(shapes):
            crs = None  # GeoJSON without a system is WGS 84 by its standard; metres cannot be
        rows = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
        found.append(Layer(file, rows, shapes, crs))
    if not found:
        todo = "Hãy gửi tệp có hình vùng (polygon) của các xã"
        said.append(Finding(ERROR, "no_polygons", path.name, "", "không có vùng nào trong tệp", todo))
    return found, said


def _frame(path: Path, layer: str) -> pd.DataFrame:
    """Read a layer; a Shapefile's texts as bytes, since its code page is often not the one it states."""
    options = {"layer": layer, "on_invalid": "ignore"}
    if path.suffix.lower() == ".shp":
        options["encoding"] = "ISO-8859-1"
    return pyogrio.read_dataframe(path, **options)


def _says_nothing(path: Path) -> bool:
    return "crs" not in json.loads(path.read_text(encoding="utf-8-sig"))


def _metres(shapes: np.ndarray) -> bool:
    bounds = shapely.total_bounds(shapes)
    return bool(np.all(np.isfinite(bounds)) and (np.abs(bounds) > 180).any())


def spellings(texts: pd.Series) -> list[pd.Series]:
    """Return the ways in which a column's texts may be meant: as they are, or by code page or font of the writer."""
    found = [texts]
    for how in _ENCODINGS:
        changed = texts.map(lambda text, how=how: _decoded(text, how))
        if not changed.equals(texts):
            found.append(changed)
    return found


def _decoded(text: object, how: str) -> object:
    if not isinstance(text, str) or text.isascii():
        return text
    try:
        return legacy.decode(text, how) if how[0] in ".V" else text.encode("latin-1").decode(how)
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
