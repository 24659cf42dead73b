"""Draw what stands beside a map: legend, square of two measures, scale bar and north arrow. Lengths: sheet units."""

from infoaccess import words
from infoaccess.map_layout import Sheet
from infoaccess.map_text import INK, OWN, write

LINE = 27
SIDE = 48  # one field of the square
TALL = 3 * SIDE + 84  # the square with its names
_ENTRY, _TITLE = 8.4, 9.4  # width of a letter


def size(lines: list[str], entries: list[tuple[str, str]], square_: dict | None = None) -> tuple[float, float]:
    """Return the width and height of a legend."""
    wide = max([_TITLE * len(line) for line in lines] + [52 + _ENTRY * len(label) for _, label in entries])
    tall = len(lines) * 23 + len(entries) * LINE + 8
    if square_:
        names = (len(square_["across"]), len(square_["up"]))
        wide, tall = max(wide, 70 + 3 * SIDE, 62 + _ENTRY * max(names)), tall + TALL
    return wide, tall


def legend(
    lines: list[str], entries: list[tuple[str, str]], factor: float, x: float, y: float, square_: dict | None = None
) -> str:
    """Draw a title, the square if there is one, and one line a class or sign."""
    parts = [write(x + 4, y + 19 + 23 * row, 18, line, weight="bold") for row, line in enumerate(lines)]
    top = y + 23 * len(lines) + 8
    if square_:
        parts.append(f'<g transform="translate({x:.1f} {top:.1f})">{square(**square_)}</g>')
        top += TALL
    for row, (colour, label) in enumerate(entries):
        place = top + row * LINE
        parts.append(
            f'<g transform="translate({x + 4:.1f} {place:.1f})">{swatch(colour, factor)}</g>'
            + write(x + 48, place + 16, 17, label)
        )
    return "".join(parts)


def swatch(colour: str, factor: float) -> str:
    """Draw one 34 × 20 box of a legend, its pattern at the map's scale; "own" is the report's own unit."""
    if colour == "own":
        return f'<rect x="1.5" y="1.5" width="31" height="17" fill="#ffffff" stroke="{OWN}" stroke-width="3"/>'
    wide, tall, line = (f"{length / factor:.3f}" for length in (34, 20, 1))
    return (
        f'<rect width="{wide}" height="{tall}" fill="{colour}" stroke="#8a94a0" stroke-width="{line}"'
        f' transform="scale({factor:.5f})"/>'
    )


def square(
    colours: tuple[str, ...], across: str, up: str, across_limits: list[str], up_limits: list[str], ink: str = INK
) -> str:
    """Draw the nine fields of two measures: the first grows to the right, the second upwards; `TALL` high."""
    left, top, end = 62, 34, 34 + 3 * SIDE
    parts = [write(left - 8, 16, 16, f"↑ {up}", colour=ink)]
    for place, colour in enumerate(colours):
        x, y = left + place % 3 * SIDE, top + (2 - place // 3) * SIDE
        parts.append(f'<rect x="{x:g}" y="{y:g}" width="{SIDE}" height="{SIDE}" fill="{colour}"/>')
    parts.append(
        f'<path d="M{left} {top - 6}V{end}H{left + 3 * SIDE + 6}" fill="none" stroke="{ink}" stroke-width="1.5"/>'
        f'<path d="M{left - 4} {top - 4}l4 -8 4 8ZM{left + 3 * SIDE + 4} {end - 4}l8 4 -8 4Z" fill="{ink}"/>'
    )
    # Two classes only: the outer fields, with the limit in the middle.
    for limits, along in ((across_limits, True), (up_limits, False)):
        for row, limit in enumerate(limits, 1):
            at = row * 3 * SIDE / (len(limits) + 1)
            x, y, anchor = (left + at, end + 18, "middle") if along else (left - 8, end - at + 5, "end")
            parts.append(write(x, y, 15, limit, anchor, colour=ink))
    parts.append(write(left, end + 40, 16, f"{across} →", colour=ink))
    return "".join(parts)


def scale_bar(sheet: Sheet, x: float, y: float) -> str:
    """Draw a scale bar of a round length and a north arrow in a box of 250 × 62."""
    w = words.load(sheet.lang)
    lengths = [n * 10**power for power in range(-1, 4) for n in (1, 2, 5)]
    fitting = [km for km in lengths if km * 1000 / sheet.metres <= 170]
    km = fitting[-1] if fitting else lengths[0]
    wide = km * 1000 / sheet.metres
    right, base = x + 190, y + 52
    label = f"{words.number(km, sheet.lang, 0 if km >= 1 else 1)} km"
    arrow = f"M{x + 228:.1f} {base - 34:.1f}l9 34l-9 -7l-9 7Z"
    return (
        f'<path d="M{right - wide:.1f} {base - 8:.1f}v8h{wide:.1f}v-8" fill="none" stroke="{INK}" stroke-width="2"/>'
        + write(right - wide / 2, base - 8, 16, label, "middle")
        + f'<path d="{arrow}" fill="{INK}"/>'
        + write(x + 228, base - 39, 16, w("map.north"), "middle")
    )
