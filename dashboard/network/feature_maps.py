"""What a layer answers to the image, channel by channel, and the kernels of the first convolution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.features.health import channel_health
from core.networks import tasks
from core.networks.entry import Entry, LayerRow
from dashboard.shared import pictures
from dashboard.shared.architecture_figure import layer_family
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, t
from dashboard.shared.workers import ask

MOST_MAPS = 512
"""Feature maps on one sheet; more could not be told apart."""


def feature_map_sheet(image: SelectedImage, network: Entry, layer: str) -> None:
    """A layer's feature maps on one scale or each on its own, with dead and duplicate channels marked."""
    st.subheader(t("network.feature_maps"), anchor=False, help=t("network.feature_maps_help"))
    own_scale = st.toggle(
        t("network.own_scale"), key="own_scale", help=t("network.own_scale_help"), bind="query-params"
    )
    maps = ask(tasks.feature_maps, network, layer, image.at(network.input_size))
    health = ask(channel_health, network, layer)
    dead = [int(k) for k in np.flatnonzero(health.dead)]
    twins = {int(b): f"={a}" for a, b, _ in health.duplicates}
    high = None if own_scale else float(np.quantile(maps, 0.999))
    strongest = sorted(np.argsort(-maps.max(axis=(0, 1)), kind="stable")[:MOST_MAPS].tolist())
    if len(strongest) < maps.shape[2]:
        st.caption(t("network.strongest", shown=len(strongest), count=number(maps.shape[2])))
    sheet = pictures.map_sheet(maps, high=high, channels=strongest, crossed=dead, notes=twins)
    st.image(
        pictures.encode_drawing(sheet),
        width="stretch",
        alt=t("network.sheet_alt", layer=layer, count=maps.shape[2], dead=len(dead), duplicates=len(twins)),
        caption=t("network.scale_own") if own_scale else t("network.scale_shared", high=number(high or 0.0, 2)),
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
    """The kernels of the first convolution as colour images."""
    first = next(row.name for row in rows if layer_family(row.kind) == "conv")
    kernels = ask(tasks.kernels, network, first)
    st.subheader(f"{t('network.kernels')}: `{first}`", anchor=False, help=t("network.kernels_help"))
    st.image(
        pictures.encode_drawing(pictures.kernel_sheet(kernels)),
        width="stretch",
        alt=t("network.kernels_alt", count=kernels.shape[3], layer=first),
        caption=t("network.kernels_scale"),
    )
