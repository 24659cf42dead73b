"""Shorten the paths of a layer: whole numbers on a grid, each point told from the one before.

Points are rounded once, each by itself, before any difference is taken: neighbours that shared a line still
share it, to the last digit.
"""

from infoaccess import map_layout

GRID = 4  # grid steps in one unit of the drawing: about 30 metres, a fifth of a pixel


def shortened(layer: dict) -> dict:
    """Return a layer in grid steps: the same picture, about half the letters."""
    units = [
        unit | {"d": path(map_layout.rings(unit["d"])), "x": round(unit["x"] * GRID), "y": round(unit["y"] * GRID)}
        for unit in layer["units"]
    ]
    frame = {"width": layer["width"] * GRID, "height": layer["height"] * GRID}
    return layer | frame | {"metres_per_unit": layer["metres_per_unit"] / GRID, "units": units}


def path(rings: list[list[tuple[float, float]]]) -> str:
    """Write rings as an SVG path of whole grid steps.

    >>> path([[(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (2.01, 1.0), (0.0, 1.0)]])
    'M0 0l8 0 0 4-8 0Z'
    """
    parts = []
    for ring in rings:
        points = [(round(x * GRID), round(y * GRID)) for x, y in ring]
        here = points[0]
        steps = []
        for point in points[1:]:
            if point != here:
                steps += [point[0] - here[0], point[1] - here[1]]
                here = point
        numbers = "".join(f" {step}" if step >= 0 else f"{step}" for step in steps)
        parts.append(f"M{points[0][0]} {points[0][1]}" + (f"l{numbers.lstrip()}" if steps else "") + "Z")
    return "".join(parts)
