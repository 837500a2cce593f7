"""Which experiment is done with the masked face."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.masks import evolution, occlusion, smallest, verdict
from dashboard.masks.effect import MaskedFace
from dashboard.shared import controls
from dashboard.shared.text import t

EXPERIMENTS: dict[str, Callable[[MaskedFace], None]] = {
    "evolution": evolution.evolve,
    "occlusion": occlusion.compare,
    "verdict": verdict.attack,
    "smallest": smallest.trade_off,
}


def experiment(face: MaskedFace) -> None:
    """The selected experiment."""
    st.header(t("masks.experiment"), anchor=False)
    controls.part("masks", "experiment", EXPERIMENTS, key="mask_show", label_visibility="collapsed")(face)
