"""Headline numbers and the sentences that read them, from released counts.

The notebook shows them and the runner checks the rendered documents against them: one definition for both.
"""

from dataclasses import dataclass

from infoaccess import rooms, words
from infoaccess.released import Cell, Release
from infoaccess.words import Words


@dataclass(frozen=True)
class Headline:
    """Define one headline number: which count, which part of it, and which way is good."""

    id: str
    measure: str
    base: str
    part: str  # rate, numerator
    good: int  # +1 more is better, -1 less is better, 0 neither


HEADLINES = (
    Headline("listed.households", "listed", "household", "numerator", 0),
    Headline("deprived_any.rate", "deprived_any", "household", "rate", -1),
    Headline("deprived_internet.rate", "deprived_internet", "household", "rate", -1),
    Headline("deprived_device.rate", "deprived_device", "household", "rate", -1),
    Headline("household_smartphone.rate", "household_smartphone", "household", "rate", 1),
    Headline("adult_smartphone.rate", "adult_smartphone", "adult", "rate", 1),
    Headline("handed.phones", "covered", "household", "numerator", 1),
    Headline("covered.rate", "covered", "household", "rate", 1),
)


def rate_text(cell: Cell, w: Words) -> str:
    """Print a cell's rate, or the sign of why there is none."""
    text = words.share(cell.rate, w.lang) if cell.status == "published" else sign(cell.status, w)
    return text + (w("sign.partial") if cell.partial and cell.status == "published" else "")


def count_text(cell: Cell, w: Words, part: str = "numerator") -> str:
    """Print a cell's numerator or denominator, or the sign of why there is none."""
    status = getattr(cell, f"{part}_status")
    if status == "published":
        return words.number(getattr(cell, part), w.lang) + (w("sign.partial") if cell.partial else "")
    return sign("missing" if status == "missing" else "suppressed", w)


def sign(status: str, w: Words) -> str:
    """Return the sign that stands for a value that is not there."""
    return words.MISSING if status == "missing" else w(f"sign.{status}")


def value(cell: Cell, part: str) -> float | None:
    """Return the published part of a cell."""
    return cell.rate if part == "rate" else getattr(cell, part)


def headline(release: Release, code: str, w: Words) -> list[dict]:
    """Return all headline numbers of a unit, in the shape that exhibits show."""
    return [_number(release, code, spec, w) for spec in HEADLINES]


def _number(release: Release, code: str, spec: Headline, w: Words) -> dict:
    cell = release.cell(code, spec.measure, base=spec.base)
    noun = {"adult": "people"}.get(spec.base, "households")
    if spec.part == "rate":
        text = rate_text(cell, w)
        parts = (count_text(cell, w), count_text(cell, w, "denominator"))
        detail = f"{parts[0]} / {parts[1]} {w(f'unit.{noun}')}"
    else:
        text = count_text(cell, w)
        detail = w("unit.phones") if spec.id == "handed.phones" else w("unit.households")
    name = spec.id.split(".")[0]
    changes = [_change(release, code, spec, back, w) for back in ("month", "year")]
    return {
        "id": spec.id,
        "label": w(f"measure.{name}"),
        "text": text,
        "value": value(cell, spec.part),
        "detail": detail,
        "changes": [c for c in changes if c],
    }


def _change(release: Release, code: str, spec: Headline, back: str, w: Words) -> dict | None:
    """Compare with the month before or the same month a year before; None where either is not published."""
    month = rooms.shift(release.month, -1 if back == "month" else -12)
    now, then = (release.cell(code, spec.measure, month=m, base=spec.base) for m in (release.month, month))
    found = change(now, then, spec, w)
    return found and {"label": w(f"change.{back}")} | {k: found[k] for k in ("text", "direction", "good")}


def change(now: Cell, then: Cell, spec: Headline, w: Words) -> dict | None:
    """Return the change of a headline's part: text, step (points x 10, or the count), direction, good; None without."""
    a, b = value(now, spec.part), value(then, spec.part)
    if a is None or b is None:
        return None
    if spec.part == "rate":
        text, step = words.points(a - b, w.lang), round((a - b) * 1000)
    else:
        text, step = words.signed(a - b, w.lang), a - b
    direction = "up" if step > 0 else "down" if step < 0 else "same"
    good = None if not step or not spec.good else (step > 0) == (spec.good > 0)
    return {"text": text, "step": step, "direction": direction, "good": good}


def changes_phrase(number: dict, w: Words) -> str:
    """Say a number's changes within a sentence: ", giảm 0,4 điểm % so với tháng trước"."""
    said = []
    for change in number["changes"]:
        by = change["text"].lstrip("+−")
        moved = w(f"change.{change['direction']}", by=by)
        said.append(f"{moved} {change['label']}")
    return ", " + ", ".join(said) if said else ""


def sentences(release: Release, area: dict, w: Words, children: list[dict]) -> list[str]:
    """Answer in plain words who lacks information, who got a phone and where to act."""
    code, period = area["code"], words.month(release.month, w.lang)
    numbers = {n["id"]: n for n in headline(release, code, w)}
    listed, deprived = release.cell(code, "listed"), release.cell(code, "deprived_any")
    said = []
    if listed.numerator_status == "missing":
        return [w("sentence.missing", period=period, area=area["name"])]
    if listed.numerator is None:
        said.append(w("sentence.listed_hidden", period=period, area=area["name"]))
    else:
        said.append(w("sentence.listed", period=period, area=area["name"], listed=count_text(listed, w)))
    if deprived.status == "published":
        changes = changes_phrase(numbers["deprived_any.rate"], w)
        said.append(
            w(
                "sentence.deprived",
                count=count_text(deprived, w),
                rate=rate_text(deprived, w),
                changes=changes,
            )
        )
    elif deprived.status == "suppressed":
        said.append(w("sentence.deprived_hidden"))
    phones = release.cell(code, "household_smartphone")
    if phones.status == "published":
        changes = changes_phrase(numbers["household_smartphone.rate"], w)
        said.append(w("sentence.smartphone", rate=rate_text(phones, w), changes=changes))
    said.append(_programme(release.cell(code, "covered"), w))
    if listed.partial:
        lost, whole = listed.expected - listed.received, listed.expected
        said.append(w("sentence.partial", missing=lost, all=whole, area=area["name"], period=period))
    return [*said, *_where(release, children, w)]


def _programme(cell: Cell, w: Words) -> str:
    if cell.status == "published":
        left = cell.denominator - cell.numerator
        if not left:
            return w("sentence.covered_all", handed=count_text(cell, w))
        waiting = words.number(left, w.lang)
        return w("sentence.covered", handed=count_text(cell, w), rate=rate_text(cell, w), waiting=waiting)
    return w("sentence.covered_none" if cell.status == "empty" else "sentence.covered_hidden")


def _where(release: Release, children: list[dict], w: Words) -> list[str]:
    """Name the three units where most is to be done, among those whose figures are published."""
    said = []
    cells = [(u["name"], release.cell(u["code"], "deprived_any")) for u in children]
    rated = sorted((c.rate, name, c) for name, c in cells if c.rate is not None)[::-1][:3]
    if len(rated) == 3:
        names = [w("sentence.unit_rate", name=name, rate=words.share(c.rate, w.lang)) for _, name, c in rated]
        said.append(w("sentence.worst", units="; ".join(names)))
    cells = [(u["name"], release.cell(u["code"], "covered")) for u in children]
    known = sorted((c.denominator - c.numerator, name) for name, c in cells if c.status == "published")[::-1][:3]
    waiting = [(n, name) for n, name in known if n > 0]
    if waiting and len(known) == 3:
        names = [w("sentence.unit_count", name=name, count=words.number(n, w.lang)) for n, name in waiting]
        said.append(w("sentence.least_covered", units="; ".join(names)))
    return said
