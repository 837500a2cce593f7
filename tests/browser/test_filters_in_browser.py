""" "What do filters see?" in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from visiting import settle, visit, wait_for_pictures

from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_filter_forms_and_can_be_cancelled(page: Page, server: str) -> None:
    visit(page, f"{server}/filters?layer=conv2_1&iterations=20")
    page.wait_for_selector('[data-testid="stMain"] img')
    settle(page)
    wait_for_pictures(page)
    visit(page, f"{server}/filters?layer=conv5_3&preset=course&iterations=200&size=320")
    page.get_by_role("button", name=text.label("en", "jobs.cancel")).click()
    expect(page.get_by_text(text.label("en", "jobs.cancelled"))).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("show", ["grid", "rates", "iterations", "tv", "together", "depth", "atlas"])
def test_every_experiment_with_filters_shows_images(page: Page, server: str, show: str) -> None:
    visit(page, f"{server}/filters?show={show}&layer=conv2_1&set=0-8&iterations=3&fast_iterations=3")
    if show != "atlas":
        page.get_by_role("button", name=text.label("en", "controls.run"), exact=True).click()
    picture = page.locator('[data-testid="stMain"] img[alt*="excite"]').first  # also in the shadow of a component
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_picture_of_the_grid_is_opened_by_keyboard_and_by_its_link(page: Page, server: str, context) -> None:
    visit(page, f"{server}/filters?show=grid&layer=conv2_1&set=3-5&fast_iterations=3&channel=9")
    page.get_by_role("button", name=text.label("en", "controls.run"), exact=True).click()
    told = text.label("en", "filters.picture_alt", layer="conv2_1", channel=4)
    page.get_by_role("button", name=told).press("Enter")
    page.wait_for_url(lambda address: "channel=4" in address and "show=" not in address)
    other = context.new_page()
    visit(other, page.url)
    for opened in (page, other):
        expect(opened.get_by_role("spinbutton", name=text.label("en", "controls.channel"))).to_have_value("4")
        expect(opened.get_by_test_id("stImage").get_by_alt_text(told)).to_be_visible()
    other.close()
