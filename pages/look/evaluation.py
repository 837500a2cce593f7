"""Do they tell the truth? Explanations are put to tests that they can fail."""

import streamlit as st

from dashboard.evaluation.deletion import deletion_test
from dashboard.evaluation.leaderboard import leaderboards
from dashboard.evaluation.localization import localization_test
from dashboard.evaluation.randomization import randomization_test
from dashboard.evaluation.stability import stability_test
from dashboard.shared import controls, door, lesson, problems
from dashboard.shared import frame as shared_frame

TESTS = {
    "deletion": deletion_test,
    "randomization": randomization_test,
    "localization": localization_test,
    "stability": stability_test,
    "leaderboard": leaderboards,
}
OLD_LINKS = {
    "delete": "deletion",
    "forget": "randomization",
    "land": "localization",
    "repeat": "stability",
    "rank": "leaderboard",
}


@st.fragment
@problems.report_errors
def chosen_test(frame: shared_frame.Frame) -> None:
    """The chosen test; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    controls.part("evaluation", "test", TESTS, key="test", prefix="test_", old_links=OLD_LINKS)(frame)


lesson.opening("evaluation")
chosen_test(shared_frame.current())
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
