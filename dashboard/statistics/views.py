"""Filter statistics on screen: channels by class, right and wrong digits, and one picture's way through the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core import faces, images
from core.features import statistics
from core.features.captures import reference_captures
from core.features.statistics import Statistics, above_others, confusion, ranked
from core.intervals import wilson
from core.networks.entry import Entry
from dashboard.shared import cached, controls, figures, jobs, layers, pictures, selected
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.predictions import prediction_bars
from dashboard.shared.text import number, percent, significant, t

MOST_RANKS, RANKS = 5, 3
SIDE, TILE = 224, 96
MOST_DIGITS = 60
"""Digits of one cell of the matrix on screen."""
MOST_MAPS, MAPS_IN_A_ROW = 16, 9
"""Feature maps of a layer on one sheet of the way, those that answer most, and how many stand in a row."""


def show(frame: Frame) -> None:
    """The view of choice."""
    controls.part("statistics", "view", VIEWS, key="view")(frame)


# --- channels by class ------------------------------------------------------------------------------------------------


def _classes(frame: Frame) -> None:
    entry = frame.network
    kinds = statistics.kinds(entry)
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
            required=True,
        )
    with where:
        rows = [row.name for row in layers.rows(entry) if row.parameters > 0 and (row.spatial or kind != "region")]
        layer = controls.layer_picker(rows, entry.default_layer)
    with how:
        others = st.toggle(t("statistics.others"), key="others", help=t("statistics.others_help"), bind="query-params")
    found = jobs.answer(
        "statistics",
        selected.person_image(0, faces.PORTRAIT),  # any: the answer is the same for every picture
        ("statistics", entry, layer, kind),
        jobs.steps_alone,
        statistics.statistics,
        entry,
        layer,
        kind,
    )
    if found is not None:
        _ranked(entry, layer, kind, found, others)


def _ranked(entry: Entry, layer: str, kind: str, found: Statistics, others: bool) -> None:
    names = [_name(kind, name) for name in statistics.names(entry, kind)]
    values = above_others(found.means) if others else found.means
    order = ranked(values)
    st.header(t("statistics.matrix"), anchor=False)
    st.caption(t("statistics.counts", counts=_counts(names, found.counts)))
    tops = "; ".join(f"{name}: {', '.join(map(str, row[:RANKS]))}" for name, row in zip(names, order, strict=True))
    st.plotly_chart(
        figures.activations(values, names, t("filters.channel"), signed=others),
        config=figures.CONFIG,
        key="statistics_matrix",
        alt=t("statistics.matrix_alt", layer=layer, tops=tops),
    )
    if found.patterns.shape[1] > 1:
        _composites(layer, names, found, order, values)


def _name(kind: str, name: str) -> str:
    """What a class is called on screen."""
    if kind == "region":
        return t(f"region.{name}")
    return t(f"picture.group_{name.lower()}") if kind == "group" else name


def _counts(names: Sequence[str], counts: np.ndarray) -> str:
    return ", ".join(f"{name} ({count})" for name, count in zip(names, counts, strict=True))


def _composites(layer: str, names: Sequence[str], found: Statistics, order: np.ndarray, values: np.ndarray) -> None:
    """The patterns of the first channels of every class on one picture, coloured by rank; one class in detail."""
    st.header(t("statistics.composite"), anchor=False, help=t("statistics.composite_help"))
    most = min(MOST_RANKS, order.shape[1])
    count = st.slider(t("statistics.ranks"), 1, most, min(RANKS, most), key="ranks", **BOUND)
    square = "display: inline-block; width: 1em; height: 1em; vertical-align: middle; margin: 0 0.3em 0 0.9em"
    legend = [
        f'<span style="{square}; background: {colour}"></span>{t("statistics.rank", rank=rank)}'
        for rank, colour in enumerate(pictures.RANK_COLOURS[:count], start=1)
    ]
    st.html(f"<p>{' '.join(legend)}</p>")
    with st.container(horizontal=True):
        for name, row, pattern in zip(names, order, found.patterns, strict=True):
            channels = ", ".join(map(str, row[:count]))
            st.image(
                pictures.chart(pictures.by_rank(pattern[..., row[:count]], SIDE)),
                width=SIDE // 2 + 40,
                alt=t("statistics.composite_alt", name=name, layer=layer, channels=channels),
                caption=f"{name} · {channels}",
            )
    place = choice(
        st.segmented_control,
        t("controls.class"),
        range(len(names)),
        key="statistics_class",
        default=0,
        format_func=names.__getitem__,
        required=True,
    )
    high = float(found.patterns[place].max())
    columns = st.columns(most)
    for rank, (column, channel) in enumerate(zip(columns, order[place], strict=False), start=1):
        mean = significant(float(values[place, channel]))
        column.image(
            pictures.chart(pictures.cells(pictures.coloured(found.patterns[place][..., channel], high), SIDE)),
            width="stretch",
            alt=t("statistics.pattern_alt", channel=channel, name=names[place]),
            caption=t("statistics.pattern", rank=rank, channel=channel, mean=mean),
        )
    st.caption(t("statistics.pattern_scale", high=number(high, 2), count=int(found.counts[place])))


# --- right and wrong --------------------------------------------------------------------------------------------------


def _confused(frame: Frame) -> None:
    entry = frame.network
    if "digit" not in statistics.kinds(entry):
        st.info(t("statistics.only_digits", name=entry.name))
        return
    found = cached.recognise_digits(entry)
    counts = confusion(found.expected, found.predicted, entry.classes)
    right, total = int(np.trace(counts)), int(counts.sum())
    low, high = (percent(bound) for bound in wilson(right, total))
    st.markdown(t("statistics.right", right=right, total=total, share=percent(right / total), low=low, high=high))

    def click() -> None:
        points = st.session_state["confusion"]["selection"]["points"]
        if points:
            st.session_state["expected"], st.session_state["predicted"] = map(int, points[0]["customdata"])

    st.plotly_chart(
        figures.confusion(counts, entry.labels, (t("statistics.predicted"), t("statistics.expected"))),
        key="confusion",
        config=figures.CONFIG,
        on_select=click,
        selection_mode="points",
        alt=t("statistics.confusion_alt", right=right, total=total),
    )
    wrong = counts - np.diag(np.diag(counts))
    first = np.unravel_index(wrong.argmax(), wrong.shape)
    cell = [
        choice(
            st.segmented_control,
            t(f"statistics.{name}"),
            range(entry.classes),
            key=name,
            default=int(place),
            format_func=entry.labels.__getitem__,
            required=True,
        )
        for name, place in zip(("expected", "predicted"), first, strict=True)
    ]
    _cell(entry, found, *cell)


def _cell(entry: Entry, found: Any, expected: int, predicted: int) -> None:
    """The digits of one cell of the matrix, the surest first."""
    inside = np.flatnonzero((found.expected == expected) & (found.predicted == predicted))
    inside = inside[np.argsort(-found.probabilities[inside], kind="stable")]
    labels = {"expected": entry.labels[expected], "predicted": entry.labels[predicted]}
    st.subheader(t("statistics.cell", count=len(inside), **labels), anchor=False)
    digits, _ = reference_captures(entry)
    with st.container(horizontal=True):
        for place in inside[:MOST_DIGITS]:
            share = percent(float(found.probabilities[place]))
            st.image(
                pictures.chart(pictures.cells(digits[place], TILE)),
                width=TILE,
                alt=t("statistics.digit_alt", share=share, **labels),
                caption=share,
            )


# --- one picture's way ------------------------------------------------------------------------------------------------


def _way(frame: Frame) -> None:
    entry, picture = frame.network, frame.image
    rows = {row.name: row for row in layers.rows(entry)}
    found = cached.path(picture, entry)
    st.image(
        pictures.photo(images.resize(picture.image, SIDE, SIDE)),
        width=SIDE,
        alt=f"{t('picture.alt')}: {picture.name}",
        caption=f"{picture.name} · {entry.input_size} × {entry.input_size}",
    )
    *before, last = found
    for name in before:
        values = found[name]
        size = " × ".join(map(str, values.shape))
        st.subheader(f"`{name}` · {rows[name].kind} · {size}", anchor=False)
        maps = values if values.ndim == 3 else values[None, None]
        strongest = sorted(np.argsort(-maps.max(axis=(0, 1)), kind="stable")[:MOST_MAPS].tolist())
        if values.ndim == 3:
            st.image(
                pictures.chart(
                    pictures.map_sheet(maps, high=float(maps.max()), channels=strongest, columns=MAPS_IN_A_ROW)
                ),
                width="stretch",
                alt=t("statistics.maps_alt", layer=name, count=len(strongest)),
                caption=t("statistics.maps", shown=len(strongest), count=maps.shape[2], high=number(maps.max(), 2)),
            )
        else:
            st.plotly_chart(
                figures.signed_bars(values, range(len(values)), (t("statistics.unit"), t("statistics.activation"))),
                config=figures.CONFIG,
                key=f"way_{name}",
                alt=t("statistics.units_alt", layer=name, count=len(values)),
            )
    st.subheader(f"`{last}` · softmax", anchor=False)
    prediction_bars(entry, found[last], top=min(entry.classes, 10))


VIEWS: dict[str, Callable[[Frame], None]] = {"classes": _classes, "confusion": _confused, "way": _way}
