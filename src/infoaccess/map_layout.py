"""Lay out a map on its sheet: fit the units, place names and numbers, find free corners.

A layer's paths keep their own coordinates; one transform fits the units shown into a sheet 1000 wide. Lengths
are sheet units unless said otherwise (on A4 paper one is about 0.16 mm).
"""

import re
from dataclasses import dataclass

from infoaccess import words

WIDTH, TALLEST, MARGIN = 1000, 900, 8
COLUMN, HALF = 310, 530  # on paper: the legend's column, the units' height
AROUND = ((0, -1), (1, 0), (0, 1), (-1, 0), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7), (-0.7, -0.7))
SIZES = (18, 15)  # label sizes tried, the last also for numbers
_TOKEN = re.compile(r"[MLHVZmlhvz]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True)
class Frame:
    """Fit layer coordinates into the sheet: sheet = (layer - origin) * factor + shift."""

    x: float
    y: float
    factor: float
    shift: float
    height: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a layer point in sheet units."""
        return round((x - self.x) * self.factor + self.shift, 1), round((y - self.y) * self.factor + MARGIN, 1)


@dataclass(frozen=True)
class Sheet:
    """Hold everything about a map that does not change with month or measure."""

    frame: Frame
    units: list[dict]
    rings: dict[str, list]
    labels: list[tuple]  # (code, x, y, size, lines)
    key: list[tuple]  # (number, code, name, x, y)
    outlines: str
    own: str | None
    metres: float  # metres per sheet unit
    note: str
    lang: str


def rings(path: str) -> list[list[tuple[float, float]]]:
    """Read the rings of an SVG path made of straight lines.

    >>> rings("M0 0h2v1L0,1Z")
    [[(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)]]
    """
    tokens = _TOKEN.findall(path)
    found, x, y, command, place = [], 0.0, 0.0, "M", 0
    while place < len(tokens):
        if tokens[place].isalpha():
            command, place = tokens[place], place + 1
        if command in "Zz":
            x, y = found[-1][0]
            continue
        base_x, base_y = (x, y) if command.islower() else (0.0, 0.0)
        if command not in "Vv":
            x, place = base_x + float(tokens[place]), place + 1
        if command not in "Hh":
            y, place = base_y + float(tokens[place]), place + 1
        if command in "Mm":
            found.append([])
            command = "l" if command == "m" else "L"
        found[-1].append((x, y))
    return found


def inside(x: float, y: float, shape: list) -> bool:
    """Return whether a point lies in a shape (holes counted out)."""
    odd = False
    for ring in shape:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                odd = not odd
    return odd


def sheet(
    layer: dict,
    units: list[dict],
    highlight: str | None,
    outlines: dict | None,
    lang: str,
    frame: Frame | None = None,
) -> Sheet:
    """Lay out a map once: frame (or the one given), labels, the upper level's outlines.

    Raises ValueError for a layer without units.
    """
    if not units:
        raise ValueError(f"layer {layer['area_set']} has no units")
    shapes = {unit["code"]: rings(unit["d"]) for unit in units}
    frame = frame or fitted([point for shape in shapes.values() for ring in shape for point in ring])
    moved = {c: [[frame.point(*p) for p in ring] for ring in shape] for c, shape in shapes.items()}
    labels, key = _place_labels(frame, units, moved, words.load(lang).table["map"]["prefixes"])
    return Sheet(
        frame=frame,
        units=units,
        rings=moved,
        labels=labels,
        key=key,
        outlines="".join(unit["d"] for unit in outlines["units"]) if outlines else "",
        own=next((unit["d"] for unit in units if unit["code"] == highlight), None),
        metres=layer["metres_per_unit"] / frame.factor,
        note=layer.get(f"note_{lang}", ""),
        lang=lang,
    )


def paper(layer: dict, units: list[dict], highlight: str | None, outlines: dict | None, lang: str) -> Sheet:
    """Lay a map out for paper: half a page tall, with a column for its legend; the same units have the same numbers."""
    points = [point for unit in units for ring in rings(unit["d"]) for point in ring]
    return sheet(layer, units, highlight, outlines, lang, fitted(points, WIDTH - COLUMN, HALF))


def fitted(points: list[tuple[float, float]], wide: float = WIDTH, tallest: float = TALLEST) -> Frame:
    """Fit points into a sheet of a width and at most a height."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    across, down = max(right - left, 1e-6), max(bottom - top, 1e-6)
    factor = min((wide - 2 * MARGIN) / across, (tallest - 2 * MARGIN) / down)
    return Frame(left, top, factor, (wide - across * factor) / 2, round(down * factor + 2 * MARGIN, 1))


def _place_labels(frame: Frame, units: list[dict], shapes: dict, prefixes: list[str]) -> tuple[list, list]:
    """Write names where they fit inside their unit, the largest first; number the rest, in order of name."""
    taken, labels, rest = [], [], []
    for unit in sorted(units, key=lambda u: (-u.get("area_km2", 0), u["code"])):
        name = next((unit["name"][len(p) :] for p in prefixes if unit["name"].startswith(p)), unit["name"])
        x, y = frame.point(unit["x"], unit["y"])
        if placed := _fit(name, x, y, shapes[unit["code"]], taken):
            labels.append((unit["code"], *placed))
        else:
            rest.append((unit["name"], unit["code"], x, y))
    key = []
    for name, code, x, y in sorted(rest):
        # A number that meets another moves aside; a line leads back to its unit.
        for dx, dy in ((0, 0), *((r * a, r * b) for r in (17, 26, 36) for a, b in AROUND)):
            box = (x + dx - 9, y + dy - 8, x + dx + 9, y + dy + 8)
            if not _overlaps(box, taken):
                taken.append(box)
                key.append((len(key) + 1, code, name, x + dx, y + dy))
                break
    return labels, key


def _fit(name: str, x: float, y: float, shape: list, taken: list) -> tuple | None:
    """Return a label that lies inside its unit and off the others, in one or two lines; None if there is none."""
    parts = name.split()
    half = (len(parts) + 1) // 2
    layouts = [[name]] + ([[" ".join(parts[:half]), " ".join(parts[half:])]] if len(parts) > 1 else [])
    for size in SIZES:
        for lines in layouts:
            wide, tall = max(map(len, lines)) * size * 0.27 + 2, len(lines) * size * 0.56
            for dx, dy in ((0, 0), (0, -8), (0, 8), (-12, 0), (12, 0), (-24, 0), (24, 0)):
                box = (x + dx - wide, y + dy - tall, x + dx + wide, y + dy + tall)
                edge = [(px, py) for px in (box[0], x + dx, box[2]) for py in (box[1], box[3])]
                if all(inside(px, py, shape) for px, py in edge) and not _overlaps(box, taken):
                    taken.append(box)
                    return (x + dx, y + dy, size, lines)
    return None


def _overlaps(box: tuple, others: list) -> bool:
    return any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)


def free_corner(sheet_: Sheet, wide: float, tall: float, order: str, taken: list) -> tuple[float, float] | None:
    """Return the left top of a box in the first corner (of "tr tl br bl") that no unit touches, or None."""
    for corner in order.split():
        x = WIDTH - wide if "r" in corner else 0
        y = sheet_.frame.height - tall if "b" in corner else 0
        box = (x - 6, y - 6, x + wide + 6, y + tall + 6)
        touched = any(_touches(box, shape) for shape in sheet_.rings.values())
        if not touched and not _overlaps(box, taken):
            taken.append(box)
            return x, y
    return None


def _touches(box: tuple, shape: list) -> bool:
    """Return whether a shape reaches into a box; an edge without a corner in it is met on a grid of 7 × 7."""
    points = [point for ring in shape for point in ring]
    if not _overlaps(box, [(*map(min, zip(*points, strict=True)), *map(max, zip(*points, strict=True)))]):
        return False
    if any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in points):
        return True
    steps = [
        (box[0] + (box[2] - box[0]) * i / 6, box[1] + (box[3] - box[1]) * j / 6) for i in range(7) for j in range(7)
    ]
    return any(inside(x, y, shape) for x, y in steps)
