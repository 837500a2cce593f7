"""Do they tell the truth? Explanations are put to tests that they can fail."""

import streamlit as st

from dashboard.evaluation.table import OLD_LINKS, TESTS
from dashboard.shared import controls, door, lesson, problems
from dashboard.shared.frame import Frame, current


@st.fragment
@problems.report_errors
def chosen_test(frame: Frame) -> None:
    """The chosen test; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    controls.part("evaluation", "test", TESTS, key="test", prefix="test_", old_links=OLD_LINKS)(frame)


lesson.opening("evaluation")
chosen_test(current())
lesson.closing(
    "evaluation",
    (
        "core.evaluation.deletion:curve",
        "core.evaluation.randomization:randomize",
        "core.evaluation.localization:inpainting_pair",
        "core.evaluation.localization:energy",
        "core.evaluation.similarity:rank_correlation",
        "core.evaluation.leaderboard:measure",
    ),
)
