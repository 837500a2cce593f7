"""Train it yourself: a small network learns digits while it is watched, and everything may go wrong."""

import streamlit as st

from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current
from dashboard.training import live


@st.fragment
@problems.report_errors
def training(frame: Frame) -> None:
    """The part of choice; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    live.training_parts()


lesson.opening("training")
training(current())
lesson.closing(
    "training",
    (
        "core.training.network:build",
        "core.training.loop:train",
        "core.training.loop:Trainer",
        "core.training.loop:training_examples",
        "core.training.tasks:inspect",
        "core.training.tasks:sweep",
        "core.training.transfer:TransferLearner",
        "core.intervals:wilson",
    ),
)
