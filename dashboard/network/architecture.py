"""A network's architecture on screen: its totals, its drawing, the facts of one layer, and the table of all layers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import images
from core.networks.entry import Entry, LayerRow
from dashboard.shared import figures, layers, pictures
from dashboard.shared.architecture_figure import architecture_figure
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, t

FIELD_SIDE = 260
"""Side in pixels of the image in which a layer's receptive field is drawn."""


def totals(entry: Entry, rows: Sequence[LayerRow]) -> None:
    """The network in four numbers."""
    values = {
        "parameters": number(sum(row.parameters for row in rows)),
        "layers": number(sum(row.parameters > 0 for row in rows)),
        "input": f"{entry.input_size} × {entry.input_size}",
        "classes": number(entry.classes),
    }
    with st.container(horizontal=True):
        for key, value in values.items():
            st.metric(t(f"network.{key}"), value, border=True)


def drawing(entry: Entry, rows: Sequence[LayerRow], layer: str) -> None:
    """The layers as blocks, the selected one marked; a click on another one with feature maps selects it."""
    st.header(t("network.architecture"), anchor=False)
    spatial = layers.spatial(entry)

    def click() -> None:
        points = st.session_state["architecture"]["selection"]["points"]
        if points and points[0]["customdata"] in spatial:
            st.session_state["layer"] = points[0]["customdata"]

    st.plotly_chart(
        architecture_figure(rows, layer, t("network.parameters")),
        key="architecture",
        config=figures.CONFIG,
        on_select=click,
        selection_mode="points",
        alt=t("network.drawing_alt", layers=len(rows), name=entry.name),
    )
    st.caption(t("network.drawing_help"))


def layer_facts(row: LayerRow, image: SelectedImage, entry: Entry) -> None:
    """Kind, shape, parameters and receptive field of a layer, the field drawn into the image."""
    facts, drawn = st.columns([3, 2], gap="large", vertical_alignment="center")
    values = (
        ("kind", row.kind),
        ("shape", _shape(row)),
        ("parameters", number(row.parameters)),
        ("field", row.receptive_field),
        ("stride", row.stride),
    )
    facts.subheader(f"`{row.name}`", anchor=False)
    facts.markdown("\n".join(f"- {t(f'network.column_{key}')}: **{value}**" for key, value in values))
    side, field = FIELD_SIDE, row.receptive_field or entry.input_size
    size = round(field * side / entry.input_size)
    box = images.Box((side - size) // 2, (side - size) // 2, size)
    drawn.image(
        pictures.encode_photo(pictures.draw_box(images.resize(image.image, side, side), box)),
        width=side,
        alt=t("network.field_alt", size=field),
        caption=t("network.field_caption", size=field),
    )


def layer_table(rows: Sequence[LayerRow]) -> None:
    """All layers with kind, shape, parameters, receptive field and stride."""
    st.subheader(t("network.table"), anchor=False)
    columns = {
        t("network.column_name"): [row.name for row in rows],
        t("network.column_kind"): [row.kind for row in rows],
        t("network.column_shape"): [_shape(row) for row in rows],
        t("network.column_parameters"): [row.parameters for row in rows],
        t("network.column_field"): [row.receptive_field for row in rows],
        t("network.column_stride"): [row.stride for row in rows],
    }
    largest = max(row.parameters for row in rows)
    share = st.column_config.ProgressColumn(min_value=0, max_value=largest, format="localized")
    config = {t("network.column_parameters"): share}
    st.dataframe(
        columns, hide_index=True, height="content", column_config=config, placeholder="–", alt=t("network.table")
    )


def _shape(row: LayerRow) -> str:
    return " × ".join(map(str, row.shape))
