"""The hostile collection: small months of lists as communes send them at their worst, and what must become of each row.

A variant is right when the accepted households are exactly the expected ones, every other row is refused at its place
by its rule or folded into its twin, and an unusable file is refused by its rule. All persons are invented.
"""

from hostile_cells import text, values
from hostile_files import hostile_files
from hostile_layouts import formats, layouts
from hostile_rows import codes, households
from invented import Variant

GROUPS = (formats, layouts, text, values, households, codes, hostile_files)


def variants() -> list[Variant]:
    """Make the whole collection."""
    return [variant for group in GROUPS for variant in group()]
