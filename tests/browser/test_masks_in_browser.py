""" "Hide a face" in Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from visiting import settle, visit

from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_mask_is_dragged_and_moved_by_keyboard(page: Page, server: str) -> None:
    visit(page, f"{server}/masks?lang=en&masks=r_50_50_40_10_100")
    box, slider = page.locator("button.selected"), page.get_by_role("slider", name=text.label("en", "masks.y"))
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - place["height"], steps=8)  # by its own height, 10 % of the picture
    page.mouse.up()
    page.wait_for_url(re.compile(r"masks=r_50_40_40_10_100"))
    settle(page)
    expect(slider).to_have_attribute("aria-valuetext", "40.0")
    box.focus()
    for key in ["ArrowRight"] * 5 + ["Shift+ArrowDown"] * 3:  # faster than the page answers: none may be lost
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    page.wait_for_url(re.compile(r"masks=r_55_40_40_13_100"))
    settle(page)
    slider.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile(r"masks=r_55_39.5_40_13_100"))
    expect(box).to_have_attribute("aria-label", re.compile("40 % from the top|39 % from the top"))
