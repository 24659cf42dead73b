"""Headline numbers from released counts, with their changes and their months.

The notebook shows them and the runner checks the rendered documents against them: one definition for both.
"""

from dataclasses import dataclass

from infoaccess import comparing, rooms, words
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


def signs(shown: list[str] | None, w: Words, threshold: int, *, inside: bool = False) -> list[str]:
    """Return the notes that explain the signs among some texts; without texts, those that explain every sign.

    Where a sign is a whole text it stands for a figure ("–" may be a dash within a sentence); ¹ and ² stand behind one.
    `inside`: of the internal edition, where nothing is hidden.
    """
    partial = w("sign.partial")
    alone = None if shown is None else {text.removesuffix(partial) for text in shown}
    known = {"suppressed": w("sign.suppressed"), "missing": words.MISSING, "empty": w("sign.empty")}
    told = [
        w(f"note.sign_{key}", threshold=threshold)
        for key, text in known.items()
        if (alone is None or text in alone) and not (inside and key == "suppressed")
    ]
    notes = [w("note.signs", signs="; ".join(told))] if told else []
    notes += [w("note.inside")] if inside else []
    behind = [text for text in shown or () if text != w("sign.not_compared")]
    notes += [w("note.partial")] if any(partial in text for text in behind) else []
    return notes + ([w("note.twog")] if any(w("sign.twog") in text for text in behind) else [])


def value(cell: Cell, part: str) -> float | None:
    """Return the published part of a cell."""
    return cell.rate if part == "rate" else getattr(cell, part)


def headline(release: Release, code: str, w: Words) -> list[dict]:
    """Return all headline numbers of a unit, in the shape that exhibits show."""
    return [_number(release, code, spec, w) for spec in HEADLINES]


def counted(release: Release, code: str, spec: Headline, month: str | None = None) -> Cell:
    """Return the count that a headline number is formed from."""
    cell = release.cell(code, spec.measure, month=month, base=spec.base)
    return cell.phones if spec.id == "handed.phones" else cell


def _number(release: Release, code: str, spec: Headline, w: Words) -> dict:
    cell = counted(release, code, spec)
    noun = {"adult": "people"}.get(spec.base, "households")
    if spec.part == "rate":
        text = rate_text(cell, w)
        upper = cell.phones if spec.measure == "covered" else cell
        parts = (count_text(upper, w), count_text(cell, w, "denominator"))
        known = "published" in (cell.numerator_status, cell.denominator_status)
        detail = f"{parts[0]} / {parts[1]} {w(f'unit.{noun}')}" if known else None
    else:
        text = count_text(cell, w)
        detail = w("unit.phones") if spec.id == "handed.phones" else w("unit.households")
    name = spec.id.split(".")[0]
    changes = [_told(since(release, code, spec, back, w), back, w) for back in ("month", "year")]
    months = [counted(release, code, spec, m) for m in release.months]
    return {
        "id": spec.id,
        "label": w(f"measure.{name}"),
        "text": text,
        "value": value(cell, spec.part),
        "detail": detail,
        "changes": [c for c in changes if c],
        "months": [None if c.partial else value(c, spec.part) for c in months],
    }


def since(release: Release, code: str, spec: Headline, back: str, w: Words) -> dict | None:
    """Compare with the month before or the same month a year before; None where the two do not compare."""
    month = rooms.shift(release.month, -1 if back == "month" else -12)
    now, then = (counted(release, code, spec, m) for m in (release.month, month))
    found = change(now, then, spec, w)
    if found and comparing.across_2g(spec.measure, month, release.month):
        found["text"] += w("sign.twog")
    return found


def _told(found: dict | None, back: str, w: Words) -> dict | None:
    return found and {"since": back, "label": w(f"change.{back}")} | {
        k: found[k] for k in ("text", "direction", "good")
    }


def comparable(now: Cell, then: Cell) -> bool:
    """Tell whether two months count the same communes: both have the lists of all."""
    return not (now.partial or then.partial)


def no_change(now: Cell, then: Cell, part: str, w: Words) -> str:
    """Return the sign of why two counts have no change: one is hidden, missing, of fewer communes, or of nobody."""
    states = {c.status if part == "rate" else c.numerator_status for c in (now, then)}
    hidden = next((s for s in states if s.startswith("suppressed")), None)
    if hidden or "missing" in states:
        return sign("suppressed" if hidden else "missing", w)
    return w("sign.not_compared") if not comparable(now, then) else sign("empty", w)


def change(now: Cell, then: Cell, spec: Headline, w: Words) -> dict | None:
    """Return the change of a headline's part: text, step (points x 10, or the count), direction, good; None without."""
    a, b = value(now, spec.part), value(then, spec.part)
    if a is None or b is None or not comparable(now, then):
        return None
    if spec.part == "rate":
        text, step = words.points(a - b, w.lang), round((a - b) * 1000)
    else:
        text, step = words.signed(a - b, w.lang), a - b
    direction = "up" if step > 0 else "down" if step < 0 else "same"
    good = None if not step or not spec.good else (step > 0) == (spec.good > 0)
    return {"text": text, "step": step, "direction": direction, "good": good}
