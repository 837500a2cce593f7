"""Which explanation is wanted: the method, its class, layer and numbers, and the controls that choose them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.attribution import DEFAULT, METHODS, Method, tasks
from core.networks.entry import Entry
from dashboard.shared import controls, layers
from dashboard.shared.links import choice
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import has, t
from dashboard.shared.workers import ask

Params = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Request:
    """An explanation that is wanted, of whatever image; where `class_index` is None, of the most probable class."""

    network: Entry
    method: Method
    class_index: int | None = None
    layer: str | None = None
    params: Params = ()

    def explained_class(self, probabilities: np.ndarray) -> int | None:
        """The class that is explained, given the image's `(classes,)`; None for a method that knows no class."""
        if not self.method.per_class:
            return None
        return int(probabilities.argmax()) if self.class_index is None else self.class_index


def chosen_method() -> Method:
    """The method that the page's control is set to."""
    return METHODS[st.session_state.get("method", DEFAULT)]


def choose_explanation(
    image: SelectedImage,
    network: Entry,
    aside: DeltaGenerator,
    class_index: int | None = None,
    *,
    layer_aside: bool = False,
) -> Request:
    """The controls: method, class and layer, as far as the method knows them, and `aside` its own numbers.

    There is no control for a `class_index` that is given; with `layer_aside` layer and channels stand there too.
    """
    name = choice(st.selectbox, t("explain.method"), list(METHODS), key="method", default=DEFAULT, format_func=_title)
    method = METHODS[name]
    st.markdown(f"{t(f'explain.{name}')}  \n[{method.paper}]({method.link})")
    if class_index is None and method.per_class:
        class_index = controls.class_picker(network)
    layer = None
    layer_place = aside.container() if layer_aside else st.container()
    if method.needs_layer:
        with layer_place:
            layer = controls.layer_picker(layers.splittable(network), network.default_layer)
    params = choose_params(method, aside.columns(2)) if method.params else ()
    if method.picks_channels:
        everything = ask(tasks.explain, network, name, image.at(network.input_size), class_index, layer)
        with layer_place:
            channels = controls.channel_picker(everything.map.steps["weights"])
        params += (("channels", channels),) if channels is not None else ()
    return Request(network, method, class_index, layer, params)


def choose_params(method: Method, columns: Sequence[DeltaGenerator]) -> Params:
    """A method's Params, from column to column; their keys tell them from those of other methods and of the image."""
    values = []
    for place, param in enumerate(method.params):
        own = f"param.{method.name}_{param.name}"
        text = t(own if has(own) else f"param.{param.name}") + (f" ({param.unit})" if param.unit else "")
        with columns[place % len(columns)]:
            values.append((param.name, controls.parameter(param, text, key=f"{method.name}_{param.name}")))
    return tuple(values)


def _title(name: str) -> str:
    return f"{METHODS[name].title} · {t(f'explain.{METHODS[name].family}')}"
