"""Algorithms step by step: what each step makes, its shape, and its line of code as it stands in `core/`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import images
from dashboard import figures, lesson
from dashboard.cached import Picture
from dashboard.text import number, t

SIDE = 448

GRAD_CAM_LINES = (
    "feature_maps",
    "score",
    "gradients",
    "weights",
    "weighted",
    "values",
)
"""How the line of each step begins in `core/attribution/grad_cam.py`."""


@dataclass(frozen=True)
class Step:
    """One step: what it makes (`symbol` and `shape`), how to draw it, and numbers that its sentence names."""

    symbol: str
    shape: tuple[int, ...]
    draw: Callable[[str], None]
    values: dict[str, str] = field(default_factory=dict)


def grad_cam(
    picture: Picture, explanation: Any, label: str, channels: tuple[int, ...] | None, strength: float
) -> None:
    """The six steps of Grad-CAM as two rows of three cards."""
    st.header(t("walk.title"), anchor=False)
    steps = _grad_cam_steps(picture, explanation, label, channels, strength)
    for row in (0, 3):
        for number_of_step, column in enumerate(st.columns(3), start=row):
            with column.container(border=True, height="stretch"):
                _card(number_of_step, steps[number_of_step])


def _card(place: int, step: Step) -> None:
    title = t(f"walk.grad_cam_{place + 1}")
    st.markdown(f"**{place + 1}. {title}**")
    step.draw(title)
    st.caption(t(f"walk.grad_cam_{place + 1}_help", **step.values))
    st.markdown(f"{t('walk.shape')}: ${step.symbol}$ `{step.shape}`")
    line = lesson.source_line("core.attribution.grad_cam:grad_cam", GRAD_CAM_LINES[place])
    st.code(line, language="python", wrap_lines=True)


def _grad_cam_steps(
    picture: Picture, explanation: Any, label: str, channels: tuple[int, ...] | None, strength: float
) -> list[Step]:
    walk = explanation.map.walk
    maps, gradients, weights, weighted = walk.feature_maps, walk.gradients, walk.weights, walk.weighted
    values = explanation.map.values
    part = range(len(weights)) if channels is None else channels
    high, steep, bound = float(maps.max()), float(np.abs(gradients).max()), float(np.abs(weighted).max())
    score = float(walk.score)
    return [
        Step("A", maps.shape, lambda alt: _sheet(figures.map_sheet(maps, high=high), alt), {"high": number(high, 2)}),
        Step("y_c", (), lambda alt: _number(label, score, alt), {"label": label}),
        Step(
            r"\partial y_c / \partial A",
            gradients.shape,
            lambda alt: _sheet(figures.map_sheet(gradients, bound=steep), alt),
            {"high": f"{steep:.1e}"},
        ),
        Step("w^c", weights.shape, lambda alt: _weights(weights, part, alt)),
        Step(
            r"\sum_k w^c_k A_k",
            weighted.shape,
            lambda alt: _sheet(figures.cells(figures.signed(weighted), SIDE), alt),
            {"high": number(bound, 3)},
        ),
        Step("M^c", values.shape, lambda alt: _sheet(figures.overlay(picture.image, values, strength, SIDE), alt)),
    ]


def _sheet(image: images.Image, alt: str) -> None:
    st.image(figures.chart(image), width="stretch", alt=alt)


def _number(label: str, score: float, alt: str) -> None:
    st.metric(label, number(score, 2), help=alt)


def _weights(weights: np.ndarray, part: Sequence[int], alt: str) -> None:
    chart = figures.signed_bars(weights, part, (t("walk.channel"), t("walk.weight")))
    st.plotly_chart(chart, config=figures.CONFIG, alt=alt)
