""" "Do they tell the truth?" in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from visiting import IDLE, visit, wait_for_pictures

from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")


def test_explanations_are_put_to_the_test(page: Page, server: str) -> None:
    visit(page, f"{server}/evaluation?method=saliency&test_steps=8")
    share = page.get_by_role("slider", name=text.label("en", "evaluation.share"))
    moves_a_picture(page, share, page.get_by_test_id("stMain").locator('img[alt^="Deleted"]'))
    page.get_by_role("radio", name=text.label("en", "evaluation.test_randomization")).click()
    layers = page.get_by_role("slider", name=text.label("en", "evaluation.randomized"))
    moves_a_picture(page, layers, page.get_by_test_id("stMain").locator('img[alt*="Rank correlation"]'))
    expect(page.get_by_test_id("stException")).to_have_count(0)


def moves_a_picture(page: Page, slider: Locator, picture: Locator) -> None:
    """A step of the slider by the keyboard changes the picture."""
    wait_for_pictures(page)  # Streamlit drops one that was replaced, and a browser that is still fetching it complains
    before = picture.get_attribute("src")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", before or "")
    page.wait_for_selector(IDLE)
    wait_for_pictures(page)
