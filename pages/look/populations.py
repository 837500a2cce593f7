"""Two populations: does a network look at, and know, everybody alike?"""

import streamlit as st

from dashboard.populations import comparison, shares
from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current


@st.fragment
@problems.report_errors
def compare(frame: Frame) -> None:
    """Two groups beside each other; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    comparison.compare_groups(frame)


@st.fragment
def cause() -> None:
    """Networks that differ by the groups' shares in their training."""
    shares.place_effects()


lesson.opening("populations")
compare(current())
cause()
lesson.closing(
    "populations",
    (
        "core.populations.tasks:compare",
        "core.populations.alignment:align",
        "core.populations.energy:energies",
        "core.intervals:bootstrap",
        "core.populations.statistics:difference",
        "core.populations.verification:error_rates",
        "core.populations.shares:measure",
    ),
)
