"""Revisions over invented manifests: none is lost when a run is killed, each figure that moved is told."""

import datetime as dt
import json
import os
import sys
from pathlib import Path

import pytest
from chromium import opened
from test_html import Tags
from test_map_pages import axe

from infoaccess import changed, html, revisions, rooms, units, words
from infoaccess.errors import UsageError

MONTH, DAY = "2025-12", dt.date(2026, 1, 5)
SOME = ["46", "19753", "20044"]


def manifest(month: str = MONTH, codes=SOME, shift: float = 0, **more) -> dict:
    """Invent what a month's manifest holds: two figures a unit, one of them hidden in the last."""
    reports = {}
    for n, code in enumerate(codes, 1):
        listed, rate = 100 * n + round(100 * shift), 0.25 + n / 100 + shift
        hidden = n == len(codes)
        reports[code] = [
            {"id": "listed.households", "label": "Hộ", "text": words.number(listed), "value": listed},
            {
                "id": "deprived_any.rate",
                "label": "Thiếu hụt",
                "text": "(*)" if hidden else words.share(rate),
                "value": None if hidden else rate,
            },
        ]
    made = {"month": month, "synthetic": True, "inputs_key": "k", "versions": {"infoaccess": "0.1.0"}}
    made |= {"inputs": [{"name": "a.xlsx", "sha256": "1", "bytes": 1, "state": "used"}], "communes_without_list": []}
    made |= {"rows": {"households": {"accepted": 9}}, "parameters": {"state": "preliminary", "threshold": 5}}
    return made | {"reports": reports} | more


def publish(made: dict, text: str = "a", day: dt.date = DAY) -> None:
    """Publish a month as the monthly run does."""
    month = made["month"]
    with rooms.replaced(rooms.reports(month)) as folder:
        (folder / "run").mkdir()
        (folder / "run" / "5.ipynb").write_text("{}" * 900, encoding="utf-8")
        for code in made["reports"]:
            (folder / f"{code}.html").write_text(f"{text} {code}" * 900, encoding="utf-8")
            (folder / f"{code}.pdf").write_bytes(f"%PDF {text} {code}".encode())
        (folder / "annex.xlsx").write_bytes(b"PK")
        revisions.settle(month, folder, made, day)
        changed.write(month, folder, "vi")
        (folder / "index.html").write_text(f"index {text}", encoding="utf-8")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path / "nhà"))
    return tmp_path / "nhà"


def texts(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def former(number: int, month: str = MONTH) -> Path:
    return rooms.reports() / f"{month}.r{number}"


def test_a_former_revision_stays_byte_for_byte(home):
    publish(manifest())
    first = texts(rooms.reports(MONTH))
    publish(manifest(shift=0.1), "b")
    second = texts(rooms.reports(MONTH))
    publish(manifest(shift=0.2, codes=["46"]), "c")  # a run of one unit takes the others' reports out of the month
    assert texts(former(1)) == first and texts(former(2)) == second and revisions.kept(MONTH) == [1, 2]
    assert revisions.read(rooms.reports(MONTH))["revision"] == 3
    assert not list(rooms.reports().rglob(".*"))


def test_the_same_documents_are_the_same_revision_of_the_same_day(home):
    publish(manifest())
    later = manifest(inputs_key="other", versions={"infoaccess": "9"})
    later["parameters"] |= {"cell_seconds": 5}
    publish(later, day=DAY + dt.timedelta(9))
    assert revisions.kept(MONTH) == [] and revisions.read(rooms.reports(MONTH))["published"] == "2026-01-05"
    for n, made in enumerate([manifest(inputs=[]), manifest(inputs=[], shift=0.1)], 2):
        publish(made, day=DAY + dt.timedelta(9))
        whole = revisions.read(rooms.reports(MONTH))
        assert (whole["revision"], whole["published"]) == (n, "2026-01-14")
    publish(made, "b")  # one page differs
    assert revisions.kept(MONTH) == [1, 2, 3]


def test_disks_without_links_take_copies(home, monkeypatch):
    publish(manifest())
    first = texts(rooms.reports(MONTH))
    monkeypatch.setattr(os, "link", lambda *a: (_ for _ in ()).throw(OSError("no links")))
    publish(manifest(shift=0.1), "b")
    assert texts(former(1)) == first


def test_what_lies_under_a_number_is_never_replaced(home):
    publish(manifest())
    former(1).mkdir(parents=True)
    (former(1) / "manifest.json").write_text('{"revision": 1}', encoding="utf-8")
    first = texts(rooms.reports(MONTH))
    publish(manifest(shift=0.1), "b")
    assert texts(former(1)) == {"manifest.json": b'{"revision": 1}'} and texts(former(2)) == first
    assert revisions.read(rooms.reports(MONTH))["revision"] == 3


def test_folders_without_a_manifest_are_kept_too(home):
    for n in range(2):  # reports that another program or a person put there
        rooms.reports(MONTH).mkdir(parents=True, exist_ok=True)
        for path in rooms.reports(MONTH).iterdir():
            path.unlink() if path.is_file() else None
        (rooms.reports(MONTH) / "own.pdf").write_bytes(b"%d" % n)
        revisions.keep(MONTH)
    assert [texts(former(n)) for n in revisions.kept(MONTH)] == [{"own.pdf": b"0"}, {"own.pdf": b"1"}]


EVENTS = ("os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")


def killed(step: int) -> bool:
    """Publish a second revision in a process that dies before its n-th change of a name; False where it got through."""
    child = os.fork()
    if child == 0:
        left = [step]

        def hook(event: str, _args: tuple) -> None:
            if event in EVENTS:
                left[0] -= 1
                if not left[0]:
                    os._exit(9)

        sys.addaudithook(hook)
        publish(manifest(shift=0.1), "b")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_loses_no_revision(home):
    publish(manifest())
    first, step = texts(rooms.reports(MONTH)), 0
    while True:
        step += 1
        rooms.reports().rename(home / f"reports-{step}")
        publish(manifest())
        assert texts(rooms.reports(MONTH)) == first
        if not killed(step):
            break
        rooms.recover(rooms.reports())  # as the next run begins
        there = texts(rooms.reports(MONTH))
        whole = json.loads(there["manifest.json"])["revision"]
        assert there == first if whole == 1 else texts(former(1)) == first, step
        publish(manifest(shift=0.1), "b")
        assert texts(former(1)) == first and revisions.kept(MONTH) == [1]
        assert revisions.read(rooms.reports(MONTH))["revision"] == 2
        assert not list(rooms.reports().rglob(".*"))
    assert step > 20


def test_the_limit_takes_pages_of_the_oldest_first_and_no_figure(home):
    for n in range(3):
        publish(manifest(shift=n / 10), str(n))
    publish(manifest("2024-06", codes=["46"]))
    publish(manifest("2024-06", codes=["46"], shift=0.1), "b")
    kept = [former(1, "2024-06"), former(1), former(2)]
    before = [texts(folder) for folder in kept]
    assert revisions.thin(1) == [] and [texts(folder) for folder in kept] == before
    assert revisions.thin(0) == kept
    for folder, was in zip(kept, before, strict=True):
        gone = {name for name in was if name.endswith(".html") and name != "changes.html" or name.startswith("run/")}
        assert texts(folder) == {name: held for name, held in was.items() if name not in gone}
        assert "manifest.json" in texts(folder) and "46.pdf" in texts(folder)
    assert revisions.thin(0) == []
    labels = revisions.archive("vi")["months"][-1]["former"]
    assert [one["href"] for one in labels] == [f"{MONTH}.r{n}/46.pdf" for n in (2, 1)]
    for wrong in (-1, 1.5, "2", True):
        with pytest.raises(UsageError):
            revisions.thin(wrong)


def test_thinning_stops_as_soon_as_all_fit(home):
    for n in range(3):
        big = manifest(shift=n / 10) | {"note": "x" * 700_000}
        publish(big, str(n))
    assert revisions.thin(2) == [] and revisions.thin(1) == [former(1), former(2)]


def test_every_figure_that_moved_is_told_and_no_other(home):
    then = manifest()
    now = json.loads(json.dumps(then))
    now["reports"]["46"][1] |= {"value": 0.2601, "text": words.share(0.2601)}  # 26,0 % before and after
    now["reports"]["19753"][0] |= {"value": None, "text": "(*)"}
    now["reports"]["20044"][1] |= {"value": 0.5, "text": "50,0 %"}
    found = changed.compare(then, now)
    assert [(r["code"], r["id"]) for r in found["figures"]] == [
        ("46", "deprived_any.rate"),
        ("19753", "listed.households"),
        ("20044", "deprived_any.rate"),
    ]
    assert found["compared"] == 6 and not found["new"] and not found["gone"] and not found["other"]
    assert changed.compare(then, then)["figures"] == []
    some = json.loads(json.dumps(now))
    some["reports"]["46"][1]["text"] += "¹"
    assert changed._change(*(m["reports"]["46"][1] for m in (then, some)), words.load("vi"))[2] == "không so¹"
    publish(then)
    publish(now | {"inputs": [{"name": "a.xlsx", "sha256": "2", "state": "used"}] * 1}, "b")
    page = (rooms.reports(MONTH) / "changes.html").read_text(encoding="utf-8").replace("\xa0", " ")
    for text in ("26,00 %", "26,01 %", "+0,01 điểm %", "nay không công bố", "nay công bố", "3 trên 6 số khác nhau"):
        assert text in page, text
    assert "1 tệp có nội dung khác" in page and "a.xlsx" not in page and "DỮ LIỆU GIẢ LẬP" in page


def test_months_compare_by_territory_and_not_by_code(home):
    era_b = list(units.of("B_commune", "2025-06")["code"])[:60] + ["46", "474"]
    before = manifest("2025-06", codes=era_b)
    after = manifest("2025-07", codes=list(units.on("2025-07")["code"]))
    found = changed.compare(before, after)
    b, c = units.leaves("B_commune"), units.leaves("C_commune")
    twins = {code: [o for o in era_b if b.get(o) == c[code]] for code in c}
    same = {code for code, old in twins.items() if old} | {"46"}
    assert found["compared"] == 2 * len(same) and same > {"46"}
    assert {row["code"] for row in found["figures"]} <= same
    assert len(found["new"]) + found["other"] == len(c) + 1 - len(same)
    reused = [code for code in c if code in era_b and b.get(code) != c[code] and not twins[code]]
    assert reused and not {row["code"] for row in found["figures"]} & set(reused)


def test_the_archive_lists_every_month_its_gaps_and_its_revisions(home):
    whole = list(units.on("2025-10")["code"])
    publish(manifest("2025-10", codes=whole))
    publish(
        manifest(communes_without_list=["19753", "20044"], inputs=[{"name": "x", "state": "refused", "sha256": "1"}])
    )
    publish(manifest(shift=0.1), "b", DAY + dt.timedelta(2))
    october, november, december = revisions.archive("vi")["months"]
    assert october["missing"] == [] and october["complete"] == f"Đủ báo cáo của {len(whole)} đơn vị"
    assert november["href"] is None and november["state"] == "Chưa có báo cáo"
    assert december["missing"] == [f"Thiếu báo cáo của {len(units.on(MONTH)) - 3}/{len(units.on(MONTH))} đơn vị"]
    assert december["revision"] == "Lần công bố 2, ngày 07/01/2026"
    assert [one["label"] for one in december["former"]] == ["Lần công bố 1, ngày 05/01/2026"]
    lacks = revisions.missing(MONTH, revisions.read(former(1)), words.load("vi"))
    assert lacks[1:] == ["2 xã, phường chưa gửi danh sách", "1 tệp không dùng được"]
    text = html.archive_index(revisions.archive("vi") | {"title": "Kho báo cáo"})
    rooms.put(rooms.reports() / "index.html", text)
    for link in (a["href"] for a in Tags(text).all("a") if not a["href"].startswith("#")):
        assert (rooms.reports() / link).exists(), link
    assert "Revision 2" in str(revisions.archive("en")["months"])


def test_an_empty_archive_and_an_older_manifest_are_shown(home):
    assert revisions.archive("vi")["months"] == []
    publish(manifest())
    path = rooms.reports(MONTH) / "manifest.json"
    old = {
        k: v
        for k, v in revisions.read(path.parent).items()
        if k not in ("revision", "published", "communes_without_list")
    }
    path.write_text(json.dumps(old), encoding="utf-8")
    (path.parent / "changes.html").unlink()
    entry = revisions.archive("vi")["months"][0]
    assert entry["revision"] == "Lần công bố 1" and entry["changes"] is None
    publish(manifest(shift=0.1), "b")
    assert revisions.kept(MONTH) == [1] and revisions.read(rooms.reports(MONTH))["revision"] == 2


@pytest.mark.browser
def test_the_pages_fit_a_phone_and_have_no_barrier(home, tmp_path):
    publish(manifest("2025-10", codes=list(units.on("2025-10")["code"])))
    publish(manifest(codes=list(units.on(MONTH)["code"])))
    publish(manifest(codes=list(units.on(MONTH)["code"]), shift=0.1), "b")
    text = html.archive_index(revisions.archive("vi") | {"title": "Kho báo cáo", "banners": ["GIẢ LẬP"]})
    rooms.put(rooms.reports() / "index.html", text)
    with opened(tmp_path) as page:
        for path in (rooms.reports() / "index.html", rooms.reports(MONTH) / "changes.html"):
            for dark in (False, True):
                page.size(390, 844, dark)
                page.open(path)
                assert page.run("document.documentElement.scrollWidth") <= page.run("innerWidth") == 390
                page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                page.run(axe().replace("<\\/script", "</script"))
                bad = page.run("axe.run().then((all) => all.violations.map((one) => one.id + one.nodes[0].html))")
                assert bad == [], (path.name, dark)
        assert page.run("document.querySelectorAll('.take button').length") == 4
