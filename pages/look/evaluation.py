"""Do they tell the truth? Explanations are put to tests that they can fail."""

import streamlit as st

from dashboard.evaluation import experiments
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.shown
def test(frame: shared_frame.Frame) -> None:
    """The test of choice; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    experiments.show(frame)


lesson.opening("evaluation")
test(shared_frame.current())
lesson.closing(
    "evaluation",
    (
        "core.evaluation.deletion:curve",
        "core.evaluation.randomization:randomize",
        "core.evaluation.pointing:pair",
        "core.evaluation.pointing:energy",
        "core.evaluation.similarity:rank_correlation",
        "core.evaluation.leaderboard:measure",
    ),
)
