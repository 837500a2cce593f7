"""Controls of a page: which of its parts, a layer, a class, channels, and a method's Params."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.attribution import top_channels
from core.networks.entry import Entry
from core.params import Param
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import class_names
from dashboard.shared.text import t

MOST_STEPS = 1000
"""A slider with more steps cannot be set by hand; such a number is typed."""


def part(
    section: str, word: str, parts: Mapping[str, Callable[..., None]], *, key: str, prefix: str = "", **arguments: Any
) -> Callable[..., None]:
    """The part of a screen that was chosen, the first before that; what it is for stands below the choice."""
    name = choice(
        st.pills,
        t(f"{section}.{word}"),
        tuple(parts),
        key=key,
        default=next(iter(parts)),
        format_func=lambda name: t(f"{section}.{prefix}{name}"),
        **arguments,
    )
    st.markdown(t(f"{section}.{prefix}{name}_help"))
    return parts[name]


def parameter(param: Param, text: str, *, key: str | None = None, help: str | None = None) -> Any:
    """A control made from a method's `Param`: a slider, for a logarithmic one over 1, 2, 5, 10 ..., or a number box."""
    key = key or param.name
    if param.scale == "log":
        steps = log_steps(param)
        return st.select_slider(text, steps, param.default, key=key, help=help, format_func="{:g}".format, **BOUND)
    kind: Callable[[Any], Any] = int if param.whole else float
    low, high, default, step = (kind(v) for v in (param.minimum, param.maximum, param.default, param.step))
    control = st.number_input if (high - low) / step > MOST_STEPS else st.slider
    return control(text, low, high, default, step, key=key, help=help, **BOUND)


def log_steps(param: Param) -> list[float]:
    """1, 2 and 5 times the powers of ten from minimum to maximum, and the default."""
    low, high = int(np.floor(np.log10(param.minimum))), int(np.ceil(np.log10(param.maximum)))
    steps = {float(f"{digit}e{power}") for power in range(low, high + 1) for digit in (1, 2, 5)}
    return sorted({s for s in steps if param.minimum <= s <= param.maximum} | {float(param.default)})


def layer_picker(names: Sequence[str], default: str, *, text: str | None = None) -> str:
    """A slider over the layers, from the picture to the answer."""
    return choice(st.select_slider, text or t("controls.layer"), list(names), key="layer", default=default)


def class_picker(entry: Entry) -> int | None:
    """A class by name (type to search), or None for the network's first choice."""
    names = class_names(entry)
    chosen = choice(
        st.selectbox,
        t("controls.class"),
        ["top", *range(entry.classes)],
        key="class",
        default="top",
        format_func=lambda index: t("controls.class_top") if index == "top" else names[index],
    )
    return None if chosen == "top" else int(chosen)


def channel_picker(weights: np.ndarray) -> tuple[int, ...] | None:
    """Which channels take part: all (None), those of the largest weights, or picked ones."""
    count = len(weights)
    which = choice(
        st.segmented_control,
        t("controls.channels"),
        ("all", "strongest", "picked"),
        key="channels",
        default="all",
        format_func=lambda name: t(f"controls.channels_{name}"),
    )
    if which == "strongest":
        shown = st.slider(t("controls.strongest"), 1, count, min(5, count), key="strongest", **BOUND)
        return tuple(sorted(top_channels(weights, shown)))
    if which == "picked":
        picked = st.multiselect(
            t("controls.channels_picked"), range(count), key="picked", help=t("controls.channels_help"), **BOUND
        )
        return tuple(sorted(picked)) or None
    return None
