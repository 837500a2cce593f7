"""The choice of language."""

from __future__ import annotations

import streamlit as st

from dashboard.shared.links import choice
from dashboard.shared.text import FALLBACK, browser_language, label, languages


def pick_language() -> None:
    """The languages by their own names. Shown first: every other label depends on it."""
    choice(
        st.segmented_control,
        label(FALLBACK, "app.language"),
        languages(),
        key="lang",
        default=browser_language(),
        format_func=lambda code: label(code, "app.own_name"),
        label_visibility="collapsed",
    )
