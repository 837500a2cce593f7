"""Algorithms step by step: what each step makes, its shape, and its line of code as it stands in `core/`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import images
from core.attribution import METHODS
from dashboard.explain.question import Request
from dashboard.shared import figures, lesson, names, pictures
from dashboard.shared.text import has, number, significant, t

SIDE = 448

GRAD_CAM = "core.attribution.grad_cam:walk"
GRAD_CAM_LINES = ("feature_maps = ", "score = ", "gradients = ", "weights = ", "weighted = ", "values = ")
"""How the line of each step begins there."""


STEPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "cam": (
        ("feature_maps", "A", "maps = "),
        ("weights", "w^c", "weights = "),
        ("map", r"\sum_k w^c_k A_k", "return "),
    ),
    "hires_cam": (
        ("feature_maps", "A", "walk, index = "),
        ("gradients", r"\partial y_c / \partial A", "walk, index = "),
        ("weighted", r"\sum_k \partial y_c / \partial A_k \odot A_k", "weighted = "),
        ("map", "M^c", "return "),
    ),
    "grad_cam_plus_plus": (
        ("feature_maps", "A", "walk, index = "),
        ("gradients", r"\partial y_c / \partial A", "gradients = "),
        ("alphas", r"\alpha^c", "alphas = "),
        ("weights", "w^c", "weights = "),
        ("weighted", r"\sum_k w^c_k A_k", "weighted = "),
        ("map", "M^c", "return "),
    ),
    "score_cam": (
        ("feature_maps", "A", "found = found["),
        ("scores", r"y_c(x \odot A_k)", "scores[batch] = "),
        ("weights", "w^c", "steps = "),
        ("map", "M^c", "weighted = "),
    ),
    "fem": (
        ("feature_maps", "A", "maps = "),
        ("thresholds", r"\mu_k + K \sigma_k", "thresholds = "),
        ("strong", "B", "strong = "),
        ("weights", r"\mu", "means = "),
        ("map", r"\sum_k \mu_k B_k", "return "),
    ),
}
"""Method -> key of an intermediate result, its symbol, and how the line begins that makes it; "map" is the result."""


def show(request: Request, explanation: Any, overlay: bytes) -> None:
    """The steps of a method that uses feature maps, and nothing for another."""
    if explanation.map.walk is not None:
        name = names.class_names(request.network)[explanation.class_index]
        _grad_cam(explanation, name, dict(request.params).get("channels"), overlay)
    elif request.method in STEPS:
        _generic(request, explanation, overlay)


def quoted(method: str) -> tuple[str, ...]:
    """The function that a walk quotes, where it is not the method's own."""
    return (GRAD_CAM,) if method == "grad_cam" else ()


@dataclass(frozen=True)
class Step:
    """One step: what it makes (`symbol` and `shape`), how to draw it, and numbers that its sentence names."""

    symbol: str
    shape: tuple[int, ...]
    draw: Callable[[str], None]
    values: dict[str, str] = field(default_factory=dict)


def _grad_cam(explanation: Any, label: str, channels: tuple[int, ...] | None, overlay: bytes) -> None:
    """The six steps of Grad-CAM as two rows of three cards; the last shows the encoded `overlay`."""
    st.header(t("walk.title"), anchor=False)
    steps = _grad_cam_steps(explanation, label, channels, overlay)
    for row in (0, 3):
        for number_of_step, column in enumerate(st.columns(3), start=row):
            with column.container(border=True, height="stretch"):
                name = f"walk.grad_cam_{number_of_step + 1}"
                code = lesson.source_line(GRAD_CAM, GRAD_CAM_LINES[number_of_step])
                _card(number_of_step, steps[number_of_step], t(name), f"{name}_help", code)


def _generic(request: Request, explanation: Any, overlay: bytes) -> None:
    """What stands in a map's `steps`, as rows of three cards."""
    method, steps = METHODS[request.method], STEPS[request.method]
    st.header(t("walk.title_of", method=method.title, count=len(steps)), anchor=False)
    results = {**explanation.map.steps, "map": explanation.map.values}
    weights = results.get("weights", np.abs(results["feature_maps"]).max(axis=(0, 1)))
    for row in range(0, len(steps), 3):
        for place, column in enumerate(st.columns(3), start=row):
            if place < len(steps):
                key, symbol, line = steps[place]
                drawn = Step(
                    symbol, results[key].shape, *_drawn(results[key], weights, overlay if key == "map" else None)
                )
                code = lesson.source_line(f"{method.module}:{method.name}", line)
                own = f"walk.{method.name}_{key}"
                with column.container(border=True, height="stretch"):
                    _card(place, drawn, t(f"walk.{key}"), own if has(own) else f"walk.{key}_help", code)


def _drawn(
    values: np.ndarray, weights: np.ndarray, overlay: bytes | None
) -> tuple[Callable[[str], None], dict[str, str]]:
    """How to draw an intermediate result, by its shape, and the numbers of its sentence.

    A vector is bars, maps are a sheet of those with the largest weights, and one map is cells; the last is `overlay`.
    """
    shown = _shown(weights, range(len(weights)))
    values = np.float32(values)
    high, signed = pictures.reach(values) or float(np.abs(values).max()), float(values.min()) < 0
    numbers = {"shown": number(len(shown)), "count": number(len(weights)), "high": significant(high)}
    if overlay is not None:
        return lambda alt: st.image(overlay, width="stretch", alt=alt), numbers
    if values.ndim == 1:
        return lambda alt: _weights(values, range(len(values)), alt), numbers
    if values.ndim == 2:
        return lambda alt: _sheet(pictures.cells(pictures.signed(values), SIDE), alt), numbers
    ends = {"bound": high} if signed else {"high": high}
    return lambda alt: _sheet(pictures.map_sheet(values, channels=shown, columns=4, **ends), alt), numbers


def _card(place: int, step: Step, title: str, help: str, code: str) -> None:
    st.markdown(f"**{place + 1}. {title}**")
    step.draw(title)
    st.caption(t(help, **step.values))
    st.markdown(f"{t('walk.shape')}: ${step.symbol}$ `{step.shape}`")
    st.code(code, language="python", wrap_lines=True)


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
