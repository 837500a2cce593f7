"""The network: its architecture, and what every layer answers to the picture."""

import streamlit as st

from dashboard.network import views
from dashboard.shared import controls, door, layers, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.shown
def explore(frame: shared_frame.Frame) -> None:
    """The drawing, a layer of choice and its channels; a change of the layer runs this part of the page alone."""
    entry = frame.network
    rows = layers.rows(entry)
    spatial = layers.spatial(entry)
    drawing = st.empty()
    layer = controls.layer_picker(spatial, entry.default_layer)
    with drawing.container():
        views.drawing(entry, rows, layer)
    row = next(row for row in rows if row.name == layer)
    views.facts(row, frame.image, entry)
    views.feature_maps(frame.image, entry, layer)


@problems.shown
def show(frame: shared_frame.Frame) -> None:
    """From the whole network to the first layer's kernels and the table of all layers."""
    door.wait_until_ready(frame.network)
    rows = layers.rows(frame.network)
    views.totals(frame.network, rows)
    explore(frame)
    views.first_kernels(frame.network, rows)
    views.table(rows)


lesson.opening("network")
show(shared_frame.current())
lesson.closing(
    "network",
    ("core.networks.layers:describe", "core.networks.layers:receptive_field", "core.features.health:channel_health"),
)
