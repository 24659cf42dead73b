"""Keep one process warm that forks kernels: imports are done once, so a kernel is up in some hundredths of a second.

The server (`python -m infoaccess.warm`) imports what notebooks import and runs no query: a process that has run a
polars query hangs its forked children. One connection to its socket is one kernel: a line of JSON with argv, cwd and
env goes in, the kernel's number comes back, and its exit code when it ends. A client that goes away takes its kernel
along; the server ends with the process that started it. POSIX alone: elsewhere there is no fork.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy
import pandas

from infoaccess import leash, memo, words
from infoaccess.errors import KernelDied, StageError

SOCKET = "INFOACCESS_WARM"  # names the socket to the processes that the runner starts
PRELOADED = (
    "infoaccess.pipeline",
    "infoaccess.report_comparison",
    "infoaccess.report_pictures",
    "infoaccess.report_poverty",
    "infoaccess.report_tables",
    "infoaccess.slides",
    "ipykernel.kernelapp",
    "ipykernel.debugger",  # debugpy: two thirds of a kernel's start
    "ipykernel.ipkernel",
)
_READY = b"ready\n"


def available() -> bool:
    """Tell whether this system can fork kernels."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and sys.platform != "darwin"


class Kernel:
    """Hold one forked kernel, as much like subprocess.Popen as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self, argv: list[str], cwd: str | None, env: dict[str, str]):
        """Ask the server for a kernel and wait for its number; where it is gone, start another.

        Raises KernelDied where that one fails too.
        """
        asked = json.dumps({"argv": argv, "cwd": cwd or str(Path.cwd()), "env": env}).encode() + b"\n"
        try:
            self._ask(asked)
        except (OSError, ValueError):
            self._answers.close()
            use(None)
            try:
                self._ask(asked)
            except (OSError, ValueError) as err:
                raise KernelDied("Tiến trình mở sổ tay đã dừng. Hãy chạy lại.") from err

    def _ask(self, asked: bytes) -> None:
        self._answers = socket.socket(socket.AF_UNIX)
        self._said, self.returncode = b"", None
        self._answers.connect(path())
        self._answers.sendall(asked)
        self.pid = int(self._line(wait=True))

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel runs."""
        if self.returncode is None and (line := self._line(wait=False)) is not None:
            self.returncode = int(line or -signal.SIGKILL)  # no word: the server was killed, and its kernels with it
            self._answers.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code."""
        if self.returncode is None:
            self._answers.settimeout(timeout)
            self.returncode = int(self._line(wait=True) or -signal.SIGKILL)
            self._answers.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def _line(self, wait: bool) -> bytes | None:
        """Return the server's next line, b"" when it is gone, None where none has come."""
        while b"\n" not in self._said:
            try:
                part = self._answers.recv(64, 0 if wait else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except ConnectionError:
                part = b""
            if not part:
                return b""
            self._said += part
        line, _, self._said = self._said.partition(b"\n")
        return line


def begin() -> None:
    """Start the warm process and do not wait until it is ready."""
    if not os.environ.get(SOCKET):
        _begun()


@cache
def path() -> str:
    """Return the socket of the warm process: the runner's, or that of one started for this process."""
    return os.environ.get(SOCKET) or _ready(*_begun())


def share(saved: Path) -> None:
    """Let the warm process hold, for all its kernels, what this process has saved (`memo`)."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as asked:
        asked.connect(path())
        asked.sendall(json.dumps({"memo": str(saved)}).encode() + b"\n")
        asked.recv(64)  # it answers when it has read


def use(socket_path: str | None) -> None:
    """Let this process fork its kernels from the warm process behind a socket; with None from one of its own."""
    path.cache_clear()
    _begun.cache_clear()
    os.environ.pop(SOCKET, None)
    if socket_path:
        os.environ[SOCKET] = socket_path


@cache
def _begun() -> tuple[subprocess.Popen, str]:
    folder = tempfile.mkdtemp(prefix=leash.passing("warm").name)  # for its owner alone
    name = str(Path(folder) / "s")
    server = subprocess.Popen(
        [sys.executable, "-m", "infoaccess.warm", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"},  # no debugger's advice among the run's own words
    )
    atexit.register(_stopped, server, folder)
    return server, name


def _ready(server: subprocess.Popen, name: str) -> str:
    if server.stdout.readline() != _READY:
        raise StageError("Không khởi động được tiến trình mở sổ tay. Hãy chạy scripts/check.py.")
    return name


def _stopped(server: subprocess.Popen, folder: str) -> None:
    server.stdin.close()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)


def serve(name: str) -> None:
    """Fork kernels for whoever asks on a socket, until the standard input ends."""
    sys.modules.setdefault("rfc3987_syntax", None)  # as in `cli`
    for module in PRELOADED:
        importlib.import_module(module)
    sys.modules["infoaccess.html"].warm()
    pandas.set_option("display.max_columns", 20)  # as a kernel that imports pandas has it; a terminal's is another
    for lang in words.LANGUAGES:  # the tables of a language are read at the first number
        words.number(0.5, lang, digits=1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen(64)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's: it takes its kernels along
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    waiting = selectors.DefaultSelector()
    for source in (listener, sys.stdin.buffer, woken):
        waiting.register(source, selectors.EVENT_READ)
    sys.stdout.buffer.write(_READY)
    sys.stdout.flush()
    kernels: dict[int, socket.socket] = {}
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                waiting.register(listener.accept()[0], selectors.EVENT_READ)
            elif key.fileobj is sys.stdin.buffer:
                if not os.read(sys.stdin.fileno(), 1):
                    _end(kernels)
                    return
            elif key.fileobj == woken:
                os.read(woken, 512)
                _reap(kernels)
            else:
                _answer(key.fileobj, kernels, waiting, [listener, woken, wake])


def _answer(asked: socket.socket, kernels: dict, waiting: selectors.BaseSelector, own: list) -> None:
    """Fork the kernel that a connection asks for, or end that of a client that went away."""
    running = next((pid for pid, held in kernels.items() if held is asked), None)
    with contextlib.suppress(ConnectionError):
        line = b"" if running else asked.makefile("rb").readline()
        if line:
            wanted, server = json.loads(line), os.getpid()
            if "memo" not in wanted:
                pid = os.fork()
                if pid == 0:
                    _become(wanted, server, [*own, asked, *kernels.values()])
                kernels[pid] = asked
                asked.sendall(f"{pid}\n".encode())
                return
            memo.load(wanted["memo"])
            importlib.import_module("infoaccess.map_exhibits").warm()
            gc.freeze()  # no kernel's collector touches, and so copies, what all share
            asked.sendall(b"0\n")
    waiting.unregister(asked)
    asked.close()
    if running:
        _kill(running)


def _become(wanted: dict, server: int, held: list) -> None:
    """Turn this forked process into a kernel; never returns."""
    code = 1
    try:
        leash.bind(server)
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
        for each in held:
            os.close(each) if isinstance(each, int) else each.close()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.environ.clear()
        os.environ.update(wanted["env"])
        os.chdir(wanted["cwd"])
        random.seed()  # else every kernel draws the same
        numpy.random.seed()
        sys.argv = ["ipykernel_launcher", *wanted["argv"]]
        from ipykernel import kernelapp

        kernelapp.launch_new_instance()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        os._exit(code)


def _reap(kernels: dict[int, socket.socket]) -> None:
    """Tell the clients of the kernels that ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if asked := kernels.pop(ended[0], None):
                with contextlib.suppress(OSError):
                    asked.sendall(f"{os.waitstatus_to_exitcode(ended[1])}\n".encode())


def _end(kernels: dict[int, socket.socket]) -> None:
    for pid in kernels:
        _kill(pid)


def _kill(pid: int) -> None:
    for end in (os.killpg, os.kill):  # just forked, it has no group of its own yet
        with contextlib.suppress(ProcessLookupError):
            end(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1])
