"""The rooms of the dashboard: which pages exist, in the order of the course."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.shared.text import t

ROOT = Path(__file__).resolve().parents[1]

CHAPTERS: dict[str, tuple[str, ...]] = {
    "start": ("home",),
    "see": ("network", "filters", "training", "statistics"),
    "look": ("grad_cam", "explainers", "evaluation", "masks", "populations"),
    "decide": ("neighbours",),
    "ship": ("deploy",),
}
"""Chapter -> its pages. A chapter without pages is not listed."""

ICONS = {
    "home": ":material/home:",
    "network": ":material/account_tree:",
    "filters": ":material/grid_view:",
    "training": ":material/model_training:",
    "statistics": ":material/equalizer:",
    "grad_cam": ":material/visibility:",
    "explainers": ":material/view_module:",
    "evaluation": ":material/fact_check:",
    "masks": ":material/masks:",
    "populations": ":material/groups:",
    "neighbours": ":material/hub:",
    "deploy": ":material/rocket_launch:",
}


def style() -> str:
    """What the theme in `.streamlit/config.toml` cannot say, as an HTML style."""
    # On a telephone the labels under the drawing of the network, and in the cells of a table, would lie on each other.
    small = ".st-key-architecture .annotation, .st-key-alike .annotation { display: none; }"
    rules = f"@media (max-width: 640px) {{ {small} }}"
    # Buttons and chosen options are light in the dark theme: Streamlit would write on them in white.
    options = '[data-testid="stMultiSelect"] span[title], [data-testid="stMultiSelect"] span[title] + *'
    rules += f' [data-testid="stBaseButton-primary"]:enabled, {options} {{ color: light-dark(#ffffff, #0b1118); }}'
    return f"<style>{rules}</style>"


def path(chapter: str, slug: str) -> Path:
    """File of a page."""
    return ROOT / "pages" / chapter / f"{slug}.py"


def pages() -> dict[str, list[st.Page]]:
    """What `st.navigation` lists, titled in the session's language. Addresses are the same in every language."""
    return {
        t(f"chapters.{chapter}"): [
            st.Page(
                path(chapter, slug), title=t(f"pages.{slug}"), icon=ICONS[slug], url_path=slug, default=slug == "home"
            )
            for slug in slugs
        ]
        for chapter, slugs in CHAPTERS.items()
        if slugs
    }


def start_button(slug: str) -> None:
    """The way into the first page of the course."""
    chapter = next(name for name, slugs in CHAPTERS.items() if slug in slugs)
    if st.button(t("home.start"), type="primary", icon=":material/play_arrow:"):
        st.switch_page(path(chapter, slug))


def cards() -> None:
    """One card a chapter, with links to its pages and what they are about."""
    st.header(t("home.parts"), anchor=False)
    shown = {chapter: slugs for chapter, slugs in CHAPTERS.items() if slugs and chapter != "start"}
    for column, (chapter, slugs) in zip(st.columns(len(shown)), shown.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(t(f"chapters.{chapter}"), anchor=False)
            st.markdown(t(f"cards.{chapter}"))
            for slug in slugs:
                st.page_link(path(chapter, slug), label=f"**{t(f'pages.{slug}')}**", icon=ICONS[slug])
                st.caption(t(f"cards.{slug}"))
