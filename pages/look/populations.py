"""Two populations: does a network look at, and know, everybody alike?"""

import streamlit as st

from dashboard.populations import comparison, shares
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.shown
def compare(frame: shared_frame.Frame) -> None:
    """Two groups beside each other; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    comparison.show(frame)


@st.fragment
def cause() -> None:
    """Networks that differ by the groups' shares in their training."""
    shares.show()


lesson.opening("populations")
compare(shared_frame.current())
cause()
lesson.closing(
    "populations",
    (
        "core.populations.tasks:compare",
        "core.populations.alignment:aligned",
        "core.populations.energy:energies",
        "core.intervals:bootstrap",
        "core.populations.statistics:difference",
        "core.populations.verification:error_rates",
        "core.populations.shares:measure",
    ),
)
