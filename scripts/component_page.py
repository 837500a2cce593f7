"""A component of the dashboard without Streamlit, alone in a browser's page, for tests and measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from dashboard.components.component import sources

SCRIPT = Path(__file__).with_suffix(".js")


def load_component(page: Page, name: str, width: int) -> None:
    """The component in the page's corner, `width` pixels wide, as it is before it has any data.

    In the page `render(data)` draws it, and `sent` lists what it has sent: event and value.
    """
    files = sources(name)
    style = f"body {{ margin: 0; }} #component {{ width: {width}px; }} {files.css}"
    page.set_content(f"<style>{style}</style><div id='component'>{files.html}</div>")
    page.evaluate(SCRIPT.read_text(encoding="utf-8"), files.js)


def render_component(page: Page, name: str, data: Any, width: int) -> None:
    """The component as it is drawn with `data`."""
    load_component(page, name, width)
    page.evaluate("data => render(data)", data)
