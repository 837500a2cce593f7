"""Explainers side by side: methods by networks or classes, how alike their maps are, and what they cost."""

import streamlit as st

from dashboard.explainers import grid as comparing
from dashboard.explainers import recognition
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.shown
def compare(frame: shared_frame.Frame) -> None:
    """The grid of choice with its figures; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    grid = comparing.ask(frame.image, frame.network)
    found = comparing.answer(frame.image, grid)
    if found is not None:
        comparing.show(frame.image, grid, found)
        comparing.figures_of(grid, found)


@st.fragment
@problems.shown
def recognise(frame: shared_frame.Frame) -> None:
    """Expected and predicted class of many pictures."""
    door.wait_until_ready(frame.network)
    recognition.recognised(frame.network)


lesson.opening("explainers")
compare(shared_frame.current())
recognise(shared_frame.current())
lesson.closing(
    "explainers",
    ("core.attribution.tasks:compare", "core.attribution.compare:correlations", "core.features.recognition:recognise"),
)
