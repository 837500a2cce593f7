"""Which channels respond to which class: their means, and where in the image they respond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.colours import heatmap
from core.features import statistics
from core.features.statistics import ClassStatistics
from core.networks.entry import Entry
from dashboard.shared import controls, figures, layers, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, significant, t
from dashboard.shared.workers import job
from dashboard.statistics.figures import class_channel_heatmap

MOST_RANKS, RANKS = 5, 3
SIDE = 224


def channels_by_class(frame: Frame) -> None:
    """Controls, the matrix of channels and classes, and the feature maps of the channels that respond most."""
    entry = frame.network
    kinds = statistics.class_kinds(entry)
    if not kinds:
        st.info(t("statistics.none", name=entry.name))
        return
    by, where, how = st.columns([3, 4, 4], gap="medium", vertical_alignment="bottom")
    with by:
        kind = choice(
            st.segmented_control,
            t("statistics.by"),
            kinds,
            key=f"by_{kinds[0]}",
            default=kinds[0],
            format_func=lambda kind: t(f"statistics.by_{kind}"),
        )
    with where:
        names = [row.name for row in layers.rows(entry) if row.parameters > 0 and (row.spatial or kind != "region")]
        layer = controls.layer_picker(names, entry.default_layer)
    with how:
        relative = st.toggle(t("statistics.others"), key="others", help=t("statistics.others_help"), **BOUND)
    result: ClassStatistics | None = job(statistics.class_statistics, entry, layer, kind, name="statistics")
    if result is not None:
        _draw_statistics(entry, layer, kind, result, relative)


def _draw_statistics(entry: Entry, layer: str, kind: str, result: ClassStatistics, relative: bool) -> None:
    names = [_class_name(kind, name) for name in statistics.classes_of(entry, kind)]
    values = statistics.relative_to_mean(result.means) if relative else result.means
    ranks = statistics.rank_channels(values)
    st.header(t("statistics.matrix"), anchor=False)
    counts = ", ".join(f"{name} ({count})" for name, count in zip(names, result.counts, strict=True))
    st.caption(t("statistics.counts", counts=counts))
    tops = "; ".join(f"{name}: {', '.join(map(str, row[:RANKS]))}" for name, row in zip(names, ranks, strict=True))
    st.plotly_chart(
        class_channel_heatmap(values, names, t("controls.channel"), signed=relative),
        config=figures.CONFIG,
        key="statistics_matrix",
        alt=t("statistics.matrix_alt", layer=layer, tops=tops),
    )
    if result.patterns.shape[1] > 1:
        _draw_composites(layer, names, result.patterns, ranks)
        _draw_patterns(names, result, ranks, values)


def _class_name(kind: str, name: str) -> str:
    """What a class is called on screen."""
    if kind == "region":
        return t(f"region.{name}")
    return t(f"picture.group_{name.lower()}") if kind == "group" else name


def _draw_composites(layer: str, names: Sequence[str], patterns: np.ndarray, ranks: np.ndarray) -> None:
    """The mean feature maps of the first channels of every class on one image, coloured by rank."""
    st.header(t("statistics.composite"), anchor=False, help=t("statistics.composite_help"))
    most = min(MOST_RANKS, ranks.shape[1])
    count = st.slider(t("statistics.ranks"), 1, most, min(RANKS, most), key="ranks", **BOUND)
    square = "display: inline-block; width: 1em; height: 1em; vertical-align: middle; margin: 0 0.3em 0 0.9em"
    legend = [
        f'<span style="{square}; background: {colour}"></span>{t("statistics.rank", rank=rank)}'
        for rank, colour in enumerate(pictures.RANK_COLOURS[:count], start=1)
    ]
    st.html(f"<p>{' '.join(legend)}</p>")
    with st.container(horizontal=True):
        for name, row, pattern in zip(names, ranks, patterns, strict=True):
            channels = ", ".join(map(str, row[:count]))
            st.image(
                pictures.encode_drawing(pictures.rank_map(pattern[..., row[:count]], SIDE)),
                width=SIDE // 2 + 40,
                alt=t("statistics.composite_alt", name=name, layer=layer, channels=channels),
                caption=f"{name} · {channels}",
            )


def _draw_patterns(names: Sequence[str], result: ClassStatistics, ranks: np.ndarray, values: np.ndarray) -> None:
    """The mean feature maps of the first channels of one class, side by side."""
    index = choice(
        st.segmented_control,
        t("controls.class"),
        range(len(names)),
        key="statistics_class",
        default=0,
        format_func=names.__getitem__,
    )
    patterns = result.patterns[index]
    high = float(patterns.max())
    columns = st.columns(min(MOST_RANKS, ranks.shape[1]))
    for rank, (column, channel) in enumerate(zip(columns, ranks[index], strict=False), start=1):
        mean = significant(float(values[index, channel]))
        column.image(
            pictures.encode_drawing(pictures.enlarge_pixels(heatmap(patterns[..., channel], high=high), SIDE)),
            width="stretch",
            alt=t("statistics.pattern_alt", channel=channel, name=names[index]),
            caption=t("statistics.pattern", rank=rank, channel=channel, mean=mean),
        )
    st.caption(t("statistics.pattern_scale", high=number(high, 2), count=int(result.counts[index])))
