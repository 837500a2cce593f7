"""An explanation on screen: computed at once or as a job, its map over the image and alone, what it is about."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core import colours
from core.attribution import tasks
from core.attribution.tasks import Explanation
from core.progress import Progress
from dashboard.explain.request import Request
from dashboard.shared import names, pictures
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, significant, t
from dashboard.shared.workers import ask, job

SIDE = 448


def explain(image: SelectedImage, request: Request) -> Explanation | None:
    """The explanation; None until the job of a slow method is over, which is shown meanwhile."""
    way = partial(job, draw=partial(draw_progress, image, request)) if request.method.slow else ask
    explanation: Explanation | None = way(
        tasks.explain,
        request.network,
        request.method.name,
        image.at(request.network.input_size),
        request.class_index,
        request.layer,
        **dict(request.params),
    )
    return explanation


def draw_progress(image: SelectedImage, request: Request, progress: Progress) -> None:
    """The photo, the map as it is now, and how many images went through the network."""
    photo, forming, calls = st.columns(3)
    photo.image(pictures.encode_photo(image.image), width="stretch", alt=image.name, caption=image.name)
    if progress.picture:
        forming.image(
            pictures.data_url(progress.picture),
            width="stretch",
            alt=t("explain.forming", method=request.method.title),
        )
    calls.metric(t("explain.calls"), number(progress.values.get("calls", 0)))


def describe(request: Request, explanation: Explanation) -> str:
    """What a map is about: its class, or that it knows none, and its layer."""
    index = explanation.class_index
    name = t("explain.no_class") if index is None else names.class_names(request.network)[index]
    return f"{name} · {explanation.layer}" if explanation.layer else name


def place_maps(image: SelectedImage, request: Request, explanation: Explanation, strength: float) -> bytes:
    """The photo, the map over it and the map alone, with its range and what it cost; returns the encoded overlay."""
    method, values, label = request.method, explanation.map.values, describe(request, explanation)
    overlay = pictures.encode_drawing(colours.overlay(image.image, values, strength, signed=method.signed, side=SIDE))
    photo, over, alone = st.columns(3)
    photo.image(pictures.encode_photo(image.image), width="stretch", alt=image.name, caption=image.name)
    over.image(
        overlay,
        width="stretch",
        alt=t("explain.overlay_alt", method=method.title, label=label),
        caption=f"{method.title} · {label}",
    )
    alone.image(
        pictures.encode_drawing(colours.heatmap(values, signed=method.signed, side=SIDE)),
        width="stretch",
        alt=t("explain.heatmap_alt", method=method.title, label=label),
        caption=scale_caption(values, method.signed),
    )
    cost = {"calls": number(explanation.map.calls), "seconds": significant(explanation.seconds)}
    low, high = significant(float(values.min())), significant(float(values.max()))
    st.caption(t("explain.cost", **cost, low=low, high=high, shape=" × ".join(map(str, values.shape))))
    return overlay


def scale_caption(values: np.ndarray, signed: bool) -> str:
    """The colour scale of a map in words."""
    return t("explain.scale_signed" if signed else "explain.scale", high=significant(colours.colour_limit(values)))
