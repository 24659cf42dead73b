"""Kill a month's run at random moments and check after each what lies there, and what the next run makes of it.

    python benchmarks/kills.py [--kills 200] [--commands 20] [--chain 1] [--seed 1] [--minutes 30]

A run corrects a published month of one unit. After every kill each folder of every room must be the old or the new one,
whole, every published file must have its checksum, and no former revision may be lost; then the next run must leave
the same bytes as an undisturbed one. Most runs are forked from this process; `--commands` are run_month.py itself.
With `--chain 4` the next run is killed too, up to four in a row, before one is let finish.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import killing


def main() -> int:
    """Kill, check, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, usual in (("kills", 200), ("commands", 20), ("chain", 1), ("seed", 1), ("minutes", 30)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        return _all(Path(folder), given)


def _all(folder: Path, given: argparse.Namespace) -> int:
    home, model = folder / "home", folder / "model"
    os.environ["INFOACCESS_KEY_FILE"] = str(folder / "key")
    subprocess.run([sys.executable, killing.__file__, str(home)], check=True)
    from infoaccess import export, html, monthly, pdf, readback, warm  # noqa: F401  forked runs find them loaded

    warm.use(warm.path())
    killing.finish(killing.forked(home), home)
    old = killing.parts(home)
    shutil.rmtree(home / "data" / "0_raw")
    (home / "later").rename(home / "data" / "0_raw")
    shutil.copytree(home, model)
    lists = killing.tree(home / "data" / "0_raw")
    spans, wanted, new = {}, {}, {}
    for kind in (killing.whole_command, killing.forked):
        killing.again(home, model)
        spans[kind] = killing.finish(kind(home), home)
        new[kind] = killing.parts(home)
        wanted[kind] = {room: killing.tree(home / room) for room in ("data", "reports")}
    chance, seen, began, done, whole = random.Random(given.seed), Counter(), time.monotonic(), Counter(), 0
    while done.total() < given.kills and time.monotonic() - began < given.minutes * 60:
        kind = killing.whole_command if done[killing.whole_command] < given.commands else killing.forked
        killing.again(home, model)
        for _ in range(min(given.chain, given.kills - done.total())):
            if not killing.kill(kind(home), chance.uniform(0, spans[kind])):
                seen["ended before"] += 1
                break
            seen[killing.check_killed(home, old, new[kind], lists)] += 1
            done[kind] += 1
        spans[kind] = 0.8 * spans[kind] + 0.2 * killing.finish(kind(home), home)  # the machine's pace changes
        killing.check_done(home, wanted[kind])
        whole += 1
        print(f"{done.total()} kills, {whole} runs that finished the job, {time.monotonic() - began:.0f} s", flush=True)
    print(
        f"seed {given.seed}: {done.total()} kills ({done[killing.whole_command]} of run_month.py, "
        f"{done[killing.forked]} of forked runs) in {time.monotonic() - began:.0f} s; after the kill the month was "
        f"old {seen['old']} times, new {seen['new']}; {whole} next runs finished the job, each with an undisturbed "
        f"run's bytes; {seen['ended before']} runs ended before their kill and are not counted"
    )
    return 0 if done.total() >= given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
