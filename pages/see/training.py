"""Train it yourself: a small network learns digits while it is watched, and everything may go wrong."""

import streamlit as st

from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame
from dashboard.training import live


@st.fragment
@problems.shown
def show(frame: shared_frame.Frame) -> None:
    """The part of choice; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    live.parts()


lesson.opening("training")
show(shared_frame.current())
lesson.closing(
    "training",
    (
        "core.training.network:build",
        "core.training.loop:train",
        "core.training.loop:Desk",
        "core.training.loop:chosen",
        "core.training.tasks:moment",
        "core.training.tasks:sweep",
        "core.training.transfer:Pupil",
        "core.intervals:wilson",
    ),
)
