"""Where does it look? Any explainer for any class at any layer, and the algorithm of those that use feature maps."""

import streamlit as st

from core import colours
from core.networks import tasks
from dashboard.explain.explanation import explain, place_maps
from dashboard.explain.request import choose_explanation, chosen_method
from dashboard.grad_cam.presets import PRESETS
from dashboard.grad_cam.steps import place_steps, sources
from dashboard.shared import door, lesson, links, problems
from dashboard.shared.frame import Frame, current
from dashboard.shared.predictions import prediction_bars
from dashboard.shared.presets import preset_buttons
from dashboard.shared.text import t
from dashboard.shared.workers import ask


@problems.report_errors
def explanation_with_steps(frame: Frame) -> None:
    """Controls, prediction, maps and steps."""
    network, image = frame.network, frame.image
    door.wait_until_ready(network)
    chosen, predicted = st.columns([2, 3], gap="large")
    bars, params = predicted.container(), predicted.container()
    with chosen:
        request = choose_explanation(image, network, params)
        strength = st.slider(t("controls.overlay"), 0.0, 1.0, colours.STRENGTH, 0.05, key="strength", **links.BOUND)
    with bars:
        (probabilities,) = ask(tasks.predict, network, image.at(network.input_size))
        prediction_bars(network, probabilities, request.explained_class(probabilities))
    explanation = explain(image, request)
    if explanation is not None:
        overlay = place_maps(image, request, explanation, strength)
        place_steps(request, explanation, overlay)


@st.fragment
def page(frame: Frame) -> None:
    """A change of a control runs this part of the page alone; it ends with the code of the chosen method."""
    explanation_with_steps(frame)
    lesson.closing("grad_cam", (*sources(chosen_method()), "core.attribution.tasks:explain"))


lesson.opening("grad_cam")
preset_buttons("grad_cam", PRESETS)
page(current())
