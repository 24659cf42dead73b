"""Let the office say once what an unknown heading means; the heading's checksum remembers it (data/headings.toml)."""

from pathlib import Path

from infoaccess import columns, headings, lists, rooms
from infoaccess.errors import RefusedFile, UsageError


def open_headings(path: Path) -> list[dict]:
    """List a file's unknown headings: kind, heading_key, path, proposed column (None where there is none).

    Raises UsageError when there is no such file, RefusedFile when it cannot be read for another reason.
    """
    if not path.is_file():
        raise UsageError(f"Không có tệp {path}. Hãy ghi đúng đường dẫn của tệp danh sách.")
    try:
        _, notes = lists.read(path.name, path.read_bytes(), headings.load(rooms.confirmed_headings()))
    except RefusedFile as err:
        if not err.proposals:
            raise
        return err.proposals
    return [{k: n.values[k] for k in ("kind", "heading_key", "path", "column")} for n in notes if "path" in n.values]


def confirm(path: Path, *, all_of_them: bool = False, chosen: list[str] = ()) -> list[str]:
    """Keep what is confirmed and tell, a line each, what is known and what is still open.

    Raises UsageError for a heading that the file does not have or a column that its kind does not have.
    """
    found = {headings.shown(p["path"]): p for p in open_headings(path)}
    picked = {h: p["column"] for h, p in found.items() if all_of_them and p["column"]}
    for line in chosen:
        heading, _, column = line.partition("=")
        if heading not in found:
            raise UsageError(
                f"Tệp {path.name} không có tên cột lạ {heading!r}. Đang có: {', '.join(found) or 'không'}."
            )
        picked[heading] = column
    for heading, column in picked.items():
        entry = found[heading]
        kind = columns.kinds()[entry["kind"]]
        headings.confirm(rooms.confirmed_headings(), entry["heading_key"], kind, {entry["path"]: column})
    return [_line(h, p, picked) for h, p in found.items()] or [f"{path.name}: mọi tên cột đều đã biết."]


def _line(heading: str, entry: dict, picked: dict[str, str]) -> str:
    if heading in picked:
        return f"ĐÃ NHỚ  {heading} = {picked[heading] or '(bỏ qua)'}"
    kind = columns.kinds()[entry["kind"]]
    guess = entry["column"]
    told = f'có phải "{kind.columns[guess].label}" ({guess})?' if guess else "không có tên gần giống"
    return f"CHƯA RÕ {heading}: {told}"
