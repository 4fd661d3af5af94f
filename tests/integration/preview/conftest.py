"""A headless browser for the pages of preview."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

DESK = 1280
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip
ANSWER_S = 60
TROUBLE = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")

READY = """(async () => {
  const media = [...document.querySelectorAll('audio')];
  await Promise.all(media.map(one => one.readyState >= 1 || one.error ? 0 : new Promise(done => {
    one.onloadedmetadata = one.onerror = done;
  })));
  await Promise.all([...document.images].map(one => one.decode().catch(() => 0)));
  return {
    title: document.title,
    durations: media.map(one => one.duration),
    images: document.images.length,
    broken: [...document.images].filter(one => !one.naturalWidth).length,
    width: document.scrollingElement.scrollWidth,
    cards: document.querySelectorAll('article').length,
    figures: document.querySelectorAll('figure').length,
    ground: getComputedStyle(document.body).backgroundColor,
  };
})()"""


class Browser:
    """A headless Chromium, spoken to over two pipes in the DevTools protocol."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        wiring = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", wiring, "browser", *command],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._read = b""
        self._asked = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """The answer to one command; what else the browser tells meanwhile is kept in `events`."""
        self._asked += 1
        about = {"sessionId": session} if session else {}
        message = {"id": self._asked, "method": method, "params": params, **about}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._asked:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])
            self.events.append(answer)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            assert select.select([self._in], [], [], ANSWER_S)[0], "the browser does not answer"
            data = os.read(self._in, 1 << 20)
            assert data, "the browser has ended"
            self._read += data
        message, _, self._read = self._read.partition(b"\0")
        return dict(json.loads(message))

    def close(self) -> None:
        """End it, at once if it does not by itself."""
        with contextlib.suppress(AssertionError, OSError):
            self.ask("Browser.close")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._in)
        os.close(self._out)


class Tab:
    """One page of a browser."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page = ""
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command to this page."""
        return self._browser.ask(method, self._session, **params)

    def run(self, expression: str, *, by_hand: bool = False) -> Any:
        """What an expression is in the page; `by_hand` as if somebody had clicked, as playing asks for."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": by_hand}
        found = self.ask("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, page: Path, width: int = DESK, scheme: str = "light") -> dict[str, Any]:
        """Show a file and tell how it came out, once all it holds is decoded."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._browser.events.clear()
        self._page = page.as_uri()
        self.ask("Page.navigate", url=self._page)
        deadline = time.monotonic() + ANSWER_S
        while self.run("document.readyState + location.href") != f"complete{self._page}":
            assert time.monotonic() < deadline
        return dict(self.run(READY))

    def picture(self) -> np.ndarray:
        """What is on the screen."""
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))

    def press(self, key: str, code: int) -> None:
        """One key, down and up."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def trouble(self) -> list[Any]:
        """Errors, warnings and refusals that the page caused, and what it asked of others than itself."""
        events = self._browser.events
        told = [event for event in events if event["method"] in TROUBLE]
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return told + [url for url in asked if url != self._page and not url.startswith("data:")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests, with a profile of its own."""
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the path")
    with tempfile.TemporaryDirectory(prefix="preview-", ignore_cleanup_errors=True) as profile:
        started = Browser(Path(profile))
        yield started
        started.close()


@pytest.fixture
def tab(browser: Browser) -> Tab:
    """A fresh page."""
    return Tab(browser)


@pytest.fixture(scope="session")
def test_data(repository: Path) -> Path:
    """The optional folder of real data."""
    folder = Path(os.environ.get("AUGFLOW_TEST_DATA", repository.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; set AUGFLOW_TEST_DATA")
    return folder
