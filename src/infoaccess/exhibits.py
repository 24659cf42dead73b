"""What a report notebook displays: one object that carries an interactive HTML, a static SVG and its data.

Each exhibit is a mime bundle: text/html for the page, image/svg+xml (charts and maps) for the PDF,
application/vnd.infoaccess+json for what stands in it: captions, alt texts, rows, headline numbers with ids; charts also
hold plotly's own type, which JupyterLab and Visual Studio Code draw.
"""

from dataclasses import dataclass

from infoaccess import html

MIME = "application/vnd.infoaccess+json"
PLOTLY = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Exhibit:
    """Hold one displayed object: its data, and for charts and maps the pictures."""

    data: dict
    inner: str | None = None
    svg: str | None = None
    figure: dict | None = None

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """Return what Jupyter displays and the exporters read."""
        bundle = {
            MIME: self.data,
            "text/html": html.exhibit(self.data, self.inner, self.svg),
            "text/plain": self.plain(),
        }
        if self.svg:
            bundle["image/svg+xml"] = self.svg
        if self.figure:
            bundle[PLOTLY] = self.figure
        return bundle

    def plain(self) -> str:
        """Say in one line what this is, for a terminal."""
        title = self.data.get("caption") or self.data.get("heading") or ""
        return f"[{self.data['kind']} {self.data['id']}] {title}".strip()


def base(kind: str, id_: str, heading: str | None, caption: str | None, notes: list[str]) -> dict:
    """Return what every exhibit has."""
    return {"kind": kind, "id": id_, "heading": heading, "caption": caption, "notes": notes}


def text(id_: str, heading: str | None, sentences: list[str], notes: list[str] = ()) -> Exhibit:
    """Show paragraphs."""
    return Exhibit(base("text", id_, heading, None, list(notes)) | {"sentences": sentences})


def key_figures(id_: str, heading: str | None, numbers: list[dict], answers: dict, notes: list[str] = ()) -> Exhibit:
    """Show headline numbers with their changes, and the sentences that read them.

    `answers`: questions (id, ask, sentences, ids of numbers) and caution, what qualifies all of them.
    """
    said = answers["caution"] + [one for question in answers["questions"] for one in question["sentences"]]
    return Exhibit(
        base("key_figures", id_, heading, None, list(notes)) | {"numbers": numbers, "sentences": said} | answers
    )


def table(
    id_: str,
    heading: str | None,
    caption: str,
    columns: list[dict],
    rows: list[dict],
    notes: list[str] = (),
    *,
    landscape: bool = False,
) -> Exhibit:
    """Show a table; each row has cells, sort, marks (one each a column) and bold."""
    for row in rows:
        if not len(row["cells"]) == len(row["sort"]) == len(row["marks"]) == len(columns):
            raise ValueError(f"table {id_}: a row has {len(row['cells'])} cells for {len(columns)} columns")
    parts = {"columns": columns, "rows": rows, "landscape": landscape}
    return Exhibit(base("table", id_, heading, caption, list(notes)) | parts)


def picture(
    kind: str,
    id_: str,
    heading: str | None,
    caption: str,
    alt: str,
    drawn,
    notes: list[str] = (),
) -> Exhibit:
    """Show a chart or a map; `drawn` has html and svg, `alt` says what can be seen."""
    if not alt.strip():
        raise ValueError(f"{kind} {id_}: a picture needs an alternative text")
    return Exhibit(
        base(kind, id_, heading, caption, list(notes)) | {"alt": alt},
        drawn.html,
        drawn.svg,
        getattr(drawn, "figure", None),
    )
