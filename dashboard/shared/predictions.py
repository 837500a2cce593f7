"""What a network says of an image, as bars."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.networks.entry import Entry
from dashboard.shared import figures
from dashboard.shared.names import class_names
from dashboard.shared.text import percent, t


def prediction_bars(entry: Entry, probabilities: np.ndarray, class_index: int | None = None, top: int = 5) -> None:
    """The `top` most probable of `(classes,)`; `class_index` is orange, and added where it is not among them."""
    order = [int(index) for index in np.argsort(-probabilities, kind="stable")[:top]]
    if class_index is not None and class_index not in order:
        order.append(class_index)
    names = class_names(entry)
    labels = [names[index] for index in order]
    values = [float(probabilities[index]) for index in order]
    texts = [percent(value) for value in values]
    marked = names[class_index] if class_index is not None else None
    st.markdown(f"**{t('network.prediction')}**")
    st.plotly_chart(
        figures.probability_bars(labels, values, texts, marked),
        config=figures.CONFIG,
        alt=f"{t('network.prediction')}: " + ", ".join(f"{a} {b}" for a, b in zip(labels, texts, strict=True)),
    )
