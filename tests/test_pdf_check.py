"""The rules that benchmarks/pdf_check.py prints hold for what is made, and each notices what breaks it."""

import pytest
from test_pdf import by_unit, chart, figures, title

from infoaccess import pdf

pikepdf = pytest.importorskip("pikepdf")
pdf_rules = pytest.importorskip("pdf_rules")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    path.write_bytes(pdf.render([title(), figures(), chart(), by_unit()]))
    return path


def first(document, kind):
    return next(one for one, found, _ in pdf_rules.elements(document) if found == kind)


def no_words(document):
    del first(document, "Figure")["/Alt"]


def no_headings(document):
    for one, kind, _ in pdf_rules.elements(document):
        if kind == "TH":
            one.S = pikepdf.Name.TD


def torn_row(document):
    row = [one for one, kind, _ in pdf_rules.elements(document) if kind == "TR"][-1]
    row.K = pikepdf.Array(list(row.K)[1:])


def skipped_heading(document):
    first(document, "H1").S = pikepdf.Name.H3


def untagged(document):
    document.Root.MarkInfo.Marked = False


def unknown_type(document):
    first(document, "P").S = pikepdf.Name("/Cell")


def painted_outside(document):
    document.pages[0].contents_add(b"0 0 9 9 re f")


def lost_pieces(document):
    tree = pikepdf.NumberTree(document.Root.StructTreeRoot.ParentTree)
    tree[int(document.pages[0].obj.StructParents)] = pikepdf.Array([])


def no_language(document):
    del document.Root["/Lang"]


def other_standard(document):
    with document.open_metadata(set_pikepdf_as_editor=False) as told:
        told["pdfaid:part"] = "3"


def no_profile(document):
    del document.Root["/OutputIntents"]


def no_face(document):
    for one in document.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor":
            for name in ("/FontFile2", "/FontFile3"):
                if name in one:
                    del one[name]


def no_bookmarks(document):
    del document.Root["/Outlines"]


def lost_page(document):
    with document.open_outline() as outline:
        outline.root[0].destination = pikepdf.Array([document.make_indirect(pikepdf.Dictionary()), pikepdf.Name.Fit])


def script(document):
    action = {"/Type": pikepdf.Name.Action, "/S": pikepdf.Name.JavaScript, "/JS": "app.alert(1)"}
    document.Root.OpenAction = document.make_indirect(pikepdf.Dictionary(action))


def file_inside(document):
    document.attachments["a.txt"] = b"a"


FAULTS = [
    (no_words, "alternative texts"),
    (no_headings, "tables"),
    (torn_row, "tables"),
    (skipped_heading, "headings"),
    (untagged, "structure tree"),
    (unknown_type, "structure tree"),
    (painted_outside, "content"),
    (lost_pieces, "content"),
    (no_language, "language, title"),
    (other_standard, "XMP, colours"),
    (no_profile, "XMP, colours"),
    (no_face, "faces"),
    (no_bookmarks, "bookmarks"),
    (lost_page, "bookmarks"),
    (script, "actions, files"),
    (file_inside, "actions, files"),
]


def test_what_is_made_holds_every_rule(made):
    assert pdf_rules.check(made) == {name: [] for name in pdf_rules.RULES}
    assert {rule for _, rule in FAULTS} == set(pdf_rules.RULES)


@pytest.mark.parametrize(("plant", "rule"), FAULTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_fault_is_noticed(made, tmp_path, plant, rule):
    path = tmp_path / "b.pdf"
    with pikepdf.open(made) as document:
        plant(document)
        document.save(path)
    assert pdf_rules.check(path)[rule], f"{plant.__name__} went unnoticed"
