"""The engine in a real Chromium: picture, webcam and the stand-alone file, with no request to anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from visiting import WAIT, settle, visit

from core import faces, images
from core.deployment import libraries, standalone, tasks
from core.networks.network import softmax
from core.networks.table import MINIFACE
from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")

PERSON = 7


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """The plain portrait as the page gives it to every runtime."""
    image = faces.render(faces.person(PERSON), faces.PORTRAIT, 224)[0]
    return images.resize(image, MINIFACE.input_size, MINIFACE.input_size)


@pytest.fixture
def elsewhere(page: Page, server: str) -> Iterator[list[str]]:
    """Addresses off this machine that were asked for; there may be none."""
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    asked: list[str] = []

    def note(request) -> None:
        if not request.url.startswith((server, server.replace("http", "ws"), "data:", "blob:", "file:")):
            asked.append(request.url)

    page.on("request", note)
    yield asked
    assert not asked


@pytest.mark.skipif(not libraries.here(), reason="no node_modules: run npm ci in deploy/web")
def test_libraries_from_npm_answer_as_keras(page: Page, server: str, elsewhere, picture: np.ndarray) -> None:
    visit(page, f"{server}/deploy?group=B&person={PERSON}&ship_libraries=true")
    main = page.get_by_test_id("stMain")
    for name in libraries.LIBRARIES:
        expect(main).to_contain_text(
            re.compile(rf"Measured now: .*{re.escape(text.label('en', f'runtime.browser_{name}'))}")
        )
    found = page.locator(".classifier").evaluate("stage => stage.runtimes")
    truth = tasks.predict(MINIFACE, picture)["probabilities"]
    for name in libraries.LIBRARIES:
        assert np.abs(np.array(found[name]["probabilities"]) - truth).max() <= 1e-5
        assert 1 <= len(found[name]["times"]) <= 100 and found[name]["size"] > 2e6


def test_the_browser_answers_as_keras_and_asks_nobody(
    page: Page, server: str, context, elsewhere, picture: np.ndarray, tmp_path: Path
) -> None:
    context.grant_permissions(["camera"], origin=server)
    visit(page, f"{server}/deploy?group=B&person={PERSON}")
    first, speed = page.locator(".classifier li").first, page.locator(".classifier .speed")
    expect(speed).to_contain_text("over 20 calls")
    truth = tasks.predict(MINIFACE, picture)["probabilities"]
    assert MINIFACE.labels[int(truth.argmax())] in first.inner_text()
    share = float(re.search(r"([\d.]+) %", first.inner_text())[1])
    assert share == pytest.approx(100 * truth.max(), abs=0.051)
    logits = np.array(page.locator(".classifier").evaluate("stage => stage.runtimes.engine.logits"), np.float32)
    assert np.abs(softmax(logits) - truth).max() <= 1e-5
    settle(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(
        f"Measured now: {text.label('en', 'runtime.browser_engine')}."
    )

    page.get_by_role("button", name=text.label("en", "browser.webcam"), exact=True).click()
    expect(speed).to_contain_text("pictures a second")
    page.get_by_role("button", name=text.label("en", "browser.webcam_stop")).click()
    expect(first).to_contain_text(f"Person {PERSON:02d}")

    mine, photo = tmp_path / "mine.html", tmp_path / "picture.png"
    flat = tasks.export(MINIFACE, "flat", "float32").data
    mine.write_bytes(standalone.page(flat, "Mine"))
    photo.write_bytes(images.encode(picture, "png"))
    page.goto(mine.as_uri())
    page.set_input_files("#file", photo)
    expect(page.locator("#top li").first).to_contain_text(f"Person {PERSON:02d}")
    expect(page.locator("#time")).to_contain_text("ms")
