"""The sentences that stand above slides: each says what its figures say, in every state these can be in.

A change is said only where both months are published, whole (every commune sent a list) and counted by one poverty
standard; it is judged as it is printed, in tenths of a percentage point. A unit is called clearly above or below the
common rate only outside the 99.8 % limits of `noise`, and never where few units have figures.
"""

from dataclasses import dataclass

from infoaccess import comparing, figures, map_series, noise, rooms, words
from infoaccess.map_scale import tenths
from infoaccess.released import Cell
from infoaccess.report import Report

BASES = {"adult_smartphone": "adult"}
SHOWN = 3  # units named in a sentence or a list


@dataclass(frozen=True)
class Place:
    """Hold one unit with a count: its name, the count, and how its rate stands to chance."""

    code: str
    name: str
    cell: Cell
    verdict: str

    @property
    def waiting(self) -> int:
        """Return the households that wait, of a count of need met."""
        return self.cell.complement


def compared(r: Report, measure: str) -> tuple[str, str, Cell] | None:
    """Find what a rate may be compared with: which month ("year" or "month"), its name, its count; None if nothing."""
    base, release = BASES.get(measure, "household"), r.release
    now = release.cell(r.code, measure, base=base)
    for against, back in (("year", -12), ("month", -1)):
        month = rooms.shift(release.month, back)
        then = release.cell(r.code, measure, month=month, base=base)
        if {now.status, then.status} == {"published"} and figures.comparable(now, then):
            standard = map_series.standards([month, release.month])
            if standard.get(month) == standard.get(release.month):
                return against, month, then
    return None


def moved(r: Report, measure: str) -> str:
    """Say a rate and how it moved."""
    w, now = r.w, r.release.cell(r.code, measure, base=BASES.get(measure, "household"))
    subject = w(f"slide.subject.{measure}")
    if now.status != "published":
        key = {"suppressed": "hidden"}.get(now.status, now.status)
        return w(f"slide.{key}", subject=subject, period=r.period)
    facts = {"subject": subject, "now": words.share(now.rate, w.lang)}
    if now.partial:
        key = "slide.partial_need" if measure == "covered" else "slide.partial"
        return w(key, received=now.received, expected=now.expected, **facts)
    if not (found := compared(r, measure)):
        return w("slide.first" if len(r.release.months) == 1 else "slide.alone", **facts)
    against, month, then = found
    step = tenths(now.rate - then.rate)
    exact = now.numerator * then.denominator == then.numerator * now.denominator
    key = "down" if step < 0 else "up" if step > 0 else "same" if exact else "near"
    by = points(now.rate - then.rate, w)
    said = w(f"slide.{key}", by=by, against=w(f"change.{against}"), **facts)
    crossed = comparing.across_2g(measure, month, r.release.month)
    return w("slide.twog", said=said) if crossed else said


def points(change: float, w) -> str:
    """Print a change of a share without its sign."""
    return words.points(change, w.lang).lstrip("+−")


def answers(r: Report) -> str:
    """Say how many lack information and how many wait."""
    w, cell = r.w, r.release.cell
    listed, lacking, need = (cell(r.code, m) for m in ("listed", "deprived_any", "covered"))
    if listed.numerator_status == "missing":
        return w("slide.answers.missing", period=r.period, area=r.area["name"])
    counts = []
    if lacking.status == "published":
        counts.append(("deprived", lacking.numerator))
    if need.status == "published":
        counts.append(("waiting", need.complement))
    if not counts:
        return w("slide.answers.hidden")
    parts = [w(f"slide.answers.{k}" + ("" if n else "_none"), count=words.number(n, w.lang)) for k, n in counts]
    said = parts[0] if len(parts) == 1 else w("slide.answers.both", first=parts[0], second=parts[1])
    if listed.partial:
        return w("slide.answers.lists", said=said, received=listed.received, expected=listed.expected)
    return said[0].upper() + said[1:]


def judged(r: Report) -> tuple[noise.Funnel, list[Place]]:
    """Judge the rates of the report's units against chance, and list those with a rate, the highest first."""
    cells = {u["code"]: r.release.cell(u["code"], "deprived_any") for u in r.children}
    names = {u["code"]: u["name"] for u in r.children}
    found = noise.funnel(noise.counts(names, cells))
    verdicts = dict(zip(found.units["code"], found.units["verdict"], strict=True))
    rated = [Place(c, names[c], cell, verdicts[c]) for c, cell in cells.items() if cell.rate is not None]
    return found, sorted(rated, key=lambda p: (-p.cell.rate, p.name))


def waiting(r: Report) -> list[Place]:
    """List the units whose need is published, those where most households wait first."""
    found = [Place(u["code"], u["name"], r.release.cell(u["code"], "covered"), "") for u in r.children]
    return sorted((p for p in found if p.cell.status == "published"), key=lambda p: (-p.waiting, p.name))


def named(places: list[Place], w) -> str:
    """Join names: one, two, or two and how many more."""
    names = [p.name for p in places]
    if len(names) > 2:
        return w("slide.map.also", names=", ".join(names[:2]), count=len(names) - 2)
    return names[0] if len(names) == 1 else w("slide.map.and", first=names[0], second=names[1])


def rate(place: Place, w) -> str:
    """Print a unit's rate."""
    return words.share(place.cell.rate, w.lang)


def spread(r: Report) -> str:
    """Say where the rate is highest and lowest; for a commune, how it stands to its neighbours."""
    w, (found, rated), own = r.w, judged(r), r.release.cell(r.code, "deprived_any")
    if r.area["area_set"].endswith("commune") and own.status == "published":
        verdict = next(p.verdict for p in rated if p.code == r.code)
        key = verdict if verdict.startswith("far_") else "not_clear"
        key = "alone" if found.compared == 1 else "few" if found.compared < noise.FEWEST else key
        facts = {"name": r.area["name"], "rate": words.share(own.rate, w.lang), "shown": found.compared}
        return w(f"slide.map.own_{key}", common=words.share(found.rate, w.lang), **facts)
    if not rated:
        return w("slide.map.title_none", period=r.period)
    shown, every = len(rated), len(r.children)
    if shown == 1:
        return w("slide.map.title_one", name=rated[0].name, rate=rate(rated[0], w))
    texts = [rate(p, w) for p in rated]
    if texts[0] == texts[-1]:
        return w("slide.map.title_equal", shown=shown, all=every, rate=texts[0])
    ends = {}
    for key, text in (("high", texts[0]), ("low", texts[-1])):
        ends |= {key: named([p for p, t in zip(rated, texts, strict=True) if t == text], w), f"{key}_rate": text}
    return w("slide.map.title_all" if shown == every else "slide.map.title_some", shown=shown, all=every, **ends)


def changed(r: Report, steps: dict[str, float]) -> str:
    """Say how many units went down and up; `steps` are the changes (shares) of the units that compare, by name."""
    w, by_name = r.w, {name: tenths(step) for name, step in steps.items()}
    down, up = sum(s < 0 for s in by_name.values()), sum(s > 0 for s in by_name.values())
    if not by_name:
        return w("slide.change.none")
    if len(by_name) == 1:
        name, step = next(iter(steps.items()))
        key = "down" if down else "up" if up else "level"
        return w(f"slide.change.one_{key}", name=name, by=points(step, w))
    shown = len(by_name)
    if shown in (down, up):
        return w("slide.change.all_down" if down else "slide.change.all_up", shown=shown)
    key = "mixed" if down and up else "only_down" if down else "only_up" if up else "level"
    return w(f"slide.change.{key}", down=down, up=up, shown=shown)


def first(r: Report) -> str:
    """Say where to act first, with no more certainty than the numbers of households give."""
    w, (found, rated) = r.w, judged(r)
    far = [p for p in rated[:SHOWN] if p.verdict == "far_above"]
    most = [p for p in waiting(r) if p.waiting]
    if len(rated) < SHOWN:
        if most and [p.waiting for p in most].count(most[0].waiting) == 1:
            return w("slide.where.waiting", name=most[0].name, count=words.number(most[0].waiting, w.lang))
        return w("slide.where.none")
    if rate(rated[0], w) == rate(rated[-1], w):
        return w("slide.where.equal", rate=rate(rated[0], w))
    if found.compared < noise.FEWEST:
        return w("slide.where.few", name=rated[0].name, rate=rate(rated[0], w))
    common = words.share(found.rate, w.lang)
    if not far:
        return w("slide.where.not_clear", common=common)
    names, every = [p.name for p in far], sum(p.verdict == "far_above" for p in rated)
    joined = names[0] if len(names) == 1 else w("slide.map.and", first=", ".join(names[:-1]), second=names[-1])
    key = "clear" if every == len(far) else "clear_some"
    return w(f"slide.where.{key}", common=common, names=joined, count=every)


def paid(r: Report, phones: dict[str, Cell]) -> str:
    """Say how many phones were handed over and which source gave most; `phones` are the counts by source."""
    w, total = r.w, r.release.cell(r.code, "covered")
    if total.numerator is None:
        key = "hidden" if total.numerator_status.startswith("suppressed") else "missing"
        return w(f"slide.sources.{key}", period=r.period)
    if total.numerator == 0:
        return w("slide.sources.zero", period=r.period)
    count = words.number(total.numerator, w.lang)
    hidden = sum(c.numerator is None for c in phones.values())
    if hidden:
        return w("slide.sources.some", count=count, hidden=hidden)
    source, cell = max(phones.items(), key=lambda pair: pair[1].numerator)
    given = [c.numerator for c in phones.values()]
    if given.count(cell.numerator) > 1 or cell.numerator < total.numerator - sum(given):
        return w("slide.sources.tie", count=count)
    of_all = words.share(cell.numerator / total.numerator, w.lang)
    return w("slide.sources.most", count=count, source=w(f"source.{source}"), share=of_all)
