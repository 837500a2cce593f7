"""What the sidebar says on every page."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.networks.entry import Entry
from dashboard.shared.selected import SelectedImage


@dataclass(frozen=True)
class Frame:
    """The selected network and image."""

    network: Entry
    image: SelectedImage


def remember(frame: Frame) -> None:
    """Make this the session's frame."""
    st.session_state["frame"] = frame


def current() -> Frame:
    """The session's frame."""
    chosen: Frame = st.session_state["frame"]
    return chosen
