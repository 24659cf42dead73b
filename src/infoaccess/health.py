"""Look at everything a run needs before it needs it; each finding says what to do.

1 finding = 1 thing looked at: all right, a warning (a run would do, but somebody should act) or a fault (a run would
fail, or fails). Nothing is changed, and nothing of a list is read or told.
"""

import datetime as dt
import json
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass

GOOD, WARNING, FAULT = "good", "warning", "fault"
FAULTY = 4  # the exit code where there is a fault
_SIGNS = {GOOD: ("ĐẠT", "32"), WARNING: ("CẢNH BÁO", "33"), FAULT: ("LỖI", "31")}


@dataclass(frozen=True)
class Finding:
    """Hold what was found of one thing, and what to do about it."""

    about: str
    level: str
    text: str
    remedy: str = ""


def good(about: str, text: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(about, GOOD, text)


def warning(about: str, text: str, remedy: str) -> Finding:
    """Return a finding on which somebody should act."""
    return Finding(about, WARNING, text, remedy)


def fault(about: str, text: str, remedy: str) -> Finding:
    """Return a finding that makes a run fail."""
    return Finding(about, FAULT, text, remedy)


def checks() -> dict[str, Callable[[], list[Finding]]]:
    """Name all checks in the order in which they are told."""
    from infoaccess import health_house, health_machine

    return health_machine.CHECKS | health_house.CHECKS


def look() -> list[Finding]:
    """Look at everything. A check that itself fails is a fault: it could not be looked at."""
    found = []
    for name, check in checks().items():
        try:
            found += check()
        except Exception as err:
            found.append(
                fault(name, f"không kiểm tra được ({type(err).__name__})", "Gửi câu này cho người bảo trì phần mềm.")
            )
    return found


def code(found: list[Finding]) -> int:
    """Return the exit code: a warning is none."""
    return FAULTY if any(one.level == FAULT for one in found) else 0


def table(found: list[Finding], colour: bool | None = None, width: int | None = None) -> str:
    """Return findings as lines for a terminal: faults stand out, remedies stand below what they mend."""
    colour = sys.stdout.isatty() if colour is None else colour
    width = width or min(shutil.get_terminal_size((100, 24)).columns, 120)
    lines = []
    for one in found:
        sign, paint = _SIGNS[one.level]
        shown = f"{sign:<9}"
        gap = " " * 10
        body = textwrap.wrap(f"{one.about}: {one.text}", width - 10, break_long_words=False, break_on_hyphens=False)
        lines.append(f"\033[{paint}m{shown}\033[0m {body[0]}" if colour else f"{shown} {body[0]}")
        lines += [gap + line for line in body[1:]]
        if one.remedy:
            told = textwrap.wrap(one.remedy, width - 13, break_long_words=False, break_on_hyphens=False)
            lines += [gap + ("-> " if n == 0 else "   ") + line for n, line in enumerate(told)]
    counts = {level: sum(one.level == level for one in found) for level in _SIGNS}
    lines.append(f"{len(found)} mục: {counts[GOOD]} đạt, {counts[WARNING]} cảnh báo, {counts[FAULT]} lỗi.")
    return "\n".join(lines)


def as_json(found: list[Finding]) -> str:
    """Return findings for a program."""
    told = {"time": dt.datetime.now().astimezone().isoformat(timespec="seconds"), "code": code(found)}
    return json.dumps(told | {"findings": [asdict(one) for one in found]}, ensure_ascii=False, indent=1)
