"""The course's own experiments, one click each: a preset sets controls by the keys that they have in a link."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.text import t

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "filters": {
        "report": {
            "network": "VGGFace-VGG16",
            "layer": "conv4_3",
            "show": "grid",
            "preset": "course",
            "channel": 0,
            "count": 64,
            "size": 180,
            "iterations": 30,
            "learning_rate": 10.0,
            "seed": 0,
        },
    },
    "grad_cam": {
        "soderbergh": {"method": "grad_cam", "network": "VGGFace-VGG16", "source": "upload", "class": 2369},
        "elephant_resnet": {"method": "grad_cam", "network": "ResNet50", "source": "upload", "class": 386},
        "elephant_xception": {"method": "grad_cam", "network": "Xception", "source": "upload", "class": 386},
        "bear_resnet": {"method": "grad_cam", "network": "ResNet50", "source": "upload", "class": 295},
        "bear_xception": {"method": "grad_cam", "network": "Xception", "source": "upload", "class": 295},
        "cat": {"method": "grad_cam", "network": "ResNet50", "source": "samples", "sample": "chelsea", "class": 281},
        "soccer_ball": {"method": "grad_cam", "network": "ResNet50", "source": "upload", "class": 805},
        "miniskirt": {"method": "grad_cam", "network": "ResNet50", "source": "upload", "class": 655},
        "cow": {"method": "grad_cam", "network": "ResNet50", "source": "upload", "class": 345},
    },
}
"""Page -> experiment -> key of a control -> value. Classes are numbers of ImageNet, which has no cow but an ox, and of
VGGFace. A layer that is not named is the network's default."""


def shown(page: str) -> None:
    """The experiments of a page, folded away."""
    with st.expander(t("presets.title"), icon=":material/school:"):
        st.caption(t("presets.help"))
        with st.container(horizontal=True):
            for name, values in PRESETS[page].items():
                st.button(t(f"presets.{page}_{name}"), key=f"preset_{name}", on_click=_set, args=(page, values))


def _set(page: str, values: dict[str, Any]) -> None:
    st.session_state.pop("layer", None)
    st.session_state.update(values)
    st.session_state["preset_chosen"] = page


def just_chosen(page: str) -> bool:
    """Whether this run follows the choice of an experiment of the page; told once."""
    return st.session_state.pop("preset_chosen", None) == page
