"""Check the shapes of a layer against what is known of its units: place, validity, neighbours, area, nesting.

Counting rule: one shape a unit (its parts and holes stay). Lengths are metres and areas km² in VN-2000 / TM-3 107-00.
"""

import numpy as np
import pandas as pd
import shapely

from infoaccess import coverage, units, words
from infoaccess.boundary_findings import ERROR, INFO, WARNING, Finding, errors
from infoaccess.boundary_units import title

POINT_M = 300.0  # metres an inside point may lie outside its shape: lines of two surveys differ
REPAIR_SHARE = 1e-4  # of its area that mending may change a shape
AREA_WARN, AREA_REFUSE = 0.05, 0.30  # difference to the official area, as a share of it
NEST_M, NEST_SHARE = 100.0, 0.01  # what of a unit may lie outside its heir: within metres; or as a share of its area
_REDRAW = "Hãy sửa hình trong phần mềm bản đồ"


def repaired(file: str, names: list[str], shapes: np.ndarray) -> tuple[np.ndarray, list[Finding]]:
    """Return polygons only (None where there is none) and what was wrong; a broken ring is mended when it matters not.

    The area of a broken shape is taken from its outline, as a surveyor's programme would give it.
    """
    said, done = [], shapes.copy()
    for i, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            fault, done[i] = ("empty", "hình rỗng hoặc vòng đường biên không khép kín"), None
        elif not np.isfinite(shapely.get_coordinates(shape)).all():
            fault, done[i] = ("coordinates", "tọa độ không phải là số"), None
        elif shapely.get_type_id(shape) not in (3, 6):
            fault, done[i] = ("not_polygon", f"không phải hình vùng mà là {shape.geom_type}"), None
        elif shape.is_valid:
            continue
        else:
            done[i], change = _valid(shape)
            why = shapely.is_valid_reason(shape).split("[")[0]
            if change <= REPAIR_SHARE:
                fault = f"đường biên hỏng ({why}) đã được sửa, diện tích đổi {_share(change, 4)}"
                said.append(Finding(WARNING, "repaired", file, names[i], fault, "Nên sửa trong tệp gốc"))
                continue
            fault = ("invalid", f"đường biên tự cắt hoặc hỏng ({why}), sửa sẽ đổi diện tích {_share(change)}")
        said.append(Finding(ERROR, fault[0], file, names[i], fault[1], _REDRAW))
    return done, said


def _valid(shape: shapely.Geometry) -> tuple[shapely.Geometry, float]:
    parts = shapely.get_parts(shapely.make_valid(shape))
    flat = [p for part in parts for p in shapely.get_parts(part) if p.geom_type == "Polygon"]
    whole = shapely.MultiPolygon(flat) if len(flat) > 1 else flat[0] if flat else shapely.Polygon()
    size = max(shape.area, whole.area)
    return whole, abs(whole.area - shape.area) / size if size else 1.0


def place_faults(file: str, era: str, codes: list[str], shapes: np.ndarray, points: np.ndarray) -> list[Finding]:
    """Find shapes that lie away from their unit's inside point (same order)."""
    away, said = shapely.distance(shapes, points), []
    for code, metres in zip(codes, away, strict=True):
        if metres > POINT_M:
            todo = "Hãy xem lại mã của hình này và hệ tọa độ của tệp"
            fault = f"hình cách vị trí đã biết của đơn vị {_km(metres)}"
            said.append(Finding(ERROR, "place", file, title(era, code), fault, todo))
        elif metres > 0:
            fault = f"vị trí đã biết của đơn vị nằm ngoài hình {metres:.0f} m"
            said.append(Finding(WARNING, "place_near", file, title(era, code), fault, "Hãy xem lại đường biên ở đó"))
    return said


def fitted(file: str, names: list[str], shapes: np.ndarray) -> tuple[np.ndarray, list[Finding]]:
    """Mend slivers between neighbours and tell wide overlaps and gaps."""
    done, flaws = coverage.mended(shapes)
    said, slivers = [], [f for f in flaws if f.mended]
    for flaw in flaws:
        who = " và ".join(names[i] for i in flaw.shapes[:4]) + (" ..." if len(flaw.shapes) > 4 else "")
        size = f"{_km2(flaw.area_m2)}, chỗ rộng nhất {flaw.width_m:.0f} m"
        if flaw.kind == "hole":
            fault = f"có lỗ bên trong không thuộc xã nào ({size}); lỗ được giữ nguyên"
            said.append(Finding(WARNING, "hole", file, who, fault, "Hãy xem lỗ này có đúng không"))
        elif not flaw.mended:
            fault = f"chồng lên nhau {size}" if flaw.kind == "overlap" else f"giữa các xã hở {size}"
            todo = "Hãy vẽ lại đường biên chung để các xã giáp nhau, không chồng và không hở"
            said.append(Finding(ERROR, flaw.kind, file, who, fault, todo))
    if slivers:
        fault = (
            f"{len(slivers)} khe hở hoặc chỗ chồng hẹp hơn {coverage.SLIVER_M:.0f} m giữa các xã đã được khép lại, "
            f"tổng {_km2(sum(f.area_m2 for f in slivers))}"
        )
        said.append(Finding(WARNING, "sliver", file, "", fault, "Nên sửa trong tệp gốc"))
    elif not flaws and done is not shapes:
        fault = f"các đường biên chung không trùng từng điểm đã được nối lại (không quá {coverage.GRID_M * 100:.0f} cm)"
        said.append(Finding(INFO, "nodes", file, "", fault))
    for around in coverage.strips(done) if not errors(said) else []:
        fault = f"có khe hẹp hơn {coverage.SLIVER_M:.0f} m thông ra ngoài, được giữ nguyên"
        who = " và ".join(names[i] for i in around)
        said.append(Finding(INFO, "strip", file, who, fault, "Có thể là cửa sông, cửa phá; hãy xem lại đường biên"))
    return done, said


def area_faults(file: str, era: str, codes: list[str], shapes: np.ndarray) -> list[Finding]:
    """Compare areas with the published ones, of communes and of districts where they are published."""
    km2, said = pd.Series(shapely.area(shapes) / 1e6, index=codes), []
    for area_set in (s for s in units.LEVELS[era] if s != "city"):
        known = units.of(area_set).dropna(subset=["official_km2"])
        if not len(known):
            continue
        home = units.crosswalk(f"{era}_commune", area_set).set_index("code")["target"]
        sums = km2.groupby(home.reindex(km2.index)).sum()
        for code, name, official in zip(known["code"], known["name"], known["official_km2"], strict=True):
            share = sums.get(code, official) / official - 1
            if abs(share) <= AREA_WARN:
                continue
            more = "lớn hơn" if share > 0 else "nhỏ hơn"
            fault = (
                f"diện tích {_km2(sums[code] * 1e6)}, {more} số công bố ({_km2(official * 1e6)}) {_share(abs(share))}"
            )
            bad = abs(share) > AREA_REFUSE
            todo = "Hãy vẽ lại hoặc xem lại mã" if bad else "Hãy xem lại đường biên"
            said.append(Finding(ERROR if bad else WARNING, "area", file, f"{name} ({code})", fault, todo))
    return said


def nest_faults(file: str, era: str, own: pd.Series, heir_file: str, heir_era: str, heirs: pd.Series) -> list[Finding]:
    """Find units that do not lie in their heir of a later era; both series are shapes in metres by code."""
    home = units.crosswalk(f"{era}_commune", f"{heir_era}_commune").set_index("code")["target"].reindex(own.index)
    shapes, into = own.to_numpy(), heirs.reindex(home).to_numpy()
    out = shapely.area(shapely.difference(shapes, into)) / shapely.area(shapes)
    said = []
    for i in np.flatnonzero(out > NEST_SHARE):
        far = shapely.difference(shapes[i], shapely.buffer(into[i], NEST_M)).area / shapes[i].area > NEST_SHARE
        fault = f"{_share(out[i])} diện tích nằm ngoài {title(heir_era, home.iloc[i])} của tệp {heir_file}"
        todo = "Hãy xem lại hai tệp: mỗi xã cũ phải nằm trọn trong xã mới của nó"
        severity = ERROR if far else WARNING
        said.append(Finding(severity, "nest", file, title(era, own.index[i]), fault, todo))
    return said


def _share(value: float, digits: int = 1) -> str:
    return words.share(value, "vi", digits)


def _km(metres: float) -> str:
    return f"{words.number(metres / 1000, 'vi', 1)} km"


def _km2(square_metres: float) -> str:
    """Write an area, small ones in square metres.

    >>> _km2(3_249_900), _km2(250)
    ('3,25 km²', '250 m²')
    """
    if square_metres < 1e4:
        return f"{square_metres:.0f} m²"
    return f"{words.number(square_metres / 1e6, 'vi', 2)} km²"
