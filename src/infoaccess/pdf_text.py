"""Prepare texts for paper: letters, line breaks, widths of columns, and markdown as plain nodes.

Nodes of blocks: heading, par, list, quote, code, rule, table; of lines: text, strong, emph, strikethrough,
mono, break. No face is opened here: widths are estimates, made on the wide side.
"""

import math
import unicodedata

from infoaccess.chart_plan import width

TABLE_SIZES_PT = (11, 10.5, 10, 9.5, 9, 8.5, 8, 7.5, 7)
CELL_PAD_PT = 8
NAMES_SIZE_PT = 9  # below it names had better stand on three lines


def balance(text: str, room: float, shown=str) -> str:
    """Break a centred text into lines of like length, `room` ems wide at most.

    >>> print(balance("Ủy ban nhân dân thành phố Huế", 13.5, str.upper))
    Ủy ban nhân dân
    thành phố Huế
    """
    rows = max(1, math.ceil(width(shown(text), 1.05) / room))
    goal, lines = width(shown(text), 1.05) / rows, [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        short, over = (goal - width(shown(one), 1.05) for one in (lines[-1], longer))
        if lines[-1] and len(lines) < rows and -over > short:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def clean(value):
    """Compose letters (NFC) and drop what no face can show: controls, surrogates, unassigned code points."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value).replace("\ufeff", "")
        return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
    if isinstance(value, dict):
        return {key: clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(one) for one in value]
    return value


def measures(table: dict, room: float) -> dict:
    """Share a table's width (points) among its columns and take the largest type in which no word breaks.

    A row's name stands on two lines where the type stays readable (NAMES_SIZE_PT), else on three.
    """
    shared = _shared(table, room, 2)
    return shared if shared["size"] >= NAMES_SIZE_PT else _shared(table, room, 3)


def _shared(table: dict, room: float, tall: int) -> dict:
    """Share a table's width where a row's name may stand on `tall` lines."""
    least, most = [], []
    for place, column in enumerate(table["columns"]):
        cells = [(str(row["cells"][place]), row.get("bold")) for row in table["rows"]]
        cells.append((column["label"], True))
        set_ = [(text, 1.1 if bold else 1.02) for text, bold in cells]
        words_ = [width(word, 1) * fat for text, fat in set_ for word in text.split(" ")]
        # A heading may stand on three lines; numbers never break.
        whole = [width(text, 1) * fat for text, fat in set_[:-1]]
        heading = width(column["label"], 1) * 1.1
        lines = 1 if column["align"] == "right" else tall
        least.append(max([*words_, heading / 3, 1.5, *(one / lines for one in whole)]))
        most.append(min(max([*whole, heading / 2, least[-1]]), 24))
    fits = [size for size in TABLE_SIZES_PT if sum(least) * size + CELL_PAD_PT * len(least) <= room]
    size = fits[0] if fits else TABLE_SIZES_PT[-1]
    spare = max(0.0, (room - CELL_PAD_PT * len(least)) / size - sum(least))
    wish = [m - least_ for m, least_ in zip(most, least, strict=True)]
    share = spare / sum(wish) if sum(wish) > 0 else 0
    even = 0.0
    if share > 1 or not sum(wish):  # everything fits on one line: spread what is left evenly
        share, even = min(share, 1), (spare - min(spare, sum(wish))) / max(1, len(least))
    widths = [(one + more * share + even) * size + CELL_PAD_PT for one, more in zip(least, wish, strict=True)]
    return {"size": size, "widths": widths}


def markdown(source: str, room: float) -> list[dict]:
    """Parse markdown to plain nodes; tables get the widths for `room` points."""
    import mistune

    parse = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough"])
    return [node for token in parse(source) for node in _block(token, room)]


def _block(token: dict, room: float) -> list[dict]:
    kind, inner = token["type"], token.get("children", [])
    if kind == "heading":
        return [{"t": "heading", "level": token["attrs"]["level"], "c": _inline(inner)}]
    if kind in ("paragraph", "block_text"):
        return [{"t": "par", "c": _inline(inner)}]
    if kind == "list":
        items = [[node for child in item["children"] for node in _block(child, room)] for item in inner]
        ordered = token["attrs"].get("ordered", False)
        return [{"t": "list", "ordered": ordered, "start": token["attrs"].get("start", 1), "items": items}]
    if kind == "block_quote":
        return [{"t": "quote", "c": [node for child in inner for node in _block(child, room)]}]
    if kind == "block_code":
        return [{"t": "code", "text": token["raw"].rstrip()}]
    if kind == "thematic_break":
        return [{"t": "rule"}]
    if kind == "table":
        return [_grid(token, room)]
    if kind == "block_html" and not token["raw"].lstrip().startswith("<!--"):
        return [{"t": "par", "c": [{"t": "text", "text": token["raw"].strip()}]}]
    return []


def _grid(token: dict, room: float) -> dict:
    head, *bodies = token["children"]
    columns = [
        {"label": _flat(cell["children"]), "align": cell["attrs"].get("align") or "left", "group": None}
        for cell in head["children"]
    ]
    lines = [row["children"] for body in bodies for row in body["children"]]
    rows = [{"cells": [_flat(cell["children"]) for cell in line], "bold": False} for line in lines]
    table = {"columns": columns, "rows": rows}
    return {"t": "table", "table": table | measures(table, room)}


def _flat(tokens: list[dict]) -> str:
    return "".join(node.get("text") or _flat_node(node) for node in _inline(tokens))


def _flat_node(node: dict) -> str:
    return " " if node["t"] == "break" else "".join(c.get("text") or _flat_node(c) for c in node.get("c", []))


def _inline(tokens: list[dict]) -> list[dict]:
    nodes: list[dict] = []
    for token in tokens:
        kind, inner = token["type"], token.get("children", [])
        if kind in ("strong", "emphasis", "strikethrough"):
            nodes.append({"t": {"emphasis": "emph"}.get(kind, kind), "c": _inline(inner)})
        elif kind == "codespan":
            nodes.append({"t": "mono", "text": token["raw"]})
        elif kind == "link":
            # Paper cannot be clicked: an address is printed where it leads out of the report.
            url = token["attrs"]["url"]
            shown = _inline(inner)
            out = url.startswith(("http://", "https://")) and _flat(inner) != url
            nodes += [*shown, {"t": "text", "text": f" ({url})"}] if out else shown
        elif kind == "image":
            nodes += _inline(inner)
        elif kind in ("linebreak", "softbreak"):
            nodes.append({"t": "break"} if kind == "linebreak" else {"t": "text", "text": " "})
        else:
            nodes.append({"t": "text", "text": token.get("raw", "")})
    return nodes
