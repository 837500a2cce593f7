"""The way of one image through the network: what every layer makes of it, up to the probabilities."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import images
from core.features import statistics
from dashboard.shared import figures, layers, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.predictions import prediction_bars
from dashboard.shared.text import number, t
from dashboard.shared.workers import ask

SIDE = 224
MOST_MAPS, MAPS_IN_A_ROW = 16, 9
"""Feature maps of a layer on one sheet, those of the highest activations, and how many stand in a row."""


def forward_pass(frame: Frame) -> None:
    """The selected image, then the output of every layer, one below the other."""
    entry, image = frame.network, frame.image
    rows = {row.name: row for row in layers.rows(entry)}
    outputs: dict[str, np.ndarray] = ask(statistics.forward_pass, entry, image.at(entry.input_size))
    st.image(
        pictures.encode_photo(images.resize(image.image, SIDE, SIDE)),
        width=SIDE,
        alt=f"{t('picture.alt')}: {image.name}",
        caption=f"{image.name} · {entry.input_size} × {entry.input_size}",
    )
    *before, last = outputs
    for layer in before:
        size = " × ".join(map(str, outputs[layer].shape))
        st.subheader(f"`{layer}` · {rows[layer].kind} · {size}", anchor=False)
        if outputs[layer].ndim == 3:
            _draw_maps(layer, outputs[layer])
        else:
            _draw_units(layer, outputs[layer])
    st.subheader(f"`{last}` · softmax", anchor=False)
    prediction_bars(entry, outputs[last], top=min(entry.classes, 10))


def _draw_maps(layer: str, maps: np.ndarray) -> None:
    high = float(maps.max())
    strongest = sorted(np.argsort(-maps.max(axis=(0, 1)), kind="stable")[:MOST_MAPS].tolist())
    st.image(
        pictures.encode_drawing(pictures.map_sheet(maps, high=high, channels=strongest, columns=MAPS_IN_A_ROW)),
        width="stretch",
        alt=t("statistics.maps_alt", layer=layer, count=len(strongest)),
        caption=t("statistics.maps", shown=len(strongest), count=maps.shape[2], high=number(high, 2)),
    )


def _draw_units(layer: str, values: np.ndarray) -> None:
    st.plotly_chart(
        figures.signed_bars(values, range(len(values)), (t("statistics.unit"), t("statistics.activation"))),
        config=figures.CONFIG,
        key=f"way_{layer}",
        alt=t("statistics.units_alt", layer=layer, count=len(values)),
    )
