"""The map of embeddings, which WebGL draws and AppTest cannot reach: clicked, turned, enlarged."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from test_browser import IDLE, WAIT, settle, visit

from core.neighbours import HEADS
from dashboard.components import cloud
from dashboard.shared import text
from scripts.chromium import alone

LONELY = """stage => {
    const box = stage.querySelector("canvas").getBoundingClientRect(), { look, looks, places, view } = stage;
    const points = look.map((_, i) => [  // the flat map's own rule
        box.left + box.width * (1 + 0.94 * view.zoom * places[3 * i] + view.x) / 2,
        box.top + box.height * (1 - 0.94 * view.zoom * places[3 * i + 1] - view.y) / 2,
    ]);
    const small = Math.min(...looks.map(look => look.size));
    const apart = (p, q) => p === q ? 1e9 : Math.hypot(p[0] - q[0], p[1] - q[1]);
    const seen = ([x, y]) => x > box.left + 20 && x < box.right - 20 && y > box.top + 60 && y < box.bottom - 20;
    const room = i => Math.min(...points.map(point => apart(point, points[i])));
    const asked = points.map((_, i) => i).filter(i => looks[look[i]].size === small && seen(points[i]));
    const best = asked.reduce((a, b) => room(b) > room(a) ? b : a);
    return [...points[best], best, looks[look[best]].text];
}"""
"""Where on the screen the small point lies that has most room around it, its number, and what it says."""
LOOKS = [
    cloud.Point("#ff0000", 1, 30, "red"),
    cloud.Point("#00ff00", 1, 30, "green"),
    cloud.Point("#0000ff", 1, 30, ""),
]


def test_a_click_on_a_point_shows_its_neighbours_and_what_each_head_says(page: Page, server: str) -> None:
    page.set_default_timeout(WAIT)
    visit(page, f"{server}/neighbours?knn_people=3&knn_k=4")
    stage = page.locator(".st-key-knn_cloud .stage")
    stage.scroll_into_view_if_needed()
    page.get_by_role("button", name=text.label("en", "cloud.nearer")).click()
    page.wait_for_timeout(100)
    x, y, point, said = stage.evaluate(LONELY)
    page.mouse.move(x, y)
    expect(stage.locator(".said")).to_have_text(said)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"knn_point=\d+"))
    page.wait_for_selector(IDLE)
    settle(page)
    assert stage.evaluate("stage => [stage.chosen, stage.near.length, stage.view.zoom]") == [point, 4, 1.25]
    row = re.search(r"knn_point=(\d+)", page.url)[1]
    who = re.escape(said.split(" · ")[0])
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
    assert stage.evaluate("stage => [stage.near.length, stage.view.zoom]") == [5, 1.25]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_points_are_drawn_where_geometry_says(page: Page, dimensions: int) -> None:
    """Beside a second implementation: what WebGL painted, and where the ring and the lines lie."""
    places = np.array([[-1, -1, 0.4], [1, 0.2, -1], [0.3, 1, 1]])[:, :dimensions]
    width, height = _alone(page, places)
    expected = _seen(places, width, height)
    pixels = _pixels(page)
    for (x, y), look in zip(expected, LOOKS, strict=True):
        assert tuple(pixels[round(y), round(x), :3]) == tuple(bytes.fromhex(look.colour[1:]))
    ring = page.locator(".drawn circle").evaluate("ring => ring.style.transform")
    path = page.locator(".drawn path").get_attribute("d")
    told = np.array(re.findall(r"-?[\d.]+", f"{ring} {path}"), float).reshape(-1, 2)
    np.testing.assert_allclose(told, expected[[0, 0, 1, 0, 2]], atol=0.05)


def test_a_map_is_turned_moved_and_enlarged_by_hand_and_by_keys(page: Page) -> None:
    width, height = _alone(page, np.eye(3))
    view = "() => document.querySelector('.stage').view"
    first = page.evaluate(view)
    canvas = page.locator("canvas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowUp", "+"):
        page.keyboard.press(key)
    turned = page.evaluate(view)
    assert (turned["turn"], turned["tilt"]) == pytest.approx((first["turn"] + 0.1, first["tilt"] - 0.1))
    assert turned["zoom"] == 1.25
    page.mouse.move(width / 2, height / 2)
    page.mouse.down()
    page.mouse.move(width / 2 + 30, height / 2)
    page.mouse.up()
    assert page.evaluate(view)["turn"] == pytest.approx(turned["turn"] + 30 / 150)
    page.mouse.wheel(0, 100)
    assert page.evaluate(view)["zoom"] == 1.25, "a wheel alone scrolls the page"
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    assert page.evaluate(view)["zoom"] > 1.25
    page.keyboard.press("0")
    assert page.evaluate(view) == first
    assert page.evaluate("window.told") == [], "what moves the map opens nothing"
    page.wait_for_timeout(100)
    [[x, y]] = _seen(np.eye(3), width, height)[[1]]
    page.mouse.click(x, y)
    assert page.evaluate("window.told") == [["opened", 1]]


def _alone(page: Page, places: np.ndarray) -> list[float]:
    """The component without Streamlit, in the page's corner; returns its width and height."""
    alone(page, cloud, cloud.content(places, LOOKS, 0, [1, 2]) | {"alt": "", "words": {}}, 700)
    return page.evaluate("(({ width, height }) => [width, height])(document.querySelector('.stage'))")


def _seen(places: np.ndarray, width: float, height: float) -> np.ndarray:
    """Where points are seen: scaled to [-1, 1]; in 3D to a ball, turned 0.6, tilted 0.45, seen from 3 radii away."""
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = 2 * (places - low) / (high - low) - 1
    if scaled.shape[1] == 2:
        return np.stack([width * (1 + 0.94 * scaled[:, 0]) / 2, height * (1 - 0.94 * scaled[:, 1]) / 2], axis=1)
    scaled = scaled / np.linalg.norm(scaled, axis=1).max()
    turn = np.array([[np.cos(0.6), -np.sin(0.6), 0], [np.sin(0.6), np.cos(0.6), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(0.45), -np.sin(0.45)], [0, np.sin(0.45), np.cos(0.45)]])
    across, away, up = tilt @ turn @ scaled.T
    half = 0.94 * np.sqrt(8 / 9) * min(width, height) / 2 / (1 + away / 3)
    return np.stack([width / 2 + half * across, height / 2 - half * up], axis=1)


def _pixels(page: Page) -> np.ndarray:
    """What is painted: the canvas on white, without what lies over it."""
    page.add_style_tag(content=".drawn, .buttons { visibility: hidden; }")
    return np.array(Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB"))
