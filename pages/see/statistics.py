"""Filter statistics: which channels answer to which class, which digits are mistaken, and one picture's way."""

import streamlit as st

from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame
from dashboard.statistics import views


@st.fragment
@problems.report_errors
def show(frame: shared_frame.Frame) -> None:
    """The view of choice; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    views.show(frame)


lesson.opening("statistics")
show(shared_frame.current())
lesson.closing(
    "statistics",
    (
        "core.features.statistics:of_batches",
        "core.features.statistics:above_others",
        "core.features.statistics:confusion",
        "core.features.statistics:path",
    ),
)
