"""Letters go through a real SMTP server on this machine; whatever it does, a run loses nothing and a file is left."""

import email
import email.policy
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tomli_w
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from infoaccess import mail, rooms
from infoaccess.errors import RoomError, UsageError

LETTER = mail.Letter("failed", "Báo cáo tháng 6: chưa lập được", "Lý do: thiếu danh sách của xã A Lưới 2.\n")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("INFOACCESS_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    return tmp_path


class Postbox:
    """Keep what arrives, and refuse what the test asks to refuse."""

    def __init__(self, refused: str = "", data_answer: str = "250 OK"):
        self.kept, self.refused, self.data_answer = [], refused, data_answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        """Take or refuse one address."""
        if address == self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        """Keep one message."""
        if self.data_answer.startswith("250"):
            self.kept.append(envelope)
        return self.data_answer


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def post():
    """Start servers on this machine and stop them all at the end."""
    running = []

    def start(box: Postbox, **options) -> int:
        server = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        running.append(server)
        return server.port

    yield start
    for server in running:
        server.stop()


def write(home, port: int, **more) -> None:
    table = {"host": "127.0.0.1", "port": port, "security": "none", "from": "may@hue.example"}
    given = table | {"to": ["ong@hue.example"]} | {k: str(v) if isinstance(v, Path) else v for k, v in more.items()}
    known = {name: value for name, value in given.items() if value is not None}
    (home / "data" / "mail.toml").write_text(tomli_w.dumps(known), encoding="utf-8")


def left(home) -> list:
    return sorted(rooms.letters().glob("*.eml")) if rooms.letters().is_dir() else []


def read(path) -> email.message.EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def test_a_letter_arrives_whole_in_vietnamese(home, post):
    box = Postbox()
    write(home, post(box), to=["ong@hue.example", "ba@hue.example"])
    assert mail.tell(LETTER) == ("sent", "ong@hue.example, ba@hue.example")
    (envelope,) = box.kept
    assert envelope.mail_from == "may@hue.example" and envelope.rcpt_tos == ["ong@hue.example", "ba@hue.example"]
    made = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert made["Subject"] == LETTER.subject
    assert made.get_body().get_content().replace("\r\n", "\n") == LETTER.text
    assert made["Auto-Submitted"] == "auto-generated" and made["Date"].datetime.tzinfo
    assert not left(home)


def test_without_a_server_the_letter_is_a_file_that_reads_in_any_editor(home):
    done, where = mail.tell(LETTER)
    (path,) = left(home)
    assert (done, where) == ("file", str(path))
    text = path.read_text(encoding="utf-8")
    assert "Subject: Báo cáo tháng 6: chưa lập được" in text and "xã A Lưới 2" in text
    assert read(path)["Subject"] == LETTER.subject
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_letter_that_is_not_wanted_is_neither_sent_nor_left(home, post):
    box = Postbox()
    write(home, post(box), when=["published"])
    assert mail.tell(LETTER) == ("unwanted", "")
    assert not box.kept and not left(home)


def test_a_server_that_is_not_there_costs_nothing(home):
    write(home, free_port())
    done, why = mail.tell(LETTER)
    assert done == "file" and "Không nối được tới máy chủ thư" in why
    assert len(left(home)) == 1


def test_a_host_without_an_address_costs_nothing(home):
    write(home, 25, host="may-chu-khong-co.invalid")
    done, why = mail.tell(LETTER)
    assert done == "file" and "Không nối được tới máy chủ thư" in why


@pytest.mark.parametrize(
    "box, said",
    [
        (Postbox(refused="ong@hue.example"), "không nhận địa chỉ ong@hue.example"),
        (Postbox(data_answer="554 too many letters"), "554 too many letters"),
    ],
)
def test_a_server_that_refuses_costs_nothing(home, post, box, said):
    write(home, post(box))
    done, why = mail.tell(LETTER)
    assert done == "file" and said in why
    assert len(left(home)) == 1 and not box.kept


def test_one_of_two_addresses_refused_is_told(home, post):
    box = Postbox(refused="ba@hue.example")
    write(home, post(box), to=["ong@hue.example", "ba@hue.example"])
    done, why = mail.tell(LETTER)
    assert len(box.kept) == 1 and done == "file" and "ba@hue.example" in why


def test_a_server_that_never_answers_is_left_behind(home, monkeypatch):
    monkeypatch.setattr(mail, "STEP_SECONDS", 0.2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        write(home, mute.getsockname()[1])
        done, why = mail.tell(LETTER)
    assert done == "file" and "Máy chủ thư ngắt hoặc không trả lời" in why


def test_a_server_that_drips_its_answer_is_left_behind(home, monkeypatch):
    monkeypatch.setattr(mail, "ALL_SECONDS", 0.5)
    stop = threading.Event()
    with socket.socket() as slow:
        slow.bind(("127.0.0.1", 0))
        slow.listen()

        def drip():
            with slow.accept()[0] as line:
                while not stop.wait(0.1):
                    line.sendall(b"2")

        dripper = threading.Thread(target=drip, daemon=True)
        dripper.start()
        write(home, slow.getsockname()[1])
        done, why = mail.tell(LETTER)
        stop.set()
        dripper.join()
    assert done == "file" and "quá thời gian chờ" in why


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for localhost that only its own file vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def guarded_post(post, box: Postbox, certificate, words: dict) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "ca.pem", certificate / "key.pem")

    def known(server, session, envelope, mechanism, data):
        good = words.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)

    return post(box, tls_context=context, require_starttls=True, auth_required=True, authenticator=known)


def test_starttls_with_a_name_and_a_password(home, post, certificate):
    box, secret = Postbox(), home / "smtp.password"
    secret.write_text("dung-roi\n")
    secret.chmod(0o600)
    port = guarded_post(post, box, certificate, {"may": "dung-roi"})
    known = {"host": "localhost", "security": "starttls", "user": "may", "password_file": secret}
    write(home, port, **known, ca_file=certificate / "ca.pem")
    assert mail.tell(LETTER)[0] == "sent" and len(box.kept) == 1
    secret.write_text("sai-roi")
    done, why = mail.tell(LETTER)
    assert done == "file" and "không nhận tên hoặc mật khẩu" in why
    assert "sai-roi" not in left(home)[0].read_text(encoding="utf-8")
    secret.write_text("dung-roi")
    write(home, port, **known)  # a certificate that nobody vouches for: the password is not handed out
    done, why = mail.tell(LETTER)
    assert done == "file" and "Chứng thư" in why and len(box.kept) == 1


def test_a_server_without_starttls_gets_no_letter_in_the_clear(home, post):
    box = Postbox()
    write(home, post(box), security="starttls")
    done, why = mail.tell(LETTER)
    assert done == "file" and "STARTTLS" in why and not box.kept


@pytest.mark.parametrize(
    "more, said",
    [
        ({"host": None}, "thiếu host"),
        ({"to": []}, "thiếu to"),
        ({"to": ["ong"]}, "'ong' không phải địa chỉ thư"),
        ({"from": "a@b.vn\nBcc: c@d.vn"}, "không phải địa chỉ thư"),
        ({"port": 0}, "port phải từ 1"),
        ({"security": "ssl"}, "starttls, tls, none"),
        ({"when": ["always"]}, "when chỉ nhận"),
        ({"user": "may"}, "cả hai"),
        ({"user": "may", "password_file": "/x"}, "không mã hóa"),
        ({"password": "123"}, "không có cài đặt password"),
        ({"port": "25"}, "port phải là int"),
    ],
)
def test_a_wrong_setting_is_named_and_the_letter_is_still_left(home, more, said):
    write(home, **{"port": 25} | more)
    with pytest.raises(UsageError, match=said):
        mail.settings()
    done, why = mail.tell(LETTER)
    assert done == "file" and said in why and len(left(home)) == 1


def test_a_settings_file_that_is_no_toml_is_named(home):
    (home / "data" / "mail.toml").write_text("host: x", encoding="utf-8")
    with pytest.raises(UsageError, match="mail.toml"):
        mail.settings()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_a_password_that_others_can_read_is_not_used(home):
    secret = home / "smtp.password"
    secret.write_text("x")
    secret.chmod(0o644)
    write(home, 25, security="starttls", user="may", password_file=secret)
    with pytest.raises(RoomError, match="chmod 600"):
        mail.password(mail.settings())
    (home / "reports").mkdir()
    write(home, 25, security="starttls", user="may", password_file=home / "reports" / "p")
    with pytest.raises(RoomError, match="reports"):
        mail.password(mail.settings())


def test_old_letters_go(home, monkeypatch):
    monkeypatch.setattr(mail, "KEPT", 3)
    for _ in range(5):
        mail.tell(LETTER)
    assert len(left(home)) == 3


def test_a_folder_that_cannot_be_written_costs_nothing(home):
    (home / "data" / "journal").write_text("a file in the folder's place")
    assert mail.tell(LETTER)[0] == "lost"
