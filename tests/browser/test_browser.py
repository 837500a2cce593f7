"""The app as one meets it: links, pictures, sliders, a running job, a file, the webcam, the keyboard, a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from dashboard import navigation
from dashboard.shared import lesson, text

SLUGS = [page.slug for page in navigation.PAGES]
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
STREAMLITS_OWN_404 = re.compile(r"/_stcore/(health|host-config)$")
"""On a deep link Streamlit asks for these below the page's own address first, and takes the 404 as an answer."""
WAIT = 180_000
"""Milliseconds; the first page waits for the worker to import TensorFlow."""


@pytest.fixture(scope="session", autouse=True)
def first_visit(server: str, browser) -> None:
    """The first visitor of a new server follows a link, changes something, and keeps page and language."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    visit(page, f"{server}/grad_cam?lang=fr")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name=text.label("fr", "picture.another")).click()
    page.wait_for_url("**capture=1**")
    assert "lang=fr" in page.url
    page.close()


@pytest.fixture(autouse=True)
def quiet(page: Page) -> Iterator[None]:
    """No test may leave an error on the browser's console; a busy machine gets its time."""
    page.set_default_timeout(WAIT)
    page.set_default_navigation_timeout(WAIT)
    expect.set_options(timeout=WAIT)
    errors: list[str] = []

    def note(message) -> None:
        if message.type == "error" and not STREAMLITS_OWN_404.search(message.location.get("url", "")):
            errors.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert not errors


def visit(page: Page, address: str) -> None:
    """Open an address and wait until the page has run to its end: its last heading is there and nothing runs."""
    page.goto(address)
    page.wait_for_selector("h1")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the script has stopped and the page's closing part has arrived."""
    references = page.get_by_role("heading", name=text.label(_language(page), "lesson.references"))
    references.wait_for(state="attached")
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE)


def _language(page: Page) -> str:
    return "fr" if "lang=fr" in page.url else "en"


def slug_path(slug: str) -> str:
    """Address of a page below the server's."""
    return "/" if slug == "home" else f"/{slug}"


def wait_for_pictures(page: Page) -> None:
    """Wait until the page shows at least one picture, or a component has drawn one, and every one has arrived."""
    page.wait_for_function(
        """() => {
            const parts = [...document.querySelectorAll('[data-testid=stMain] *')];
            const pictures = parts.filter(part => part.matches('img'));
            const drawn = pictures.length > 0 || parts.some(part => part.shadowRoot?.querySelector('canvas'));
            return drawn && pictures.every(i => i.complete && i.naturalWidth > 0);
        }""",
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_deep_link_opens_the_page_for_everybody(page: Page, server: str, slug: str) -> None:
    """In both languages and themes: in its frame, complete, for a screen reader, and on a telephone."""
    for language, scheme in (("en", "light"), ("fr", "dark")):  # one after the other, from one browser's cache
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme=scheme)
        look_at(page, server, slug, language)


def look_at(page: Page, server: str, slug: str, language: str) -> None:
    """All that every page has to be, in one language."""
    visit(page, f"{server}{slug_path(slug)}?lang={language}")
    expect(page.get_by_role("heading", level=1)).to_have_text(lesson.load_lesson(language, slug).title)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text(text.label(language, "pages.home"))
    wait_for_pictures(page)
    missing = page.locator('[data-testid="stMain"] img:not([alt]), [data-testid="stSidebar"] img:not([alt])')
    expect(missing).to_have_count(0)
    assert not violations(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollWidth <= 390", timeout=5000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def violations(page: Page) -> list[str]:
    """What axe finds on the page, Streamlit's own navigation left out."""
    found = Axe().run(
        page, context={"exclude": [['[data-testid="stSidebarNav"]'], ['[data-testid="stSidebarHeader"]']]}
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][-300:]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


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


def test_page_is_reached_by_keyboard(page: Page, server: str) -> None:
    visit(page, f"{server}/grad_cam")
    expect(page.get_by_role("combobox", name="Network")).to_be_visible()  # lists come to the browser a bit later
    reached: list[str] = []
    while len(reached) < 120 and "Overlay strength" not in (reached or [""])[-1]:
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    for name in ("Where does it look?", "Network", "Another capture", "The formula", "Layer", "Overlay strength"):
        assert any(name in said for said in reached), (name, reached)


FOCUSED = """() => {
    const focused = document.activeElement;
    const widget = focused.closest('[data-testid=stSlider], [data-testid=stSelectbox]');
    return (widget || focused).innerText || focused.getAttribute('aria-label') || focused.tagName;
}"""
"""What is written on the element, or the slider or list, that has the keyboard."""


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
    before = picture.get_attribute("src")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", before or "")
    page.wait_for_selector(IDLE)


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
