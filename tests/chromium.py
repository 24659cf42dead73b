"""Drive Debian's chromium over its pipe, so that a page opens as a reader opens it: from a file, under its own policy.

The two pipes of --remote-debugging-pipe carry JSON messages that end with a zero byte; no package is needed for it.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


class Leaving(AssertionError):
    """Say that a page went away while it was asked."""


class Page:
    """Hold one open page of a browser."""

    def __init__(self, ask, session: str, events: list):
        self._ask, self.session, self.events = ask, session, events

    def call(self, method: str, **parameters) -> dict:
        """Send one command of the DevTools protocol to the page and return its answer."""
        return self._ask(method, parameters, self.session)

    def open(self, path: Path) -> None:
        """Open a file and wait for its scripts."""
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def listen(self) -> None:
        """Have `events` collect what the page asks of the network and says on the console."""
        for part in ("Network", "Log", "Runtime"):
            self.call(f"{part}.enable")

    def asked(self) -> list[str]:
        """Return the addresses that the page asked for since `listen`, but for files and what lies in the page."""
        sent = [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("file:", "data:", "blob:"))]

    def complained(self) -> list[str]:
        """Return what the page said on the console since `listen`: errors, warnings, refusals by its policy."""
        said = []
        for event in self.events:
            told = event["params"]
            if event["method"] == "Log.entryAdded":
                said.append(told["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                said.append(told["exceptionDetails"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled":
                said.append(" ".join(str(one.get("value", "")) for one in told["args"]))
        return said

    def run(self, script: str) -> object:
        """Return what a script says; the page's policy does not bind it."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until a script says true; a page that is just being left for another says nothing yet."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(Leaving):
                if self.run(condition):
                    return
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.05)

    def violations(self, axe: str) -> list[str]:
        """Return what axe-core, whose source is given, finds wrong with the page: rule and first element."""
        self.run(axe + ";0")
        say = "one.id + ': ' + one.nodes[0].html"
        return self.run(
            f"axe.run(document, {{ resultTypes: ['violations'] }}).then((f) => f.violations.map((one) => {say}))"
        )

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """Give the page a window of this many pixels, in light or dark."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str, text: str = "") -> None:
        """Press a key where the focus is."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36}
        code = (code | {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40})[key]
        given = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **given)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Start a browser whose downloads land in a folder, and give its page."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("chromium is not on the PATH")
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    command += [f"--user-data-dir={folder / '.browser'}", "--window-size=1280,900", "about:blank"]

    def ends() -> None:  # chromium reads 3 and writes 4
        first, second = os.dup(to_browser), os.dup(from_browser)
        os.dup2(first, 3)
        os.dup2(second, 4)

    running = subprocess.Popen(
        command, preexec_fn=ends, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(to_browser), os.close(from_browser)
    numbers, rest, events = itertools.count(1), b"", []

    def ask(method: str, parameters: dict, session: str | None = None) -> dict:
        nonlocal rest
        number = next(numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(from_us, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in rest:
                got = os.read(to_us, 1 << 16)
                assert got, "chromium went away"
                rest += got
            one, rest = rest.split(b"\0", 1)
            found = json.loads(one)
            if "method" in found:
                events.append(found)
            if found.get("id") == number:
                if "navigated" in found.get("error", {}).get("message", ""):
                    raise Leaving(found)
                assert "error" not in found, found
                return found["result"]

    try:
        ask("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
        target = ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        yield Page(ask, session, events)
    finally:
        with contextlib.suppress(OSError, AssertionError):
            ask("Browser.close", {})
        try:
            running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            running.kill()
        os.close(from_us), os.close(to_us)


def arrived(folder: Path, name: str, seconds: float = 20) -> Path:
    """Wait for a download and return its file."""
    path, end = folder / name, time.monotonic() + seconds
    while not path.exists() or path.with_name(name + ".crdownload").exists():
        assert time.monotonic() < end, f"{name} never came; there: {[p.name for p in folder.iterdir()]}"
        time.sleep(0.05)
    return path
