"""The course's own experiments, one click each: a preset sets controls by the keys that they have in a link."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.shared import frame
from dashboard.shared.text import t

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "filters": {
        "report": {
            "network": "VGGFace-VGG16",
            "layer": "conv4_3",
            "show": "grid",
            "preset": "course",
            "set": "0-63",
            "size": 180,
            "iterations": 30,
            "learning_rate": 10.0,
            "seed": 0,
        },
    },
    "grad_cam": {
        "soderbergh": {"network": "VGGFace-VGG16", "source": "upload", "class": 2369, "method": "grad_cam"},
        **{
            f"{animal}_{network.lower()}_{method}": {
                "network": network,
                "source": "upload",
                "class": class_index,
                "method": method,
            }
            for animal, class_index in (("elephant", 386), ("bear", 295))
            for network in ("ResNet50", "Xception")
            for method in ("grad_cam", "fem")
        },
        "cat": {"network": "ResNet50", "source": "samples", "sample": "chelsea", "class": 281, "method": "grad_cam"},
        **{
            name: {"network": "ResNet50", "source": "upload", "class": class_index, "method": "grad_cam"}
            for name, class_index in (("soccer_ball", 805), ("miniskirt", 655), ("cow", 345))
        },
    },
}
"""Page -> experiment -> key of a control -> value. Classes are numbers of ImageNet, which has no cow but an ox, and of
VGGFace. A layer that is not named is the network's default."""


FRAME = ("network", "source", "sample")
"""Keys of controls in the frame, which has run before the page does."""


def shown(page: str) -> None:
    """The experiments of a page, folded away."""
    _finish(page)
    with st.expander(t("presets.title"), icon=":material/school:"):
        st.caption(t("presets.help"))
        with st.container(horizontal=True):
            for name, values in PRESETS[page].items():
                st.button(t(f"presets.{page}_{name}"), key=f"preset_{name}", on_click=_set, args=(page, values))


def _set(page: str, values: dict[str, Any]) -> None:
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
    """Whether this run follows the choice of an experiment of the page; told once."""
    return st.session_state.pop("preset_chosen", None) == page
