""" "Where does it look?" in Chromium, and the images that a person chooses."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from visiting import settle, visit, wait_for_pictures

from dashboard.shared import text

pytestmark = pytest.mark.usefixtures("quiet")


def overlay_address(page: Page) -> str:
    """Address of Grad-CAM's overlay; it changes with the picture."""
    overlay = page.locator('[data-testid="stMain"] img[alt*="laid over"]').first
    return str(overlay.get_attribute("src"))


def test_grad_cam_layer_slider_changes_the_picture_by_keyboard(page: Page, server: str) -> None:
    visit(page, f"{server}/grad_cam")
    before = overlay_address(page)
    slider = page.get_by_test_id("stMain").get_by_role("slider", name="Layer")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"!document.querySelector('[data-testid=stMain] img[src=\"{before}\"]')")
    settle(page)
    wait_for_pictures(page)
    assert overlay_address(page) != before
    assert "layer=" in page.url


def test_a_link_shows_another_person_the_same_picture(page: Page, server: str, context) -> None:
    visit(page, f"{server}/grad_cam?group=B&person=7&capture=3&layer=conv4_3&class=9&strength=0.4")
    first = overlay_address(page).rsplit("/", 1)[-1]
    other = context.new_page()
    visit(other, page.url)
    assert overlay_address(other).rsplit("/", 1)[-1] == first
    other.close()


def test_a_broken_upload_is_explained_and_the_page_goes_on(page: Page, server: str) -> None:
    visit(page, f"{server}/grad_cam?source=upload")
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nnothing more"}
    page.locator('[data-testid="stSidebar"] input[type=file]').last.set_input_files(broken)
    expect(page.get_by_test_id("stSidebar").get_by_test_id("stAlert")).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    wait_for_pictures(page)


def test_the_webcam_gives_a_picture(page: Page, server: str, context) -> None:
    context.grant_permissions(["camera"])
    visit(page, f"{server}/grad_cam?source=webcam")
    before = overlay_address(page)
    page.wait_for_function("document.querySelector('[data-testid=stSidebar] video')?.videoWidth > 0")  # it films
    page.get_by_test_id("stSidebar").get_by_role("button", name="Take Photo").click()
    photo = page.locator(f'[data-testid="stMain"] img[alt="{text.label("en", "picture.webcam")}"]')
    expect(photo).to_be_visible()
    page.wait_for_function(f"!document.querySelector('[data-testid=stMain] img[src=\"{before}\"]')")
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    wait_for_pictures(page)
    expect(page.get_by_text(text.label("en", "picture.no_face"))).to_be_attached()  # the test pattern has none
