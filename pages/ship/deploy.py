"""Ship it: one trained network in Python, C++ and the browser, and what each costs."""

import streamlit as st

from dashboard.deploy import parts
from dashboard.shared import cached, controls, lesson, problems


@st.fragment
@problems.shown
def ship(frame: controls.Frame) -> None:
    """The part of choice; a change of a control runs this part of the page alone."""
    cached.wait_until_ready(frame.network)
    parts.show(frame)


lesson.opening("deploy")
ship(controls.current())
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
