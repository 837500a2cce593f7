"""The network: its architecture, and what every layer answers to the image."""

import streamlit as st

from dashboard.network import architecture, feature_maps
from dashboard.shared import controls, door, layers, lesson, problems
from dashboard.shared.frame import Frame, current


@st.fragment
@problems.report_errors
def layer(frame: Frame) -> None:
    """The drawing, the selected layer and its channels; a change of the layer runs this part of the page alone."""
    network, rows = frame.network, layers.rows(frame.network)
    drawing = st.empty()
    name = controls.layer_picker(layers.spatial(network), network.default_layer)
    with drawing.container():
        architecture.drawing(network, rows, name)
    architecture.layer_facts(next(row for row in rows if row.name == name), frame.image, network)
    feature_maps.feature_map_sheet(frame.image, network, name)


@problems.report_errors
def page(frame: Frame) -> None:
    """From the whole network to the first layer's kernels and the table of all layers."""
    door.wait_until_ready(frame.network)
    rows = layers.rows(frame.network)
    architecture.totals(frame.network, rows)
    layer(frame)
    feature_maps.first_kernels(frame.network, rows)
    architecture.layer_table(rows)


lesson.opening("network")
page(current())
lesson.closing(
    "network",
    ("core.networks.layers:describe", "core.networks.layers:receptive_field", "core.features.health:channel_health"),
)
