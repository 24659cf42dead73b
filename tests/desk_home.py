"""A small home with two released months, made once a test run and shared by the files that ask at the desk."""

import os
from pathlib import Path

import pytest
from filelock import FileLock
from small_months import make, sample

from infoaccess import geography

FIRST, LAST = "2025-06", "2025-07"  # one month of old communes, one of new ones
MONTHS = (FIRST, LAST)


def made(factory: pytest.TempPathFactory) -> Path:
    """Make the home, or find the one that another worker of this run has made."""
    shared = factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else factory.getbasetemp()
    home = shared / "desk-home"
    with FileLock(shared / "desk-home.lock"), pytest.MonkeyPatch.context() as patch:
        set_home(patch, home)
        if not (home / "done").exists():
            sample(home, FIRST, LAST)
            geography.build()
            for month in MONTHS:
                make(month, patch)
                set_home(patch, home)  # making a month undoes every patch
            (home / "done").touch()
    return home


def set_home(patch, home: Path) -> None:
    """Point the rooms and the key at a home."""
    patch.setenv("INFOACCESS_HOME", str(home))
    patch.setenv("INFOACCESS_KEY_FILE", str(home / "person.key"))
