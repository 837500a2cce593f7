"""The course's own experiments, one click each: a preset sets controls by the keys that they have in a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.shared import frame
from dashboard.shared.text import t

Preset = Mapping[str, Any]
"""Key of a control -> value. A layer that is not named is the network's default."""
FRAME = ("network", "source", "sample")
"""Keys of controls in the frame, which has run before the page does."""


def preset_buttons(page: str, presets: Mapping[str, Preset]) -> None:
    """The experiments of a page by name, folded away."""
    _finish(page)
    with st.expander(t("presets.title"), icon=":material/school:"):
        st.caption(t("presets.help"))
        with st.container(horizontal=True):
            for name, values in presets.items():
                st.button(t(f"presets.{page}_{name}"), key=f"preset_{name}", on_click=_set, args=(page, values))


def _set(page: str, values: Preset) -> None:
    st.session_state.update(values)
    st.session_state["preset_waiting"] = page, values


def _finish(page: str) -> None:
    """Set the controls of the page once it is about the experiment's network, which may have to be fetched first."""
    waits_on, values = st.session_state.get("preset_waiting", (None, {}))
    if waits_on != page:
        return
    if st.session_state["network"] != values["network"]:  # another one was chosen meanwhile
        del st.session_state["preset_waiting"]
    elif frame.current().network.name == values["network"]:
        del st.session_state["preset_waiting"]
        st.session_state.pop("layer", None)
        st.session_state.update({key: value for key, value in values.items() if key not in FRAME})
        st.session_state["preset_chosen"] = page


def just_chosen(page: str) -> bool:
    """Whether this run follows the choice of an experiment of the page; true once."""
    return st.session_state.pop("preset_chosen", None) == page
