"""Filter statistics: which channels respond to which class, which digits are mistaken, and one image's way."""

import streamlit as st

from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current
from dashboard.statistics.views import place_view


@st.fragment
@problems.report_errors
def page(frame: Frame) -> None:
    """A change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    place_view(frame)


lesson.opening("statistics")
page(current())
lesson.closing(
    "statistics",
    (
        "core.features.statistics:from_batches",
        "core.features.statistics:relative_to_mean",
        "core.features.statistics:confusion_matrix",
        "core.features.statistics:forward_pass",
    ),
)
