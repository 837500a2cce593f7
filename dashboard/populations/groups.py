"""Which two groups are compared, and how: the controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core import faces
from core.networks import table
from core.networks.entry import Entry
from core.populations.groups import RenderedGroup
from dashboard.populations import photos
from dashboard.shared import controls, layers
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import t
from dashboard.shared.workers import Keyed

KNOWN_PEOPLE, NEW_PEOPLE, CAPTURES = faces.PEOPLE // 2, 50, 8
"""Most people of a group that the network knows, and that it was not trained on, and most captures of each: in 400
images there are 80,000 pairs."""


@dataclass(frozen=True)
class Request:
    """Two groups by name, how many images they have together, and what of the network explains them."""

    sources: Mapping[str, RenderedGroup | Keyed]
    count: int
    layer: str
    channels: tuple[int, ...] | None
    true_class: bool

    @property
    def rendered(self) -> bool:
        """Whether the people are rendered, so that the regions of their faces are known."""
        return all(isinstance(source, RenderedGroup) for source in self.sources.values())


def choose_groups(network: Entry) -> Request | None:
    """The controls; None until both groups have images."""
    who, how = st.columns(2, gap="large")
    with who:
        source = choice(
            st.segmented_control,
            t("populations.source"),
            ("drawn", "photos"),
            key="pop_source",
            default="drawn",
            format_func=lambda name: t(f"populations.{name}"),
        )
        rendered = _rendered_groups(network) if source == "drawn" else None
    with how:
        layer = controls.layer_picker(layers.splittable(network), network.default_layer)
        channels = _channels(network, layer)
        target = choice(
            st.segmented_control,
            t("populations.class"),
            ("true", "predicted"),
            key="pop_class",
            default="true",
            format_func=lambda name: t(f"populations.class_{name}"),
            help=t("populations.class_help"),
        )
    explained = layer, channels, target == "true"
    if rendered is not None:
        return Request(rendered, sum(group.count for group in rendered.values()), *explained)
    uploaded = photos.upload_groups(network)
    if uploaded is None:
        return None
    st.caption(t("populations.proportions"))
    sources = {name: group.keyed for name, group in uploaded.items()}
    return Request(sources, sum(group.count for group in uploaded.values()), *explained)


def _rendered_groups(network: Entry) -> dict[str, RenderedGroup]:
    """Rendered people of both groups, as many of each."""
    knows = table.knows_people(network)
    who = choice(
        st.segmented_control,
        t("populations.who"),
        ("known", "new") if knows else ("new",),
        key="pop_who",
        default="known" if knows else "new",
        format_func=lambda name: t(f"populations.who_{name}"),
        help=t("populations.who_help"),
    )
    most = KNOWN_PEOPLE if who == "known" else NEW_PEOPLE
    people = st.slider(t("populations.people"), 2, most, 12, key=f"pop_people_{who}", **BOUND)
    captures = st.slider(t("populations.captures"), 1, CAPTURES, 2, key="pop_captures", **BOUND)
    return {group: RenderedGroup(group, people, captures, who == "known") for group in faces.GROUPS}


def _channels(network: Entry, layer: str) -> tuple[int, ...] | None:
    """The channels that take part; None for all."""
    count = next(row.shape[-1] for row in layers.rows(network) if row.name == layer)
    picked = st.multiselect(
        t("controls.channels"),
        range(count),
        key="pop_channels",
        placeholder=t("controls.channels_all"),
        help=t("controls.channels_help"),
        **BOUND,
    )
    return tuple(sorted(picked)) or None
