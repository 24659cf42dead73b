"""Lists in which every field that tells of a person carries a mark, and the search for a mark in whatever is written.

A mark is a word (`Wqz` and four letters) or a number around 917374; both survive any encoding, spelling of accents or
case in which a text can be written. Searched are a file's bytes (also as UTF-16), members of zip files, the streams and
texts of PDF, the columns of Parquet.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pypdf
import workbooks as wb
from hostile_cells import recode
from invented import (
    FORMATS,
    HANDOVERS,
    HEADS,
    SIGNATURE,
    TITLE,
    TWO_TIERS,
    Row,
    handover,
    home,
    index_row,
    official,
    sheet,
)
from small_months import people

from infoaccess import sample_people

MONTH = "2025-07"
PLACES = [*HEADS, ("longitude", "Kinh độ"), ("latitude", "Vĩ độ")]
REVIEWS = ["Thời gian rà soát", "Chủ hộ", "Mã hộ", "Dân tộc tại chỗ", "Giới tính", "Số nhân khẩu", "Phiếu A"]
REVIEWS += ["Phiếu B1", "Phiếu B2", "Kết quả rà soát", "Người rà soát", "Mã xã"]
_WORD = re.compile(rb"wqz[a-j]{4}")
_NUMBER = re.compile(rb"(?<![\d.])(?:0?46[0-3]\d\d|0)?917374\d{0,4}(?!\d)|\.2917374")


def word(n: int) -> str:
    """Return the n-th mark of letters."""
    return "Wqz" + f"{n:04d}".translate(str.maketrans("0123456789", "abcdefghij"))


def person(n: int, place: str, **more) -> Row:
    """Invent a household all of whose personal fields are marked."""
    plain = home(n).values
    marks = {
        "head_name": f"Nguyễn Thị {word(n)}",
        "household_no": f"917374{n:04d}",
        "head_identity": plain["head_identity"][:6] + "917374",
        "phone": f"0917374{n:03d}",
        "remark": f"Ở nhờ nhà bà {word(n)}, khuyết tật",
        "longitude": "107.2917374",
        "latitude": "16.2917374",
        "village": place,
    }
    return home(n, **marks).but(**more)


def lists() -> dict[str, bytes]:
    """Make a month's files: each format of the door, old fonts, layouts, forms, and lists that are refused."""
    number, found = iter(range(1000)), {}

    def some(place: str, count: int = 6, **more) -> list[Row]:
        return [person(next(number), place, **more) for _ in range(count)]

    for name, (suffix, write) in FORMATS.items():
        top = {"title": [["Người lập: " + word(9000)], [], []], "top": 4}
        page, _ = sheet(official(some(f"Thôn {name}")) if name == "xlsx" else some(f"Thôn {name}"), heads=PLACES, **top)
        found[f"dinh_dang_{name}{suffix}"] = write(page)
    found |= laid_out(some)
    for spell, font in ((wb.abc, ".VnTime"), (wb.vni, "VNI-Times")):
        for name in ("xlsx", "xls", "ods"):
            rows = some(f"Thôn {spell.__name__} {name}")
            page, _ = sheet(rows, title=TITLE, top=5)
            found[f"font_{spell.__name__}_{name}{FORMATS[name][0]}"] = FORMATS[name][1](recode(page, spell, font))
    signed = [["", f"Chủ tịch {word(9001)}"] if row and "NGƯỜI" in str(row) else row for row in SIGNATURE]
    page, _ = sheet([*some("Thôn ẩn"), *signed], hidden_rows=frozenset({2, 3}))
    old, _ = sheet(some("Thôn cũ"), name="Tháng trước", hidden=True)
    found["an.xlsx"] = wb.xlsx(page, old)
    given = some("Thôn bàn giao", 8)
    page, _ = sheet([handover(row, "05/07/2025") for row in given[:6]], heads=HANDOVERS)
    told, _ = sheet([handover(row.but(household_no="917374999"), "31/02/2025") for row in given], heads=HANDOVERS)
    found["ban_giao.xlsx"], found["ban_giao_sai.xlsx"] = wb.xlsx(page), wb.xlsx(told)
    found["ban_giao_ho.xlsx"] = wb.xlsx(sheet(given)[0])
    rows = [
        [
            "07/2025",
            f"Trần {word(9100 + n)}",
            f"917374{n}",
            "x",
            "Nam",
            4,
            "x",
            120,
            30,
            "Hộ nghèo",
            word(9200),
            "20044",
        ]
        for n in range(5)
    ]
    found["ra_soat.xlsx"] = wb.xlsx(
        wb.Page([["UBND XÃ A LƯỚI 2"], [f"k{n}" for n in range(len(REVIEWS))], REVIEWS, *rows])
    )
    return found | faulty(some)


def laid_out(some) -> dict[str, bytes]:
    """Make the layouts of headings that communes use, each in the formats that may hold it."""
    found = {}
    spread = [head for pair in HEADS for head in (pair, ("", ""))]
    machine = [[name if name != "serial" else "stt" for name, _ in HEADS]]
    layouts = {
        "hai_tang": {"heads": TWO_TIERS, "top": 5, "title": TITLE},
        "lech_cot": {"left": 3, "top": 4, "title": TITLE[:1]},
        "dao_cot": {"heads": PLACES[::-1]},
        "cot_trong": {"heads": spread},
        "ma_may": {"top": 2, "title": machine},
        "danh_so": {"index": list(range(1, len(HEADS) + 1))},
        "cong_thuc": {"index": index_row(HEADS)},
        "muc_40": {"top": 40, "title": TITLE[:1]},
        "in_hoa": {"heads": [(name, label.upper()) for name, label in PLACES]},
    }
    for layout, how in layouts.items():
        for name in ("xlsx", "xls", "ods"):
            page, _ = sheet(some(f"Thôn {layout} {name}", 5), **how)
            found[f"bo_cuc_{layout}_{name}{FORMATS[name][0]}"] = FORMATS[name][1](page)
    return found


def faulty(some) -> dict[str, bytes]:
    """Make lists with a person's data where something else belongs, and files that nobody can read."""
    cells = ("head_identity", "head_birth_year", "members", "adults", "poor", "commune_code", "phone", "deprived_3")
    rows = [row.wrote(**{name: f"ông {word(9300)}"}) for name, row in zip(cells, some("Thôn sai", 8), strict=True)]
    rows += [row.wrote(head_name="", remark=word(9301)) for row in some("Thôn trống", 2)]
    twice = some("Thôn trùng", 1)
    rows += [*twice, twice[0].but(head_name=f"Lê {word(9302)}", members=9)]
    bare = [list(row.values.values()) for row in some("Thôn không tiêu đề")]
    names = ";".join(f"Hồ {word(9400 + n)}" for n in range(40))
    return {
        "sai.xlsx": wb.xlsx(sheet(rows, heads=PLACES)[0]),
        "khong_tieu_de.xlsx": wb.xlsx(wb.Page(bare)),
        "khong_tieu_de.csv": wb.csv(wb.Page(bare)),
        "cot_la.xlsx": wb.xlsx(sheet(some("Thôn cột lạ"), heads=[*HEADS, ("more", "Tên thường gọi")])[0]),
        "hong.xlsx": names.encode(),
        "bang_ma.csv": names.encode("utf-16-le") + b"\xff\xfe\x00\xd8\n",
        "anh.pdf": names.encode(),
    }


@cache
def residents() -> sample_people.People:
    """Return the sample's people, so that both layouts of offices are there, with marks for what names them."""
    made = people(MONTH, MONTH, 0.02)
    count = len(made.homes)
    marks = {
        "head": [f"Trần Văn {word(5000 + n)}" for n in range(count)],
        "identity": made.homes["identity"].str[:6] + "917374",
        "telephone": [f"0917374{n % 1000:03d}" for n in range(count)],
        "number": np.array([f"917374{n:04d}" for n in range(count)]),
    }
    return replace(made, homes=made.homes.assign(**marks))


# ---- the search ----------------------------------------------------------------------------------------------------
def leaks(root: Path, skip=lambda path: False) -> list[str]:
    """Name every place below a folder where a mark stands, with the mark."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not skip(p.relative_to(root))):
        for where, data in readings(path.name, path.read_bytes()):
            found += [f"{path.relative_to(root)}{where}: {mark}" for mark in sorted(marks(data))]
    return found


def marks(data: bytes) -> set[str]:
    """Return the marks in bytes: as they are, without accents' bytes between, and as UTF-16 has them."""
    plain = data.lower()
    texts = [plain, plain.replace(b"\0", b"")] if b"\0" in plain else [plain]
    return {one.decode() for text in texts for pattern in (_WORD, _NUMBER) for one in pattern.findall(text)}


def readings(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file's bytes and all that is packed into it, each with the way to it."""
    yield "", data
    if data.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield f"!{member}", packed.read(member)
    elif data.startswith(b"%PDF"):
        yield from _pdf(data)
    elif data.startswith(b"PAR1"):
        frame = pl.read_parquet(io.BytesIO(data))
        for column in frame.columns:
            yield f"[{column}]", "\n".join(map(str, frame[column].drop_nulls().unique().to_list())).encode()


def _pdf(data: bytes) -> Iterator[tuple[str, bytes]]:
    for at, packed in enumerate(re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S)):
        try:
            yield f"#stream{at}", zlib.decompress(packed)
        except zlib.error:
            yield f"#stream{at}", packed
    reader = pypdf.PdfReader(io.BytesIO(data))
    yield "#about", str(reader.metadata).encode()
    for at, page in enumerate(reader.pages, 1):
        yield f"#page{at}", page.extract_text().encode()
