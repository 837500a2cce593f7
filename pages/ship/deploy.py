"""Ship it: one trained network in Python, C++ and the browser, and what each costs."""

import streamlit as st

from dashboard.deploy import parts
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.report_errors
def ship(frame: shared_frame.Frame) -> None:
    """The part of choice; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    parts.show(frame)


lesson.opening("deploy")
ship(shared_frame.current())
lesson.closing(
    "deploy",
    (
        "core.deployment.graph:graph",
        "core.deployment.graph:preparation",
        "core.deployment.export:export",
        "core.deployment.flat:write",
        "core.deployment.runtimes:onnxruntime",
        "core.deployment.runtimes:litert",
        "core.deployment.tasks:measure",
    ),
)
