"""Call a function for every month or report on the Dask cluster that INFOACCESS_CLUSTER names.

The functions and their results are the same. Workers reach the same folders under the same paths (INFOACCESS_HOME) and
the same key file; they hold the same code, which is checked first. What a lost worker was doing is done again by
another: a room's folder appears whole or not at all, so doing it twice does no harm.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from infoaccess import rooms
from infoaccess.errors import StageError, UsageError

ADDRESS = "INFOACCESS_CLUSTER"
CARRIED = ("INFOACCESS_HOME", "INFOACCESS_KEY_FILE")
PATIENCE, RETRIES = 60, 3  # seconds for a first worker to appear; tries for a call whose worker was lost


def address() -> str | None:
    """Return the address of the cluster, None where all is done here."""
    return os.environ.get(ADDRESS) or None


@cache
def code() -> str:
    """Return a checksum of this package's files."""
    known = hashlib.sha256()
    for path in sorted(p for p in Path(__file__).parent.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        known.update(path.name.encode() + path.read_bytes())
    return known.hexdigest()


def each(function: Callable[[Any], Any], items: Sequence, name: str) -> list:
    """Call a function for every item on the cluster and return the results in the order of the items.

    Raises what the function raises, UsageError for a cluster that cannot be used, StageError where it was lost.
    """
    with _client() as client:
        carried = {k: os.environ[k] for k in CARRIED if k in os.environ} | {"INFOACCESS_HOME": str(rooms.home())}
        waiting = client.map(_call, items, function=function, carried=carried, pure=False, retries=RETRIES)
        place, found = {f.key: n for n, f in enumerate(waiting)}, {}
        from distributed import KilledWorker, as_completed

        try:
            for future in tqdm(as_completed(waiting), total=len(waiting), desc=name, disable=not os.isatty(2)):
                found[place[future.key]] = future.result()
        except KilledWorker as err:
            raise StageError(f"{name}: máy trong cụm dừng nhiều lần khi làm cùng một việc. Hãy xem bộ nhớ.") from err
        finally:
            client.cancel(waiting)
        return [found[n] for n in range(len(items))]


def _call(item: Any, *, function: Callable, carried: dict[str, str]) -> Any:
    os.environ.update(carried)
    os.environ.pop(ADDRESS, None)  # what a worker does it does itself
    return function(item)


def _about() -> dict:
    """Tell of a worker what must be so before it is given anything to do."""
    return {"code": code(), "daemon": multiprocessing.current_process().daemon}


def _sees(home: str) -> bool:
    return Path(home, "data").is_dir()


@contextmanager
def _client() -> Iterator:
    try:
        from distributed import Client
    except ImportError as err:
        raise UsageError("Chưa cài thư viện của cụm máy. Hãy chạy: pip install 'infoaccess[cluster]'") from err
    try:
        client = Client(address(), timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as err:
        raise UsageError(
            f"Không nối được cụm máy {address()}. Hãy kiểm tra địa chỉ, ví dụ tcp://10.0.0.5:8786."
        ) from err
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as err:
            raise UsageError(f"Cụm máy {address()} chưa có máy nào. Hãy khởi động dask worker rồi chạy lại.") from err
        told, sees = client.run(_about), client.run(_sees, str(rooms.home()))
        for worker, about in sorted(told.items()):
            if about["code"] != code():
                raise UsageError(f"Máy {worker} của cụm có bản phần mềm khác. Hãy cài cùng một bản trên mọi máy.")
            if about["daemon"]:
                raise UsageError(f"Máy {worker} không mở được tiến trình con: hãy khởi động với --no-nanny.")
            if not sees[worker]:
                raise UsageError(f"Máy {worker} không thấy thư mục dữ liệu. Hãy gắn cùng một thư mục trên mọi máy.")
        yield client
