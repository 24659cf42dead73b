"""The dictionary of columns: what a heading may be called, what its cells hold, which columns name a person.

One entry of columns.toml gives the aliases for reading, the checks for validating and the rows of docs/columns.md.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from infoaccess.canonical import canonical

INDICATORS = tuple(f"deprived_{n}" for n in range(1, 13))  # columns of the 12 indicators of deprivation
THRESHOLD = 0.5  # a heading opens a table when it names more than this share of a kind's required columns


@dataclass(frozen=True)
class Column:
    """Describe one column of one kind of table."""

    name: str
    label: str
    type: str
    aliases: tuple[str, ...]
    required: bool = False
    key: bool = False
    spread: bool = False
    personal: bool = False
    until_placed: bool = False
    minimum: int | None = None
    maximum: int | None = None
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Kind:
    """Describe one kind of table: what one row is and its columns by name."""

    name: str
    title: str
    one_row: str
    columns: dict[str, Column] = field(hash=False)
    levels: bool = False  # rows of several levels, cities and districts among the communes

    @property
    def required(self) -> list[Column]:
        """List the columns without which the table cannot be read."""
        return [c for c in self.columns.values() if c.required]


def normal(text: object) -> str:
    """Bring a heading or a word to the form in which it is compared; the original is kept by the caller.

    Accents stay: Hương Vân is not Hương Văn.

    >>> normal("  Số  CCCD/CMND: "), normal("Xã / Phường*")
    ('số cccd/cmnd', 'xã/phường')
    """
    if isinstance(text, float) and text.is_integer():
        text = int(text)  # a heading typed as a number
    return canonical(text).replace(" / ", "/").strip(" :*.")


def path(tiers: list[object]) -> str:
    """Join a heading's tiers, the upper first; a tier that repeats the one above counts once.

    >>> path(["Chỉ số thiếu hụt", "11"])
    'chỉ số thiếu hụt > 11'
    """
    parts: list[str] = []
    for tier in tiers:
        word = normal(tier)
        if word and word not in parts[-1:]:
            parts.append(word)
    return " > ".join(parts)


@cache
def kinds() -> dict[str, Kind]:
    """Read the dictionary: kind of table by name; every kind ends with the columns of `common`."""
    here = Path(__file__)
    raw = tomllib.loads(here.with_name("columns.toml").read_text(encoding="utf-8"))
    raw |= tomllib.loads(here.with_name("forms.toml").read_text(encoding="utf-8"))
    common = raw.pop("common")["columns"]
    found = {}
    for name, entry in raw.items():
        columns: dict[str, Column] = {}
        for pattern, spec in (entry["columns"] | common).items():
            for n in range(1, spec.get("repeat", 1) + 1):
                column = _column(pattern.replace("{n}", str(n)), spec, n)
                columns[column.name] = column
        found[name] = Kind(name, entry["title"], entry["one_row"], columns, entry.get("levels", False))
    return found


def _column(name: str, spec: dict, n: int) -> Column:
    aliases = tuple(_alias(a.replace("{n}", str(n))) for a in spec["aliases"])
    choices = {k: tuple(normal(w) for w in words) for k, words in spec.get("choices", {}).items()}
    settings = ("required", "key", "spread", "personal", "until_placed", "minimum", "maximum")
    plain = {k: spec[k] for k in settings if k in spec}
    label = spec["label"].replace("{n}", str(n))
    return Column(name, label, spec["type"], aliases, choices=choices, **plain)


def _alias(text: str) -> str:
    """Write an alias like a path: ' / ' separates tiers, '/' alone belongs to the word."""
    return path(text.split(" / "))


@cache
def _aliases(kind_name: str) -> dict[str, str]:
    return {alias: c.name for c in kinds()[kind_name].columns.values() for alias in c.aliases}


@cache
def words() -> frozenset[str]:
    """Return the lowest tier of every alias that is a word: what a row must hold to be looked at as a heading."""
    last = (a.rsplit(" > ", 1)[-1] for k in kinds() for a in _aliases(k))
    return frozenset(w for w in last if not w.isdigit())


@dataclass(frozen=True)
class Match:
    """Hold how headings fit a kind: column positions, positions nobody claimed, and columns named twice."""

    kind: Kind
    position: dict[str, int]
    unknown: list[int]
    doubled: list[str]

    @property
    def share(self) -> float:
        """Return the share of the required columns that are there."""
        needed = self.kind.required
        return sum(c.name in self.position for c in needed) / len(needed)


def match(kind: Kind, headings: Sequence[str], confirmed: dict[str, str] | None = None) -> Match:
    """Find each column's position among headings written as paths.

    What the office confirmed comes first (heading -> column, "" for none). Then the whole path is tried, then ever
    fewer of its lower tiers, and only where no other heading claimed the column.
    """
    aliases, confirmed = _aliases(kind.name), confirmed or {}
    found: dict[str, int] = {}
    doubled: list[str] = []
    taken: set[int] = set()
    for i, heading in enumerate(headings):
        if heading in confirmed:
            taken.add(i)
            if confirmed[heading]:
                found[confirmed[heading]] = i
    tiers = max((h.count(" > ") for h in headings), default=0)
    for skip in range(tiers + 1):
        here: dict[str, int] = {}
        for i, heading in enumerate(headings):
            if not heading or i in taken or heading.count(" > ") < skip:
                continue
            name = aliases.get(heading.split(" > ", skip)[skip])
            if name in here:
                doubled.append(name)
            elif name and name not in found:
                here[name] = i
        found |= here
        taken |= set(here.values())
    unknown = [i for i, h in enumerate(headings) if h and i not in taken]
    return Match(kind, found, unknown, doubled)


def recognise(headings: list[str], confirmed: dict[str, str] | None = None) -> Match | None:
    """Tell which kind of table a row of headings opens, as `_recognised` does; offices send one form many times."""
    return _recognised(tuple(headings), tuple(sorted((confirmed or {}).items())))


@lru_cache(maxsize=4096)
def _recognised(headings: tuple[str, ...], confirmed: tuple[tuple[str, str], ...]) -> Match | None:
    """Tell which kind of table a row of headings opens: the one of which most required columns are there.

    None where no kind has more than half of them, one of them with a word: numbers alone may be an index row.
    """
    fits = [match(kind, headings, dict(confirmed)) for kind in kinds().values()]
    best = max(fits, key=lambda m: (m.share, len(m.position)))
    worded = sum(any(c.isalpha() for c in headings[i]) for i in best.position.values())
    return best if best.share > THRESHOLD and worded > 1 else None


def markdown() -> str:
    """Write docs/columns.md."""
    lines = [
        "# Columns",
        "",
        "Generated by `python scripts/write_docs.py` from `src/infoaccess/columns.toml`.",
        "",
    ]
    for kind in kinds().values():
        lines += [f"## {kind.name}: {kind.title}", "", f"1 row = {kind.one_row}.", ""]
        lines += [
            "| column | heading | type | required | personal | range | also read as |",
            "|---|---|---|---|---|---|---|",
        ]
        for c in kind.columns.values():
            span = (
                ""
                if c.minimum is None and c.maximum is None
                else f"{c.minimum}..{'' if c.maximum is None else c.maximum}"
            )
            also = ", ".join(a.replace(" > ", " / ") for a in c.aliases[1:])
            need, person = ("yes" if flag else "" for flag in (c.required, c.personal))
            lines.append(f"| {c.name} | {c.label} | {c.type} | {need} | {person} | {span} | {also} |")
        lines.append("")
    return "\n".join(lines)
