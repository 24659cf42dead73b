"""What slides are made of: an exhibit, the message above it, speaker notes, large numbers with their change."""

from infoaccess import comparing, exhibits, figures, map_scale, words
from infoaccess import slide_pictures as pictures
from infoaccess import slide_sentences as sentences
from infoaccess.exhibits import Exhibit
from infoaccess.released import Cell
from infoaccess.report import Report


def slide(
    ex: Exhibit, layout: str, message: str, r: Report, *, say, numbers=(), caveats=(), households=True, **parts
) -> Exhibit:
    """Add to an exhibit what the deck prints: the message, the picture's place, the speaker's notes.

    `households`: the figures rest on lists of households; where some lack, a caveat says so in place of the sign.
    """
    mark = r.w("sign.partial")
    say, numbers = ([one.replace(mark, "") for one in told] for told in (say, numbers))
    if households and r.release.cell(r.code, "listed").partial:
        listed = r.release.cell(r.code, "listed")
        facts = {"received": listed.received, "expected": listed.expected, "period": r.period}
        caveats = [*caveats, r.w("slide.some_lists", **facts)]
    notes = {"say": list(say), "numbers": list(numbers), "caveats": list(caveats)}
    return Exhibit(ex.data | {"slide": {"layout": layout, "message": message} | notes | parts}, ex.inner, ex.svg)


def picture(kind: str, id_: str, message: str, r: Report, svg: str, alt: str, **notes) -> Exhibit:
    """Return a slide that is one picture."""
    ex = exhibits.picture(kind, id_, message, r.period, alt, pictures.Drawing(svg))
    return slide(ex, "picture", message, r, **notes)


def figure(ask: str, cell: Cell, big: str, r: Report) -> dict:
    """Return one large number, or why there is none."""
    shown = cell.status == "published"
    text = [] if shown else [r.w(f"slide.{ {'suppressed': 'hidden'}.get(cell.status, cell.status) }_figure")]
    big = big if shown else figures.sign(cell.status, r.w)
    return {"ask": r.w(f"slide.answers.{ask}"), "big": big, "lines": text, "change": None}


def change(r: Report, measure: str, good: int) -> dict | None:
    """Return how a rate moved since the month it compares with; `good` is 1 where more is better, else -1."""
    found = sentences.compared(r, measure)
    if not found:
        return None
    step = r.release.cell(r.code, measure).rate - found[2].rate
    tenths = map_scale.tenths(step)
    text = words.points(step, r.w.lang) + (
        r.w("sign.twog") if comparing.across_2g(measure, found[1], r.release.month) else ""
    )
    better = None if not tenths else (tenths > 0) == (good > 0)
    direction = "up" if tenths > 0 else "down" if tenths < 0 else "same"
    return {"text": text, "label": r.w(f"change.{found[0]}"), "direction": direction, "good": better}
