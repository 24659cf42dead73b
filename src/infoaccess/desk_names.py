"""Names that people type at the desk: months, measures, groups and units, each found or answered with the nearest one.

Nothing is guessed: a name that fits nothing, or two things, stops with the names that may be meant. Accents count, so
Hương Vân is never taken for Hương Văn; they are dropped only to propose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd
import polars as pl
from rapidfuzz import fuzz, utils

from infoaccess import areas, rooms, store, units, words
from infoaccess.canonical import canonical, strip_accents
from infoaccess.errors import RoomError, UsageError

Group = Literal["all", "poor", "near_poor", "policy_only", "policy"]
KINDS = ("Thành phố", "Thị trấn", "Thị xã", "Phường", "Quận", "Huyện", "Xã")
BASES = ("household", "adult", "person", "phone", "vnd", "subscriber")
ENOUGH = 55  # of 100: what is less alike is not worth proposing
SECTIONS = ("row", "change_row")
PREFIXES = (
    ("uncensored_", "indicator_name"),
    ("handed_", "source"),
    ("value_", "source"),
    ("flow_poor_", "movement"),
    ("flow_near_poor_", "movement"),
)  # measures that are one of a family: the part before, and where the part after is named


@dataclass(frozen=True)
class Measure:
    """Name one thing that is counted: its name, what is counted, and what it is called in both languages."""

    name: str
    base: str
    vi: str
    en: str


def months() -> list[str]:
    """List the months that were released, oldest first."""
    return store.months(rooms.RELEASE)


def month(text: str | None = None) -> str:
    """Return a released month, by default the latest.

    Raises RoomError where the month, or any, was not released; UsageError for what is no month.
    """
    held = months()
    if not held:
        raise RoomError(
            "Chưa có tháng nào qua bước 4, nên chưa có số liệu để hỏi. Hãy chạy: python scripts/lab.py (dữ liệu giả "
            "lập) hoặc python scripts/run_month.py <năm-tháng> (danh sách thật)."
        )
    if not text:
        return held[-1]
    if rooms.month_name(text) not in held:
        raise RoomError(
            f"Tháng {text} chưa qua bước 4. Đang có: {held[0]} đến {held[-1]} ({len(held)} tháng). "
            f"Hãy chạy: python scripts/run_month.py {text}"
        )
    return text


@cache
def _asked(path: str, changed: float) -> dict[str, Measure]:
    """List the measures of a released month by name; `changed` makes a new release a new question."""
    found = pl.scan_parquet(path).select("base", "measure").unique().collect().sort("measure", "base")
    order = {base: n for n, base in enumerate(BASES)}
    rows = sorted(found.iter_rows(), key=lambda r: (order[r[0]], r[1]))
    return {name: Measure(name, base, label(name, "vi"), label(name, "en")) for base, name in reversed(rows)}


def measures(of: str | None = None) -> dict[str, Measure]:
    """Return what can be asked of a released month (by default the latest), by name, households first."""
    path = rooms.data(rooms.RELEASE, month(of)) / "counts.parquet"
    found = _asked(str(path), path.stat().st_mtime)
    return dict(reversed(found.items()))


def label(name: str, lang: str = "vi") -> str:
    """Say a measure in words; one that has no words of its own keeps its name.

    >>> label("deprived_device"), label("uncensored_deprived_11")
    ('Hộ thiếu hụt chỉ số 12 (phương tiện)', 'Hộ thiếu hụt chỉ số 11. Sử dụng dịch vụ viễn thông')
    """
    w = words.load(lang)
    for section in SECTIONS:
        if name in w.table[section]:
            return w.table[section][name]
    told = w.table["desk"]
    for start, table in PREFIXES:
        rest = name.removeprefix(start)
        if rest != name and rest in w.table[table]:
            number = f"{rest.rsplit('_', 1)[-1]}. " if start == "uncensored_" else ""
            return told[start.strip("_")].format(name=f"{number}{w.table[table][rest]}")
    return told["measure"].get(name, name)


def measure(text: str, of: str | None = None) -> Measure:
    """Return the measure that a name or a label names.

    Raises UsageError for any other text, with the nearest names.
    """
    known = measures(of)
    if isinstance(text, Measure):
        return text
    if text in known:
        return known[text]
    by_label = {canonical(said): m for m in known.values() for said in (m.vi, m.en)}
    if canonical(text) in by_label:
        return by_label[canonical(text)]
    said = {m.name: [m.name, m.vi, m.en] for m in known.values()}
    near = [f"{n!r} ({known[n].vi})" for n in nearest(str(text), said)]
    raise UsageError(f"Không có chỉ tiêu {text!r}. {_meant(near)} Xem tất cả: desk.measures.")


def group(text: str, known: Iterable[str]) -> str:
    """Return a group of households by name. Raises UsageError for any other text, with the nearest names."""
    known = sorted(known)
    if text in known:
        return text
    near = [repr(n) for n in nearest(str(text), {k: [k, _group_label(k)] for k in known})]
    raise UsageError(f"Không có nhóm hộ {text!r}. {_meant(near)} Các nhóm: {', '.join(known)}.")


def _group_label(name: str) -> str:
    return words.load("vi").table["group"].get(name, name)


def nearest(text: str, said: dict[str, list[str]], most: int = 3) -> list[str]:
    """Return the keys whose sayings are most like a text, best first; accents and case do not count.

    >>> nearest("deprivd_any", {"deprived_any": ["deprived_any"], "covered": ["covered"]})
    ['deprived_any']
    """
    wanted = _plain(text)
    scored = {key: max(_likeness(wanted, _plain(one)) for one in many) for key, many in said.items()}
    best = sorted((k for k in scored if scored[k] >= ENOUGH), key=lambda k: -scored[k])
    return best[:most]


def _plain(text: str) -> str:
    return utils.default_process(strip_accents(canonical(text)))


def _likeness(one: str, other: str) -> float:
    """Score two texts, 0 to 100: a slip of the keyboard and words left out are both alike."""
    return (fuzz.WRatio(one, other) + fuzz.token_set_ratio(one, other)) / 2


def _meant(near: list[str]) -> str:
    return f"Có phải là {' hoặc '.join(near)}?" if near else "Không có tên nào gần giống."


def bare(name: str) -> str:
    """Drop what kind of unit a name says, to compare what people call the unit.

    >>> bare("Phường Phú Xuân") == bare("phú xuân")
    True
    """
    text = canonical(name)
    kind = next((k for k in KINDS if text.startswith(canonical(k) + " ")), "")
    return text[len(kind) :].strip()


def unit(text: str, on: str) -> tuple[str, str]:
    """Return (area set, code) of the unit that a code or name means: one of the month's, else the newest that had it.

    Raises UsageError for a name that fits none or several.
    """
    table = units.table()
    valid = units.on(on)
    older = table[~table["era"].eq(units.era_of(on))].sort_values("valid_from", ascending=False)
    for frame in (valid, *(part for _, part in older.groupby("valid_from", sort=False))):
        found = frame[frame["code"].eq(text)]
        if found.empty:
            found = frame[frame["name"].map(canonical).eq(canonical(text))]
        if found.empty:
            found = frame[frame["name"].map(bare).eq(bare(text))]
        if len(found) > 1:
            told = ", ".join(f"{r['name']} ({r['code']})" for r in found.to_dict("records"))
            raise UsageError(f"{text!r} là tên của nhiều đơn vị: {told}. Hãy ghi đủ tên hoặc mã.")
        if len(found):
            return found["area_set"].iloc[0], found["code"].iloc[0]
    said = {f"{r['name']} ({r['code']})": [r["name"], bare(r["name"])] for r in valid.to_dict("records")}
    said |= {s: [s] for s in areas.known()}
    raise UsageError(f"Không có đơn vị {text!r}. {_meant(nearest(text, said))} Xem tất cả: desk.units({on!r}).")


def area_set(text: str, on: str) -> str | None:
    """Return the area set that a word names in a month; None where the word is no area set.

    >>> area_set("districts", "2025-06"), area_set("communes", "2025-07"), area_set("A Lưới", "2025-07")
    ('B_district', 'C_commune', None)
    """
    own = units.LEVELS[units.era_of(on)]
    plural = {f"{s.rsplit('_', 1)[-1]}s": s for s in own} | {s.rsplit("_", 1)[-1]: s for s in own}
    return text if text in areas.known() else plural.get(text)


def places(asked: object, on: str) -> dict[str, list[str]]:
    """Return the units asked for, by area set, in their order: an empty question asks for the month's communes.

    `asked`: an area set ("A_district", "communes"), a unit's code or name, a list of these, or a frame with a column
    code (and area_set). Raises UsageError for a name that fits nothing.
    """
    if asked is None:
        asked = units.commune_set(on)
    if isinstance(asked, pd.DataFrame):
        if "area_set" in asked.columns:
            return {str(s): list(dict.fromkeys(part["code"])) for s, part in asked.groupby("area_set", sort=False)}
        asked = list(dict.fromkeys(asked["code"]))
    found: dict[str, list[str]] = {}
    for one in [asked] if isinstance(asked, str) else list(asked):
        whole = area_set(one, on)
        pairs = [(whole, c) for c in sorted(areas.leaves(whole))] if whole else [unit(one, on)]
        for key, code in pairs:
            found.setdefault(key, []).append(code)
    return found
