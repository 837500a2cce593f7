"""What a square costs that goes over the image without masks, beside Grad-CAM of the same class."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import colours
from core.attribution import METHODS
from core.attribution.compare import correlations
from dashboard.explain.explanation import explain
from dashboard.explain.request import Request, choose_params
from dashboard.masks.effect import SIDE, MaskedFace
from dashboard.shared import pictures
from dashboard.shared.text import number, significant, t

METHOD = METHODS["occlusion"]


def compare(face: MaskedFace) -> None:
    """Both maps over the image, and their correlation."""
    params = choose_params(METHOD, st.columns(len(METHOD.params), gap="large"))
    explanation = explain(face.image, Request(face.network, METHOD, face.class_index, params=params))
    if explanation is None:
        return
    drops, cam = explanation.map.values, face.effect.maps[0]
    maps = (
        (drops, True, t("masks.occlusion_caption", places=len(drops), high=significant(colours.colour_limit(drops)))),
        (
            cam.values,
            False,
            t("masks.cam_caption", layer=cam.layer, high=significant(colours.colour_limit(cam.values))),
        ),
    )
    for column, (values, signed, caption) in zip(st.columns(2, gap="large"), maps, strict=True):
        with column:
            pictures.captioned_image(colours.overlay(face.image.image, values, signed=signed, side=SIDE), caption)
    correlation = correlations([drops, cam.values])[0, 1]
    st.metric(
        t("masks.correlation"),
        number(correlation, 2) if np.isfinite(correlation) else "–",
        help=t("masks.correlation_help"),
        border=True,
        width="content",
    )
    st.caption(t("masks.asked", count=number(explanation.map.calls), seconds=significant(explanation.seconds)))
