"""Which pages there are, and the way between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.shared.text import t

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Page:
    """A page: its `slug` names its file, its lesson, its labels, its room and its address."""

    slug: str
    chapter: str
    icon: str = ":material/article:"

    @property
    def path(self) -> Path:
        """Its file."""
        return ROOT / "pages" / self.chapter / f"{self.slug}.py"

    @property
    def title(self) -> str:
        """What it is called in the session's language."""
        return t(f"pages.{self.slug}")


PAGES: tuple[Page, ...] = (
    Page("home", "start", ":material/home:"),
    Page("network", "see", ":material/account_tree:"),
    Page("filters", "see", ":material/grid_view:"),
    Page("training", "see", ":material/model_training:"),
    Page("statistics", "see", ":material/equalizer:"),
    Page("grad_cam", "look", ":material/visibility:"),
    Page("explainers", "look", ":material/view_module:"),
    Page("evaluation", "look", ":material/fact_check:"),
    Page("masks", "look", ":material/masks:"),
    Page("populations", "look", ":material/groups:"),
    Page("neighbours", "decide", ":material/hub:"),
    Page("deploy", "ship", ":material/rocket_launch:"),
)
"""All pages, in the order of the course."""


def chapters() -> dict[str, list[Page]]:
    """Chapter -> its pages, both in their order."""
    grouped: dict[str, list[Page]] = {}
    for page in PAGES:
        grouped.setdefault(page.chapter, []).append(page)
    return grouped


def pages() -> dict[str, list[st.Page]]:
    """What `st.navigation` lists, titled in the session's language. Addresses are the same in every language."""
    return {
        t(f"chapters.{chapter}"): [
            st.Page(page.path, title=page.title, icon=page.icon, url_path=page.slug, default=page.slug == "home")
            for page in listed
        ]
        for chapter, listed in chapters().items()
    }
