"""Every page in Chromium: opened by its link, read by a screen reader's rules, reached by keyboard."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from visiting import slug_path, visit, wait_for_pictures

from dashboard import navigation
from dashboard.shared import lesson, text

pytestmark = pytest.mark.usefixtures("quiet")


SLUGS = [page.slug for page in navigation.PAGES]


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
