"""Coordinate systems of boundary files: which one a file is in, and the way from VN-2000 to WGS 84.

VN-2000 goes to WGS 84 by the seven parameters of Decision 05/2007/QĐ-BTNMT, the same for every zone: EPSG operation
6960 "VN-2000 to WGS 84 (2)", coordinate frame rotation (EPSG method 9607). In the position vector convention of TOWGS84
the three rotations change their signs; a file whose TOWGS84 has them unchanged is about 1 m off, one without any about
220 m. So the parameters are always taken from here, never from the file. A zone is never guessed: a file without a
usable system is tried against points known to lie inside the units, and taken only when exactly one system fits.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pyproj
import shapely

from infoaccess.boundary_findings import ERROR, INFO, WARNING, Finding

METRIC = "EPSG:9214"  # VN-2000 / TM-3 107-00, the zone of Huế: lengths and areas are measured in it
PARAMETERS = {  # metres, arc-seconds, parts per million
    "x": -191.90441429,
    "y": -39.30318279,
    "z": -111.45032835,
    "rx": -0.00928836,
    "ry": 0.01975479,
    "rz": -0.00427372,
    "s": 0.252906278,
}
ZONES = (*range(9205, 9219), 5899, 5896, 5897, 5898, 3405, 3406)  # TM-3 provincial, TM-3 cadastral, UTM (TM-6)
CANDIDATES = (4326, 4756, *ZONES, 32648, 32649, 3857)
FITS_SHARE = 0.8  # of the units' inside points that have to lie in their own polygon
_VN2000 = re.compile(r"vn[\s_-]*2000|viet\s*_?nam[\s_-]*2000", re.IGNORECASE)
_HELMERT = " ".join(f"+{k}={v}" for k, v in PARAMETERS.items())
_PIPELINE = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    f"+step +proj=helmert {_HELMERT} +convention=coordinate_frame "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)
_DECLARE = "Hãy lưu lại tệp với hệ tọa độ đúng (Huế: VN-2000 kinh tuyến trục 107°00', EPSG:9214)"


def plain(crs: pyproj.CRS) -> pyproj.CRS:
    """Return the horizontal system itself, without heights and without parameters towards WGS 84 bound to it."""
    while crs.is_bound or crs.is_compound:
        crs = crs.source_crs if crs.is_bound else crs.sub_crs_list[0]
    return crs


def datum(crs: pyproj.CRS) -> str:
    """Tell what a system is measured on: vn2000, assumed (3° zone of VN-2000 declared on WGS 84) or other.

    >>> [datum(pyproj.CRS(c)) for c in (9214, 4756, 4326, 32648)]
    ['vn2000', 'vn2000', 'other', 'other']
    """
    crs = plain(crs)
    base = crs.geodetic_crs
    if _VN2000.search(" ".join((crs.name, base.name, base.datum.name if base.datum else ""))):
        return "vn2000"
    scale = {p.name: p.value for p in crs.coordinate_operation.params} if crs.is_projected else {}
    if abs(scale.get("Scale factor at natural origin", 1) - 0.9999) < 1e-7 and _on_wgs84(base):
        return "assumed"  # nobody but VN-2000 has zones of 3° at 0.9999
    return "other"


def _on_wgs84(base: pyproj.CRS) -> bool:
    return base.ellipsoid is not None and abs(base.ellipsoid.semi_major_metre - 6378137) < 1e-3


def steps(crs: pyproj.CRS) -> list[pyproj.Transformer]:
    """Return the transformers that lead from a system to WGS 84, longitude and latitude in degrees."""
    if datum(crs) == "other":
        return [pyproj.Transformer.from_crs(crs, 4326, always_xy=True)]
    crs = plain(crs)
    own = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    return [own, pyproj.Transformer.from_pipeline(_PIPELINE)]


def by_ballpark(crs: pyproj.CRS) -> bool:
    """Tell whether nothing is known of the way from a system's datum to WGS 84, so that some 100 m may be lost.

    >>> by_ballpark(pyproj.CRS("+proj=utm +zone=48 +ellps=krass +type=crs")), by_ballpark(pyproj.CRS(9214))
    (True, False)
    """
    if datum(crs) != "other":
        return False
    return "Ballpark" in pyproj.transformer.TransformerGroup(crs, 4326, always_xy=True).transformers[0].description


def to_wgs84(shapes: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Return shapes in WGS 84; the ring order, holes and parts stay."""

    def walk(x, y):
        for step in steps(crs):
            x, y = step.transform(x, y)
        return x, y

    return shapely.transform(shapes, walk, interleaved=False)


def from_wgs84(lon: np.ndarray, lat: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Return points given in WGS 84 as points of a system."""
    for step in reversed(steps(crs)):
        lon, lat = step.transform(lon, lat, direction="INVERSE")
    return shapely.points(lon, lat)


def to_metric(shapes: np.ndarray) -> np.ndarray:
    """Return shapes given in WGS 84 in the plane system of Huế, metres."""

    def walk(x, y):
        for step in reversed(steps(pyproj.CRS(METRIC))):
            x, y = step.transform(x, y, direction="INVERSE")
        return x, y

    return shapely.transform(shapes, walk, interleaved=False)


@dataclass(frozen=True)
class Known:
    """Hold shapes and the points known to lie inside them (point i in shape i), and all points of the shapes' era."""

    shapes: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    every: np.ndarray  # shapes of all rows, also those of no known unit
    every_lon: np.ndarray
    every_lat: np.ndarray

    def fit(self, crs: pyproj.CRS) -> float:
        """Return the share of shapes that hold their own point when read in a system."""
        if not len(self.shapes):
            return 0.0
        return float(np.mean(shapely.intersects(self.shapes, from_wgs84(self.lon, self.lat, crs))))

    def loose_fit(self, crs: pyproj.CRS) -> float:
        """Return the share of shapes that hold exactly one point, whosever: the right place, perhaps wrong codes."""
        if not len(self.every):
            return 0.0
        points = from_wgs84(self.every_lon, self.every_lat, crs)
        held = shapely.STRtree(self.every).query(points, predicate="intersects")[1]
        return float(np.mean(np.bincount(held, minlength=len(self.every)) == 1))

    def turned(self) -> "Known":
        """Return the same with the shapes' x and y exchanged."""
        shapes = shapely.transform(self.shapes, lambda x, y: (y, x), interleaved=False)
        return replace(self, shapes=shapes)


def label(crs: pyproj.CRS) -> str:
    """Name a system for people.

    >>> label(pyproj.CRS(9214))
    'VN-2000 / TM-3 107-00 (EPSG:9214)'
    """
    code = crs.to_epsg()
    return f"{crs.name} (EPSG:{code})" if code else crs.name


def resolve(file: str, declared: pyproj.CRS | None, known: Known) -> tuple[pyproj.CRS | None, list[Finding]]:
    """Decide the system of a file's shapes by what it declares and by the points known to lie inside them.

    Returns None with an error when it cannot be known or when the declared one puts the units elsewhere.
    """
    said = []
    if declared is not None and plain(declared).geodetic_crs is None:
        said = [Finding(WARNING, "crs_local", file, "", f"hệ tọa độ khai báo ({declared.name}) không xác định")]
        declared = None
    if declared is None:
        crs, found = _undeclared(file, known)
        return crs, said + found
    if max(known.fit(declared), known.loose_fit(declared)) < FITS_SHARE:
        return None, [_misplaced(file, declared, known)]
    if by_ballpark(declared):
        fault = f"không biết cách chuyển hệ tọa độ {label(plain(declared))} sang WGS 84, có thể lệch hàng trăm mét"
        return None, [*said, Finding(ERROR, "crs_datum", file, "", fault, _DECLARE)]
    kind = datum(declared)
    by = "" if kind == "other" else "; chuyển sang WGS 84 bằng 7 tham số của Quyết định 05/2007/QĐ-BTNMT (EPSG:6960)"
    said.append(Finding(INFO, "crs_used", file, "", f"hệ tọa độ {label(plain(declared))}{by}"))
    if declared.is_bound and kind != "other":
        said.append(Finding(INFO, "crs_bound", file, "", "tham số TOWGS84 ghi trong tệp không được dùng"))
    if kind == "assumed":
        fault = "hệ tọa độ ghi trên nền WGS 84 nhưng có múi 3°, hệ số 0,9999 của VN-2000; được đọc như VN-2000"
        todo = "Nếu tệp thật sự ở trên nền WGS 84 thì lệch 220 m: hãy lưu lại tệp với hệ tọa độ đúng"
        said.append(Finding(WARNING, "crs_assumed", file, "", fault, todo))
    return declared, said


def _shares(known: Known) -> dict[int, float]:
    return {code: known.fit(pyproj.CRS(code)) for code in CANDIDATES}


def _fitting(shares: dict[int, float]) -> list[int]:
    return [code for code, share in shares.items() if share >= FITS_SHARE]


def _labels(codes: list[int], between: str) -> str:
    return between.join(label(pyproj.CRS(code)) for code in codes)


def _undeclared(file: str, known: Known) -> tuple[pyproj.CRS | None, list[Finding]]:
    shares, count = _shares(known), len(known.shapes)
    fitting = _fitting(shares)
    if len(fitting) == 1:
        most = max(share for code, share in shares.items() if code != fitting[0])
        fault = (
            f"tệp không có hệ tọa độ dùng được; chọn {_labels(fitting, '')} vì chỉ hệ này đặt "
            f"{round(shares[fitting[0]] * count)}/{count} đơn vị đúng chỗ (hệ khác nhiều nhất {round(most * count)})"
        )
        return pyproj.CRS(fitting[0]), [Finding(WARNING, "crs_found", file, "", fault, "Nên lưu lại tệp kèm hệ tọa độ")]
    if fitting:
        fault = f"tệp không có hệ tọa độ và nhiều hệ đều khớp ({_labels(fitting, '; ')}), cách nhau khoảng 220 m"
        return None, [Finding(ERROR, "crs_ambiguous", file, "", fault, _DECLARE)]
    if _fitting(_shares(known.turned())):
        return None, [_exchanged(file)]
    best = max(shares, key=lambda code: shares[code])
    hint = f" (gần nhất: {_labels([best], '')}, {round(shares[best] * count)}/{count} đơn vị)" if shares[best] else ""
    fault = f"tệp không có hệ tọa độ dùng được, không hệ nào đã thử đặt các đơn vị vào đúng chỗ{hint}"
    return None, [Finding(ERROR, "crs_missing", file, "", fault, _DECLARE)]


def _exchanged(file: str) -> Finding:
    todo = "Hãy đổi lại thứ tự: x là kinh độ (hoặc hướng đông), y là vĩ độ (hoặc hướng bắc)"
    return Finding(ERROR, "crs_swapped", file, "", "kinh độ và vĩ độ bị đảo chỗ cho nhau", todo)


def _misplaced(file: str, declared: pyproj.CRS, known: Known) -> Finding:
    if known.turned().fit(declared) >= FITS_SHARE:
        return _exchanged(file)
    inside = f"{round(known.fit(declared) * len(known.shapes))}/{len(known.shapes)}"
    fault = f"hệ tọa độ khai báo {label(plain(declared))} chỉ đặt {inside} đơn vị vào đúng chỗ"
    fitting = _fitting(_shares(known))
    if fitting:
        todo = f"Tọa độ trong tệp khớp với {_labels(fitting, ' hoặc ')}: hãy khai báo lại hệ tọa độ đúng"
    else:
        todo = "Không hệ nào đã thử khớp: hãy kiểm tra tệp có bị dời, sai mã hay thuộc nơi khác không"
    return Finding(ERROR, "crs_position", file, "", fault, todo)
