"""Print slides for a projector, and the speaker's notes for paper: blocks in, one PDF out, the same bytes every time.

Slides are 25.4 × 14.29 cm (16:9), one point of a drawing is one point on the slide, and no letter is below 18 points.
Layout by templates/slides.typ; PDF/UA-1 and PDF/A-2a as for reports. Content travels as JSON.
"""

import datetime
import json
import threading
from functools import cache
from pathlib import Path

from infoaccess import fonts, pdf, pdf_text, words
from infoaccess.errors import ReportError

TEMPLATE = Path(__file__).parent / "templates" / "slides.typ"
_LOCK = threading.Lock()  # typst's compiler is one object with inputs of its own


def render(blocks: list[dict]) -> bytes:
    """Return the deck's PDF.

    Raises ReportError where the notebook holds no slides, a picture has no drawing or no alternative text, a slide is
    longer than a screen, or typst refuses the document.
    """
    return _print(blocks, "deck")


def notes(blocks: list[dict]) -> bytes:
    """Return the speaker's notes as an A4 PDF: each slide small, what to say, the figures behind it, what to mind.

    Raises ReportError as `render` does.
    """
    return _print(blocks, "notes")


def _print(blocks: list[dict], what: str) -> bytes:
    import typst

    document = prepare(blocks)
    document |= {"what": what, "font": fonts.chosen()[0], "mono": fonts.MONO}
    day = datetime.datetime.fromisoformat(document["date_key"]).replace(tzinfo=datetime.UTC)
    try:
        with _LOCK:
            return _compiler().compile(
                format="pdf",
                sys_inputs={"deck": json.dumps(document, ensure_ascii=False)},
                pdf_standards=pdf.STANDARDS,
                timestamp=int(day.timestamp()),
            )
    except typst.TypstError as error:
        long = error.message.partition("slide too long: ")[2].strip()
        if long:
            raise ReportError(words.load(document["lang"])("slide.too_long", id=long)) from error
        raise pdf.refusal(error, blocks, document["lang"]) from error


@cache
def _compiler():
    import typst

    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts.chosen()[1])


def prepare(blocks: list[dict]) -> dict:
    """Return the document the template reads: the title slide's facts, words, and the slides in order.

    A markdown cell of the notebook is a slide: its first line the message, each further line a point.
    Raises ReportError where there is no title slide, or a picture lacks its drawing or alternative text.
    """
    exhibits = [block["exhibit"] for block in blocks if block["type"] == "exhibit"]
    if not exhibits or exhibits[0]["kind"] != "title" or "slide" not in exhibits[0]:
        raise ReportError(words.load("vi")("slide.no_slides"))
    title = exhibits[0]
    say, facts = words.load(title["lang"]), title["slide"]
    slides = []
    for block in blocks:
        if block["type"] == "markdown":
            slides += _written(block["source"])
        elif block["type"] == "exhibit" and "slide" in block["exhibit"]:
            slides.append(_shown(block, say))
    return pdf_text.clean(
        {
            "lang": title["lang"],
            "title": title["page_title"],
            "author": title["issuing_body"],
            "date_key": title["date_key"],
            "head": f"{facts['area']} · {facts['period']}",
            "footer": facts["footer"],
            "banner": facts["short_banner"],
            "words": {key: say(f"slide.{key}") for key in ("say", "numbers", "caveats")},
            "notes_title": say("slide.notes_title", area=facts["area"], period=facts["period"]),
            "slides": slides,
        }
    )


def _shown(block: dict, say) -> dict:
    ex = block["exhibit"]
    slide = {"id": ex["id"], "alt": ex.get("alt"), "svg": block.get("svg")} | ex["slide"]
    if slide["layout"] == "picture" and not ((slide["alt"] or "").strip() and slide["svg"]):
        raise ReportError(say("slide.no_alt", id=ex["id"]))
    return slide


def _written(source: str) -> list[dict]:
    """Turn a remark of the office into a slide."""
    lines = [line.lstrip("#*-+> ").strip() for line in source.splitlines()]
    lines = [line.replace("**", "") for line in lines if line]
    points = [{"lead": None, "text": line} for line in lines[1:]]
    empty = {"say": [], "numbers": [], "caveats": []}
    return [{"id": lines[0][:40], "layout": "points", "message": lines[0], "points": points} | empty] if lines else []
