"""Start kernels, forked from the warm process and as ever, several at a time: failures, seconds each, memory.

    python benchmarks/kernels.py [--kernels 300] [--at-once 2] [--started 20]

Each kernel runs a notebook of one query of polars over a Parquet file and one of pandas: what a process that forked
after a query of its own would hang on. Exits 1 where one of them fails.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

CELLS = ("n = 1", "import polars as pl, pandas as pd, os, resource", "pl.scan_parquet({0!r}).sum().collect().item()")
LAST = "[int(pd.read_parquet({0!r})['a'].sum()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]"


def one(task: tuple[str, str, str | None]) -> tuple[float, int]:
    """Run the notebook with an engine; return seconds and the kernel's memory in MB."""
    path, target, engine = task
    import papermill

    from infoaccess import runner

    start = time.perf_counter()
    made = papermill.execute_notebook(
        path,
        target,
        engine_name=engine,
        progress_bar=False,
        log_output=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        execution_timeout=60,
        config=runner._transport(),
        extra_arguments=runner.QUIET,
    )
    seconds = time.perf_counter() - start
    told = eval(made.cells[-1].outputs[0].data["text/plain"])
    if told[0] != 499500 or made.cells[-2].outputs[0].data["text/plain"] != "499500":
        raise AssertionError(told)
    return seconds, told[1]


def main() -> int:
    """Run both kinds and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", type=int, default=300)
    parser.add_argument("--started", type=int, default=20, help="kernels to start as ever")
    parser.add_argument("--at-once", type=int, default=2)
    given = parser.parse_args()
    import nbformat
    import pandas as pd

    from infoaccess import engine, warm

    failed, medians = 0, []
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "a.parquet")
        pd.DataFrame({"a": range(1000)}).to_parquet(data)
        cells = [nbformat.v4.new_code_cell(c.format(data)) for c in (*CELLS, LAST)]
        book = nbformat.v4.new_notebook(cells=cells)
        book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
        path = str(Path(folder) / "a.ipynb")
        nbformat.write(book, path)
        os.environ[warm.SOCKET] = warm.path()
        for name, number in ((None, given.started), (engine.NAME, given.kernels)):
            tasks = [(path, str(Path(folder) / f"{n}.ipynb"), name) for n in range(number)]
            found = []
            with ProcessPoolExecutor(given.at_once, mp_context=multiprocessing.get_context("spawn")) as pool:
                for future in [pool.submit(one, task) for task in tasks]:
                    try:
                        found.append(future.result())
                    except Exception as err:
                        failed += 1
                        print(f"{type(err).__name__}: {err}", file=sys.stderr)
            medians.append(statistics.median(s for s, _ in found))
            told = f"{name or 'started'}: {len(found)} of {number} kernels, median {medians[-1]:.2f} s a notebook"
            print(f"{told}, most memory {max(m for _, m in found)} MB")
    print(f"ratio {medians[0] / medians[1]:.1f}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
