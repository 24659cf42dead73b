"""Any two months or revisions on one page: the page's script against the comparison made here, units by territory."""

import json
import re

import pytest
from chromium import opened
from test_html import Tags
from test_map_pages import axe
from test_revisions import manifest, publish, texts

from infoaccess import any_two, changed, published, revisions, rooms, units, words


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "nhà"))
    return tmp_path / "nhà"


def data(path) -> dict:
    page = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="compared">(.*?)</script>', page, re.S)[1])


def test_the_archive_leads_to_the_comparison_and_holds_every_revision(home):
    published.archive("vi")
    assert not (rooms.reports() / "compare.html").exists()
    assert "compare.html" not in (rooms.reports() / "index.html").read_text(encoding="utf-8")
    publish(manifest())
    published.archive("vi")
    assert len(data(rooms.reports() / "compare.html")["versions"]) == 1
    publish(manifest(shift=0.1), "b")
    published.archive("vi")
    links = [a["href"] for a in Tags((rooms.reports() / "index.html").read_text(encoding="utf-8")).all("a")]
    assert "compare.html" in links
    held = data(rooms.reports() / "compare.html")
    assert [v["folder"] for v in held["versions"]] == ["2025-12.r1", "2025-12"]


def test_the_same_manifests_give_the_same_page(home):
    publish(manifest())
    publish(manifest("2025-11"))
    first = any_two.write("vi").read_bytes()
    assert any_two.write("vi").read_bytes() == first and len(texts(rooms.reports())) > 8


@pytest.mark.parametrize(("value", "text"), [(0.3245, "32,5 %"), (0.32449999, "32,4 %"), (0.5, "50,0 %¹"), (0.1, "7")])
def test_what_was_printed_can_be_read_again(value, text):
    text = text.replace(" ", "\N{NO-BREAK SPACE}")
    digits, rest = re.match(r"(\d*)(.*)", any_two._written({"id": "a.rate", "value": value, "text": text})).groups()
    shown = rest[1:] if rest.startswith("~") else words.share((int(digits) + 50) // 100 / 1000) + rest
    assert shown == text and int(digits) == round(value * 100_000)


def test_a_whole_archive_stays_small(home):
    """36 months with all their units, every figure another: the figures of the real archive are no longer."""
    made = []
    for at, month in enumerate(rooms.months_between("2023-01", "2025-12")):
        one = manifest(month, codes=list(units.on(month)["code"]), shift=at / 1000)
        for numbers in one["reports"].values():
            numbers += [n | {"id": f"{k}.rate"} for k in range(6) for n in numbers[1:]]
        made.append((month, one))
    page = any_two.page(made, "vi")
    assert len(page.encode()) < 500_000
    print(f"compare.html of 36 months: {len(page.encode()) / 1000:.0f} KB")


@pytest.mark.browser
def test_the_page_tells_what_two_manifests_hold(home):
    ward, same = "19753", "20044"
    publish(manifest("2025-06", codes=["46", ward, "481"]))  # 19753 was another commune then
    publish(manifest("2025-11", codes=["46", ward, same], shift=0.013))
    publish(manifest("2025-12", codes=["46", ward, same]))
    publish(manifest("2025-12", codes=["46", ward, same], shift=0.0001), "b")
    published.archive("vi")
    path = rooms.reports() / "compare.html"
    rows = "[...document.querySelectorAll('#result tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))"
    held = dict(any_two.manifests())
    with opened(home) as page:
        page.open(path)
        assert page.violations(axe()) == []
        for then, now in (("2025-11", "2025-12"), ("2025-12.r1", "2025-12"), ("2025-06", "2025-12")):
            page.call("Page.navigate", url="about:blank")
            page.wait("location.protocol === 'about:'")
            page.call("Page.navigate", url=f"{path.as_uri()}#{then}:{now}")
            page.wait("document.readyState === 'complete' && !!document.querySelector('#result table')")
            found = changed.compare(held[then], held[now])
            say = words.load("vi")
            wanted = []
            for row in found["figures"]:
                by = changed._change(row["then"], row["now"], say)[2]
                wanted.append([row["name"], row["label"], row["then"]["text"], row["now"]["text"], by])
            assert sorted(page.run(rows)) == sorted(wanted), (then, now)
            said = page.run("document.querySelector('[data-role=\"said\"]').textContent")
            assert f"{len(wanted)} trên {found['compared']} số khác nhau" in said
            assert (f"khác địa giới: {found['other']} đơn vị" in said) == bool(found["other"])
        # Every figure, one figure: the choices do what they say; the address leads back to them.
        page.run("document.querySelector('[data-role=\"moved\"]').click()")
        assert len(page.run(rows)) == found["compared"]
        page.run(
            "(s => { s.value = 'listed.households'; s.onchange(); })(document.querySelector('[data-role=\"figure\"]'))"
        )
        assert {row[1] for row in page.run(rows)} == {"Hộ"}
        assert page.run("location.hash") == "#2025-06:2025-12"


def test_a_page_without_script_says_so(home):
    publish(manifest())
    publish(manifest("2025-11"))
    assert "<noscript>" in any_two.write("vi").read_text(encoding="utf-8")
    assert revisions.months() == ["2025-11", "2025-12"]
