"""The network as a file to take along, compared with Keras before it is handed out."""

from __future__ import annotations

import streamlit as st

from core.deployment import FORMATS, DeploymentError, record, standalone, tasks
from core.networks.entry import Entry
from dashboard.deploy.exports import exported, precision_picker, small_number
from dashboard.shared import problems
from dashboard.shared.frame import Frame
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import ask


def download_file(frame: Frame) -> None:
    """A format and a precision, how well the file agrees with Keras, and the file."""
    network = frame.network
    left, right = st.columns(2, gap="large")
    with left:
        format = choice(
            st.segmented_control,
            t("ship.format"),
            tuple(FORMATS),
            key="ship_format",
            default="onnx",
            format_func=lambda name: t(f"ship.{name}"),
        )
    with right:
        precision = precision_picker()
    if format == "flat" and (refusal := ask(tasks.flat_file_refusal, network)):
        st.warning(problems.sentence(refusal), icon=":material/account_tree:")
        return
    export = exported(network, format, precision)
    if export is None:
        return
    comparison = export.comparison
    with st.container(horizontal=True):
        for name, value in (
            ("bytes", t("ship.megabytes", value=number(len(export.data) / 1e6, 2))),
            ("difference", small_number(comparison.logits)),
            ("difference_probability", small_number(comparison.probabilities)),
            ("agreement", percent(comparison.agreement)),
        ):
            st.metric(t(f"ship.{name}"), value, border=True)
    st.caption(t("ship.compared", count=comparison.pictures))
    stored = record.stored()
    if network.name == stored["network"]:
        more = stored["compared"][precision][format]
        values = {"count": more["pictures"], "date": stored["date"], "agreement": percent(more["agreement"])}
        st.caption(t("ship.compared_before", **values))
    name = f"{network.name.lower()}-{precision}{FORMATS[format]}"
    with st.container(horizontal=True):
        st.download_button(
            t("ship.download"), export.data, name, type="primary", icon=":material/download:", on_click="ignore"
        )
        if format == "flat":
            _download_page(network, export.data, precision)
    st.code(f"python -m core export --network {network.name} --format {format} --precision {precision} --out {name}")


def _download_page(network: Entry, data: bytes, precision: str) -> None:
    """One's own classifier as one HTML file, or why not."""
    try:
        standalone.check(network, precision)
    except DeploymentError as error:
        st.warning(problems.sentence(error), icon=":material/memory:")
        return
    st.download_button(
        t("ship.classifier"),
        lambda: standalone.page(data, network.name),
        f"{network.name.lower()}.html",
        "text/html",
        icon=":material/html:",
        on_click="ignore",
        help=t("ship.classifier_help"),
    )
