"""Explainers side by side: methods by networks or classes, how alike their maps are, and what they cost."""

import streamlit as st

from dashboard.explainers.grid import choose_grid, compare, place_figures, place_grid
from dashboard.explainers.recognition import place_recognition
from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current


@st.fragment
@problems.report_errors
def explanations(frame: Frame) -> None:
    """The chosen grid with its figures; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    grid = choose_grid(frame.image, frame.network)
    cells = compare(frame.image, grid)
    if cells is not None:
        place_grid(frame.image, grid, cells)
        place_figures(grid, cells)


@st.fragment
@problems.report_errors
def recognition(frame: Frame) -> None:
    """Expected and predicted class of many images."""
    door.wait_until_ready(frame.network)
    place_recognition(frame.network)


lesson.opening("explainers")
explanations(current())
recognition(current())
lesson.closing(
    "explainers",
    (
        "core.attribution.tasks:compare",
        "core.attribution.compare:correlations",
        "core.features.recognition:recognise_people",
    ),
)
