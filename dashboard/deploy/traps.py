"""Wrong numbers: what the network gets, and predicts, by each mistake of preparation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import images
from core.deployment import tasks
from dashboard.deploy.exports import small_number
from dashboard.shared import figures, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.names import class_names
from dashboard.shared.text import percent, t
from dashboard.shared.workers import ask

SIDE, COLUMNS = 224, 5


def wrong_inputs(frame: Frame) -> None:
    """Each wrong image with the prediction, and how much probabilities change."""
    by_trap = ask(tasks.traps, frame.network, frame.image.keyed)
    names, classes = list(by_trap), class_names(frame.network)
    for start in range(0, len(names), COLUMNS):
        for column, name in zip(st.columns(COLUMNS), names[start : start + COLUMNS], strict=False):
            pixels, probabilities = by_trap[name]
            top = int(probabilities.argmax())
            caption = f"**{t(f'traps.{name}')}** · {classes[top]}, {percent(float(probabilities[top]))}"
            image = pictures.enlarge_pixels(images.from_uint8(pixels), SIDE)
            column.image(
                pictures.encode_drawing(image), width="stretch", alt=caption.replace("**", ""), caption=caption
            )
    right = by_trap["right"][1]
    changes = {name: float(np.abs(probabilities - right).max()) for name, (_, probabilities) in by_trap.items()}
    wrong = sorted((name for name in names if name != "right"), key=lambda name: -changes[name])
    st.subheader(t("traps.change"), anchor=False)
    texts = [small_number(changes[name]) for name in wrong]
    st.plotly_chart(
        figures.log_bars([t(f"traps.{name}") for name in wrong], [max(changes[name], 1e-9) for name in wrong], texts),
        config=figures.CONFIG,
        key="ship_traps",
        alt=", ".join(f"{t(f'traps.{name}')} {text}" for name, text in zip(wrong, texts, strict=True)),
    )
