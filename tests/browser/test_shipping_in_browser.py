"""The engine in a real Chromium: picture, webcam and the stand-alone file, with no request to anywhere else."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from test_browser import WAIT, settle, visit

from core import faces, images
from core.deployment import standalone, tasks
from core.networks import MINIFACE
from dashboard import text

PERSON = 7


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """The plain portrait as the page gives it to every runtime."""
    image = faces.render(faces.person(PERSON), faces.PORTRAIT, 224)[0]
    return images.resize(image, MINIFACE.input_size, MINIFACE.input_size)


def test_the_browser_answers_as_keras_and_asks_nobody(
    page: Page, server: str, context, picture: np.ndarray, tmp_path: Path
) -> None:
    page.set_default_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    elsewhere: list[str] = []

    def note(request) -> None:
        if not request.url.startswith((server, server.replace("http", "ws"), "data:", "blob:", "file:")):
            elsewhere.append(request.url)

    page.on("request", note)
    context.grant_permissions(["camera"], origin=server)
    visit(page, f"{server}/deploy?group=B&person={PERSON}")
    first, speed = page.locator(".ship li").first, page.locator(".ship .speed")
    expect(speed).to_contain_text("over 20 calls")
    truth = tasks.answers(MINIFACE, picture)["probabilities"]
    assert MINIFACE.labels[int(truth.argmax())] in first.inner_text()
    share = float(re.search(r"([\d.]+) %", first.inner_text())[1])
    assert share == pytest.approx(100 * truth.max(), abs=0.051)
    settle(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(f"Measured now: {text.label('en', 'runtime.browser')}.")

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
    assert not elsewhere
