"""Stability: does the map stay the same with noise that hardly anybody sees, and with other seeds?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.evaluation import tasks
from core.evaluation.similarity import rank_correlation
from core.evaluation.stability import noisy, similarity
from dashboard.evaluation import common
from dashboard.explain.request import Request
from dashboard.shared import pictures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND
from dashboard.shared.text import number, t
from dashboard.shared.workers import job

WIDTH = 168


def stability_test(frame: Frame) -> None:
    """The maps of noisy copies of the image, and those of other seeds where the method has one."""
    request, aside = common.choose_method(frame.image, frame.network)
    with aside:
        copies = st.slider(t("evaluation.copies"), 1, 8, 4, key="test_copies", **BOUND)
        noise = st.slider(t("evaluation.noise"), 1, 20, 2, key="test_noise", **BOUND)
    arguments = common.arguments(frame.image, request)
    result: tasks.Stability | None = job(tasks.stability, *arguments, copies=copies, noise=noise)
    if result is None:
        return
    image = common.resized(frame.image, frame.network)
    _place_row(t("evaluation.noise_row"), "noise", result.noise, [image, *noisy(image, copies, noise)], request)
    if result.seeds is None:
        st.info(t("evaluation.no_seed", method=request.method.title))
    else:
        _place_row(t("evaluation.seeds_row"), "seeds", result.seeds, [image] * len(result.seeds), request)


def _place_row(title: str, metric: str, maps: np.ndarray, images: Sequence[np.ndarray], request: Request) -> None:
    """Maps `(n, h, w)` over their images, each with its rank correlation with the first, and the mean of these."""
    st.header(title, anchor=False)
    st.metric(t("evaluation.mean_rank"), number(similarity(list(maps)), 2))
    with st.container(horizontal=True):
        for place, (values, image) in enumerate(zip(maps, images, strict=True)):
            correlation = number(rank_correlation(maps[0], values), 2)
            caption = t("evaluation.alike", value=correlation) if place else t("evaluation.first_map")
            alt = f"{t(f'metrics.{metric}')} {place}. {caption}"
            over = pictures.encode_drawing(common.overlay(image, values, request))
            st.image(over, width=WIDTH, alt=alt, caption=caption)
