"""The controls of an ascent: which layer, which channels, and the numbers of the method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.features import DEFAULT_PRESET, PARAMS, PRESETS, SIZES
from core.networks.entry import Entry, LayerRow
from core.params import parse_ranges
from dashboard.shared import controls, layers
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import class_names
from dashboard.shared.text import t

MOST_CHANNELS = 128
"""Channels of one request: all of any layer of MiniFace."""


@dataclass(frozen=True)
class ChosenLayer:
    """A layer of a network; the last one's channels are `classes`."""

    network: Entry
    row: LayerRow
    classes: bool

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.row.name

    @property
    def last(self) -> int:
        """The number of its last channel."""
        return self.row.shape[-1] - 1

    def channel_name(self, channel: int) -> str:
        """What a channel is called: a unit of the last layer by its class."""
        return f"{channel} ({class_names(self.network)[channel]})" if self.classes else str(channel)


def choose_layer(network: Entry) -> ChosenLayer:
    """A slider over the layers with weights of their own; a normalization only scales what comes before it."""
    rows = [
        row
        for row in layers.rows(network)
        if (row.parameters > 0 and row.kind != "BatchNormalization") or row.name == network.default_layer
    ]
    chosen = controls.layer_picker([row.name for row in rows], network.default_layer)
    row = next(row for row in rows if row.name == chosen)
    return ChosenLayer(network, row, row is rows[-1])


def output_layer(network: Entry) -> ChosenLayer:
    """The layer of the classes."""
    return ChosenLayer(network, layers.rows(network)[-1], True)


def choose_channel(layer: ChosenLayer, key: str = "channel", text: str = "controls.channel", default: int = 0) -> int:
    """One channel, by its number."""
    return int(st.number_input(t(text), 0, layer.last, min(default, layer.last), key=key, **BOUND))


def choose_channels(layer: ChosenLayer, key: str = "set", default: str = "0-15") -> tuple[int, ...]:
    """Any channels of the layer, as text; none, and why, where it cannot be read."""
    help = t(f"filters.{key}_help", last=layer.last, most=MOST_CHANNELS)
    text = st.text_input(t(f"filters.{key}"), default, key=key, help=help, **BOUND)
    try:
        channels = tuple(channel for channel in parse_ranges(text) if channel <= layer.last)[:MOST_CHANNELS]
    except ValueError:
        channels = ()
    if not channels:
        st.error(t("filters.set_wrong", last=layer.last))
    return channels


def choose_params(layer: ChosenLayer, *leave_out: str, preset: str | None = None) -> dict[str, Any]:
    """The numbers of the ascent; each preset has its own defaults, and remembers what was set."""
    if preset is None:
        preset = choice(
            st.segmented_control,
            t("filters.preset"),
            tuple(PRESETS),
            key="preset",
            default=DEFAULT_PRESET,
            format_func=lambda name: t(f"filters.preset_{name}"),
        )
    params: dict[str, Any] = {"preset": preset}
    own = {"learning_rate": PRESETS[preset].learning_rate, "iterations": PRESETS[preset].iterations}
    for param in PARAMS:
        if param.name not in leave_out:
            suited = replace(param, default=own.get(param.name, param.default))
            key = param.name if preset == "course" or param.name not in own else f"{preset}_{param.name}"
            params[param.name] = controls.parameter(suited, t(f"controls.{param.name}"), key=key)
    if layer.row.spatial:
        side = layer.network.input_size
        least, most = min(SIZES[0], side), SIZES[1]
        params["size"] = st.slider(t("filters.size"), least, most, side, 4, key="size", **BOUND)
    return params
