"""The map of embeddings, which WebGL draws and AppTest cannot reach: clicked, turned, enlarged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from visiting import IDLE, WAIT, settle, visit

from core.neighbours import HEADS
from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")

LONELIEST_POINT = Path(__file__).with_name("loneliest_point.js").read_text(encoding="utf-8")


def test_a_click_on_a_point_shows_its_neighbours_and_what_each_head_says(page: Page, server: str) -> None:
    page.set_default_timeout(WAIT)
    visit(page, f"{server}/neighbours?knn_people=3&knn_k=4")
    stage = page.locator(".st-key-knn_cloud .stage")
    stage.scroll_into_view_if_needed()
    page.get_by_role("button", name=text.label("en", "cloud.nearer")).click()
    page.wait_for_timeout(100)
    x, y, point, tooltip = stage.evaluate(LONELIEST_POINT)
    page.mouse.move(x, y)
    expect(stage.locator(".tooltip")).to_have_text(tooltip)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"knn_point=\d+"))
    page.wait_for_selector(IDLE)
    settle(page)
    assert stage.evaluate("stage => [stage.selected, stage.neighbours.length, stage.view.zoom]") == [point, 4, 1.25]
    row = re.search(r"knn_point=(\d+)", page.url)[1]
    who = re.escape(tooltip.split(" · ")[0])
    chosen = page.get_by_role("combobox", name=text.label("en", "neighbours.query"))
    expect(chosen).to_have_value(re.compile(rf"^{who} · picture {row}$"))
    main = page.get_by_test_id("stMain")
    expect(main.locator("img[alt*=' · 0.']")).to_have_count(4)
    for head in HEADS[:2]:  # ✓ or ✗, the head, and whom it names with which share
        expect(
            main.get_by_text(re.compile(rf"[✓✗] {re.escape(text.label('en', f'neighbours.{head}'))}: .+%"))
        ).to_be_visible()
    page.get_by_role("slider", name=text.label("en", "neighbours.k")).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"knn_k=5"))
    settle(page)
    # the map was enlarged before, and still is
    assert stage.evaluate("stage => [stage.neighbours.length, stage.view.zoom]") == [5, 1.25]
