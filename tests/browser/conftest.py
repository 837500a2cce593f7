"""A real Chromium before a real server with its worker; skipped where there is no Chromium."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from visiting import WAIT, visit

from dashboard.shared import text
from scripts.chromium import CHROMIUM, FLAGS

ROOT = Path(__file__).resolve().parents[2]
STREAMLITS_OWN_404 = re.compile(r"/_stcore/(health|host-config)$")
"""On a deep link Streamlit asks for these below the page's own address first, and takes the 404 as an answer."""
WEBCAM = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # it films a test pattern


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip these tests with a reason where no Chromium is installed, unless REQUIRE_BROWSER=1 asks for them."""
    if shutil.which(CHROMIUM):
        return
    reason = f"no Chromium at {CHROMIUM}; install one or set CHROMIUM"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        raise pytest.UsageError(f"REQUIRE_BROWSER=1, but there is {reason}")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """How pytest-playwright starts the browser."""
    return {"executable_path": CHROMIUM, "args": FLAGS + WEBCAM, "headless": True}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, object]:
    """A projector's width, and a reader of English."""
    return {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}


@pytest.fixture(scope="session")
def context(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """One for all tests: what the browser has fetched and compiled of Streamlit is there for the next."""
    shared = browser.new_context(**browser_context_args)
    yield shared
    shared.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab of the test's own."""
    tab = context.new_page()
    yield tab
    tab.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of its own, with the embedded worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = (tmp_path_factory.mktemp("server") / "log").open("w")
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.headless=true"]
    environment = {name: value for name, value in os.environ.items() if name != "GLASSBOX_SCHEDULER"}
    process = subprocess.Popen(
        [*command, f"--server.port={port}", "--server.address=127.0.0.1"],
        cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _wait_for(f"{address}/_stcore/health", process, Path(log.name))
        yield address
        assert not _has_loaded(process.pid, "tensorflow"), "TensorFlow lives in the workers, never in the server"
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


@pytest.fixture(scope="session")
def first_visit(server: str, browser) -> None:
    """The first visitor of a new server follows a link, changes something, and keeps page and language."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    visit(page, f"{server}/grad_cam?lang=fr")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name=text.label("fr", "picture.another")).click()
    page.wait_for_url("**capture=1**")
    assert "lang=fr" in page.url
    page.close()


@pytest.fixture
def quiet(page: Page, first_visit: None) -> Iterator[None]:
    """No test may leave an error on the browser's console; a busy machine gets its time."""
    page.set_default_timeout(WAIT)
    page.set_default_navigation_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    errors: list[str] = []

    def note(message) -> None:
        if message.type == "error" and not STREAMLITS_OWN_404.search(message.location.get("url", "")):
            errors.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert not errors


def _has_loaded(pid: int, library: str) -> bool:
    """Whether a process has loaded a file of the library; told by Linux alone."""
    maps = Path(f"/proc/{pid}/maps")
    return maps.exists() and f"/{library}/" in maps.read_text()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-4000:]}")
