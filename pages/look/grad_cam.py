"""Where does it look? Grad-CAM of any class at any layer, and the algorithm in six steps."""

import streamlit as st

from dashboard import cached, controls, lesson, pictures, presets, problems, views, walk
from dashboard.text import significant, t

METHOD = "grad_cam"
SIDE = 448


@st.fragment
@problems.shown
def explore(frame: controls.Frame) -> None:
    """Controls, pictures and the six steps; a change of a control runs this part of the page alone."""
    entry, picture = frame.network, frame.picture
    asked, says = st.columns([2, 3], gap="large")
    with asked:
        class_index = controls.class_picker(entry)
        layer = controls.layer_picker(cached.passed_layers(entry), entry.default_layer)
        whole = cached.explain(picture, entry, METHOD, class_index, layer)
        channels = controls.channel_picker(whole.map.walk.weights)
        strength = st.slider(t("controls.overlay"), 0.0, 1.0, 0.7, 0.05, key="strength", **controls.BOUND)
    explanation = whole
    if channels is not None:
        explanation = cached.explain(picture, entry, METHOD, whole.class_index, layer, channels)
    with says:
        views.prediction(entry, explanation.probabilities, explanation.class_index)
    name = entry.labels[explanation.class_index]
    values = explanation.map.values
    overlay = pictures.chart(pictures.overlay(picture.image, values, strength, SIDE))
    left, middle, right = st.columns(3)
    left.image(pictures.photo(picture.image), width="stretch", alt=picture.name, caption=picture.name)
    middle.image(
        overlay,
        width="stretch",
        alt=t("grad_cam.overlay_alt", label=name, layer=layer),
        caption=t("grad_cam.overlay", label=name),
    )
    right.image(
        pictures.chart(pictures.heatmap(values, SIDE)),
        width="stretch",
        alt=t("grad_cam.heatmap_alt", label=name, layer=layer),
        caption=t("grad_cam.scale", high=significant(float(values.max()))),
    )
    walk.grad_cam(explanation, name, channels, overlay)


@problems.shown
def show(frame: controls.Frame) -> None:
    """Nothing before the network is there."""
    cached.wait_until_ready(frame.network)
    explore(frame)


lesson.opening("grad_cam")
presets.shown("grad_cam")
show(controls.current())
lesson.closing("grad_cam", (walk.GRAD_CAM, "core.attribution.grad_cam:grad_cam", "core.tasks:explain"))
