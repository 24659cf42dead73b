"""Work out which months and reports are due, and why, from what was published and what lies there now.

A published month says in its manifest on what it rests: its lists, those of all earlier months, the method. Where its
own lists or an earlier month's differ now, it is due again; where only the method differs it is not, as that would
revise the archive silently: it is told, and done when a reason is given. Imports little, as mostly nothing is due.
"""

import csv
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field

from infoaccess import checksums, method, rooms, senders
from infoaccess.errors import UsageError

CITY = "46"
CHANCE = ("died", "time", "memory")  # why a report failed that may not fail again
STATES = ("estimated", "preliminary", "official")


@dataclass(frozen=True)
class Now:
    """Hold what lies there at one moment: the lists of every month by name, the method, the keys of the counts."""

    lists: dict[str, dict[str, str]]
    method: dict
    keys: dict[str, str]

    def under(self, month: str) -> dict:
        """Return what a month rests on now, as its manifest keeps it."""
        earlier = {m: checksums.digest(found) for m, found in self.lists.items() if m <= month}
        return {"own": self.lists.get(month, {}), "lists": earlier, "method": self.method}


@dataclass(frozen=True)
class Work:
    """Name one month that is due, with its reasons; `reports` are the units' codes where not all reports are."""

    month: str
    reasons: list[dict]
    reports: list[str] | None = None


@dataclass(frozen=True)
class Occasion:
    """Say on what occasion a month is made: the day it bears, the state asked for, the office's reason for it.

    `beside` leaves the other units' reports of the present revision as they are; `asked` is a month that somebody
    named; `as_published` is the manifest of a revision that is made again.
    """

    day: dt.date = field(default_factory=dt.date.today)
    state: str | None = None
    why: str | None = None
    beside: bool = False
    asked: bool = False
    as_published: dict | None = None


@dataclass
class Plan:
    """List the work, the oldest month first; months whose method alone changed; what else the office should know."""

    works: list[Work] = field(default_factory=list)
    outdated: dict[str, list[str]] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)


def now(settings: dict) -> Now:
    """Look at the lists and at the method as they are."""
    found = method.parts(settings)
    lists = {month: checksums.lists(month) for month in checksums.months()}
    known, keys = hashlib.sha256(method.key(found).encode()), {}
    for month, held in lists.items():
        known.update(f"{month}:{checksums.digest(held)}\n".encode())
        keys[month] = known.hexdigest()
    checksums.remember()
    return Now(lists, found, keys)


def published(month: str) -> dict | None:
    """Read the manifest of a month's present revision; None where there is none."""
    path = rooms.reports(month) / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def published_months() -> list[str]:
    """List the months that have reports, oldest first."""
    return sorted(path.parent.name for path in rooms.reports().glob("20??-??/manifest.json"))


def plan(settings: dict, today: dt.date, since: str | None = None, why: str | None = None) -> Plan:
    """Work out what is due, the oldest month first.

    Due are months from `since` on (else the setting publish_since, else the first published month, else the latest
    with lists) that have ended. `why` is the office's reason for making months anew whose method alone changed.
    """
    here, done, found = now(settings), published_months(), Plan()
    with_lists = [m for m in rooms.raw_months() if here.lists.get(m) and m >= settings["first_month"]]
    ended = [m for m in with_lists if m < f"{today:%Y-%m}"]
    start = since or settings.get("publish_since") or (done[0] if done else ended[-1] if ended else None)
    if start:
        rooms.month_name(start)
    for month in ended:
        former = published(month)
        if former is None and month < start:
            found.notes.append(("before_since", month))
            continue
        work = due(month, former, here, why)
        if work:
            found.works.append(work)
        elif former:
            parts = method.changed(former.get("rests_on", {}).get("method"), here.method)
            found.outdated |= {month: parts} if parts else {}
    found.notes += [("under_way", m) for m in with_lists if m not in ended]
    last = rooms.shift(f"{today:%Y-%m}", -1)
    span = rooms.months_between(start, last) if start and start <= last else []
    gone = rooms.purged_months()
    found.notes += [("vanished" if m in done else "no_lists", m) for m in span if m not in with_lists and m not in gone]
    return found


def due(month: str, former: dict | None, here: Now, why: str | None = None) -> Work | None:
    """Tell whether one month is due, and why."""
    if former is None:
        missed = any(m > month for m in published_months())
        return Work(month, [{"kind": "missed" if missed else "first"}])
    found = reasons(month, former, here, why)
    parts = method.changed(former.get("rests_on", {}).get("method"), here.method)
    lacking = [] if found else missing(month, former, not parts)
    if lacking:
        # One revision is of one method: where that changed, the reports that are there are made anew too.
        also = [{"kind": "method", "parts": parts}] if parts else []
        return Work(month, [{"kind": "reports", "codes": lacking}, *also], None if parts else lacking)
    return Work(month, found) if found else None


def reasons(month: str, former: dict | None, here: Now, why: str | None = None, *, asked: bool = False) -> list[dict]:
    """Say why a month's revision differs in what it rests on from the one before; without one, why it is made at all.

    Where lists changed, a method that changed too is named with them; alone it is named only with `why`, or where
    somebody `asked` for the month.
    """
    if former is None:
        return due(month, None, here).reasons
    rests = former.get("rests_on", {})
    own = rests.get("own") or {f["name"]: f["sha256"] for f in former["inputs"]}
    found = list_changes(month, own, here.lists.get(month, {}))
    before = {m: d for m, d in rests.get("lists", {}).items() if m < month}
    current = {m: d for m, d in here.under(month)["lists"].items() if m < month}
    # A month whose lists vanished is told of elsewhere: nobody wanted figures without it.
    moved = [m for m in sorted({*before, *current}) if before.get(m) != current.get(m) and here.lists.get(m)]
    found += [{"kind": "earlier", "months": moved}] if moved and rests else []
    parts = method.changed(rests.get("method"), here.method)
    if "names" in parts and any(f.get("state") == "refused" for f in former["inputs"]):
        found.append({"kind": "headings"})
        parts.remove("names")
    found += [{"kind": "asked"}] if asked and not found else []
    if parts and (found or why):
        found.append({"kind": "method", "parts": parts})
    if why and found:
        found[-1] |= {"why": why}
    return found


def list_changes(month: str, then: dict[str, str], now: dict[str, str]) -> list[dict]:
    """Compare a month's lists by name and content: which are new, mended, gone or only have another name.

    >>> [(c["kind"], c["files"]) for c in list_changes("2025-03", {"a": "1", "b": "2", "c": "3"}, {"a": "9", "d": "3"})]
    [('mended', ['a']), ('gone', ['b']), ('renamed', ['d'])]
    """
    new, gone = sorted(now.keys() - then.keys()), sorted(then.keys() - now.keys())
    renamed = [name for name in new if now[name] in {then[old] for old in gone}]
    lost = [name for name in gone if then[name] not in {now[name] for name in renamed}]
    kinds = {
        "new": [name for name in new if name not in renamed],
        "mended": sorted(name for name in now.keys() & then.keys() if now[name] != then[name]),
        "gone": lost,
        "renamed": renamed,
    }
    return [
        {"kind": kind, "files": files, "senders": senders.of(month, files)} for kind, files in kinds.items() if files
    ]


def missing(month: str, former: dict, same_method: bool = True) -> list[str]:
    """List the units whose report a published month lacks: never made, or a document that is no longer there.

    A report that failed by its content is not made again by the same method from the same lists: it would fail again.
    """
    there = {path.name for path in rooms.reports(month).iterdir()}
    hopeless = {c for c, why in former.get("failed", {}).items() if why not in CHANCE} if same_method else set()
    slides = "presentation" in hopeless or "presentation.pdf" in there
    whole = [c for c in former["reports"] if {f"{c}.html", f"{c}.pdf"} <= there and (slides or c != CITY)]
    return [code for code in valid_units(month) if code not in whole and code not in hopeless]


def valid_units(month: str) -> dict[str, str]:
    """Name the units that are valid in a month by their codes, the city first."""
    day = f"{month}-01"
    with rooms.facts("units.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["valid_from"] <= day and day <= (r["valid_to"] or day)]
    return {r["code"]: r["name"] for r in rows}


def state(wanted: str | None, former: dict | None, settings: dict) -> str:
    """Return the state of a month's next revision: the one asked for, else never less than what was published.

    Raises UsageError for a state that the Statistics Law does not know.

    >>> state(None, {"parameters": {"state": "official"}}, {"state": "preliminary"})
    'official'
    """
    given = [wanted] if wanted else [settings["state"]] + ([former["parameters"]["state"]] if former else [])
    for one in given:
        if one not in STATES:
            raise UsageError(f"Loại số liệu {one!r} không có. Hãy chọn một trong: {', '.join(STATES)}.")
    return max(given, key=STATES.index)
