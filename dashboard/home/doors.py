"""The ways from Home into the course."""

from __future__ import annotations

import streamlit as st

from dashboard.navigation import PAGES, chapters
from dashboard.shared.text import has, t


def start_button() -> None:
    """The way into the first page of the course, which comes after Home."""
    page = PAGES[1]
    if st.button(t("home.start"), type="primary", icon=":material/play_arrow:"):
        st.switch_page(page.path)


def cards() -> None:
    """One card a chapter, with links to its pages and what they are about."""
    st.header(t("home.parts"), anchor=False)
    listed = {chapter: listed for chapter, listed in chapters().items() if chapter != "start"}
    for column, (chapter, pages_of) in zip(st.columns(len(listed)), listed.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(t(f"chapters.{chapter}"), anchor=False)
            st.markdown(t(f"cards.{chapter}"))
            for page in pages_of:
                st.page_link(page.path, label=f"**{page.title}**", icon=page.icon)
                if has(f"cards.{page.slug}"):
                    st.caption(t(f"cards.{page.slug}"))
