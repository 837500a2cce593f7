"""The components by themselves, without Streamlit: what their scripts draw, send and leave alone."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard.components.cloud import Marker, map_data
from dashboard.components.component import FOLDER
from scripts.component_page import load_component, render_component

WIDTH = 700
MARKERS = [Marker("#ff0000", 1, 30, "red"), Marker("#00ff00", 1, 30, "green"), Marker("#0000ff", 1, 30, "")]
VIEW = "() => document.querySelector('.stage').view"


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.html")))
def test_before_it_has_data_a_component_shows_nothing_without_a_name(page: Page, name: str) -> None:
    load_component(page, name, WIDTH)
    violations = Axe().run(page, context="#component").response["violations"]
    assert not [f"{violation['id']}: {node['html']}" for violation in violations for node in violation["nodes"]]


# --- boxes ------------------------------------------------------------------------------------------------------------


def box(x: float, revision: int) -> dict[str, Any]:
    """The data of one box around `x`, in an answer to the change number `revision`."""
    mask = {"x": x, "y": 0.5, "width": 0.2, "height": 0.2, "shape": "rectangle"}
    label = "{number}: {x}, {y}, {width} x {height}"
    return {"masks": [mask], "selected": 0, "revision": revision, "label": label, "help": "", "image": "", "alt": ""}


def test_the_answer_to_an_earlier_key_takes_nothing_back(page: Page) -> None:
    """Two keys in a row, of which the first alone is reported at once and answered."""
    render_component(page, "boxes", box(0.5, 0), WIDTH)
    button = page.locator("button")
    for _ in range(2):
        button.press("ArrowRight")
    page.wait_for_function("sent.length === 2")
    (_, first), (_, second) = page.evaluate("sent")
    assert [report["boxes"] for report in (first, second)] == [[[51, 50, 20, 20]], [[52, 50, 20, 20]]]
    page.evaluate("data => render(data)", box(0.51, first["revision"]))
    expect(button).to_have_accessible_name("1: 52, 50, 20 x 20")
    page.evaluate("data => render(data)", box(0.3, second["revision"]))
    expect(button).to_have_accessible_name("1: 30, 50, 20 x 20")


def test_a_corner_is_dragged_and_the_opposite_one_stays(page: Page) -> None:
    render_component(page, "boxes", box(0.5, 0), WIDTH)
    page.locator(".stage").evaluate("stage => { stage.style.height = '700px'; }")
    x, y = 0.6 * WIDTH, 0.6 * WIDTH
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * WIDTH, y + 0.2 * WIDTH, steps=3)
    page.mouse.up()
    expect(page.locator("button")).to_have_accessible_name("1: 55, 60, 30 x 40")


# --- the map of embeddings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [2, 3])
def test_points_are_drawn_where_geometry_says(page: Page, dimensions: int) -> None:
    """Beside a second implementation: what WebGL painted, and where the ring and the lines lie."""
    coordinates = np.array([[-1, -1, 0.4], [1, 0.2, -1], [0.3, 1, 1]])[:, :dimensions]
    width, height = draw_map(page, coordinates)
    expected = on_screen(coordinates, width, height)
    pixels = painted(page)
    for (x, y), marker in zip(expected, MARKERS, strict=True):
        assert tuple(pixels[round(y), round(x), :3]) == tuple(bytes.fromhex(marker.colour[1:]))
    ring = page.locator(".lines circle").evaluate("ring => ring.style.transform")
    path = page.locator(".lines path").get_attribute("d")
    drawn = np.array(re.findall(r"-?[\d.]+", f"{ring} {path}"), float).reshape(-1, 2)
    np.testing.assert_allclose(drawn, expected[[0, 0, 1, 0, 2]], atol=0.05)


def test_a_map_is_turned_moved_and_enlarged_by_hand_and_by_keys(page: Page) -> None:
    width, height = draw_map(page, np.eye(3))
    first = page.evaluate(VIEW)
    canvas = page.locator("canvas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowUp", "+"):
        page.keyboard.press(key)
    turned = page.evaluate(VIEW)
    assert (turned["turn"], turned["tilt"]) == pytest.approx((first["turn"] + 0.1, first["tilt"] - 0.1))
    assert turned["zoom"] == 1.25
    page.mouse.move(width / 2, height / 2)
    page.mouse.down()
    page.mouse.move(width / 2 + 30, height / 2)
    page.mouse.up()
    assert page.evaluate(VIEW)["turn"] == pytest.approx(turned["turn"] + 30 / 150)
    page.mouse.wheel(0, 100)
    assert page.evaluate(VIEW)["zoom"] == 1.25, "a wheel alone scrolls the page"
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    assert page.evaluate(VIEW)["zoom"] > 1.25
    page.keyboard.press("0")
    assert page.evaluate(VIEW) == first
    assert page.evaluate("sent") == [], "what moves the map opens nothing"
    page.wait_for_timeout(100)
    [[x, y]] = on_screen(np.eye(3), width, height)[[1]]
    page.mouse.click(x, y)
    assert page.evaluate("sent") == [["opened", 1]]


def draw_map(page: Page, coordinates: np.ndarray) -> list[float]:
    """The map alone, its first point selected; returns its width and height in pixels."""
    render_component(page, "cloud", map_data(coordinates, MARKERS, 0, [1, 2]) | {"alt": "", "texts": {}}, WIDTH)
    return page.evaluate("(({ width, height }) => [width, height])(document.querySelector('.stage'))")


def on_screen(coordinates: np.ndarray, width: float, height: float) -> np.ndarray:
    """Where points are seen: scaled to [-1, 1]; in 3D to a ball, turned 0.6, tilted 0.45, seen from 3 radii away."""
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    scaled = 2 * (coordinates - low) / (high - low) - 1
    if scaled.shape[1] == 2:
        return np.stack([width * (1 + 0.94 * scaled[:, 0]) / 2, height * (1 - 0.94 * scaled[:, 1]) / 2], axis=1)
    scaled = scaled / np.linalg.norm(scaled, axis=1).max()
    turn = np.array([[np.cos(0.6), -np.sin(0.6), 0], [np.sin(0.6), np.cos(0.6), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(0.45), -np.sin(0.45)], [0, np.sin(0.45), np.cos(0.45)]])
    across, away, up = tilt @ turn @ scaled.T
    half = 0.94 * np.sqrt(8 / 9) * min(width, height) / 2 / (1 + away / 3)
    return np.stack([width / 2 + half * across, height / 2 - half * up], axis=1)


def painted(page: Page) -> np.ndarray:
    """The canvas on white, `(h, w, 3)` uint8, without what lies over it."""
    page.add_style_tag(content=".lines, .buttons { visibility: hidden; }")
    return np.array(Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB"))
