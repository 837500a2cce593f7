"""Debian's Chromium, as tests, screenshots and measurements start it."""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOWING = """async ([code, data]) => {
    const component = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    window.told = [];
    const parentElement = document.getElementById("component");
    component.default({ data, parentElement, setTriggerValue: (...told) => window.told.push(told) });
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def alone(page: Page, component: ModuleType, data: dict[str, Any], width: int) -> None:
    """A component of the dashboard without Streamlit, in the page's corner, drawn; `window.told` is what it told."""
    style = f"body {{ margin: 0; }} #component {{ width: {width}px; }} {component.CSS}"
    page.set_content(f"<style>{style}</style><div id='component'>{component.HTML}</div>")
    page.evaluate(SHOWING, [component.SCRIPT.read_text(encoding="utf-8"), data])
