"""What the door of the boundary files has to say, and its page for the person who drew them.

1 finding = 1 thing seen in 1 file (of one unit where it is about one). An error refuses every file of the folder; a
warning and a note of what was done do not.
"""

import html
from collections import Counter
from dataclasses import dataclass

ERROR, WARNING, INFO = "error", "warning", "info"
TITLES = {ERROR: "Lỗi", WARNING: "Lưu ý", INFO: "Thông tin"}
MANY = 12  # findings of one rule that are told one by one; the rest is counted
_STYLE = """
:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;
border-bottom:1px solid #8886;overflow-wrap:anywhere}th{white-space:nowrap}td:first-child{font-weight:700}
.error td:first-child{color:#c3371d}.warning td:first-child{color:#9a6700}.state{padding:.7rem 1rem;
border-left:.4rem solid #1b7f4b;background:#1b7f4b22}.state.bad{border-color:#c3371d;background:#c3371d22}
"""


@dataclass(frozen=True)
class Finding:
    """Hold one thing seen: `fault` says what is so, `todo` what to do; both Vietnamese without a full stop."""

    severity: str
    rule: str
    file: str
    unit: str
    fault: str
    todo: str = ""

    def __str__(self) -> str:
        """Say it in one or two sentences.

        >>> print(Finding("error", "gap", "xa.gpkg", "Xã A", "hở 2 km²", "Hãy vẽ lại"))
        Lỗi – tệp xa.gpkg, Xã A: hở 2 km². Hãy vẽ lại.
        """
        place = ", ".join(part for part in (f"tệp {self.file}" if self.file else "", self.unit) if part)
        todo = f" {self.todo}." if self.todo else ""
        return f"{TITLES[self.severity]} – {place or 'thư mục geo/official'}: {self.fault}.{todo}"


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that refuse the files."""
    return [f for f in findings if f.severity == ERROR]


def shortened(findings: list[Finding]) -> list[Finding]:
    """Tell at most MANY findings of one rule in one file, and count the rest in one more; the gravest come first."""
    kept, seen = [], Counter()
    rank = {ERROR: 0, WARNING: 1, INFO: 2}
    for f in sorted(findings, key=lambda f: rank[f.severity]):
        key = (f.severity, f.rule, f.file)
        seen[key] += 1
        if seen[key] <= MANY:
            kept.append(f)
    for (severity, rule, file), count in seen.items():
        if count > MANY:
            at = max(i for i, f in enumerate(kept) if (f.severity, f.rule, f.file) == (severity, rule, file))
            kept.insert(at + 1, Finding(severity, rule, file, "", f"còn {count - MANY} trường hợp cùng loại", ""))
    return kept


def page(findings: list[Finding]) -> str:
    """Return the report as one HTML page in Vietnamese that fetches nothing."""
    bad = errors(findings)
    if bad:
        state = (
            f"Không dùng được: {len(bad)} lỗi. Ranh giới đã dựng trước đây (nếu có) vẫn giữ nguyên. "
            "Hãy sửa các lỗi dưới đây rồi chạy lại: python scripts/build_geo.py"
        )
    else:
        state = "Dùng được: không có lỗi nào."
    rows = "\n".join(
        f'<tr class="{f.severity}"><td>{TITLES[f.severity]}</td>'
        + "".join(f"<td>{html.escape(text)}</td>" for text in (f.file, f.unit, f.fault, f.todo))
        + "</tr>"
        for f in shortened(findings)
    )
    heads = "".join(f'<th scope="col">{h}</th>' for h in ("Mức", "Tệp", "Đơn vị", "Nội dung", "Việc cần làm"))
    return f"""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kiểm tra tệp ranh giới</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Kiểm tra tệp ranh giới</h1>
<p class="state{" bad" if bad else ""}">{state}</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""
