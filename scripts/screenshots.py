"""Takes the README's screenshots of a running app, and with --all those of every page, theme and width for looking at.

streamlit run streamlit_app.py                      # in another terminal
python scripts/screenshots.py docs/screenshots      # every page: light, wide
python scripts/screenshots.py build/screens --all   # also dark, telephone and French
"""

from __future__ import annotations

import argparse
import io
import itertools
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dashboard.navigation import PAGES  # noqa: E402
from dashboard.shared.text import languages  # noqa: E402
from scripts.chromium import CHROMIUM, FLAGS  # noqa: E402

WIDTHS = {"wide": (1440, 1800), "phone": (390, 844)}
IDLE = '[data-testid=stApp][data-test-script-state="notRunning"]'


def settle(page: Page) -> None:
    """Wait until the script is done, nothing is running, and every picture has arrived."""
    page.wait_for_selector(IDLE, timeout=90_000)
    page.wait_for_function("document.querySelectorAll('[data-testid=stProgress]').length === 0", timeout=90_000)
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)", timeout=30_000)
    page.wait_for_timeout(1200)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="http://localhost:8501")
    parser.add_argument("--all", action="store_true", help="every theme, width and language")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    slugs = [page.slug for page in PAGES]
    themes, widths = ("light", "dark"), tuple(WIDTHS)
    kinds = list(itertools.product(themes, widths, languages())) if options.all else [("light", "wide", "en")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for (theme, width, language), slug in itertools.product(kinds, slugs):
            wide, high = WIDTHS[width]
            page = browser.new_page(viewport={"width": wide, "height": high}, color_scheme=theme)
            address = "" if slug == "home" else slug
            page.goto(f"{options.url}/{address}?lang={language}")
            settle(page)
            if options.all:  # the page scrolls inside a box: make the window as high as its content
                needed = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
                page.set_viewport_size({"width": wide, "height": min(needed, 6000)})
                settle(page)
            name = f"{slug}_{theme}_{width}_{language}" if options.all else slug
            shot = Image.open(io.BytesIO(page.screenshot()))
            shot.save(options.folder / f"{name}.webp", quality=85)
            print(name, shot.size)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
