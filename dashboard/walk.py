"""Algorithms step by step: what each step makes, its shape, and its line of code as it stands in `core/`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import images
from dashboard import figures, lesson, pictures
from dashboard.text import number, significant, t

SIDE = 448

GRAD_CAM = "core.attribution.grad_cam:walk"
GRAD_CAM_LINES = ("feature_maps = ", "score = ", "gradients = ", "weights = ", "weighted = ", "values = ")
"""How the line of each step begins there."""


@dataclass(frozen=True)
class Step:
    """One step: what it makes (`symbol` and `shape`), how to draw it, and numbers that its sentence names."""

    symbol: str
    shape: tuple[int, ...]
    draw: Callable[[str], None]
    values: dict[str, str] = field(default_factory=dict)


def grad_cam(explanation: Any, label: str, channels: tuple[int, ...] | None, overlay: bytes) -> None:
    """The six steps of Grad-CAM as two rows of three cards; the last shows the encoded `overlay`."""
    st.header(t("walk.title"), anchor=False)
    steps = _grad_cam_steps(explanation, label, channels, overlay)
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
    st.code(lesson.source_line(GRAD_CAM, GRAD_CAM_LINES[place]), language="python", wrap_lines=True)


def _grad_cam_steps(explanation: Any, label: str, channels: tuple[int, ...] | None, overlay: bytes) -> list[Step]:
    walk = explanation.map.walk
    maps, gradients, weights, weighted = walk.feature_maps, walk.gradients, walk.weights, walk.weighted
    part = range(len(weights)) if channels is None else channels
    high, steep, bound = float(maps.max()), float(np.abs(gradients).max()), float(np.abs(weighted).max())
    shown = _shown(weights, part)
    few = {"shown": number(len(shown)), "count": number(len(weights))}
    return [
        Step(
            "A",
            maps.shape,
            lambda alt: _sheet(pictures.map_sheet(maps, high=high, channels=shown, columns=4), alt),
            few | {"high": significant(high)},
        ),
        Step("y_c", (), lambda alt: _number(label, float(walk.score), alt), {"label": label}),
        Step(
            r"\partial y_c / \partial A",
            gradients.shape,
            lambda alt: _sheet(pictures.map_sheet(gradients, bound=steep, channels=shown, columns=4), alt),
            few | {"high": significant(steep)},
        ),
        Step("w^c", weights.shape, lambda alt: _weights(weights, part, alt)),
        Step(
            r"\sum_k w^c_k A_k",
            weighted.shape,
            lambda alt: _sheet(pictures.cells(pictures.signed(weighted), SIDE), alt),
            {"high": significant(bound)},
        ),
        Step("M^c", explanation.map.values.shape, lambda alt: st.image(overlay, width="stretch", alt=alt)),
    ]


def _shown(weights: np.ndarray, part: Sequence[int]) -> list[int]:
    """The channels whose maps are shown: of those that take part, the 16 of the largest weight either way."""
    strongest = sorted(part, key=lambda k: -abs(float(weights[k])))[:16]
    return sorted(strongest)


def _sheet(image: images.Image, alt: str) -> None:
    st.image(pictures.chart(image), width="stretch", alt=alt)


def _number(label: str, score: float, alt: str) -> None:
    st.metric(label, number(score, 2), help=alt)


def _weights(weights: np.ndarray, part: Sequence[int], alt: str) -> None:
    chart = figures.signed_bars(weights, part, (t("walk.channel"), t("walk.weight")))
    st.plotly_chart(chart, config=figures.CONFIG, alt=alt)
