"""The embedding in two or three dimensions, and the selected image with its neighbours."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.neighbours import PROJECTIONS, tasks
from core.neighbours.tasks import MOST_LIVE, Comparison
from dashboard.components import cloud
from dashboard.neighbours.figures import marker_of
from dashboard.neighbours.setup import Setup, picker
from dashboard.shared import figures, pictures
from dashboard.shared.links import choice, remember
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import ask, job

SELECTED = "knn_point"
"""Under this key the session and the address keep the row of the selected image."""
MANY = 2_000
"""Points of a map beyond which they are smaller."""
SIZES = {False: (8, 12), True: (5, 8)}
"""Pixels of the point of a query, and of an enrolled image, among few and among many."""
LARGE, SMALL = 224, 104
"""Sides in pixels of the selected image, and of its neighbours."""


def embedding_map(setup: Setup, comparison: Comparison) -> None:
    """The map, and beside it the selected image."""
    with st.container(horizontal=True):
        method = picker("way", PROJECTIONS)
        dimensions = choice(
            st.segmented_control,
            t("neighbours.dimensions"),
            (2, 3),
            key="knn_dimensions",
            default=2,
            format_func=lambda count: t("neighbours.dimension", count=count),
        )
        by_group = ("by_group",) if any(setup.collection.album.groups) else ()
        colour = picker("colour", ("by_person", *by_group, "by_knn", "by_linear"))
    projection = (tasks.project, setup.keyed, setup.split_settings, method, dimensions)
    points = ask(*projection) if method == "pca" else job(*projection, name="map")
    if points is None:
        return
    row = _selected_row(setup, comparison)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _map(setup, comparison, points, colour, row)
    with right:
        _selected_image(setup, comparison, row)


def _selected_row(setup: Setup, comparison: Comparison) -> int:
    """The row that was clicked or stands in the address; else the first that kNN gets wrong, if it does."""
    split = comparison.split
    wrong = comparison.predictions["knn"].labels != setup.collection.labels[split.queries]
    first = int(split.queries[np.argmax(wrong)])
    rows = {str(row): int(row) for row in np.r_[split.gallery, split.queries]}
    row = rows.get(str(st.session_state.get(SELECTED, st.query_params.get(SELECTED))), first)
    remember(SELECTED, row, first)
    return row


def _map(setup: Setup, comparison: Comparison, points: np.ndarray, colour: str, selected: int) -> None:
    split, labels = comparison.split, setup.collection.labels
    rows = np.r_[split.gallery, split.queries]
    rows = rows[np.isfinite(points[rows, 0])]
    enrolled = np.isin(rows, split.gallery)
    kinds = list(zip(labels[rows].tolist(), enrolled.tolist(), strict=True))
    texts = {
        (label, large): f"{setup.name(label)} · {t('neighbours.enrolled' if large else 'neighbours.asked')}"
        for label, large in set(kinds)
    }
    index = {int(row): place for place, row in enumerate(rows)}
    neighbours = [index[int(row)] for row in _neighbours(comparison, selected) if int(row) in index]
    sizes = SIZES[len(rows) > MANY]
    markers = [
        cloud.Marker(*look, sizes[kind[1]], texts[kind])
        for look, kind in zip(_looks(setup, comparison, rows, colour), kinds, strict=True)
    ]

    def select(place: int) -> None:
        st.session_state[SELECTED] = int(rows[place])

    alt = t("neighbours.map_alt", count=number(len(rows)), people=number(len(split.people)))
    cloud.embedding_map(points[rows], markers, index.get(selected), neighbours, alt, "knn_cloud", select)
    note = t("neighbours.map_note", count=number(len(rows)), enrolled=number(int(enrolled.sum())))
    st.caption(f"{note} {t('cloud.solid_help' if points.shape[1] == 3 else 'cloud.flat_help')}")


def _looks(setup: Setup, comparison: Comparison, rows: np.ndarray, colour: str) -> list[tuple[str, int]]:
    """Colour and symbol of every point."""
    labels, split = setup.collection.labels, comparison.split
    if colour == "by_group":
        groups = setup.collection.album.groups
        return [(figures.ORANGE, 1) if groups[label] == "B" else (figures.BLUE, 0) for label in labels[rows]]
    prediction = comparison.predictions.get(colour.removeprefix("by_"))
    if prediction is None:  # by person, or by a head that was not asked
        return [marker_of(int(label)) for label in labels[rows]]
    right = dict(zip(split.queries, (prediction.labels == labels[split.queries]).tolist(), strict=True))
    looks = {None: (figures.GREY, 0), True: (figures.BLUE, 0), False: (figures.ORANGE, 4)}
    return [looks[right.get(row)] for row in rows]


def _neighbours(comparison: Comparison, row: int) -> list[int]:
    """Rows of the nearest to a query; none to an enrolled image."""
    place = np.flatnonzero(comparison.split.queries == row)
    return comparison.neighbours[place[0]].tolist() if len(place) else []


def _selected_image(setup: Setup, comparison: Comparison, row: int) -> None:
    """The selected image: what each head predicts and why."""
    labels, split = setup.collection.labels, comparison.split
    queries = [int(query) for query in split.queries]
    st.session_state["knn_query"] = row if row in queries else None

    def select() -> None:
        st.session_state[SELECTED] = st.session_state["knn_query"]

    st.selectbox(
        t("neighbours.query"),
        queries[: 10 * MOST_LIVE],
        key="knn_query",
        format_func=setup.image_name,
        on_change=select,
        placeholder=t("neighbours.of_gallery"),
    )
    who = setup.name(int(labels[row]))
    left, right = st.columns([2, 3], vertical_alignment="center")
    image = setup.collection.album.image(row, LARGE)
    left.image(pictures.encode_photo(image), width="stretch", alt=who, caption=who)
    if row not in queries:
        name = setup.name(int(split.labels[split.gallery == row][0]))
        right.markdown(t("neighbours.enrolled_as", name=name))
        return
    place = queries.index(row)
    with right:
        for head, prediction in comparison.predictions.items():
            votes = [
                f"{setup.name(int(label))} {percent(float(share))}"
                for label, share in zip(prediction.top_labels[place], prediction.probabilities[place], strict=True)
                if share > 0.001
            ]
            sign = "✓" if prediction.labels[place] == labels[row] else "✗"
            st.markdown(f"{sign} **{t(f'neighbours.{head}')}**: {', '.join(votes)}")
    _nearest(setup, comparison, place)


def _nearest(setup: Setup, comparison: Comparison, place: int) -> None:
    """The enrolled images nearest to a query, with the names that they carry and their distances."""
    neighbours, split = comparison.neighbours[place], comparison.split
    st.markdown(t("neighbours.nearest", k=len(neighbours)))
    names = dict(zip(split.gallery, split.labels, strict=True))
    with st.container(horizontal=True):
        for row, distance in zip(neighbours, comparison.distances[place], strict=True):
            caption = f"{setup.name(int(names[row]))} · {number(float(distance), 3)}"
            image = setup.collection.album.image(int(row), SMALL)
            st.image(pictures.encode_photo(image), width=SMALL, alt=caption, caption=caption)
