"""What only the first screen has: a number's months as a small line, listed units on lines of their own."""

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 120, 30, 3
FEWEST = 3  # months that make a line, where they are half of all


def spark(values: list[float | None]) -> dict | None:
    """Return the path of a line through the months that have a value, and where the last month's stands, if it has one.

    Months without a value part the line. None for fewer than three months with a value, or where most have none.

    >>> spark([1, 2, None, 3])
    {'path': 'M3 27L41 15M117 3', 'last': (117, 3)}
    >>> spark([1, None, 2]) is None
    True
    """
    known = [v for v in values if v is not None]
    if len(known) < max(FEWEST, len(values) / 2):
        return None
    low, span = min(known), max(known) - min(known)
    across, down = (WIDTH - 2 * EDGE) / (len(values) - 1), HEIGHT - 2 * EDGE
    path, pen, last = "", "M", None
    for n, v in enumerate(values):
        if v is None:
            pen, last = "M", None
            continue
        last = round(EDGE + n * across), round(EDGE + down * (1 - (v - low) / span)) if span else HEIGHT // 2
        path, pen = path + f"{pen}{last[0]} {last[1]}", "L"
    return {"path": path, "last": last}


def units_apart(sentence: str) -> Markup:
    """Mark up the units that a sentence lists behind a colon, so that each can stand on a line; its text stays.

    >>> units_apart("Most: A: 3; B: 2.")
    Markup('Most: <span class="listed">A: 3; </span><span class="listed">B: 2.</span>')
    >>> units_apart("Nothing: A.")
    Markup('Nothing: A.')
    """
    head, colon, rest = sentence.partition(": ")
    units = rest.split("; ")
    if len(units) == 1:
        return Markup("{}").format(sentence)
    ends = ["; "] * (len(units) - 1) + [""]
    lines = [Markup('<span class="listed">{}</span>').format(u + end) for u, end in zip(units, ends, strict=True)]
    return Markup("{}").format(head + colon) + Markup("").join(lines)
