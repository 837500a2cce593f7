"""Which digits a network mistakes for which: the confusion matrix, and the digits of one cell."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.features.held_out import held_out_images
from core.features.recognition import Recognition, recognise_digits
from core.features.statistics import class_kinds, confusion_matrix
from core.intervals import wilson
from core.networks.entry import Entry
from dashboard.shared import figures, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.links import choice
from dashboard.shared.text import percent, t
from dashboard.shared.workers import ask

TILE = 96
MOST_DIGITS = 60
"""Digits of one cell of the matrix on screen."""


def confusion(frame: Frame) -> None:
    """Accuracy, the matrix, and the digits of a chosen cell; a network of other images has none."""
    entry = frame.network
    if "digit" not in class_kinds(entry):
        st.info(t("statistics.only_digits", name=entry.name))
        return
    recognition: Recognition = ask(recognise_digits, entry)
    counts = confusion_matrix(recognition.expected, recognition.predicted, entry.classes)
    right, total = int(np.trace(counts)), int(counts.sum())
    low, high = (percent(bound) for bound in wilson(right, total))
    st.markdown(t("statistics.right", right=right, total=total, share=percent(right / total), low=low, high=high))
    st.plotly_chart(
        figures.confusion_matrix(counts, entry.labels, (t("statistics.predicted"), t("statistics.expected"))),
        key="confusion",
        config=figures.CONFIG,
        on_select=_choose_clicked_cell,
        selection_mode="points",
        alt=t("statistics.confusion_alt", right=right, total=total),
    )
    mistakes = counts - np.diag(np.diag(counts))
    most_frequent = np.unravel_index(mistakes.argmax(), mistakes.shape)
    expected, predicted = (
        choice(
            st.segmented_control,
            t(f"statistics.{name}"),
            range(entry.classes),
            key=name,
            default=int(digit),
            format_func=entry.labels.__getitem__,
        )
        for name, digit in zip(("expected", "predicted"), most_frequent, strict=True)
    )
    _draw_cell(entry, recognition, expected, predicted)


def _choose_clicked_cell() -> None:
    points = st.session_state["confusion"]["selection"]["points"]
    if points:
        st.session_state["expected"], st.session_state["predicted"] = map(int, points[0]["customdata"])


def _draw_cell(entry: Entry, recognition: Recognition, expected: int, predicted: int) -> None:
    """The digits of one cell of the matrix, those of the highest probability first."""
    inside = np.flatnonzero((recognition.expected == expected) & (recognition.predicted == predicted))
    inside = inside[np.argsort(-recognition.probabilities[inside], kind="stable")]
    labels = {"expected": entry.labels[expected], "predicted": entry.labels[predicted]}
    st.subheader(t("statistics.cell", count=len(inside), **labels), anchor=False)
    digits, _ = held_out_images(entry)
    with st.container(horizontal=True):
        for index in inside[:MOST_DIGITS]:
            share = percent(float(recognition.probabilities[index]))
            st.image(
                pictures.encode_drawing(pictures.enlarge_pixels(digits[index], TILE)),
                width=TILE,
                alt=t("statistics.digit_alt", share=share, **labels),
                caption=share,
            )
