"""Choose classes and colours for maps.

A share is judged as it is printed: in tenths of a per cent, rounded half to even like the tables. Limits are
whole tenths too, so a value never lies in another class than its printed figure says, and a limit belongs to the
upper class. Limits are the fifths of the values, moved to round numbers.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from infoaccess import words

CLASSES = 5
# One hue each, evenly falling lightness: told apart also by colour-blind readers and on a grey print.
PALETTES = {
    "deprivation": ("#fdeeda", "#f8c99b", "#ec9560", "#c9562f", "#7f2210"),
    "progress": ("#e2f0f3", "#a9d3dd", "#62acc4", "#2a7a9f", "#10466b"),
}
# From better to worse, and nothing in the middle: blue and orange, the pair that every kind of colour blindness keeps.
DIVERGING = ("#0f4c81", "#5596c4", "#b5d3e8", "#f3f1ec", "#f6c58f", "#d9772b", "#8c3b00")
# Rows: the second measure low to high; columns: the first measure low to high.
SQUARE = ("#f0efe9", "#f2c58b", "#e8891c", "#a9cfe6", "#a99f9a", "#99613a", "#3f8fc9", "#3f5f86", "#2b2b3a")
_SPREAD = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
# Steps of the limits, in tenths of a per cent, the roundest first.
_STEPS = (200, 100, 50, 20, 10, 5, 2, 1)
# Limits of change in tenths of a percentage point: about no change, some, much, very much.
_CHANGES = ((5, 10, 20), (5, 20, 50), (10, 50, 100), (10, 100, 200), (20, 200, 400))


@dataclass(frozen=True)
class Scale:
    """Hold the classes of one measure: limits as shares (0-1), one colour and one label a class."""

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def limits(self) -> list[int]:
        """Return the limits in tenths of a per cent."""
        return [round(limit * 1000) for limit in self.breaks]

    def place(self, value: float) -> int:
        """Return the class of a share; a limit itself belongs to the upper class."""
        return sum(tenths(value) >= limit for limit in self.limits)

    def colour(self, value: float) -> str:
        """Return the colour of a share."""
        return self.colours[self.place(value)]


def tenths(value: float) -> int:
    """Return a share in tenths of a per cent, rounded as it is printed.

    >>> tenths(0.0625), tenths(0.123), tenths(-0.0004)
    (62, 123, 0)
    """
    printed = Decimal(str(value * 100)).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    return int(printed * 10)


def scale(values: list[float], colours: str, lang: str = "vi", classes: int = CLASSES) -> Scale:
    """Choose classes for shares: about equal numbers in each class, limits as round as that allows.

    Raises ValueError for unknown colours.

    >>> scale([0.02, 0.03, 0.06, 0.08, 0.12, 0.14, 0.19, 0.3, 0.46], "deprivation").breaks
    (0.05, 0.1, 0.15, 0.2)
    """
    if colours not in PALETTES:
        raise ValueError(f"unknown colours {colours!r}: {', '.join(PALETTES)}")
    limits = _limits(sorted(values), classes)
    digits = 0 if all(limit % 10 == 0 for limit in limits) else 1
    texts = [words.share(limit / 1000, lang, digits) for limit in limits]
    w = words.load(lang)
    if texts:
        between = [w("map.between", low=a, high=b) for a, b in zip(texts, texts[1:], strict=False)]
        labels = [w("map.below", high=texts[0]), *between, w("map.above", low=texts[-1])]
    else:
        labels = [w("map.any")]
    palette = PALETTES[colours]
    return Scale(
        tuple(limit / 1000 for limit in limits),
        tuple(palette[place] for place in _SPREAD[len(labels)]),
        tuple(labels),
    )


def diverging(changes: list[float], *, more_is_better: bool, lang: str = "vi") -> Scale:
    """Choose seven classes for changes of a share, the same limits up and down, "about the same" in the middle.

    Limits fit nineteen changes in twenty: one small unit's leap would put all others into one class.

    >>> diverging([-0.2, 0.04], more_is_better=False).limits
    [-199, -99, -9, 10, 100, 200]
    """
    sizes = sorted(abs(tenths(change)) for change in changes) or [0]
    largest = sizes[math.ceil(0.95 * len(sizes)) - 1]
    steps = next((steps for steps in _CHANGES if steps[2] * 1.6 >= largest), _CHANGES[-1])
    w = words.load(lang)
    small, middle, large = (words.number(step / 10, lang, 1 if step % 10 else 0) for step in steps)
    labels = [w("map.down_by", low=large), w("map.down_between", low=middle, high=large)]
    labels += [w("map.down_between", low=small, high=middle), w("map.about_same", high=small)]
    labels += [w("map.up_between", low=small, high=middle), w("map.up_between", low=middle, high=large)]
    # Down by exactly a limit is as much as up by it: the class below ends one tenth after it.
    limits = [1 - step for step in reversed(steps)] + list(steps)
    colours = DIVERGING[::-1] if more_is_better else DIVERGING
    return Scale(tuple(limit / 1000 for limit in limits), colours, (*labels, w("map.up_by", low=large)))


def _limits(ordered: list[float], classes: int) -> list[int]:
    """Return up to `classes` - 1 limits in tenths of a per cent, each inside the range of the values."""
    found = _rounded_quantiles(ordered, classes)
    if len(found) > 1:
        return found
    # Most values are one and the same (often 0 or 100 %): let each different value count once.
    return max(found, _rounded_quantiles(sorted(set(ordered)), classes), key=len)


def _rounded_quantiles(ordered: list[float], classes: int) -> list[int]:
    """Return the quantiles of the values on the roundest step that keeps most of them apart."""
    if not ordered:
        return []
    low, high = tenths(ordered[0]), tenths(ordered[-1])
    quantiles = [ordered[(len(ordered) - 1) * part // classes] * 1000 for part in range(1, classes)]
    best: list[int] = []
    # A step far finer than the range would only make crooked limits; for few classes a coarse one makes them unequal.
    few = classes < CLASSES
    steps = [step for step in _STEPS if step * 25 >= high - low or step == _STEPS[0]]
    for step in [step for step in steps if not few or step * 10 <= high - low] or steps[-1:]:
        found = [low // step * step]
        for q in quantiles:
            # Two quantiles may round to one limit: the second moves up, if that is not far from it.
            limit = max(math.floor(q / step + 0.5) * step, found[-1] + step)
            if limit <= high and abs(limit - q) <= 0.75 * step:
                found.append(limit)
        if len(found) - 1 > len(best):
            best = found[1:]
    return best
