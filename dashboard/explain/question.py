"""Asking an explainer on screen: the method with its numbers, its job where it is slow, and its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.attribution import METHODS, Method, tasks
from core.compute import Progress
from core.networks.entry import Entry
from dashboard.shared import cached, controls, jobs, layers, names, pictures
from dashboard.shared.links import choice
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import has, number, significant, t

NAME = "explain"
DEFAULT = "grad_cam"
SIDE = 448


@dataclass(frozen=True)
class Request:
    """What shall be explained, and how: the arguments of `core.attribution.tasks.explain` but for the picture."""

    network: Entry
    method: str
    class_index: int | None = None
    layer: str | None = None
    params: tuple[tuple[str, Any], ...] = ()

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Its values in order."""
        return self.network, self.method, self.class_index, self.layer, self.params


def ask(
    picture: SelectedImage,
    entry: Entry,
    aside: DeltaGenerator,
    class_index: int | None = None,
    *,
    layer_aside: bool = False,
) -> Request:
    """The controls: method, class and layer, as far as the method knows them, and `aside` its own numbers.

    A `class_index` that is given is not asked for; with `layer_aside` the layer and its channels stand there too.
    """
    method = METHODS[
        choice(st.selectbox, t("explain.method"), list(METHODS), key="method", default=DEFAULT, format_func=_titled)
    ]
    st.markdown(f"{t(f'explain.{method.name}')}  \n[{method.paper}]({method.link})")
    if class_index is None and method.per_class:
        class_index = controls.class_picker(entry)
    layer = None
    beside = aside.container() if layer_aside else st.container()
    if method.needs_layer:
        with beside:
            layer = controls.layer_picker(layers.passed(entry), entry.default_layer)
    params = numbers(method, aside.columns(2)) if method.params else ()
    if method.name == DEFAULT:
        whole = cached.explain(picture, entry, method.name, class_index, layer, ())
        with beside:
            channels = controls.channel_picker(whole.map.walk.weights)
        params = (("channels", channels),) if channels is not None else ()
    return Request(entry, method.name, class_index, layer, params)


def _titled(name: str) -> str:
    return f"{METHODS[name].title} · {t(f'explain.{METHODS[name].family}')}"


def numbers(method: Method, columns: Sequence[DeltaGenerator]) -> tuple[tuple[str, Any], ...]:
    """A method's Params, from column to column; their keys tell them from those of other methods and of the picture."""
    values = []
    for number_of, param in enumerate(method.params):
        own = f"param.{method.name}_{param.name}"
        text = t(own if has(own) else f"param.{param.name}") + (f" ({param.unit})" if param.unit else "")
        with columns[number_of % len(columns)]:
            values.append((param.name, controls.parameter(param, text, key=f"{method.name}_{param.name}")))
    return tuple(values)


def answer(picture: SelectedImage, request: Request) -> Any:
    """The explanation: at once, or when its job is over; until then the job is shown, and None comes back."""
    if not METHODS[request.method].slow:
        return cached.explain(picture, *request.arguments)

    def draw(progress: Progress) -> None:
        forming(picture, request, progress)

    network, method, class_index, layer, params = request.arguments
    asked = network, method, cached.small(picture.image, network), class_index, layer
    return jobs.answer(NAME, picture, request.arguments, draw, tasks.explain, *asked, **dict(params))


def forming(picture: SelectedImage, request: Request, progress: Progress) -> None:
    """The photo, the map as it is now, and how often the network was asked."""
    photo, forming, calls = st.columns(3)
    photo.image(pictures.photo(picture.image), width="stretch", alt=picture.name, caption=picture.name)
    if progress.picture:
        forming.image(
            pictures.in_page(progress.picture),
            width="stretch",
            alt=t("explain.forming", method=METHODS[request.method].title),
        )
    calls.metric(t("explain.calls"), number(progress.values.get("calls", 0)))


def class_of(request: Request, probabilities: np.ndarray) -> int | None:
    """The class that a request asks for, by default the most probable one; None for a method that knows no class."""
    if not METHODS[request.method].per_class:
        return None
    return int(probabilities.argmax()) if request.class_index is None else request.class_index


def about(request: Request, explanation: Any) -> str:
    """What a map is about: its class, or that it knows none, and its layer."""
    index = explanation.class_index
    name = t("explain.no_class") if index is None else names.class_names(request.network)[index]
    return f"{name} · {explanation.layer}" if explanation.layer else name


def scale(values: Any, signed: bool, high: float | None = None) -> str:
    """The colour scale of a map in words."""
    high = pictures.reach(values) if high is None else high
    return t("explain.scale_signed" if signed else "explain.scale", high=significant(high))


def show(picture: SelectedImage, request: Request, explanation: Any, strength: float) -> bytes:
    """The photo, the map over it and the map alone, with its range and what it cost; returns the encoded overlay."""
    method, values, what = METHODS[request.method], explanation.map.values, about(request, explanation)
    overlay = pictures.chart(pictures.overlay(picture.image, values, strength, SIDE, method.signed))
    photo, over, alone = st.columns(3)
    photo.image(pictures.photo(picture.image), width="stretch", alt=picture.name, caption=picture.name)
    over.image(
        overlay,
        width="stretch",
        alt=t("explain.overlay_alt", method=method.title, label=what),
        caption=f"{method.title} · {what}",
    )
    alone.image(
        pictures.chart(pictures.heatmap(values, SIDE, method.signed)),
        width="stretch",
        alt=t("explain.heatmap_alt", method=method.title, label=what),
        caption=scale(values, method.signed),
    )
    cost = {"calls": number(explanation.map.calls), "seconds": significant(explanation.seconds)}
    low, high = significant(float(values.min())), significant(float(values.max()))
    st.caption(t("explain.cost", **cost, low=low, high=high, shape=" × ".join(map(str, values.shape))))
    return overlay
