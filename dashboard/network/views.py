"""A network on screen: totals, drawing, table, one layer's facts and feature maps, kernels, and what it says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import images
from core.networks.entry import Entry, LayerRow
from dashboard.shared import cached, figures, layers, pictures
from dashboard.shared import names as shared_names
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, t

MOST_MAPS = 512
"""Feature maps on one sheet; more could not be told apart."""
FIELD_SIDE = 260
"""Pixels of the picture in which a layer's receptive field is drawn."""


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
    """The architecture, the chosen layer marked; a click on another one with feature maps chooses it."""
    st.header(t("network.architecture"), anchor=False)
    spatial = layers.spatial(entry)

    def click() -> None:
        points = st.session_state["architecture"]["selection"]["points"]
        if points and points[0]["customdata"] in spatial:
            st.session_state["layer"] = points[0]["customdata"]

    st.plotly_chart(
        figures.architecture(rows, layer, t("network.parameters")),
        key="architecture",
        config=figures.CONFIG,
        on_select=click,
        selection_mode="points",
        alt=t("network.drawing_alt", layers=len(rows), name=entry.name),
    )
    st.caption(t("network.drawing_help"))


def facts(row: LayerRow, picture: SelectedImage, entry: Entry) -> None:
    """Kind, shape, parameters and receptive field of a layer, the field drawn into the picture."""
    said, seen = st.columns([3, 2], gap="large", vertical_alignment="center")
    values = (
        ("kind", row.kind),
        ("shape", " × ".join(map(str, row.shape))),
        ("parameters", number(row.parameters)),
        ("field", row.receptive_field),
        ("stride", row.stride),
    )
    said.subheader(f"`{row.name}`", anchor=False)
    said.markdown("\n".join(f"- {t(f'network.column_{key}')}: **{value}**" for key, value in values))
    side, field = FIELD_SIDE, row.receptive_field or entry.input_size
    shown = round(field * side / entry.input_size)
    box = images.Box((side - shown) // 2, (side - shown) // 2, shown)
    seen.image(
        pictures.photo(pictures.framed(images.resize(picture.image, side, side), box)),
        width=side,
        alt=t("network.field_alt", size=field),
        caption=t("network.field_caption", size=field),
    )


def feature_maps(picture: SelectedImage, network: Entry, layer: str) -> None:
    """A layer's feature maps on one scale or each on its own, with dead and duplicate channels marked."""
    st.subheader(t("network.feature_maps"), anchor=False, help=t("network.feature_maps_help"))
    own = st.toggle(t("network.own_scale"), key="own_scale", help=t("network.own_scale_help"), bind="query-params")
    maps = cached.feature_maps(picture, network, layer)
    health = cached.channel_health(network, layer)
    dead = [int(k) for k in np.flatnonzero(health.dead)]
    twins = {int(b): f"={a}" for a, b, _ in health.duplicates}
    high = None if own else float(np.quantile(maps, 0.999))
    shown = sorted(np.argsort(-maps.max(axis=(0, 1)), kind="stable")[:MOST_MAPS].tolist())
    if len(shown) < maps.shape[2]:
        st.caption(t("network.strongest", shown=len(shown), count=number(maps.shape[2])))
    sheet = pictures.map_sheet(maps, high=high, channels=shown, crossed=dead, notes=twins)
    st.image(
        pictures.chart(sheet),
        width="stretch",
        alt=t("network.sheet_alt", layer=layer, count=maps.shape[2], dead=len(dead), duplicates=len(twins)),
        caption=t("network.scale_own") if own else t("network.scale_shared", high=number(high or 0.0, 2)),
    )
    st.markdown(_health_sentence(dead, health.duplicates), help=t("network.health_help"))


def _health_sentence(dead: Sequence[int], duplicates: Sequence[tuple[int, int, float]]) -> str:
    pairs = ", ".join(f"{a} = {b}" for a, b, _ in duplicates[:12]) + (" …" if len(duplicates) > 12 else "")
    first = f"**{t('network.dead')} ({len(dead)}):** {', '.join(map(str, dead))}" if dead else t("network.none_dead")
    second = (
        f"**{t('network.duplicates')} ({len(duplicates)}):** {pairs}" if duplicates else t("network.none_duplicate")
    )
    return f"{first}  \n{second}"


def first_kernels(network: Entry, rows: Sequence[LayerRow]) -> None:
    """The kernels of the first convolution as colour pictures."""
    first = next(row.name for row in rows if figures.kind_of(row.kind) == "conv")
    kernels = cached.kernels(network, first)
    st.subheader(f"{t('network.kernels')}: `{first}`", anchor=False, help=t("network.kernels_help"))
    st.image(
        pictures.chart(pictures.kernel_sheet(kernels)),
        width="stretch",
        alt=t("network.kernels_alt", count=kernels.shape[3], layer=first),
        caption=t("network.kernels_scale"),
    )


def table(rows: Sequence[LayerRow]) -> None:
    """All layers with kind, shape, parameters, receptive field and stride."""
    st.subheader(t("network.table"), anchor=False)
    columns = {
        t("network.column_name"): [row.name for row in rows],
        t("network.column_kind"): [row.kind for row in rows],
        t("network.column_shape"): [" × ".join(map(str, row.shape)) for row in rows],
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


def prediction(entry: Entry, probabilities: np.ndarray, class_index: int | None = None, top: int = 5) -> None:
    """The most probable classes as bars, the asked one in orange and added where it is not among them."""
    order = [int(index) for index in np.argsort(-probabilities, kind="stable")[:top]]
    if class_index is not None and class_index not in order:
        order.append(class_index)
    names = shared_names.class_names(entry)
    labels = [names[index] for index in order]
    values = [float(probabilities[index]) for index in order]
    chosen = names[class_index] if class_index is not None else None
    texts = [percent(value) for value in values]
    st.markdown(f"**{t('network.prediction')}**")
    st.plotly_chart(
        figures.probabilities(labels, values, texts, chosen),
        config=figures.CONFIG,
        alt=f"{t('network.prediction')}: " + ", ".join(f"{a} {b}" for a, b in zip(labels, texts, strict=True)),
    )
