"""Deletion and insertion: does the class vanish with the pixels that the map calls important?"""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.evaluation import tasks
from core.evaluation.deletion import BASELINES, changed
from dashboard.evaluation import common
from dashboard.explain.explanation import describe, draw_progress
from dashboard.explain.request import Request
from dashboard.shared import figures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import class_names
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import job

STEPS = 32


def deletion_test(frame: Frame) -> None:
    """The image with a share of its pixels deleted or inserted, and the probability over all shares."""
    image, network = frame.image, frame.network
    request, aside = common.choose_method(image, network)
    with aside:
        baseline = choice(
            st.pills,
            t("evaluation.baseline"),
            BASELINES,
            key="test_baseline",
            default=BASELINES[0],
            format_func=lambda name: t(f"evaluation.baseline_{name}"),
            help=t("evaluation.baseline_help"),
        )
        steps = st.slider(t("evaluation.steps"), 8, 64, STEPS, 8, key="test_steps", **BOUND)
    result: tasks.Deletion | None = job(
        tasks.deletion,
        *common.arguments(image, request),
        steps=steps,
        baseline=baseline,
        draw=partial(draw_progress, image, request),
    )
    if result is not None:
        share = st.slider(t("evaluation.share"), 0, 100, 10, key="test_share", **BOUND) / 100
        _place_images(image, request, result, share, baseline)
        _place_curves(result, share, class_names(network)[result.class_index])


def _place_images(image: SelectedImage, request: Request, result: tasks.Deletion, share: float, baseline: str) -> None:
    """The map, and the image with `share` of its pixels deleted, inserted, and deleted at random."""
    original, explanation = common.resized(image, request.network), result.explanation
    first, *columns = st.columns(4)
    common.place(first, common.overlay(original, explanation.map.values, request), describe(request, explanation))
    orders = {"deletion": result.order, "insertion": result.order, "random_deletion": result.random_order}
    for column, (name, order) in zip(columns, orders.items(), strict=True):
        curve = result.curves[name]
        probability = float(np.interp(share, curve.shares, curve.probabilities))
        caption = t(f"evaluation.{name}_at", share=percent(share), value=percent(probability))
        common.place(column, changed(original, order, share, baseline, insert=name == "insertion"), caption)


def _place_curves(result: tasks.Deletion, share: float, label: str) -> None:
    """The probability over the share of the pixels, in the map's order and at random, with the areas below."""
    for column, name in zip(st.columns(2, gap="large"), ("deletion", "insertion"), strict=True):
        with column:
            title = t(f"evaluation.{name}")
            st.header(title, anchor=False, help=t(f"evaluation.{name}_help"))
            curves = {
                t("evaluation.by_map"): result.curves[name],
                t("evaluation.at_random"): result.curves[f"random_{name}"],
            }
            areas = ", ".join(f"{order} {number(curve.area, 3)}" for order, curve in curves.items())
            lines = {order: (list(100 * curve.shares), list(curve.probabilities)) for order, curve in curves.items()}
            axes = (t("evaluation.share_axis"), t("evaluation.probability_of", label=label))
            st.plotly_chart(
                figures.curves(lines, axes, marked_x=100 * share, y_range=(-0.02, 1.02)),
                config=figures.CONFIG,
                key=f"curve_{name}",
                alt=f"{title}. {areas}",
            )
            st.markdown(f"**{t('evaluation.area')}** · {areas}")
