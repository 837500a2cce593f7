"""The network: its architecture, and what every layer answers to the picture."""

import streamlit as st

from dashboard.network import views
from dashboard.shared import cached, controls, lesson, problems


@st.fragment
@problems.shown
def explore(frame: controls.Frame) -> None:
    """The drawing, a layer of choice and its channels; a change of the layer runs this part of the page alone."""
    entry = frame.network
    rows = cached.describe(entry)
    spatial = cached.spatial_layers(entry)
    drawing = st.empty()
    layer = controls.layer_picker(spatial, entry.default_layer)
    with drawing.container():
        views.drawing(entry, rows, layer)
    row = next(row for row in rows if row.name == layer)
    views.facts(row, frame.picture, entry)
    views.feature_maps(frame.picture, entry, layer)


@problems.shown
def show(frame: controls.Frame) -> None:
    """From the whole network to the first layer's kernels and the table of all layers."""
    cached.wait_until_ready(frame.network)
    rows = cached.describe(frame.network)
    views.totals(frame.network, rows)
    explore(frame)
    views.first_kernels(frame.network, rows)
    views.table(rows)


lesson.opening("network")
show(controls.current())
lesson.closing(
    "network",
    ("core.networks.layers:describe", "core.networks.layers:receptive_field", "core.features.health:channel_health"),
)
