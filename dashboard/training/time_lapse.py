"""Time-lapse of a run: kernels, feature maps, Grad-CAM and confusion matrix, all at the epoch of a slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core import digits
from core.colours import overlay
from core.training import Run, tasks
from dashboard.shared import figures, pictures
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import ask
from dashboard.training import runs

SIDE = 280
PLAY_SECONDS = 0.8


def time_lapse() -> None:
    """The selected run and digit at the selected epoch."""
    long_enough = {name: run for name, run in runs.all_runs().items() if len(run.snapshots) > 1}
    if not long_enough:
        st.info(t("training.no_runs"))
        return
    names = list(long_enough)
    which, digit = st.columns([3, 2], gap="large")
    with which:
        name = choice(st.selectbox, t("training.run"), names, key="lapse_run", default=names[-1])
    with digit:
        shown = choice(
            st.pills,
            t("training.digit"),
            tuple(range(digits.CLASSES)),
            key="lapse_digit",
            default=7,
        )
    run = long_enough[name]
    playing = st.toggle(t("training.play"), key="lapse_play")
    if playing:
        st.fragment(_play, run_every=PLAY_SECONDS)(run, shown)
    else:
        _scrub(run, shown)


def _scrub(run: Run, digit: int) -> None:
    epochs = sorted(run.snapshots)
    epoch = choice(st.select_slider, t("training.epoch"), epochs, key="lapse_epoch", default=epochs[-1])
    _epoch(run, epoch, digit)


def _play(run: Run, digit: int) -> None:
    """One epoch after the other, from the start again after the last."""
    epochs = sorted(run.snapshots)
    place = st.session_state.get("lapse_place", -1) + 1
    st.session_state["lapse_place"] = place % len(epochs)
    epoch = epochs[place % len(epochs)]
    st.progress(place % len(epochs) / (len(epochs) - 1), text=f"{t('training.epoch')} {epoch}")
    _epoch(run, epoch, digit)


def _epoch(run: Run, epoch: int, digit: int) -> None:
    """The network as it was after an epoch: one digit's way through it, and the confusion matrix."""
    example = ask(tasks.examples, run.source)[digit][0]
    weights = [values.astype(np.float32) for values in run.snapshots[epoch]]
    inspection: tasks.Inspection = ask(tasks.inspect, run.settings, weights, example, scope="session")
    image, probabilities = digits.to_image(example), inspection.probabilities
    left, middle, right = st.columns(3, gap="large")
    _place(left, pictures.enlarge_pixels(image, SIDE), t("training.digit_alt", digit=digit))
    high = number(float(inspection.grad_cam.max()), 2)
    caption = t("training.cam", first=int(probabilities.argmax()), high=high, epoch=epoch)
    _place(middle, overlay(image, inspection.grad_cam, side=SIDE), caption)
    with right:
        order = np.argsort(-probabilities)[:5]
        values = [float(probabilities[index]) for index in order]
        st.plotly_chart(
            figures.probability_bars([str(index) for index in order], values, [percent(v) for v in values], str(digit)),
            config=figures.CONFIG,
            key="lapse_says",
            alt=", ".join(f"{index} {percent(value)}" for index, value in zip(order, values, strict=True)),
        )
    _sheets(inspection)
    st.subheader(t("training.confusion"), anchor=False)
    hits, n = int(inspection.confusion.trace()), int(inspection.confusion.sum())
    st.caption(t("training.of_digits", hits=number(hits), n=number(n), share=percent(hits / n)))
    runs.confusion_matrix(inspection.confusion, "lapse_confusion")


def _sheets(inspection: tasks.Inspection) -> None:
    """Kernels of l1 and the feature maps of all three convolutions."""
    high = float(np.abs(inspection.kernels).max())
    sheets: list[tuple[str, np.ndarray, dict[str, Any], str]] = [
        ("kernels", inspection.kernels, {"high": high, "signed": True}, t("training.kernels"))
    ]
    for layer, maps in inspection.feature_maps.items():
        high = float(maps.max())
        sheets.append((layer, maps, {"high": high}, t("training.maps", layer=layer, high=number(high, 2))))
    for name, maps, scale, caption in sheets:
        columns = maps.shape[-1] if maps.shape[-1] <= 12 else 8
        st.image(
            pictures.data_url(pictures.encode_drawing(pictures.map_sheet(maps, columns=columns, **scale))),
            width="stretch",
            alt=t("training.maps_alt", layer=name, count=maps.shape[-1]),
            caption=caption,
        )


def _place(column: Any, image: np.ndarray, caption: str) -> None:
    column.image(pictures.data_url(pictures.encode_drawing(image)), width="stretch", alt=caption, caption=caption)
