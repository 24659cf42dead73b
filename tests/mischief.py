"""What a report may do to the process that makes it: stands in for `runner.report` in a worker, by the unit's code."""

import errno
import os
import signal
import time
from pathlib import Path

from infoaccess.errors import Differs, StageError, UsageError

NAME = "Nguyễn Thị Bí Mật"  # no message may quote it


def report(task: dict) -> dict:
    """Do what the code says, with a half-made page left behind."""
    code, folder = task["code"], Path(task["folder"])
    with (folder / f"{code}.tries").open("a") as tries:
        tries.write("x")
    (folder / f"{code}.html").write_text(NAME)
    if code == "slow":
        time.sleep(60)
    if code == "dies" or (code == "dies once" and len((folder / f"{code}.tries").read_text()) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    stops = {
        "cell": StageError("ô [3]: sai"),
        "differs": Differs("khác"),
        "bug": ValueError(NAME),
        "memory": MemoryError(),
        "full": OSError(errno.ENOSPC, "No space left on device"),
        "setting": UsageError("sai cài đặt"),
    }
    if code in stops or task.get("stop"):
        raise stops.get(code) or ValueError(NAME)
    (folder / f"{code}.pdf").write_text("whole")
    return {"code": code, "numbers": [{"id": code}]}
