"""A room asks for its own labels and for those that pages share, so that a page can be deleted with its files alone."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from dashboard.navigation import PAGES
from dashboard.shared.text import FALLBACK, LESSONS

ROOT = Path(__file__).resolve().parents[3]
SLUGS = {page.slug for page in PAGES}
ASKED = re.compile(r"""\b(?:t|has|label)\((?:\w+, )?f?"([a-z_]+)\.""")


def owners() -> dict[str, set[str]]:
    """Section of labels -> the pages that have it for themselves; "ui" for a section that is shared."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (LESSONS / FALLBACK).glob("*.toml"):
        for section in tomllib.loads(file.read_text(encoding="utf-8")):
            found[section].add(file.stem)
    return found


def files() -> list[tuple[str, Path]]:
    """Every file of the screen, and the page that it belongs to; "ui" for one that is shared."""
    found = []
    for file in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        room = file.stem if "pages" in file.relative_to(ROOT).parts else file.relative_to(ROOT).parts[1]
        found.append((room if room in SLUGS else "ui", file))
    return found


@pytest.mark.parametrize(("owner", "file"), files(), ids=lambda value: getattr(value, "stem", value))
def test_a_room_asks_for_its_own_labels_and_shared_ones(owner: str, file: Path) -> None:
    sections = owners()
    asked = set(ASKED.findall(file.read_text(encoding="utf-8")))
    assert asked <= sections.keys()
    spread = {"pages", "cards"}  # every page has its own title and card in them
    assert not {section for section in asked - spread if not sections[section] & {"ui", owner}}
