"""Hold a rule set of the multidimensional standard: indicators with whole weights, dimensions, one cut-off, validity.

The rule, once: a household is deprived under a rule set when the weights of its deprivations reach the cut-off. Weights
and cut-offs are whole numbers, so a profile on the boundary never falls on the wrong side. Changing the cut-off or
looking at one dimension gives a rule set with an id of its own: no two standards ever share one in a series.

Source: Decree 07/2021/NĐ-CP (deprivation.toml): 12 indicators of weight 1 in 6 dimensions, cut-off 3.
"""

import tomllib
from dataclasses import dataclass, replace
from functools import reduce
from math import gcd
from pathlib import Path

from infoaccess import deprivation
from infoaccess.errors import UsageError


@dataclass(frozen=True)
class Indicator:
    """Name one indicator: its column in the lists, its dimension, its whole weight, the words of its threshold."""

    id: str
    name: str
    dimension: str
    weight: int
    wording: str = ""


@dataclass(frozen=True)
class Rules:
    """Hold one rule set; `cutoff` is in the unit of the weights."""

    id: str
    title: str
    source: str
    valid_from: str  # month, YYYY-MM
    valid_to: str
    indicators: tuple[Indicator, ...]
    cutoff: int

    @property
    def total_weight(self) -> int:
        """Return the sum of the weights: the score of a household deprived in everything."""
        return sum(i.weight for i in self.indicators)

    @property
    def dimensions(self) -> dict[str, tuple[Indicator, ...]]:
        """Return the indicators of each dimension, in the order of the rule set."""
        names = dict.fromkeys(i.dimension for i in self.indicators)
        return {d: tuple(i for i in self.indicators if i.dimension == d) for d in names}

    def with_cutoff(self, cutoff: int) -> "Rules":
        """Return the same indicators under another cut-off; the id tells it.

        Raises UsageError for a cut-off that nobody or everybody meets.

        >>> named("ND07-2021").with_cutoff(4).id
        'ND07-2021/k=4'
        """
        if cutoff == self.cutoff:
            return self
        return _checked(replace(self, id=f"{self.id}/k={cutoff}", cutoff=cutoff))

    def within(self, dimension: str, cutoff: int = 1) -> "Rules":
        """Return the rule set of one dimension alone, deprived from `cutoff` on.

        Raises UsageError for an unknown dimension or a cut-off beyond its weights.

        >>> within = named("ND07-2021").within("thong_tin")
        >>> within.id, [i.id for i in within.indicators], within.total_weight
        ('ND07-2021/thong_tin/k=1', ['deprived_11', 'deprived_12'], 2)
        """
        if dimension not in self.dimensions:
            known = ", ".join(self.dimensions)
            raise UsageError(f"Chuẩn {self.id} không có chiều {dimension!r}. Các chiều: {known}.")
        own = replace(self, id=f"{self.id}/{dimension}/k={cutoff}", indicators=self.dimensions[dimension])
        return _checked(replace(own, cutoff=cutoff))

    def reduced(self) -> "Rules":
        """Return the rule set in the smallest whole weights that identify the same households; the id stays.

        >>> pair = (Indicator("x", "", "d", 10), Indicator("y", "", "d", 20))
        >>> tens = Rules("a", "", "", "2022-01", "2022-12", pair, 20)
        >>> [i.weight for i in tens.reduced().indicators], tens.reduced().cutoff
        ([1, 2], 2)
        """
        common = reduce(gcd, (i.weight for i in self.indicators), self.cutoff)
        smaller = tuple(replace(i, weight=i.weight // common) for i in self.indicators)
        return replace(self, indicators=smaller, cutoff=self.cutoff // common)


def _whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _checked(rules: Rules) -> Rules:
    ids = [i.id for i in rules.indicators]
    if not ids or len(set(ids)) < len(ids):
        raise UsageError(f"Chuẩn {rules.id}: cần ít nhất một chỉ số, mỗi chỉ số một lần.")
    wrong = [i.id for i in rules.indicators if not _whole(i.weight) or i.weight < 1]
    if wrong:
        raise UsageError(f"Chuẩn {rules.id}: trọng số của {', '.join(wrong)} phải là số nguyên từ 1 trở lên.")
    if not _whole(rules.cutoff) or not 1 <= rules.cutoff <= rules.total_weight:
        raise UsageError(
            f"Chuẩn {rules.id}: ngưỡng {rules.cutoff} không dùng được; cần số nguyên từ 1 đến {rules.total_weight}."
        )
    if not str(rules.valid_from) <= str(rules.valid_to):
        raise UsageError(f"Chuẩn {rules.id}: hiệu lực từ {rules.valid_from} đến {rules.valid_to} là ngược.")
    return rules


def parse(name: str, table: dict) -> Rules:
    """Make a rule set of one table of a .toml file laid out like deprivation.toml.

    Raises UsageError where a key is missing or a number is no whole number in its range.
    """
    try:
        indicators = tuple(
            Indicator(i["id"], i["name"], i["dimension"], i["weight"], i.get("wording", ""))
            for i in table["indicators"]
        )
        heads = (table["title"], table["source"], table["valid_from"], table["valid_to"])
        rules = Rules(name, *heads, indicators, table["poor_cutoff"])
    except (KeyError, TypeError) as err:
        raise UsageError(f"Chuẩn {name}: thiếu hoặc sai mục {err}. Hãy viết theo mẫu deprivation.toml.") from err
    return _checked(rules)


def named(name: str) -> Rules:
    """Return a rule set of deprivation.toml by its id.

    Raises UsageError for an unknown id.
    """
    known = deprivation.rule_sets()
    if name not in known:
        raise UsageError(f"Không có chuẩn {name!r} trong deprivation.toml. Các chuẩn: {', '.join(known)}.")
    return parse(name, known[name])


def in_force(month: str) -> Rules:
    """Return the rule set in force in a month.

    Raises UsageError where none or more than one is.
    """
    return named(deprivation.standard(month))


def read(path: str | Path) -> Rules:
    """Read the one rule set of a .toml file of the office's own.

    Raises UsageError where the file cannot be read or holds none or several.
    """
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise UsageError(f"Không đọc được chuẩn trong tệp {path}: {err}.") from err
    tables = {k: v for k, v in found.items() if isinstance(v, dict)}
    if len(tables) != 1 or len(found) != 1:
        raise UsageError(f"Tệp {path} cần chứa đúng một chuẩn, theo mẫu deprivation.toml; đang có {len(tables)}.")
    (name, table), *_ = tables.items()
    return parse(name, table)
