"""A click on a point of the map of embeddings, which WebGL draws and AppTest cannot reach."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from test_browser import IDLE, WAIT, settle, visit

from core.neighbours import HEADS
from dashboard import text

LONELY = """() => {
    const chart = document.querySelector(".st-key-knn_cloud .js-plotly-plot"), layout = chart._fullLayout;
    const { x, y, customdata, marker } = chart._fullData[0];
    const box = chart.querySelector(".nsewdrag").getBoundingClientRect();
    const points = [...x].map((_, i) => [box.left + layout.xaxis.d2p(x[i]), box.top + layout.yaxis.d2p(y[i])]);
    const asked = points.map((_, i) => i).filter(i => marker.size[i] === Math.min(...marker.size));
    const apart = (p, q) => p === q ? 1e9 : Math.hypot(p[0] - q[0], p[1] - q[1]);
    const room = i => Math.min(...points.map(point => apart(point, points[i])));
    const best = asked.reduce((a, b) => room(b) > room(a) ? b : a);
    return [...points[best], customdata[best]];
}"""
"""Where on the screen the small point lies that has most room around it, and its row."""


def test_a_click_on_a_point_shows_its_neighbours_and_what_each_head_says(page: Page, server: str) -> None:
    page.set_default_timeout(WAIT)
    visit(page, f"{server}/neighbours?knn_people=3&knn_k=2")
    page.locator(".st-key-knn_cloud canvas").first.scroll_into_view_if_needed()
    x, y, row = page.evaluate(LONELY)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(rf"knn_point={row}\b"))
    page.wait_for_selector(IDLE)
    settle(page)
    chosen = page.get_by_role("combobox", name=text.label("en", "neighbours.query"))
    expect(chosen).to_have_value(re.compile(rf"picture {row}$"))
    main = page.get_by_test_id("stMain")
    expect(main.locator("img[alt*=' · 0.']")).to_have_count(2)
    for head in HEADS[:2]:  # ✓ or ✗, the head, and whom it names with which share
        said = re.compile(rf"[✓✗] {re.escape(text.label('en', f'neighbours.{head}'))}: .+%")
        expect(main.get_by_text(said)).to_be_visible()
