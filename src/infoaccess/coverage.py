"""Make shapes fit together: mend slivers between neighbours, and cut one set of lines to the outlines of another.

Both work on faces: all outlines are laid over each other on a grid of 1 cm, which splits the plane into pieces; each
piece is given to one shape, and a shape is the union of its pieces. So neighbours share their edges point for point,
nothing overlaps and nothing is lost. Lengths are metres, areas square metres of a plane system.
"""

from dataclasses import dataclass

import numpy as np
import shapely

GRID_M = 0.01
SLIVER_M = 5.0  # metres: half a millimetre on a map 1:10 000; narrower strips are mended, wider ones refused
STRIP_M = 100.0
STEP_M = 50.0  # metres between the points from which "nearest" is measured


@dataclass(frozen=True)
class Flaw:
    """Hold a face that belongs to several shapes (overlap) or to none though shapes enclose it (gap, hole)."""

    kind: str
    shapes: tuple[int, ...]
    area_m2: float
    width_m: float

    @property
    def mended(self) -> bool:
        """Tell whether it is so narrow that it was given to a neighbour."""
        return self.kind != "hole" and self.width_m < SLIVER_M


def faces(shapes: np.ndarray) -> np.ndarray:
    """Split the plane along all outlines: 1 item = 1 piece."""
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=GRID_M)
    return np.array(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))))


def owners(pieces: np.ndarray, shapes: np.ndarray) -> list[list[int]]:
    """Name for each piece the shapes that it lies in."""
    found: list[list[int]] = [[] for _ in pieces]
    tree = shapely.STRtree(shapes)
    for piece, shape in zip(*tree.query(shapely.point_on_surface(pieces), predicate="within"), strict=True):
        found[piece].append(int(shape))
    return found


def fits(shapes: np.ndarray) -> bool:
    """Tell whether shapes share their edges point for point and enclose no empty piece."""
    if not shapely.coverage_is_valid(shapes):
        return False
    return all(shapely.get_num_interior_rings(p) == 0 for p in shapely.get_parts(shapely.coverage_union_all(shapes)))


def mended(shapes: np.ndarray) -> tuple[np.ndarray, list[Flaw]]:
    """Give narrow overlaps and gaps to the neighbour with the longest common edge; wide ones are only told."""
    if fits(shapes):
        return shapes, []
    pieces = faces(shapes)
    owned = owners(pieces, shapes)
    home = [o[0] if len(o) == 1 else None for o in owned]
    flaws, tree = [], shapely.STRtree(pieces)
    for i in (i for i, o in enumerate(owned) if len(o) != 1):
        beside = _beside(i, pieces, tree, owned)
        around = owned[i] or sorted(beside)
        kind = "overlap" if owned[i] else "gap" if len(around) > 1 else "hole"
        flaw = Flaw(kind, tuple(around), pieces[i].area, _width(pieces[i]))
        flaws.append(flaw)
        if kind != "hole":
            home[i] = max(around, key=lambda s, near=beside: near.get(s, 0.0))
    return _gathered(pieces, home, shapes), flaws


def _width(piece: shapely.Polygon) -> float:
    """Return the diameter of the largest circle inside, or of the circle of the same area where that says enough."""
    most = 2 * float(np.sqrt(piece.area / np.pi))
    return most if most < SLIVER_M else 2 * shapely.length(shapely.maximum_inscribed_circle(piece, tolerance=0.1))


def _beside(i: int, pieces: np.ndarray, tree: shapely.STRtree, owned: list[list[int]]) -> dict[int, float]:
    """Return how long an edge a piece shares with the pieces of each shape around it."""
    edge, near = shapely.boundary(pieces[i]), {}
    for j in tree.query(edge, predicate="intersects"):
        if j == i:
            continue
        common = shapely.length(shapely.intersection(edge, pieces[j]))
        for shape in owned[j] if common > 0 else []:
            near[shape] = near.get(shape, 0.0) + common
    return near


def _gathered(pieces: np.ndarray, home: list[int | None], shapes: np.ndarray) -> np.ndarray:
    parts: dict[int, list] = {}
    for piece, owner in zip(pieces, home, strict=True):
        if owner is not None:
            parts.setdefault(owner, []).append(piece)
    return np.array([shapely.coverage_union_all(parts[i]) if i in parts else None for i in range(len(shapes))])


def cut(leaves: np.ndarray, heir_of: list[int], heirs: np.ndarray) -> np.ndarray:
    """Cut leaves to their heirs (heir_of[i] = position of leaf i's heir) so that each heir is the union of its leaves.

    What an heir has beyond its leaves goes to the nearest of them. A leaf that its heir does not touch comes back None.
    """
    territory = list(leaves)
    for h, heir in enumerate(heirs):
        members = [i for i, x in enumerate(heir_of) if x == h]
        pieces = [_area(shapely.intersection(leaves[i], heir)) for i in members]
        rest = _area(shapely.difference(heir, shapely.union_all(pieces)))
        if len(members) == 1:
            territory[members[0]] = heir
        elif not rest.is_empty:
            shares = _nearest(rest, np.array(pieces))
            for i, piece, share in zip(members, pieces, shares, strict=True):
                territory[i] = _area(shapely.union(piece, share))
        else:
            for i, piece in zip(members, pieces, strict=True):
                territory[i] = piece
    every = np.concatenate([np.array(territory), heirs])
    pieces = faces(every[~shapely.is_empty(every)])
    in_heir = owners(pieces, heirs)
    in_leaf = owners(pieces, np.array(territory))
    home: list[int | None] = []
    for piece, heir, leaf in zip(pieces, in_heir, in_leaf, strict=True):
        own = [i for i in leaf if heir and heir_of[i] == heir[0]]
        members = [i for i, x in enumerate(heir_of) if heir and x == heir[0] and not shapely.is_empty(territory[i])]
        if not own and members:  # a crumb of the grid
            own = [min(members, key=lambda i, at=piece: shapely.distance(at, territory[i]))]
        home.append(own[0] if own else None)
    return _gathered(pieces, home, leaves)


def _area(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of an overlay's result, which may hold lines where two shapes only touch."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_type_id(parts) == 3])


def _nearest(rest: shapely.Geometry, pieces: np.ndarray) -> list[shapely.Geometry]:
    """Divide what is left over among the pieces, each point to the nearest piece."""
    seeds = shapely.get_coordinates(shapely.segmentize(shapely.boundary(rest), STEP_M))
    spots, owner = shapely.points(seeds), np.full(len(seeds), -1)
    shapely.prepare(pieces)
    for i, piece in enumerate(pieces):
        owner[(owner < 0) & shapely.dwithin(piece, spots, 1.0)] = i
    if (owner < 0).all():  # nothing borders on it: the whole goes to the nearest, or to the first where none is left
        near = int(np.nanargmin(np.append(shapely.distance(pieces, rest), np.inf))) % len(pieces)
        return [rest if i == near else shapely.Polygon() for i in range(len(pieces))]
    seeds, owner = seeds[owner >= 0], owner[owner >= 0]
    _, thin = np.unique(np.round(seeds / STEP_M * 2), axis=0, return_index=True)  # one a square of 25 m
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(seeds[thin]), extend_to=shapely.envelope(rest), ordered=True)
    )
    return [_area(shapely.intersection(shapely.union_all(cells[owner[thin] == i]), rest)) for i in range(len(pieces))]


def strips(shapes: np.ndarray) -> list[tuple[int, ...]]:
    """Find narrow gaps that are open to the outside, longer than STRIP_M: 1 item = the shapes along one of them."""
    whole = shapely.union_all(shapes)
    half = SLIVER_M / 2
    closed = shapely.buffer(shapely.buffer(whole, half, join_style="mitre"), -half, join_style="mitre")
    parts = shapely.get_parts(shapely.difference(closed, whole))
    tree, found = shapely.STRtree(shapes), []
    for part in parts[shapely.length(parts) > 2 * STRIP_M]:
        beside = tuple(sorted(int(i) for i in tree.query(part, predicate="dwithin", distance=half)))
        if len(beside) > 1:
            found.append(beside)
    return found
