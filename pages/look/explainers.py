"""Explainers side by side: methods by networks or classes, how alike their maps are, and what they cost."""

import streamlit as st

from dashboard.explainers import grid as comparing
from dashboard.explainers import recognition
from dashboard.shared import cached, controls, lesson, problems


@st.fragment
@problems.shown
def compare(frame: controls.Frame) -> None:
    """The grid of choice with its figures; a change of a control runs this part of the page alone."""
    cached.wait_until_ready(frame.network)
    grid = comparing.ask(frame.picture, frame.network)
    found = comparing.answer(frame.picture, grid)
    if found is not None:
        comparing.show(frame.picture, grid, found)
        comparing.figures_of(grid, found)


@st.fragment
@problems.shown
def recognise(frame: controls.Frame) -> None:
    """Expected and predicted class of many pictures."""
    cached.wait_until_ready(frame.network)
    recognition.recognised(frame.network)


lesson.opening("explainers")
compare(controls.current())
recognise(controls.current())
lesson.closing(
    "explainers",
    ("core.attribution.tasks:compare", "core.attribution.compare:correlations", "core.features.recognition:recognise"),
)
