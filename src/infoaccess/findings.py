"""The sentences that read a unit's headline numbers: who lacks information, who has a phone, where to act.

Each is made from released counts and says no more than these: no change between months of which one has lists of fewer
communes, no place in an order but among the units whose rate is published.
"""

from infoaccess import figures, noise, rooms, units, words
from infoaccess.figures import HEADLINES, count_text, rate_text
from infoaccess.released import Cell, Release
from infoaccess.words import Words

CAUTION, LACKING, GOT, WHERE = QUESTIONS = ("caution", "lacking", "got", "where")
ASKED = {LACKING: HEADLINES[:4], GOT: HEADLINES[4:]}  # the headlines that answer a question
WORST = 3  # units that are named
LISTED = 30  # households of a list that is checked against the month before


def answers(release: Release, area: dict, w: Words, children: list[dict], above: dict | None) -> dict[str, list[str]]:
    """Answer each question in plain words; `caution` holds what qualifies all answers.

    `children`: the units of the report's table, for a commune those beside it; `above`: the unit that it lies in.
    """
    code, period = area["code"], words.month(release.month, w.lang)
    listed, commune = release.cell(code, "listed"), area["area_set"].endswith("commune")
    if listed.numerator_status == "missing":
        said = {CAUTION: [w("sentence.missing", period=period, area=area["name"])]} | _last_known(release, code, w)
        key = "ask_list" if commune else "ask_lists"
        return said | {WHERE: [w(f"sentence.{key}", area=area["name"], period=period)]}
    return {
        CAUTION: _caution(listed, area, period, w) + _collapsed(release, area, w),
        LACKING: _lacking(release, area, w),
        GOT: _got(release, code, w),
        WHERE: _beside(release, area, w, children, above) if commune else _where(release, children, w),
    }


def sentences(release: Release, area: dict, w: Words, children: list[dict], above: dict | None) -> list[str]:
    """Return all answers one after another."""
    return [said for some in answers(release, area, w, children, above).values() for said in some]


def _lacking(release: Release, area: dict, w: Words) -> list[str]:
    facts = {"period": words.month(release.month, w.lang), "area": area["name"]}
    listed, deprived = (release.cell(area["code"], m) for m in ("listed", "deprived_any"))
    if listed.numerator is None:
        said = [w("sentence.listed_hidden", **facts)]
    else:
        said = [w("sentence.listed", **facts, listed=count_text(listed, w))]
    if deprived.status == "published" and not deprived.numerator:
        said.append(w("sentence.deprived_none"))
    elif deprived.status == "published":
        counted = {"count": count_text(deprived, w), "rate": rate_text(deprived, w)}
        said.append(w("sentence.deprived", **counted, changes=_changes(release, area["code"], "deprived_any", w)))
    elif deprived.status == "suppressed":
        said.append(w("sentence.deprived_hidden"))
    return said


def _got(release: Release, code: str, w: Words) -> list[str]:
    phones = release.cell(code, "household_smartphone")
    said = []
    if phones.status == "published":
        changes = _changes(release, code, "household_smartphone", w)
        said.append(w("sentence.smartphone", rate=rate_text(phones, w), changes=changes))
    elif phones.status == "suppressed":
        said.append(w("sentence.smartphone_hidden"))
    return [*said, _programme(release, code, w)]


def _programme(release: Release, code: str, w: Words) -> str:
    cell = release.cell(code, "covered")
    if cell.status != "published":
        key = "sentence.covered_none" if cell.status == "empty" else "sentence.covered_hidden"
        return w(key, period=words.month(release.month, w.lang))
    more = _step(release, code, "handed", "month", w)
    grown = w("sentence.handed_more", count=more["text"].lstrip("+")) if more and more["step"] > 0 else ""
    handed = count_text(cell.phones, w)
    if not cell.complement:
        return w("sentence.covered_all", handed=handed, more=grown)
    facts = {"handed": handed, "rate": rate_text(cell, w), "waiting": _waits(cell, w)}
    return w("sentence.covered", **facts, more=grown)


def _waits(need: Cell, w: Words) -> str:
    return words.number(need.complement, w.lang) + (w("sign.partial") if need.partial else "")


def _step(release: Release, code: str, name: str, back: str, w: Words) -> dict | None:
    spec = next(s for s in HEADLINES if s.id.split(".")[0] == name)
    return figures.since(release, code, spec, back, w)


def _changes(release: Release, code: str, name: str, w: Words) -> str:
    """Say a number's changes within a sentence: ", giảm 0,4 điểm % so với tháng trước"."""
    said = []
    for back in ("month", "year"):
        if found := _step(release, code, name, back, w):
            by = found["text"].lstrip("+−")
            mark = w("sign.twog") if by.endswith(w("sign.twog")) else ""
            moved = w(f"change.{found['direction']}", by=by.removesuffix(mark))
            said.append(f"{moved} {w(f'change.{back}')}{mark}")
    return ", " + ", ".join(said) if said else ""


def _where(release: Release, children: list[dict], w: Words) -> list[str]:
    """Name the three units where most is to be done, among those whose figures are published."""
    said = []
    cells = [(u["name"], u["code"], release.cell(u["code"], "deprived_any")) for u in children]
    rated = sorted(((c.rate, name, code, c) for name, code, c in cells if c.rate), reverse=True)[:WORST]
    enough = sum(c.rate is not None for *_, c in cells) >= WORST
    if enough and not rated:
        said.append(w("sentence.worst_none"))
    elif enough:
        steps = [(_step(release, code, "deprived_any", "year", w) or {}).get("text") for _, _, code, _ in rated]
        shares = [rate_text(c, w) for *_, c in rated]
        told = sum(c.rate is not None for *_, c in cells), len(cells)
        said.append(_named("worst", "rate", [name for _, name, *_ in rated], shares, steps, told, w))
    needs = [(u["name"], u["code"], release.cell(u["code"], "covered")) for u in children]
    known = [(c.complement, name, code, c) for name, code, c in needs if c.status == "published"]
    waiting = sorted((one for one in known if one[0]), reverse=True)[:WORST]
    if len(known) >= WORST and waiting:
        steps = [_waiting_step(release, code, w) for _, _, code, _ in waiting]
        counts = [_waits(c, w) for *_, c in waiting]
        told = len(known), len(needs)
        said.append(_named("least_covered", "count", [name for _, name, *_ in waiting], counts, steps, told, w))
    return said or [w("sentence.nowhere")]


def _named(
    key: str, kind: str, names: list[str], values: list[str], steps: list[str | None], known: tuple[int, int], w: Words
) -> str:
    """List units with their values, their changes where one of these is known, and among how many they are."""
    told, shown = [], f"sentence.unit_{kind}_step" if any(steps) else f"sentence.unit_{kind}"
    for name, value, step in zip(names, values, steps, strict=True):
        told.append(w(shown, **{"name": name, kind: value}, step=step or w("sentence.step_none")))
    since = w(f"sentence.{key}_since") if any(steps) else ""
    some = known[0] < known[1]
    among = w("sentence.among", shown=known[0], all=known[1]) if some else ""
    return w(f"sentence.{key}", among=among, since=since, units="; ".join(told))


def _waiting_step(release: Release, code: str, w: Words) -> str | None:
    now, then = (release.cell(code, "covered", month=m) for m in (release.month, rooms.shift(release.month, -1)))
    if now.status != "published" or then.status != "published" or not figures.comparable(now, then):
        return None
    return words.signed(now.complement - then.complement, w.lang)


def _beside(release: Release, area: dict, w: Words, beside: list[dict], above: dict) -> list[str]:
    """Set a commune's rate beside that of the unit it lies in, say whether chance explains it, and what is to do."""
    own, said = release.cell(area["code"], "deprived_any"), []
    whole = release.cell(above["code"], "deprived_any")
    if own.status == "suppressed":
        said.append(w("sentence.not_placed"))
    if own.rate is not None and whole.rate is not None:
        step = words.points(own.rate - whole.rate, w.lang)
        key = "equal" if step == words.points(0, w.lang) else "above" if own.rate > whole.rate else "below"
        facts = {"by": step.lstrip("+−"), "rate": rate_text(whole, w)}
        facts |= {} if key == "equal" else {"sure": _sure(release, area["code"], key, beside, w)}
        said.append(w(f"sentence.{key}", whole=above["name"], **facts))
    return said + _todo(release, area["code"], w)


def _sure(release: Release, code: str, side: str, beside: list[dict], w: Words) -> str:
    """Say whether a commune's rate lies clearly on its side of the rate of the communes beside it."""
    cells = {u["code"]: release.cell(u["code"], "deprived_any") for u in beside}
    found = noise.funnel(noise.counts({u["code"]: u["name"] for u in beside}, cells))
    if found.compared < noise.FEWEST:
        return w("sentence.sure_few", shown=found.compared)
    verdict = found.units.set_index("code")["verdict"][code]
    return w(f"sentence.sure_{ {f'far_{side}': 'far', side: 'near'}.get(verdict, 'not') }")


def _todo(release: Release, code: str, w: Words) -> list[str]:
    """Say what a commune has to do: hand phones over to those that wait, help those without internet."""
    need, internet, things = release.cell(code, "covered"), release.cell(code, "deprived_internet"), []
    if need.status == "published" and need.complement:
        step = _waiting_step(release, code, w)
        more = w("sentence.waiting_step", step=step) if step else ""
        things.append(w("sentence.todo_phones", count=_waits(need, w), more=more))
    if internet.status == "published" and internet.numerator:
        things.append(w("sentence.todo_internet", count=count_text(internet, w)))
    return [w("sentence.todo", things=w("outlook.and").join(things))] if things else []


def _caution(listed: Cell, area: dict, period: str, w: Words) -> list[str]:
    if not listed.partial:
        return []
    facts = {"missing": listed.expected - listed.received, "all": listed.expected}
    return [w("sentence.partial", **facts, area=area["name"], period=period)]


def _collapsed(release: Release, area: dict, w: Words) -> list[str]:
    """Name the communes whose list shrank to less than half since the month before, or grew to more than twice."""
    here, before = units.on(release.month), rooms.shift(release.month, -1)
    inside = here[here["area_set"] == units.commune_set(release.month)]
    if area["area_set"] != "city":
        inside = inside[(inside["code"] == area["code"]) | (inside["parent_code"] == area["code"])]
    found = []
    for code, name in zip(inside["code"], inside["name"], strict=True):
        now, then = release.cell(code, "listed"), release.cell(code, "listed", month=before)
        if now.numerator is None or then.numerator is None or not figures.comparable(now, then):
            continue
        few, many = sorted((now.numerator, then.numerator))
        if many >= LISTED and 2 * few < many:
            verb = w(f"sentence.collapse_{'down' if now.numerator < many else 'up'}")
            facts = {"then": count_text(then, w), "now": count_text(now, w), "verb": verb}
            found.append((many - few, w("sentence.collapse_unit", name=name, **facts)))
    told = [one for _, one in sorted(found, key=lambda pair: -pair[0])]
    more = w("sentence.collapse_more", count=len(told) - WORST) if len(told) > WORST else ""
    said = w("sentence.collapse", period=words.month(release.month, w.lang), units=", ".join(told[:WORST]) + more)
    return [said] if told else []


def _last_known(release: Release, code: str, w: Words) -> dict[str, list[str]]:
    """Say of a unit without a list the last month of which something is known."""
    for month in reversed(release.months[:-1]):
        counts = (release.cell(code, m, month=month) for m in ("listed", "deprived_any", "household_smartphone"))
        listed, deprived, phones = counts
        if listed.numerator is None:
            continue
        facts = {"period": words.month(month, w.lang), "listed": count_text(listed, w)}
        if deprived.rate is None:
            lacking = w("sentence.last_listed", **facts)
        else:
            lacking = w("sentence.last_deprived", **facts, rate=rate_text(deprived, w))
        got = [] if phones.rate is None else [w("sentence.last_smartphone", **facts, rate=rate_text(phones, w))]
        return {LACKING: [lacking], GOT: got or [w("sentence.no_figures")]}
    return {LACKING: [w("sentence.no_figures")], GOT: [w("sentence.no_figures")]}
