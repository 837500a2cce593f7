"""Ship it: one trained network in Python, C++ and the browser, and what each costs."""

import streamlit as st

from dashboard.deploy.comparison import compare_runtimes
from dashboard.deploy.files import download_file
from dashboard.deploy.platforms import platforms
from dashboard.deploy.traps import wrong_inputs
from dashboard.shared import controls, door, lesson, problems
from dashboard.shared.frame import Frame, current

PARTS = {"run": compare_runtimes, "files": download_file, "traps": wrong_inputs, "platforms": platforms}


@st.fragment
@problems.report_errors
def ship(frame: Frame) -> None:
    """The selected part; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    controls.part("ship", "part", PARTS, key="ship_show", label_visibility="collapsed")(frame)


lesson.opening("deploy")
ship(current())
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
