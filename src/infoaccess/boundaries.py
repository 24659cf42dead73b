"""The door of the department's own boundary files (``geo/official/``).

A file holds the communes of one era; there may be one file an era. Every layer is read in its own coordinate system,
matched to the units, brought to WGS 84 and checked. One error anywhere refuses all files: the maps of the eras have to
agree with each other. 1 row of a result = 1 commune.
"""

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from infoaccess import boundary_files, boundary_shapes, boundary_units, coverage, crs, rooms, units
from infoaccess.boundary_files import Layer
from infoaccess.boundary_findings import ERROR, INFO, Finding, errors
from infoaccess.boundary_units import Match, title


@dataclass
class Examined:
    """Hold what came through the door: communes by era (code, geometry; EPSG:4326), the file of each, all findings."""

    communes: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Tell whether the files may be used."""
        return not errors(self.findings)


def report(folder: Path | None = None) -> list[Finding]:
    """Return what there is to say about the boundary files of a folder (by default geo/official)."""
    return examine(folder).findings


def examine(folder: Path | None = None) -> Examined:
    """Read and check all boundary files of a folder; `communes` is empty unless everything is sound."""
    done = Examined()
    layers, done.findings = boundary_files.layers(folder or rooms.official())
    if not layers and not done.findings:
        done.findings.append(Finding(INFO, "no_file", "", "", "không có tệp ranh giới nào của cơ quan"))
    metric: dict[str, pd.Series] = {}
    for layer in layers:
        found, said = boundary_units.match(layer)
        done.findings += said
        if found is None:
            continue
        if found.era in done.files:
            fault = f"tệp {done.files[found.era]} cũng chứa các xã thời kỳ {found.era}"
            todo = "Hãy chỉ để lại một tệp cho mỗi thời kỳ"
            done.findings.append(Finding(ERROR, "two_files", layer.file, "", fault, todo))
            continue
        done.files[found.era] = layer.file
        frame, plane, said = _checked(layer, found)
        done.findings += said
        if frame is not None:
            done.communes[found.era], metric[found.era] = frame, plane
    for era, heir in (("A", "B"), ("A", "C"), ("B", "C")):
        if era in metric and heir in metric:
            names = (done.files[era], done.files[heir])
            done.findings += boundary_shapes.nest_faults(names[0], era, metric[era], names[1], heir, metric[heir])
    if not done.sound:
        done.communes = {}
    return done


def _checked(layer: Layer, found: Match) -> tuple[gpd.GeoDataFrame | None, pd.Series | None, list[Finding]]:
    """Check one layer: its communes in WGS 84 and in metres by code, or None, and the findings."""
    era, known = found.era, boundary_units.points(found.era)
    names = [title(era, c) if c else f"dòng {row + 1}" for row, c in found.code.items()]
    shapes, said = boundary_shapes.repaired(layer.file, names, layer.shapes)
    there = ~pd.isna(shapes) & found.code.isin(known.index).to_numpy()
    at = known.loc[found.code[there]]
    there_lonlat, every_lonlat = (frame[["lon", "lat"]].to_numpy().T for frame in (at, known))
    system, why = crs.resolve(
        layer.file, layer.crs, crs.Known(shapes[there], *there_lonlat, shapes[~pd.isna(shapes)], *every_lonlat)
    )
    said = why + said
    if system is None:
        return None, None, said + boundary_units.attribute_faults(layer, found, {})
    wgs84 = crs.to_wgs84(shapes, system)
    plane = crs.to_metric(wgs84)
    inside = crs.to_metric(shapely.points(known[["lon", "lat"]].to_numpy()))
    held = boundary_units.held_points(era, inside, plane)
    found = boundary_units.settled(found, held)
    attributes = boundary_units.attribute_faults(layer, found, held)
    told = {f.unit for f in attributes if f.severity == ERROR}
    said += attributes
    rows = np.flatnonzero(~pd.isna(shapes) & found.code.isin(known.index).to_numpy())
    codes = found.code.to_numpy()[rows].tolist()
    point = pd.Series(inside, index=known.index)
    unsaid = [i for i, code in enumerate(codes) if title(era, code) not in told]
    said += boundary_shapes.place_faults(
        layer.file, era, [codes[i] for i in unsaid], plane[rows[unsaid]], point[[codes[i] for i in unsaid]].to_numpy()
    )
    if any(f.rule == "invalid" for f in said):
        return None, None, said
    mended, new = boundary_shapes.fitted(layer.file, [title(era, c) for c in codes], plane[rows])
    said += new
    if not errors(attributes):
        said += boundary_shapes.area_faults(layer.file, era, codes, mended)
    if errors(said):
        return None, None, said
    moved = any(f.rule in ("sliver", "nodes") for f in new)
    geometry = crs.to_wgs84(mended, pyproj.CRS(crs.METRIC)) if moved else wgs84[rows]
    frame = gpd.GeoDataFrame({"code": codes}, geometry=geometry, crs="EPSG:4326")
    return frame, pd.Series(mended, index=codes), said


def cut_to(leaf: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, era: str) -> gpd.GeoDataFrame:
    """Cut the communes of era A to those of a later era, so that each of these is exactly the union of its leaves.

    Raises ValueError with the leaves that lie wholly outside their heir.
    """
    home = {m: code for code, members in units.leaves(f"{era}_commune").items() for m in members}
    position = {code: i for i, code in enumerate(communes["code"])}
    shapes = coverage.cut(
        crs.to_metric(leaf.geometry.to_numpy()),
        [position[home[code]] for code in leaf["code"]],
        crs.to_metric(communes.geometry.to_numpy()),
    )
    lost = [title("A", code) for code, shape in zip(leaf["code"], shapes, strict=True) if shape is None]
    if lost:
        raise ValueError("; ".join(lost))
    back = crs.to_wgs84(shapes, pyproj.CRS(crs.METRIC))
    return gpd.GeoDataFrame({"code": leaf["code"].to_numpy()}, geometry=back, crs="EPSG:4326")
