"""The hostile collection, part 4: files that are broken, are not what they say, or are meant to harm."""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import workbooks as wb
from invented import Variant, home, homes, keys, sheet
from workbooks import Page


def _zip(parts: dict[str, tuple[bytes, int, int]], lie: int | None = None) -> bytes:
    """Write a zip by hand of deflated parts (stream, size, checksum); `lie` is told as the largest part's size."""
    body, directory = b"", b""
    largest = max(parts, key=lambda n: parts[n][1])
    for name, (stream, size, crc) in parts.items():
        told = lie if lie is not None and name == largest else size
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(stream), told, len(name), 0)
        directory += b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + fields + name.encode() + stream
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def _bomb(megabytes: int, lie: int | None = None) -> bytes:
    """Make a small file whose sheet swells: one megabyte of rows, deflated once and repeated."""
    cell = b'<row><c t="inlineStr"><is><t>aaaaaaaaaaaaaaaa</t></is></c></row>'
    chunk = cell * (1_000_000 // len(cell))
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(chunk) + squeeze.flush(zlib.Z_FULL_FLUSH)
    with zipfile.ZipFile(io.BytesIO(wb.xlsx(sheet(homes(1))[0]))) as good:
        plain = {n: good.read(n) for n in good.namelist()}
    top, end = plain["xl/worksheets/sheet1.xml"].split(b"</sheetData>")
    crc = zlib.crc32(top)
    for _ in range(megabytes):
        crc = zlib.crc32(chunk, crc)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = last.compress(b"</sheetData>" + end) + last.flush()
    first = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = first.compress(top) + first.flush(zlib.Z_FULL_FLUSH)
    size = len(top) + megabytes * len(chunk) + 12 + len(end)
    parts = {n: (zlib.compress(d, wbits=-15), len(d), zlib.crc32(d)) for n, d in plain.items()}
    parts["xl/worksheets/sheet1.xml"] = (head + block * megabytes + tail, size, zlib.crc32(b"</sheetData>" + end, crc))
    return _zip(parts, lie)


def _entities(padding: int = 0, encoding: str = "utf-8") -> bytes:
    """Declare entities that swell when they are read."""
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0" encoding="{encoding}" standalone="yes"?><!--{" " * padding}-->'
    head += f'<!DOCTYPE sst [<!ENTITY l0 "lol">{lol}]>'

    def declare(xml: bytes) -> bytes:
        body = xml.decode().split("?>", 1)[1].replace("</si>", "</si><si><t>&l9;</t></si>", 1)
        return (head + body).encode(encoding)

    return wb.rezip(wb.xlsx(sheet(homes(2))[0]), {"xl/sharedStrings.xml": declare})


def _formatted_rows() -> bytes:
    """Format a million empty rows, as a click on a whole column does."""

    def grow(xml: bytes) -> bytes:
        rows = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(8, 1_048_577))
        return xml.replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    return wb.rezip(wb.xlsx(sheet(homes(6))[0]), {"xl/worksheets/sheet1.xml": grow})


def _stray(row: int, column: int) -> bytes:
    """Put one character very far from the list."""
    name = f"XFD{row}" if column == 16384 else f"B{row}"

    def put(xml: bytes) -> bytes:
        cell = f'<row r="{row}"><c r="{name}" t="inlineStr"><is><t>.</t></is></c></row></sheetData>'
        return xml.replace(b"</sheetData>", cell.encode()).replace(b":AG7", f":{name}".encode())

    return wb.rezip(wb.xlsx(sheet(homes(6))[0]), {"xl/worksheets/sheet1.xml": put})


def _ole(stream: str) -> bytes:
    """Begin an OLE container that names one stream."""
    return wb.xls(Page([["x"]]))[:512] + stream.encode("utf-16-le").ljust(512, b"\0") + b"\x17" * 4096


def _record(data: bytes, kind: int, at: int, value: bytes) -> bytes:
    """Overwrite some bytes of the first record of a kind in a BIFF workbook; `at` counts from the record's start."""
    place = 512
    while struct.unpack_from("<H", data, place)[0] != kind:
        place += 4 + struct.unpack_from("<H", data, place + 2)[0]
    return data[: place + at] + value + data[place + at + len(value) :]


def _external(data: bytes) -> bytes:
    """Add a link to another workbook and to a web page."""
    part = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink"
    link = b'<Relationship Id="rId98" Type="' + kind + b'" Target="externalLinks/externalLink1.xml"/></Relationships>'
    away = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    )
    away += b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
    away += b'Target="http://example.invalid/x.xlsx" TargetMode="External"/></Relationships>'
    change = {"xl/_rels/workbook.xml.rels": lambda x: x.replace(b"</Relationships>", link)}
    extra = {"xl/externalLinks/externalLink1.xml": part, "xl/externalLinks/_rels/externalLink1.xml.rels": away}
    return wb.rezip(data, change, extra)


def _prefixed(data: bytes) -> bytes:
    """Name every tag of the sheet with a prefix, as some programs do."""

    def prefix(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml)
        return xml.replace(b' xmlns="', b' xmlns:x="', 1)

    return wb.rezip(data, {"xl/worksheets/sheet1.xml": prefix})


def hostile_files() -> Iterator[Variant]:
    """Send files that are broken, not what they say, or meant to harm; a good file beside them is still read."""
    rows = homes(6)
    page, _ = sheet(rows)
    good, old = wb.xlsx(page), wb.xls(page)
    noise = bytes((n * 197 + n // 7) % 256 for n in range(5000))
    wide = ",".join(f"cột {n}" for n in range(20_000)).encode() * 2
    memo = _zip({"a.txt": (zlib.compress(b"a", wbits=-15), 1, zlib.crc32(b"a"))})
    table = b"<html><table><tr><td>STT</td></tr></table></html>"
    broken: list[tuple[str, str, bytes | Callable[[], bytes], tuple[str, ...]]] = [
        ("bomb_with_true_sizes", "x.xlsx", partial(_bomb, 450), ("bomb",)),
        ("bomb_with_lying_sizes", "x.xlsx", partial(_bomb, 450, 1000), ("bomb", "not_workbook", "worker")),
        ("entity_bomb", "x.xlsx", _entities, ("entities",)),
        ("entity_bomb_after_a_long_comment", "x.xlsx", partial(_entities, 100_000), ("entities", "not_workbook")),
        ("entity_bomb_in_utf16", "x.xlsx", partial(_entities, 0, "utf-16"), ("entities",)),
        ("stray_character_in_the_last_cell", "x.xlsx", partial(_stray, 1_048_576, 16384), ("worker", "too_big")),
        ("password", "x.xlsx", partial(_ole, "EncryptedPackage"), ("password",)),
        ("password_xls_name", "x.xls", partial(_ole, "EncryptedPackage"), ("password",)),
        ("ole_of_something_else", "x.xls", partial(_ole, "WordDocument"), ("not_workbook",)),
        ("ole_magic_and_junk", "x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x07" * 600, ("not_workbook",)),
        ("zip_of_something_else", "x.xlsx", memo, ("not_workbook",)),
        ("empty_file", "x.xlsx", b"", ("empty_file",)),
        ("empty_csv", "x.csv", b"", ("empty_file",)),
        ("only_a_byte_order_mark", "x.csv", b"\xef\xbb\xbf", ("empty_file", "no_table")),
        ("html_named_xls", "x.xls", table, ("not_workbook", "no_table")),
        ("pdf_named_xlsx", "x.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 20, ("not_workbook",)),
        ("text_named_xlsx", "x.xlsx", "không phải Excel".encode(), ("not_workbook", "no_table")),
        ("word_file", "x.docx", good, ("suffix", "not_workbook")),
        ("no_suffix", "danh_sach", good, ("suffix", "not_workbook")),
        ("noise_named_csv", "x.csv", noise, ("encoding", "csv", "not_workbook", "no_table")),
        ("csv_with_nul_bytes", "x.csv", wb.csv(page).replace(b",", b",\0"), ("csv", "encoding", "not_workbook")),
        ("csv_with_an_unclosed_quote", "x.csv", wb.csv(page).replace(b"\n3,", b'\n3,"', 1), ("csv",)),
        ("csv_20000_columns_wide", "x.csv", wide, ("too_big", "no_table", "csv")),
        ("csv_of_another_table", "x.csv", b"a,b\n1,2\n", ("no_table",)),
    ]  # fmt: skip
    unsound = ("not_workbook", "worker", "no_table")
    for label, kind, at, value in (
        ("first_record_without_content", 0x809, 2, b"\0\0"),
        ("dimensions_upside_down", 0x200, 4, b"\xff\0\0\0"),
        ("string_table_cut", 0xFC, 2, b"\x09\0"),
    ):
        broken.append((f"xls_{label}", "x.xls", _record(old, kind, at, value), unsound))
    for cut in (30, 400, len(good) // 2, len(good) - 10):
        broken.append((f"xlsx_cut_at_{cut}", "x.xlsx", good[:cut], ("not_workbook",)))
    for cut in (100, 512, len(old) // 2):
        broken.append((f"xls_cut_at_{cut}", "x.xls", old[:cut], ("not_workbook", "no_table")))
    for name, file, data, rules in broken:
        beside = {"a.xlsx": good, file: data}
        yield Variant(f"{name}_beside", beside, keys(rows), dressing=0, file_refusals={file: rules})
    for name, file, data, rules in (broken[2], broken[6], broken[11], broken[15]):
        yield Variant(f"{name}_alone", {file: data}, file_refusals={file: rules})
    expect = {"accepted": keys(rows), "dressing": 0}
    yield Variant("a_million_formatted_rows", {"a.xlsx": _formatted_rows}, **expect)
    yield Variant("stray_character_far_below", {"a.xlsx": partial(_stray, 60_000, 2)}, keys(rows), dressing=1)
    yield Variant("links_to_elsewhere", {"a.xlsx": _external(good)}, **expect)
    yield Variant("macros", {"a.xlsm": wb.xlsm(page)}, **expect)
    yield Variant("macros_under_a_harmless_name", {"a.xlsx": wb.xlsm(page)}, **expect)
    yield Variant("xlsx_named_xls", {"a.xls": good}, **expect)
    yield Variant("xls_named_xlsx", {"a.xlsx": old}, **expect)
    yield Variant("suffix_in_capitals", {"A.XLSX": good}, **expect)
    odd = ('danh "sách", xã\'s.xlsx', "dòng\nhai.xlsx", "😀 danh sách.xlsx", "=1+1|'A'!A0.xlsx", "x" * 200 + ".xlsx")
    files = {name: wb.xlsx(sheet([home(n)])[0]) for n, name in enumerate(odd)}
    yield Variant("file_names_of_all_sorts", files, keys(homes(len(odd))), dressing=0)
    nfd = unicodedata.normalize("NFD", "danh sách hộ.xlsx")
    yield Variant("file_name_in_nfd", {nfd: good}, **expect)
    yield Variant(
        "lock_file_and_notes_are_passed_over",
        {"~$a.xlsx": b"x", ".a.xlsx": b"x", "doc.txt": b"x", "a.xlsx": good},
        **expect,
    )
    folder = {"a.xlsx": good, "x.xlsx/": b""}
    yield Variant(
        "a_folder_named_like_a_workbook", folder, file_refusals={"x.xlsx": ("suffix", "not_workbook")}, **expect
    )
    tail = [[], ['Ghi chú: dấu " thừa']]
    yield Variant(
        "csv_with_a_stray_quote_in_a_cell", {"a.csv": wb.csv(Page([*page.rows, *tail]))}, keys(rows), dressing=1
    )
    yield Variant(
        "csv_with_a_line_that_names_its_separator", {"a.csv": b"sep=;\r\n" + wb.csv(page, separator=";")}, **expect
    )
    yield Variant("csv_with_old_mac_line_ends", {"a.csv": wb.csv(page, end="\r")}, **expect)
    yield Variant(
        "a_part_that_would_leave_the_folder", {"a.xlsx": wb.rezip(good, add={"../../out.xml": b"<x/>"})}, **expect
    )
    yield Variant(
        "tags_with_a_prefix",
        {"a.xlsx": _prefixed(wb.xlsx(replace(page, hidden_rows=frozenset({2}))))},
        keys(rows),
        dressing=0,
        warnings=frozenset({"hidden_rows"}),
    )
    ragged = wb.csv(page).replace(b",,\r\n", b"\r\n")
    yield Variant("csv_with_ragged_rows", {"a.csv": ragged}, **expect)
    wide = replace(page, rows=[[*r, *[""] * 300] for r in page.rows])
    yield Variant("csv_with_300_blank_columns", {"a.csv": wb.csv(wide)}, **expect)
