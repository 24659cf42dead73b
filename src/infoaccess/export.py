"""nbconvert exporters: a report notebook as interactive page or official PDF, a presentation as slides and notes.

``jupyter nbconvert --to infoaccess-html report.ipynb`` and ``--to infoaccess-pdf``; ``--to infoaccess-slides`` and
``--to infoaccess-slide-notes`` for the notebook of the presentation. All walk the same blocks:
exhibits by their own mime type, markdown cells that are not tagged `internal`; streams are dropped, so no
warning reaches a document.
"""

from nbconvert.exporters.base import Exporter
from nbformat import NotebookNode

from infoaccess.errors import ReportError
from infoaccess.exhibits import MIME


def blocks(notebook: NotebookNode) -> list[dict]:
    """List what an executed notebook shows, in order.

    Raises ReportError for a notebook that was not executed or holds no report.
    """
    found: list[dict] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "internal" not in cell.metadata.get("tags", []):
            found.append({"type": "markdown", "source": cell.source})
        elif cell.cell_type == "code":
            found += [b for output in cell.outputs for b in _block(output)]
    titles = [b for b in found if b["type"] == "exhibit" and b["exhibit"]["kind"] == "title"]
    if not titles:
        raise ReportError(
            "Sổ tay này chưa chạy hoặc không phải báo cáo (không có phần tiêu đề). Hãy chạy sổ tay trước."
        )
    return [titles[0], *(b for b in found if b is not titles[0])]


def _block(output: NotebookNode) -> list[dict]:
    if output.output_type not in ("display_data", "execute_result"):
        return []
    data = output.data
    if MIME in data:
        exhibit = {
            "type": "exhibit",
            "exhibit": data[MIME],
            "html": data["text/html"],
            "svg": data.get("image/svg+xml"),
        }
        return [exhibit]
    text = data.get("text/plain", "")
    return [{"type": "plain", "text": text}] if text else []


class HTMLReport(Exporter):
    """Export an executed report notebook as one self-contained page."""

    file_extension = ".html"
    output_mimetype = "text/html"
    export_from_notebook = "Huế: báo cáo HTML"

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """Return the page and nbconvert's resources."""
        from infoaccess import html

        _, resources = super().from_notebook_node(nb, resources, **kwargs)
        return html.page(blocks(nb)), resources


class _Paper(Exporter):
    """Export an executed notebook as a PDF; the classes below say which."""

    file_extension = ".pdf"
    output_mimetype = "application/pdf"

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """Return the PDF's bytes and nbconvert's resources."""
        _, resources = super().from_notebook_node(nb, resources, **kwargs)
        return self.render(blocks(nb)), resources


class PDFReport(_Paper):
    """Export an executed report notebook as an official PDF."""

    export_from_notebook = "Huế: báo cáo PDF"

    def render(self, found: list[dict]) -> bytes:
        """Return the report."""
        from infoaccess import pdf

        return pdf.render(found)


class Slides(_Paper):
    """Export an executed presentation notebook as slides for a projector."""

    export_from_notebook = "Huế: trang chiếu PDF"

    def render(self, found: list[dict]) -> bytes:
        """Return the deck."""
        from infoaccess import deck

        return deck.render(found)


class SlideNotes(_Paper):
    """Export an executed presentation notebook as the speaker's notes on paper."""

    file_extension = ".notes.pdf"
    export_from_notebook = "Huế: ghi chú trình bày PDF"

    def render(self, found: list[dict]) -> bytes:
        """Return the notes."""
        from infoaccess import deck

        return deck.notes(found)
