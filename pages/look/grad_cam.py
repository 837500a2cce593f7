"""Where does it look? Any explainer for any class at any layer, and the algorithm of those that use feature maps."""

import streamlit as st

from core.attribution import METHODS
from dashboard.explain import question
from dashboard.grad_cam import walk
from dashboard.network import views
from dashboard.shared import cached, door, lesson, links, presets, problems
from dashboard.shared import frame as shared_frame
from dashboard.shared.text import t


@problems.shown
def explore(frame: shared_frame.Frame) -> None:
    """Controls, pictures and steps."""
    entry, picture = frame.network, frame.image
    door.wait_until_ready(entry)
    asked, says = st.columns([2, 3], gap="large")
    prediction, numbers = says.container(), says.container()
    with asked:
        request = question.ask(picture, entry, numbers)
        strength = st.slider(t("controls.overlay"), 0.0, 1.0, 0.7, 0.05, key="strength", **links.BOUND)
    with prediction:
        said = cached.predict(picture, entry)
        views.prediction(entry, said, question.class_of(request, said))
    explanation = question.answer(picture, request)
    if explanation is not None:
        overlay = question.show(picture, request, explanation, strength)
        walk.show(request, explanation, overlay)


@st.fragment
def page(frame: shared_frame.Frame) -> None:
    """A change of a control runs this part of the page alone; it ends with the code of the chosen method."""
    explore(frame)
    method = METHODS[st.session_state.get("method", question.DEFAULT)]
    lesson.closing(
        "grad_cam", (*walk.quoted(method.name), f"{method.module}:{method.name}", "core.attribution.tasks:explain")
    )


lesson.opening("grad_cam")
presets.shown("grad_cam")
page(shared_frame.current())
