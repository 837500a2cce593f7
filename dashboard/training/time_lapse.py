"""Time-lapse of a run: kernels, feature maps, Grad-CAM and confusion matrix, all at the epoch of a slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core import digits
from core.training import Run, tasks
from dashboard.shared import cached, door, figures, pictures
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, t
from dashboard.training import runs

SIDE, STRENGTH = 280, 0.7
PLAY_SECONDS = 0.8


def show() -> None:
    """The run and digit of choice at the epoch of choice."""
    found = {name: run for name, run in runs.kept().items() if len(run.snapshots) > 1}
    if not found:
        st.info(t("training.no_runs"))
        return
    names = list(found)
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
            required=True,
        )
    run = found[name]
    playing = st.toggle(t("training.play"), key="lapse_play")
    if playing:
        st.fragment(_play, run_every=PLAY_SECONDS)(run, shown)
    else:
        _scrub(run, shown)


def _scrub(run: Run, digit: int) -> None:
    epochs = sorted(run.snapshots)
    epoch = choice(st.select_slider, t("training.epoch"), epochs, key="lapse_epoch", default=epochs[-1])
    _moment(run, epoch, digit)


def _play(run: Run, digit: int) -> None:
    """One epoch after the other, from the start again after the last."""
    epochs = sorted(run.snapshots)
    place = st.session_state.get("lapse_place", -1) + 1
    st.session_state["lapse_place"] = place % len(epochs)
    epoch = epochs[place % len(epochs)]
    st.progress(place % len(epochs) / (len(epochs) - 1), text=f"{t('training.epoch')} {epoch}")
    _moment(run, epoch, digit)


def _moment(run: Run, epoch: int, digit: int) -> None:
    image = cached.examples(run.source)[digit][0]
    weights = [values.astype(np.float32) for values in run.snapshots[epoch]]
    found: tasks.Moment = door.compute().call(tasks.moment, run.settings, weights, image)
    picture = digits.picture(image)
    first = int(found.probabilities.argmax())
    seen, cam, says = st.columns(3, gap="large")
    _place(seen, pictures.cells(picture, SIDE), t("training.digit_alt", digit=digit))
    caption = t("training.cam", first=first, high=number(float(found.cam.max()), 2), epoch=epoch)
    _place(cam, pictures.overlay(picture, found.cam, STRENGTH, SIDE), caption)
    with says:
        order = np.argsort(-found.probabilities)[:5]
        values = [float(found.probabilities[index]) for index in order]
        st.plotly_chart(
            figures.probabilities([str(index) for index in order], values, [percent(v) for v in values], str(digit)),
            config=figures.CONFIG,
            key="lapse_says",
            alt=", ".join(f"{index} {percent(value)}" for index, value in zip(order, values, strict=True)),
        )
    _maps(found)
    st.subheader(t("training.confusion"), anchor=False)
    hits, n = int(found.confusion.trace()), int(found.confusion.sum())
    st.caption(t("training.of_digits", hits=number(hits), n=number(n), share=percent(hits / n)))
    runs.confusion(found.confusion, "lapse_confusion")


def _maps(found: tasks.Moment) -> None:
    """Kernels of l1 and the feature maps of all three convolutions."""
    bound = float(np.abs(found.kernels).max())
    sheets: list[tuple[str, np.ndarray, dict[str, Any], str]] = [
        ("kernels", found.kernels, {"bound": bound}, t("training.kernels"))
    ]
    for layer, maps in found.maps.items():
        high = number(float(maps.max()), 2)
        sheets.append((layer, maps, {"high": float(maps.max())}, t("training.maps", layer=layer, high=high)))
    for name, maps, scale, caption in sheets:
        columns = maps.shape[-1] if maps.shape[-1] <= 12 else 8
        st.image(
            pictures.in_page(pictures.chart(pictures.map_sheet(maps, columns=columns, **scale))),
            width="stretch",
            alt=t("training.maps_alt", layer=name, count=maps.shape[-1]),
            caption=caption,
        )


def _place(column: Any, image: np.ndarray, caption: str) -> None:
    column.image(pictures.in_page(pictures.chart(image)), width="stretch", alt=caption, caption=caption)
