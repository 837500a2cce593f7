""" "Filter statistics" in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from visiting import settle, visit

pytestmark = pytest.mark.usefixtures("quiet")


CELL = """() => {
    const chart = document.querySelector(".st-key-confusion .js-plotly-plot"), { xaxis, yaxis } = chart._fullLayout;
    const box = chart.querySelector(".nsewdrag").getBoundingClientRect();
    return [box.left + xaxis.d2p(0), box.top + yaxis.d2p(0)];
}"""
"""Where on the screen the noughts are that were taken for noughts."""


def test_a_click_on_the_matrix_shows_the_digits_of_the_cell(page: Page, server: str) -> None:
    visit(page, f"{server}/statistics?network=Digits&view=confusion")
    page.locator(".st-key-confusion").scroll_into_view_if_needed()
    page.mouse.click(*page.evaluate(CELL))
    page.wait_for_url("**expected=0**")
    settle(page)
    assert "predicted=0" in page.url
    assert page.get_by_test_id("stMain").locator("img[alt^='A digit 0, taken for 0']").count() > 20
