"""What the tests share: helpers beside them can be imported, and the run says how much the property tests tried."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import configuration

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode puts no folder of tests on the path
TRIED: pytest.StashKey[Counter] = pytest.StashKey()


# Files whose homes take long to make: begun first, no worker is left alone with one at the end.
LONG = ("month", "cluster", "leaving", "faults", "series", "oracle", "purge", "unattended", "injection", "identities")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take long first."""
    items.sort(key=lambda item: item.path.stem.removeprefix("test_") not in LONG)


def pytest_configure(config: pytest.Config) -> None:
    """Start counting; hypothesis keeps its tables where pytest keeps its own."""
    if hasattr(config, "cache"):
        configuration.set_hypothesis_home_dir(config.cache.mkdir("hypothesis"))
    config.stash[TRIED] = Counter()


@pytest.fixture(scope="session")
def tried(pytestconfig: pytest.Config) -> Counter:
    """Return the counter to which a property test adds every example it runs."""
    return pytestconfig.stash[TRIED]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's counts to the run that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = dict(session.config.stash[TRIED])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    """Add the counts of a worker that is done."""
    node.config.stash[TRIED].update(getattr(node, "workeroutput", {}).get("tried", {}))


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Print how many examples ran."""
    counts = config.stash[TRIED]
    if counts:
        parts = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
        terminalreporter.write_line(f"property tests: {parts}")
