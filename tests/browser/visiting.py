"""How a test visits a page of the app."""

from __future__ import annotations

from playwright.sync_api import Page

from dashboard.shared import text

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
WAIT = 180_000
"""Milliseconds; the first page waits for the worker to import TensorFlow."""


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
