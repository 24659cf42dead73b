"""Check a PDF against the rules of PDF/UA-1 and PDF/A-2a that a program can judge, independently of what wrote it.

veraPDF is to be had neither as a Python package nor small; these are the rules of the Matterhorn protocol and of ISO
19005-2 that matter to a reader: a whole structure tree, words for every picture, tables with headings, language, faces
embedded and readable as text, metadata that claim both standards, bookmarks that lead somewhere, nothing that acts.
Each rule is a function that yields sentences on what is wrong; `RULES` names them.
"""

from collections.abc import Iterator
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Pdf

TYPES = """
Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody
Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Figure Formula Form
"""
STANDARD = set(TYPES.split())
PAINTS = {"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "Do", "BI"}
LOADS = ("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/Sound", "/Movie", "/URI")


def check(path: Path, bookmarks: bool = True) -> dict[str, list[str]]:
    """Return what is wrong with a PDF by rule; a rule that holds has an empty list."""
    with pikepdf.open(path) as pdf:
        rules = {name: rule for name, rule in RULES.items() if bookmarks or name != "bookmarks"}
        return {name: list(rule(pdf)) for name, rule in rules.items()}


def elements(pdf: Pdf) -> Iterator[tuple[Dictionary, str, list]]:
    """Walk the structure tree: element, its type by the role map, its children that are elements."""
    root = pdf.Root.get("/StructTreeRoot")
    roles = {str(k): str(v) for k, v in (root.get("/RoleMap") or {}).items()} if root is not None else {}
    waiting = [*_kids(root)] if root is not None else []
    while waiting:
        one = waiting.pop()
        kind = str(one.get("/S", "/"))
        inner = _kids(one)
        yield one, roles.get(kind, kind).removeprefix("/"), inner
        waiting += inner


def _kids(one: Dictionary) -> list:
    kids = one.get("/K")
    kids = [] if kids is None else list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [kid for kid in kids if isinstance(kid, Dictionary) and "/S" in kid]


def tagged(pdf: Pdf) -> Iterator[str]:
    """A tree of standard types, marked as such."""
    if not (pdf.Root.get("/MarkInfo") or {}).get("/Marked", False):
        yield "not marked as tagged"
    found = [kind for _, kind, _ in elements(pdf)]
    if not found:
        yield "no structure tree"
    elif "/ParentTree" not in pdf.Root.StructTreeRoot:
        yield "the structure tree has no parent tree"
    for kind in sorted(set(found) - STANDARD):
        yield f"no standard type: {kind}"


def content(pdf: Pdf) -> Iterator[str]:
    """All that is painted belongs to an element that knows it, or is marked as an artifact."""
    known = _parents(pdf)
    for number, page in enumerate(pdf.pages, 1):
        key, depth, seen = page.obj.get("/StructParents"), 0, set()
        for operands, operator in pikepdf.parse_content_stream(page):
            sign = str(operator)
            if sign in ("BDC", "BMC"):
                depth += 1
                if len(operands) > 1 and isinstance(operands[1], Dictionary) and "/MCID" in operands[1]:
                    seen.add(int(operands[1].MCID))
            elif sign == "EMC":
                depth -= 1
            elif sign in PAINTS and not depth:
                yield f"page {number}: {sign} outside of any element"
                break
        held = known.get(int(key), 0) if key is not None else 0
        if seen and max(seen) >= held:
            yield f"page {number}: {max(seen) + 1} marked pieces, {held} in the structure tree"


def _parents(pdf: Pdf) -> dict[int, int]:
    """Return how many pieces the parent tree knows of each page."""
    tree = pdf.Root.StructTreeRoot.get("/ParentTree") if "/StructTreeRoot" in pdf.Root else None
    if tree is None:
        return {}
    tree = pikepdf.NumberTree(tree)
    return {int(key): len(value) if isinstance(value, pikepdf.Array) else 1 for key, value in tree.items()}


def pictures(pdf: Pdf) -> Iterator[str]:
    """Every picture has words."""
    for one, kind, _ in elements(pdf):
        if kind in ("Figure", "Formula") and not str(one.get("/Alt", one.get("/ActualText", ""))).strip():
            yield f"{kind} without alternative text"


def tables(pdf: Pdf) -> Iterator[str]:
    """Rows hold cells alone, every table has headings that say what they head, rows are of one width."""
    for _, kind, inner in elements(pdf):
        if kind != "Table":
            continue
        rows = [row for part in inner for row in ([part] if part.S == "/TR" else _kids(part)) if row.get("/S") == "/TR"]
        cells = [_kids(row) for row in rows]
        heads = [cell for row in cells for cell in row if cell.S == "/TH"]
        if not rows or not heads:
            yield "a table without rows or headings"
        if any(cell.S not in ("/TH", "/TD") for row in cells for cell in row):
            yield "a row holds something that is no cell"
        if any(_attribute(head, "/Scope") is None for head in heads):
            yield "a heading does not say what it heads"
        widths, hanging = [], []
        for row in cells:
            hanging = [n - 1 for n in hanging if n > 1]
            spans = [(int(_attribute(c, "/ColSpan") or 1), int(_attribute(c, "/RowSpan") or 1)) for c in row]
            widths.append(sum(wide for wide, _ in spans) + len(hanging))
            hanging += [tall for wide, tall in spans for _ in range(wide) if tall > 1]
        if len(set(widths)) > 1:
            yield f"rows of {min(widths)} to {max(widths)} columns"


def _attribute(one: Dictionary, name: str):
    held = one.get("/A")
    held = [] if held is None else list(held) if isinstance(held, pikepdf.Array) else [held]
    return next((part[name] for part in held if isinstance(part, Dictionary) and name in part), None)


def headings(pdf: Pdf) -> Iterator[str]:
    """Headings go down by single steps."""
    last = 0
    for kind in _in_order(pdf.Root.get("/StructTreeRoot")):
        if kind[:1] == "H" and kind[1:].isdigit():
            if int(kind[1:]) > last + 1:
                yield f"{kind} after {f'H{last}' if last else 'no heading'}"
            last = int(kind[1:])


def _in_order(one) -> Iterator[str]:
    for kid in _kids(one) if one is not None else ():
        yield str(kid.S).removeprefix("/")
        yield from _in_order(kid)


def language(pdf: Pdf) -> Iterator[str]:
    """The document says its language; its title is shown."""
    if str(pdf.Root.get("/Lang", ""))[:2] not in ("vi", "en"):
        yield f"language {pdf.Root.get('/Lang', 'not given')}"
    if not (pdf.Root.get("/ViewerPreferences") or {}).get("/DisplayDocTitle", False):
        yield "the window does not show the title"


def claims(pdf: Pdf) -> Iterator[str]:
    """The metadata claim PDF/A-2a and PDF/UA-1, with title and author; the colours have a profile."""
    if "/Metadata" not in pdf.Root:
        yield "no XMP metadata"
        return
    with pdf.open_metadata() as told:
        wanted = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}
        for key, value in wanted.items():
            if told.get(key) != value:
                yield f"{key} is {told.get(key)!r}, not {value!r}"
        for key in ("dc:title", "dc:creator"):
            if not told.get(key):
                yield f"{key} is missing"
    if not any(one.get("/S") == "/GTS_PDFA1" for one in pdf.Root.get("/OutputIntents", ())):
        yield "no output intent"


def faces(pdf: Pdf) -> Iterator[str]:
    """Every face is embedded, and its letters can be read as text."""
    for one in pdf.objects:
        if not isinstance(one, Dictionary) or one.get("/Type") != "/Font":
            continue
        name = str(one.get("/BaseFont", "unnamed")).removeprefix("/")
        if "/DescendantFonts" in one:
            if "/ToUnicode" not in one:
                yield f"{name} cannot be read as text"
        elif one.get("/Subtype") != "/Type3":
            held = one.get("/FontDescriptor")
            if held is None or not {"/FontFile", "/FontFile2", "/FontFile3"} & set(held.keys()):
                yield f"{name} is not embedded"


def bookmarks(pdf: Pdf) -> Iterator[str]:
    """There are bookmarks, each with a title and a page of this document."""
    with pdf.open_outline() as outline:
        waiting = list(outline.root)
        if not waiting:
            yield "no bookmarks"
        pages = {page.obj.objgen for page in pdf.pages}
        while waiting:
            one = waiting.pop()
            waiting += one.children
            target = one.destination if one.destination is not None else (one.action or {}).get("/D")
            if not (one.title or "").strip():
                yield "a bookmark without title"
            if not isinstance(target, pikepdf.Array) or target[0].objgen not in pages:
                yield f"the bookmark {one.title!r} leads nowhere"


def still(pdf: Pdf) -> Iterator[str]:
    """Nothing acts, loads, hides or is locked."""
    if pdf.is_encrypted:
        yield "encrypted"
    for one in pdf.objects:
        if isinstance(one, Dictionary):
            if one.get("/S") in LOADS and "/Type" in one and one.Type == "/Action" or "/AA" in one:
                yield f"an action: {one.get('/S', '/AA')}"
            if one.get("/Type") == "/Filespec" or "/EmbeddedFiles" in one:
                yield "a file inside"


RULES = {
    "structure tree": tagged,
    "content": content,
    "alternative texts": pictures,
    "tables": tables,
    "headings": headings,
    "language, title": language,
    "XMP, colours": claims,
    "faces": faces,
    "bookmarks": bookmarks,
    "actions, files": still,
}
