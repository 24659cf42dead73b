"""Print a report as an official document: blocks in, one PDF out, the same bytes for the same blocks.

Layout of Decree 30/2020/NĐ-CP by templates/report.typ; PDF/UA-1 and PDF/A-2a together, so typst itself
refuses a figure without words and a letter without a glyph. Content travels as JSON: nothing needs escaping.
"""

import datetime
import json
import re
import threading
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from infoaccess import fonts, pdf_text, words

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
STANDARDS = ["ua-1", "a-2a"]
PORTRAIT_PT, LANDSCAPE_PT = 459, 708  # the width of the text: A4 less margins
_LOCK = threading.Lock()  # typst's compiler is one object with inputs of its own


def render(blocks: list[dict]) -> bytes:
    """Return a report's PDF.

    Raises ReportError where a figure has no drawing or no alternative text, and where typst refuses the
    document; the message names the exhibit if it can be known.
    """
    document = prepare(blocks)
    title = document["title"]
    family, _ = fonts.chosen()
    day = datetime.datetime.fromisoformat(title["date_key"]).replace(tzinfo=datetime.UTC)
    document |= {"font": family, "mono": fonts.MONO}  # the second also lends its signs (✓)
    import typst

    try:
        with _LOCK:
            return _compiler().compile(
                format="pdf",
                sys_inputs={"report": json.dumps(document, ensure_ascii=False)},
                pdf_standards=STANDARDS,
                timestamp=int(day.timestamp()),
            )
    except typst.TypstError as error:
        raise refusal(error, blocks, title["lang"]) from error


@cache
def _compiler():
    import typst

    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts.chosen()[1])


def refusal(error, blocks: list[dict], lang: str) -> Exception:
    """Turn typst's refusal into ours, naming the exhibits that hold a lost letter or a broken drawing."""
    from infoaccess.errors import ReportError

    say = words.load(lang)
    missing = re.search(r'the text `"(.*?)"` could not be displayed', error.message, re.DOTALL)
    if missing:
        lost = re.sub(r"\\u\{(\w+)\}", lambda code: chr(int(code[1], 16)), missing[1])
        code = " ".join(f"U+{ord(letter):04X}" for letter in lost[:4])
        where = _holders(blocks, lambda block: lost in json.dumps(block, ensure_ascii=False)) or "markdown"
        return ReportError(say("pdf.no_glyph", letter=lost, code=code, where=where))
    if "SVG" in error.message:
        where = _holders(blocks, lambda block: bool(block.get("svg")) and not _well_formed(block["svg"]))
        return ReportError(say("pdf.refused", reason=f"{where}: {error.message}"))
    return ReportError(say("pdf.refused", reason=error.message))


def _holders(blocks: list[dict], holds) -> str:
    return ", ".join(b["exhibit"]["id"] for b in blocks if b["type"] == "exhibit" and holds(b))


def _well_formed(svg: str) -> bool:
    try:
        ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return False
    return True


def prepare(blocks: list[dict]) -> dict:
    """Return the document the template reads: title, words, and blocks; wide tables in an appendix.

    Raises ReportError where the first exhibit is no title, or a figure lacks its drawing or alternative text.
    """
    from infoaccess.errors import ReportError

    exhibits = [block["exhibit"] for block in blocks if block["type"] == "exhibit"]
    if not exhibits or exhibits[0]["kind"] != "title":
        raise ReportError(words.load("vi")("pdf.no_title"))
    title = exhibits[0]
    say = words.load(title["lang"])
    for block in blocks:
        if block["type"] == "exhibit" and block["exhibit"]["kind"] in ("chart", "map"):
            for wanted, found in (
                ("pdf.no_alt", block["exhibit"].get("alt")),
                ("pdf.no_svg", block.get("svg")),
            ):
                if not (found or "").strip():
                    raise ReportError(say(wanted, id=block["exhibit"]["id"]))
    body, appendix = [], []
    for block in blocks:
        if block.get("exhibit") is title:
            continue
        if block["type"] == "exhibit" and block["exhibit"].get("landscape"):
            wide = block["exhibit"]
            told = [say("pdf.in_appendix")]  # without a number: `strays` counts them
            body.append({"kind": "text", "heading": wide["heading"], "sentences": told, "notes": []})
            block = block | {"exhibit": wide | {"heading": None if appendix else say("pdf.appendix")}}
            appendix += _content(block, LANDSCAPE_PT)
        else:
            body += _content(block, PORTRAIT_PT)
    sections = [{"landscape": wide, "blocks": found} for wide, found in ((False, body), (True, appendix)) if found]
    labels = {key: say(f"pdf.{key}") for key in ("label", "value", "detail", "since_month", "since_year", "no_rows")}
    subject = title["subject"].casefold()
    scope = [part for part in (title["area_name"], title["period"]) if part.casefold() not in subject]
    broken = {
        "parent_body": pdf_text.balance(title["parent_body"], 15, str.upper),
        "issuing_body": pdf_text.balance(title["issuing_body"], 14, str.upper),
        "subject": pdf_text.balance(title["subject"], 30),
    }
    return pdf_text.clean(
        {"title": title | {"scope": ", ".join(scope), "lines": broken}, "words": labels, "sections": sections}
    )


def _content(block: dict, room: float) -> list[dict]:
    if block["type"] == "markdown":
        return [{"kind": "markdown", "nodes": pdf_text.markdown(block["source"], room)}]
    if block["type"] == "plain":
        return [{"kind": "plain", "text": block["text"].rstrip()}] if block["text"].strip() else []
    exhibit = dict(block["exhibit"])
    if exhibit["kind"] in ("chart", "map"):
        exhibit["svg"] = block["svg"]
    if exhibit["kind"] == "table":
        exhibit |= pdf_text.measures(exhibit, room)
    return [exhibit]
