"""Count household-months from the city to the country: seconds, peak memory, growth, against one pandas groupby.

    python benchmarks/counting.py [--millions 0.9 9 58] [--folder DIR] [--rounds 3] [--naive-upto 58]

Each size is a folder of partitions (one month of one province, 78 000 households), counted by `tally.tally` with the
measures of stage 3a, month by month, and added by `tally.merge`; the other is what an office would write: all
partitions in one frame, one groupby a group of households. Each runs in a process of its own, which states its peak
memory. Both must give the same sums. Exits 1 where they differ, or a goal is missed (8 times as fast and under 2 GiB at
the largest size, growth exponent at most 1.05).
"""

import argparse
import importlib
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PROVINCES, PARTITION, COMMUNES = 34, 78_000, 98  # households of a province's list, its communes (3 321 in all)
BY = ["month", "commune_code"]
FLAGS = ("poor", "near_poor", "policy", "deprived_11", "deprived_12")
GOALS = {"ratio": 8.0, "gib": 2.0, "exponent": 1.05}


def make(folder: Path, rows: int) -> None:
    """Write partitions of invented households, some answers missing; the same rows for the same number."""
    rng = np.random.default_rng(2023)
    folder.mkdir(parents=True)
    for n in range(math.ceil(rows / PARTITION)):
        size = min(PARTITION, rows - n * PARTITION)
        month = f"{2023 + n // PROVINCES // 12 % 3}-{n // PROVINCES % 12 + 1:02d}"
        codes = np.array([f"{n % PROVINCES:02d}{c:03d}" for c in range(COMMUNES)], dtype=object)
        frame = pd.DataFrame({"month": month, "commune_code": codes[np.sort(rng.integers(0, COMMUNES, size))]})
        frame["members"] = pd.array(rng.integers(1, 9, size), dtype="Int64")
        for flag, share in zip(FLAGS, (0.2, 0.25, 0.4, 0.3, 0.35), strict=True):
            frame[flag] = pd.array(rng.random(size) < share, dtype="boolean")
            frame.loc[rng.random(size) < 0.01, flag] = pd.NA
        frame.to_parquet(folder / f"{n:05d}.parquet", compression="zstd")


def ours(folder: Path) -> pd.DataFrame:
    """Count by `tally`, a month at a time, and `merge`."""
    import polars as pl

    from infoaccess import deprivation, tally

    paths, wanted = sorted(folder.glob("*.parquet")), deprivation.measures()
    months = [paths[n : n + PROVINCES] for n in range(0, len(paths), PROVINCES)]
    return tally.merge([tally.tally(pl.scan_parquet(month), wanted, BY) for month in months]).to_pandas()


def naive(folder: Path) -> pd.DataFrame:
    """Count by pandas: everything in one frame, one groupby a group."""
    frame = pd.read_parquet(folder, columns=[*BY, "members", *FLAGS])
    internet, device = frame["deprived_11"], frame["deprived_12"]
    flags = {"internet": internet, "device": device, "any": internet | device, "both": internet & device}
    poor, near, policy = (frame[c].fillna(False).astype(bool) for c in ("poor", "near_poor", "policy"))
    groups = {"all": None, "poor": poor, "near_poor": near, "policy_only": policy & ~poor & ~near, "policy": policy}
    size, sums = frame["members"], {}
    for name, flag in flags.items():
        known = flag.notna()
        yes = flag.fillna(False).astype(bool)
        for base, weight in (("household", 1), ("person", size)):
            part = {"numerator": yes * weight, "denominator": known * weight}
            part |= {"numerator_contributors": yes, "complement_contributors": known & ~yes}
            part["denominator_contributors"] = known
            sums |= {(base, f"deprived_{name}", s): v.astype("int64") for s, v in part.items()}
    wide = pd.concat({"|".join(k): v for k, v in sums.items()}, axis=1)
    wide[BY] = frame[BY]
    parts = []
    for group, member in groups.items():
        found = (wide if member is None else wide[member]).groupby(BY, observed=True).sum()
        found.columns = pd.MultiIndex.from_tuples(
            [c.split("|") for c in found.columns], names=["base", "measure", None]
        )
        parts.append(found.stack(["base", "measure"], future_stack=True).assign(group=group))
    return pd.concat(parts).reset_index()


def canonical(found: pd.DataFrame) -> pd.DataFrame:
    """Sort rows and columns, and leave out keys that nobody is in."""
    keys = [*BY, "group", "base", "measure"]
    sums = sorted(set(found.columns) - set(keys))
    whole = found[[*keys, *sums]].set_index(keys).sort_index().astype("int64")
    return whole[(whole != 0).any(axis=1)]


def measure(way: str, folder: Path, keep: Path) -> dict:
    """Count once in this process; return seconds and GiB at the peak."""
    importlib.import_module("infoaccess.deprivation")
    start = time.perf_counter()
    found = {"ours": ours, "naive": naive}[way](folder)
    seconds = time.perf_counter() - start
    canonical(found).to_pickle(keep)
    return {"seconds": seconds, "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


def apart(way: str, folder: Path, keep: Path) -> dict:
    """Count once in a process of its own; imports are not counted."""
    command = [sys.executable, __file__, "--one", way, str(folder), str(keep)]
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}


def main() -> int:
    """Measure all sizes and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, nargs="+", default=[0.9, 9, 58])
    parser.add_argument("--folder", type=Path, help="where the partitions are made and kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--naive-upto", type=float, default=58, help="millions up to which pandas is tried")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        way, folder, keep = given.one
        print(json.dumps(measure(way, Path(folder), Path(keep))))
        return 0
    wrong, last, medians = [], {}, {}
    with tempfile.TemporaryDirectory() as passing:
        for millions in given.millions:
            folder = (given.folder or Path(passing)) / f"{millions}"
            if not folder.exists():
                make(folder, round(millions * 1e6))
            rounds = {"ours": [], "naive": []}
            for _ in range(given.rounds):
                for way in ("ours", "naive") if millions <= given.naive_upto else ("ours",):
                    rounds[way].append(apart(way, folder, Path(passing) / f"{way}.pickle"))
            last = {}
            for way, found in rounds.items():
                if found and all(found):
                    last[way] = {k: statistics.median(f[k] for f in found) for k in ("seconds", "gib")}
                    print(f"{millions} million, {way}: {last[way]['seconds']:.2f} s, {last[way]['gib']:.2f} GiB")
                elif found:
                    print(f"{millions} million, {way}: does not fit into memory")
            medians[millions] = last["ours"]["seconds"]
            if "naive" in last:
                both = [pd.read_pickle(Path(passing) / f"{way}.pickle") for way in ("ours", "naive")]
                same = both[0].equals(both[1])
                wrong += [] if same else [f"sums differ at {millions}"]
                last["ratio"] = last["naive"]["seconds"] / last["ours"]["seconds"]
                print(f"{millions} million: ratio {last['ratio']:.1f}, equal: {same}, {len(both[0])} sums")
    first, most = min(medians), max(medians)
    exponent = math.log(medians[most] / medians[first]) / math.log(most / first) if most > first else math.nan
    print(f"growth exponent from {first} to {most} million: {exponent:.2f}")
    wrong += ["growth"] if exponent > GOALS["exponent"] else []
    wrong += ["memory"] if last["ours"]["gib"] > GOALS["gib"] else []
    wrong += ["ratio"] if last.get("ratio", math.inf) < GOALS["ratio"] else []
    print(f"missed: {', '.join(wrong) or 'nothing'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
