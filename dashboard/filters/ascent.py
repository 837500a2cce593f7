"""Activation maximization on screen: the images that an experiment wants, and how they form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from core.features import Target, tasks
from core.networks.entry import Entry
from core.progress import Progress
from dashboard.shared import figures, pictures
from dashboard.shared.text import number, t
from dashboard.shared.workers import answered, job

MORE = 20
"""Iterations of going on."""


@dataclass(frozen=True)
class Request:
    """Images that an experiment wants: a task with its arguments, and what each image is called."""

    experiment: str
    network: Entry
    layer: str
    target: Target | tuple[Target, ...]
    params: tuple[tuple[str, Any], ...]
    names: tuple[str, ...]
    task: Callable[..., Any] = tasks.maximize


def maximize(request: Request, *, at_once: bool) -> Any:
    """The images, computed as the session's job; None until they are there.

    After `go_on` they are those of further ascents, each from where the images of the last one are, at full size.
    """
    wanted, params = (request.network, request.layer, request.target), dict(request.params)
    for _ in range(_continuations().get(request, 0)):
        result = answered(request.task, *wanted, **params)
        if result is None:
            break
        params |= {"start": result.inputs, "iterations": MORE}
    draw = partial(_draw_progress, request)
    return job(request.task, *wanted, draw=draw, at_once=at_once, name=f"filters_{request.experiment}", **params)


def go_on(request: Request) -> None:
    """Have the images climb on from where they are: `MORE` iterations."""
    _continuations()[request] = _continuations().get(request, 0) + 1


def _continuations() -> dict[Request, int]:
    """How often the session went on from the images of a request."""
    continuations: dict[Request, int] = st.session_state.setdefault("filters_continuations", {})
    return continuations


def _draw_progress(request: Request, progress: Progress) -> None:
    """The image as it is now, and the activation so far; the image alone where no activation is reported."""
    history = _history(request, progress)
    image, curve = st.columns(2, gap="large") if history else (st.container(), None)
    if progress.picture:
        url = pictures.data_url(progress.picture)
        image.image(url, width="stretch", alt=t("filters.forming_alt", layer=request.layer))
    if curve is not None:
        with curve:
            draw_curves({name: (list(line), list(line.values())) for name, line in history.items()})


def _history(request: Request, progress: Progress) -> dict[str, dict[int, float]]:
    """Channel -> iteration -> activation, as far as the running job was looked at."""
    running = request, _continuations().get(request, 0)
    remembered, history = st.session_state.get("filters_history", (None, {}))
    if remembered != running:
        history = {}
    st.session_state["filters_history"] = running, history
    for name, value in progress.values.items():
        history.setdefault(name, {})[progress.step] = value
    return history


def draw_curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str | None = None,
    dotted: Sequence[float] = (),
    across: str | None = None,
) -> None:
    """Curves `(x, y)` by name: the activation over the iterations, unless `title` and `across` name other axes."""
    title = title or t("filters.activation")
    ends = ", ".join(f"{name}: {number(values[-1], 2)}" for name, (_, values) in list(lines.items())[:8] if values)
    st.plotly_chart(
        figures.curves(lines, (across or t("filters.iteration"), title), dotted=dotted),
        config=figures.CONFIG,
        key="climb_curve",
        alt=f"{title}. {ends}",
    )
