"""Send a letter by SMTP where the office has set a server, else leave it in a file; a letter never costs a run.

Settings lie in data/mail.toml, not in notebooks/parameters.yaml: every manifest publishes those, and addresses are
personal data. The password lies in a file of its own that only the user of the run can read.

    host = "smtp.example.vn"
    port = 587                      # 587 with starttls, 465 with tls, 25 with none
    security = "starttls"           # starttls, tls or none
    from = "baocao@example.vn"
    to = ["thongke@example.vn"]
    user = "baocao"                 # none: the server asks for no name
    password_file = "/etc/infoaccess/smtp.password"
    ca_file = "/etc/infoaccess/ca.pem"   # only for a server with a certificate of the office's own
    when = ["failed", "published"]  # which letters are wanted
"""

import datetime as dt
import re
import smtplib
import socket
import ssl
import sys
import textwrap
import threading
import tomllib
import uuid
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from infoaccess import rooms
from infoaccess.errors import RoomError, UsageError

SECURITY = {"starttls": 587, "tls": 465, "none": 25}
WHEN = ("failed", "published")
STEP_SECONDS, ALL_SECONDS = 20, 60  # an answer of the server; the whole letter
WIDTH = 200  # letters in a line: a line of a message may have 998 bytes
KEPT = 100  # letters in files; the oldest go
READABLE = SMTP.clone(utf8=True, cte_type="8bit")  # a file: plain in any editor, and mail programs open it too
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_KINDS = {"host": str, "port": int, "security": str, "from": str, "to": list, "user": str, "password_file": str}
_KINDS |= {"ca_file": str, "when": list}


@dataclass(frozen=True)
class Server:
    """Hold the settings of data/mail.toml, checked."""

    host: str
    port: int
    security: str
    sender: str
    to: tuple[str, ...]
    user: str | None
    password_file: Path | None
    ca_file: Path | None
    when: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """Hold what is to be told, in plain text: it passes every filter and reads on every machine."""

    kind: str  # failed or published
    subject: str
    text: str


def settings() -> Server | None:
    """Read data/mail.toml; None where the office has none.

    Raises UsageError naming the setting that is missing or wrong.
    """
    path = rooms.mail_settings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as err:
        raise UsageError(f"Không đọc được {path}: {err}. Hãy sửa lại tệp cài đặt thư này.") from err
    return _checked(table, path)


def _checked(table: dict, path: Path) -> Server:
    if strange := sorted(set(table) - set(_KINDS)):
        raise UsageError(f"{path}: không có cài đặt {', '.join(strange)}; chỉ nhận: {', '.join(_KINDS)}.")
    for name, kind in _KINDS.items():
        if name in table and type(table[name]) is not kind:
            raise UsageError(f"{path}: {name} phải là {kind.__name__}, không phải {table[name]!r}.")
    if lacking := [name for name in ("host", "from", "to") if not table.get(name)]:
        raise UsageError(f"{path}: thiếu {', '.join(lacking)}. Hãy thêm vào, hoặc xóa tệp để ghi thư ra tệp.")
    security = table.get("security", "starttls")
    if security not in SECURITY:
        raise UsageError(f"{path}: security phải là một trong {', '.join(SECURITY)}, không phải {security!r}.")
    port = table.get("port", SECURITY[security])
    if not 0 < port < 65536:
        raise UsageError(f"{path}: port phải từ 1 đến 65535, không phải {port}.")
    for address in [table["from"], *table["to"]]:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise UsageError(f"{path}: {address!r} không phải địa chỉ thư, ví dụ thongke@example.vn.")
    when = table.get("when", list(WHEN))
    if strange := [one for one in when if one not in WHEN]:
        raise UsageError(f"{path}: when chỉ nhận {', '.join(WHEN)}, không phải {strange[0]!r}.")
    user, file = table.get("user"), table.get("password_file")
    if (user is None) != (file is None):
        raise UsageError(f"{path}: user và password_file phải có cả hai, hoặc không có cái nào.")
    if user is not None and security == "none":
        raise UsageError(f"{path}: mật khẩu không được gửi trên đường không mã hóa; hãy đặt security là starttls.")
    files = (Path(file) if file else None, Path(table["ca_file"]) if "ca_file" in table else None)
    return Server(table["host"], port, security, table["from"], tuple(table["to"]), user, *files, tuple(when))


def password(server: Server) -> str | None:
    """Read the password from its file; None where the server asks for none.

    Raises RoomError where it cannot be read, is empty, lies among reports or is open to others.
    """
    path = server.password_file
    if path is None:
        return None
    if path.resolve().is_relative_to(rooms.reports().resolve()):
        raise RoomError(f"Tệp mật khẩu {path} không được nằm trong reports/. Hãy chuyển đi và đổi mật khẩu.")
    try:
        if sys.platform != "win32" and path.stat().st_mode & 0o077:
            raise RoomError(f"Người khác đọc được tệp mật khẩu {path}. Hãy chạy: chmod 600 '{path}'")
        found = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, ValueError) as err:
        raise RoomError(f"Không đọc được tệp mật khẩu {path}: {getattr(err, 'strerror', None) or 'không rõ'}.") from err
    if not found or not found.isascii():  # the protocol's library speaks ASCII here
        raise RoomError(f"Tệp mật khẩu {path} rỗng, hoặc có chữ có dấu. Hãy đặt mật khẩu chỉ gồm chữ không dấu và số.")
    return found


def tell(letter: Letter) -> tuple[str, str]:
    """Send a letter or leave it in a file; return what was done ("sent", "file", "unwanted", "lost") and why.

    Raises nothing: whoever tells has something more important at hand.
    """
    why = ""
    try:
        server = settings()
        if server and letter.kind not in server.when:
            return "unwanted", ""
        if server:
            send(message(letter, server.sender, server.to), server)
            return "sent", ", ".join(server.to)
    except Exception as err:
        why = _reason(err)
    try:
        path = _leave(message(letter, readable=True))
    except Exception as err:
        return "lost", f"{why} {_reason(err)}".strip()
    return "file", f"{path}{f' ({why})' if why else ''}"


def message(letter: Letter, sender: str = "", to: tuple[str, ...] = (), readable: bool = False) -> EmailMessage:
    """Return a letter as a message: in seven bits for any server, or readable as it lies in a file."""
    made = EmailMessage(policy=READABLE if readable else SMTP)
    made["Subject"] = " ".join(letter.subject.split())
    if sender:
        made["From"] = Address(addr_spec=sender)
    if to:
        made["To"] = [Address(addr_spec=one) for one in to]
    made["Date"] = format_datetime(dt.datetime.now().astimezone())
    made["Message-ID"] = make_msgid(domain=sender.partition("@")[2] or "infoaccess.invalid")
    made["Auto-Submitted"] = "auto-generated"  # no absence note answers
    lines = [textwrap.fill(line, WIDTH, break_on_hyphens=False) for line in letter.text.splitlines()]
    made.set_content("\n".join(lines) + "\n", cte="8bit" if readable else "base64")
    return made


def send(made: EmailMessage, server: Server) -> None:
    """Hand a message to the server, within a limit of time.

    Raises what smtplib, ssl or the socket raise, RoomError for the password's file, TimeoutError for a server that
    keeps the letter waiting.
    """
    word, raised = password(server), []

    def work() -> None:
        try:
            _send(made, server, word)
        except BaseException as err:
            raised.append(err)

    worker = threading.Thread(target=work, daemon=True)  # a server that drips its answers is left behind
    worker.start()
    worker.join(ALL_SECONDS)
    if worker.is_alive():
        raise TimeoutError
    if raised:
        raise raised[0]


def _send(made: EmailMessage, server: Server, word: str | None) -> None:
    context = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    if server.security == "tls":
        post = smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_SECONDS, context=context)
    else:
        post = smtplib.SMTP(server.host, server.port, timeout=STEP_SECONDS)
    with post:
        if server.security == "starttls":
            post.starttls(context=context)
        if server.user is not None:
            post.login(server.user, word)
        refused = post.send_message(made, server.sender, server.to)
    if refused:  # some of the addresses; all of them is an exception already
        raise smtplib.SMTPRecipientsRefused(refused)


def _leave(made: EmailMessage) -> Path:
    """Write a letter into data/journal/letters, for the owner alone, and let the oldest go."""
    folder = rooms.letters()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{dt.datetime.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}.eml"
    rooms.put(path, made.as_bytes().decode("utf-8"))
    path.chmod(0o600)
    for old in sorted(folder.glob("*.eml"))[:-KEPT]:
        with suppress(OSError):
            old.unlink()
    return path


def _reason(err: Exception) -> str:
    """Say why a letter was not sent; servers' own sentences are told, as they name the remedy."""
    if isinstance(err, (UsageError, RoomError)):
        return str(err)
    if isinstance(err, smtplib.SMTPServerDisconnected):
        return f"Máy chủ thư ngắt hoặc không trả lời: {err}."
    if isinstance(err, smtplib.SMTPAuthenticationError):
        return "Máy chủ thư không nhận tên hoặc mật khẩu."
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        return f"Máy chủ thư không nhận địa chỉ {', '.join(err.recipients)}."
    if isinstance(err, smtplib.SMTPResponseException):
        told = err.smtp_error
        told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        return f"Máy chủ thư từ chối: {err.smtp_code} {told}."
    if isinstance(err, smtplib.SMTPException):
        return f"Máy chủ thư không làm được như cài đặt: {err}."
    if isinstance(err, ssl.SSLError):
        return f"Chứng thư của máy chủ thư không được tin: {getattr(err, 'verify_message', '') or err.reason}."
    if isinstance(err, (TimeoutError, socket.gaierror, ConnectionError)):
        return f"Không nối được tới máy chủ thư: {getattr(err, 'strerror', None) or 'quá thời gian chờ'}."
    return f"Không gửi được thư: {getattr(err, 'strerror', None) or type(err).__name__}."
