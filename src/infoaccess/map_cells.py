"""Cells of maps: what disclosure control allows to be seen, packed small for the page's script.

A cell is {value (a share), text, detail, status}. Only a published cell keeps anything but its status.
"""

import math

from infoaccess import words
from infoaccess.map_scale import tenths

STATUSES = ("published", "suppressed", "empty", "missing", "incomparable")


def clean(by_month: dict, months: list[str], codes: list[str]) -> dict[str, dict]:
    """Return {month: {code: cell}} for every month and unit; only a published cell keeps its figures.

    Raises ValueError for a unit that is not among the codes, and for an unknown status.
    """
    known = set(codes)
    cleaned = {}
    for month in months:
        given = by_month.get(month, {})
        if unknown := set(given) - known:
            raise ValueError(f"{month}: units not on the map: {', '.join(sorted(unknown))}")
        cleaned[month] = {code: clean_cell(given.get(code)) for code in codes}
    return cleaned


def clean_cell(cell: dict | None) -> dict:
    """Return a cell without anything that its status does not allow to be seen."""
    status = cell["status"] if cell else "missing"
    if status not in STATUSES:
        raise ValueError(f"unknown status {status!r} of a map cell")
    if status != "published":
        return {"status": status}
    value = cell["value"]
    if value is None or math.isnan(value):
        return {"status": "missing"}
    return {"status": status, "value": value, "text": cell["text"], "detail": cell.get("detail") or ""}


def packed(cells: list[dict], lang: str) -> str | list:
    """Pack a unit's cells, one a month: a text joined by "|", or a list where a cell's own text would break that.

    A cell is its status's first letter, or "tenths of a per cent;detail"; where its text is not the plain share,
    a list [tenths, text, detail].

    >>> half = {"status": "published", "value": 0.5, "text": "50.0%", "detail": "1/2"}
    >>> packed([{"status": "suppressed"}, half], "en")
    's|500;1/2'
    """
    tokens = [_token(cell, lang) for cell in cells]
    return "|".join(tokens) if all(isinstance(token, str) for token in tokens) else tokens


def _token(cell: dict, lang: str) -> str | list:
    if cell["status"] != "published":
        return cell["status"][0]
    value = tenths(cell["value"])
    plain = cell["text"] == words.share(cell["value"], lang) and not set(cell["detail"]) & set("|;")
    return f"{value};{cell['detail']}" if plain else [value, cell["text"], cell["detail"]]
