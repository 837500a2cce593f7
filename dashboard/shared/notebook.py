"""The session's filter notebook: the student's own words for channels, which several pages read."""

from __future__ import annotations

import streamlit as st

from core.features.notebook import Labels


def labels() -> Labels:
    """The words written so far, to be read and changed."""
    words: Labels = st.session_state.setdefault("notebook", {})
    return words
