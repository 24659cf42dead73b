"""Place a million points in the 141 communes of era A: the suite's raster against geopandas.sjoin, used plainly.

Usage: python benchmarks/points.py [--points 1000000] [--rounds 3]. Points are uniform over the city's box, with every
corner of every border and the middle of every border piece among them. Every way runs in a process of its own, on the
same points; times hold everything from two columns of numbers to one column of codes, the raster's making included, and
are the best of the rounds. Answers are compared one by one; the ratio is taken within this run. Memory is the peak of
the process, MiB, and by how much it lies above the peak before the first point was placed.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import rounds

WAYS = ("sjoin", "points")


def make(folder: Path, count: int) -> None:
    """Write polygons and points for both ways."""
    import shapely

    from infoaccess import geography

    polygons = geography.polygons("A_commune", geography.leaf_polygons())
    polygons[["code", "geometry"]].to_parquet(folder / "polygons.parquet")
    corners = shapely.get_coordinates(polygons.geometry)
    borders = np.vstack([corners, (corners[1:] + corners[:-1]) / 2])[:count]
    west, south, east, north = polygons.total_bounds
    anywhere = np.random.default_rng(1).uniform((west, south), (east, north), (count - len(borders), 2))
    np.save(folder / "points.npy", np.random.default_rng(2).permutation(np.vstack([borders, anywhere])))


def run(way: str, folder: Path) -> dict:
    """Run one way in this process, keep its answers, return seconds and memory."""
    import geopandas as gpd

    from infoaccess import points

    polygons = gpd.read_parquet(folder / "polygons.parquet")
    lon, lat = np.load(folder / "points.npy").T.copy()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    if way == "sjoin":
        frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
        joined = gpd.sjoin(frame, polygons, how="left", predicate="intersects")["code"]
        seconds = time.perf_counter() - start
        codes = joined.groupby(level=0).min()  # borders: the smaller code; not counted, a plain join leaves both
    else:
        codes = points.locate(points.raster(polygons), lon, lat)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(folder / f"codes_{way}.npy", codes.fillna("").to_numpy(dtype="U5"))
    return {"way": way, "seconds": seconds, "peak_mib": peak, "own_mib": peak - before}


def main() -> None:
    """Make the points, run both ways in turn, compare the answers, print times, memory and ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run(given.one, given.folder)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make(folder, given.points)
        best = rounds.best(__file__, WAYS, given.rounds, "--folder", scratch)
        answers = [np.load(folder / f"codes_{way}.npy") for way in WAYS]
    different = int((answers[0] != answers[1]).sum())
    print("| way | seconds | peak MiB | above the peak of loading |\n|---|---|---|---|")
    for way, r in best.items():
        print(f"| {way} | {r['seconds']:.3f} | {r['peak_mib']:.0f} | {r['own_mib']:.0f} |")
    ratio = best["sjoin"]["seconds"] / best["points"]["seconds"]
    print(f"{len(answers[0])} points, {int((answers[0] == '').sum())} outside, {different} answers differ")
    print(f"{ratio:.1f} times as fast as geopandas.sjoin")
    if different:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
