"""Explainers side by side on screen: the grid with its controls and its job, how alike its maps are, what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import images
from core.attribution import METHODS, tasks
from core.attribution.compare import correlations
from core.compute import Progress
from core.errors import ReasonedError
from core.networks.entry import Entry
from dashboard.explain import question
from dashboard.explain.question import Request
from dashboard.shared import cached, controls, figures, jobs, links, pictures, problems
from dashboard.shared import names as shared_names
from dashboard.shared.links import choice, choices
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, significant, t
from dashboard.sidebar import network as networks

NAME = "compare"
FIRST = ("grad_cam", "fem", "hires_cam", "saliency")
FEW = 2
"""Networks or classes at first."""
MOST = 8
SIDE = 320
LABEL, MAP, ACROSS = 2, 3, 3
"""Shares of a row's width for its label and for each map, and how many maps fill it: fewer are no larger."""


@dataclass(frozen=True)
class Grid:
    """Methods down and `heads` across; `cells` row by row."""

    methods: tuple[str, ...]
    heads: tuple[str, ...]
    cells: tuple[Request, ...]

    @property
    def slow(self) -> bool:
        """Whether one of the methods takes its time."""
        return any(METHODS[name].slow for name in self.methods)

    def name(self, place: int) -> str:
        """What a cell is called in a figure."""
        return f"{METHODS[self.cells[place].method].title} · {self.heads[place % len(self.heads)]}"


def ask(picture: SelectedImage, entry: Entry) -> Grid:
    """The controls: which methods, and what stands across: networks, or several classes of one network."""
    methods = choices(
        t("explainers.methods"),
        list(METHODS),
        key="methods",
        default=FIRST,
        format_func=lambda name: METHODS[name].title,
        max_selections=MOST,
    )
    across = choice(
        st.segmented_control,
        t("explainers.across"),
        ("networks", "classes"),
        key="across",
        default="networks",
        format_func=lambda name: t(f"explainers.{name}"),
        required=True,
    )
    columns = _networks() if across == "networks" else _classes(picture, entry)
    cells = tuple(
        Request(network, method, class_index if METHODS[method].per_class else None)
        for method in methods
        for network, class_index, _ in columns
    )
    return Grid(tuple(methods), tuple(head for *_, head in columns), cells)


def _networks() -> list[tuple[Entry, int | None, str]]:
    known = networks.available()
    names = choices(
        t("explainers.networks"), list(known), key="networks", default=list(known)[:FEW], max_selections=MOST
    )
    entries = [known[name] for name in names]
    class_index = None
    if len({entry.names for entry in entries}) == 1:
        class_index = controls.class_picker(entries[0])
    return [(entry, class_index, entry.name) for entry in entries]


def _classes(picture: SelectedImage, entry: Entry) -> list[tuple[Entry, int | None, str]]:
    probable = np.argsort(-cached.predict(picture, entry), kind="stable")[:FEW]
    names = shared_names.class_names(entry)
    indices = choices(
        t("explainers.classes"),
        list(range(entry.classes)),
        key="classes",
        default=[int(index) for index in probable],
        format_func=names.__getitem__,
        max_selections=MOST,
    )
    return [(entry, index, names[index]) for index in indices]


def answer(picture: SelectedImage, grid: Grid) -> list[Any] | None:
    """An explanation or a problem for every cell, when the job is over; until then it is shown.

    It starts by itself where every method is fast.
    """

    def draw(progress: Progress) -> None:
        if progress.picture:
            st.image(
                pictures.in_page(progress.picture),
                width=tasks.TILE * len(grid.heads),
                alt=t("explainers.filling"),
                caption=t("explainers.filling"),
            )

    cells = tuple((cell.network, cell.method, cell.class_index) for cell in grid.cells)
    side = max(cell.network.input_size for cell in grid.cells)
    image = images.resize(picture.image, side, side)
    what = (*cells, len(grid.heads))
    found: list[Any] | None = jobs.answer(
        NAME, picture, what, draw, tasks.compare, cells, image, len(grid.heads), at_once=not grid.slow
    )
    return found


def show(picture: SelectedImage, grid: Grid, found: list[Any]) -> None:
    """A row a method, each with its maps over the picture and the colour scale in words."""
    one, two = st.columns([3, 2], gap="large")
    with one:
        scales = choice(
            st.pills,
            t("explainers.scales"),
            ("own", "method", "shared"),
            key="scales",
            default="own",
            format_func=lambda name: t(f"explainers.scale_{name}"),
            required=True,
            help=t("explainers.scales_help"),
        )
    strength = two.slider(t("controls.overlay"), 0.0, 1.0, 0.7, 0.05, key="strength", **links.BOUND)
    st.header(t("explainers.maps"), anchor=False)
    count = len(grid.heads)
    highs = _highs(found, count, scales)
    for row, name in enumerate(grid.methods):
        method = METHODS[name]
        label, *columns = st.columns([LABEL] + [MAP] * max(count, ACROSS))
        label.subheader(method.title, anchor=False)
        label.caption(t("explainers.signed" if method.signed else "explainers.positive"))
        for place, column in zip(range(row * count, (row + 1) * count), columns, strict=False):
            with column:
                _cell(picture, grid, place, found[place], strength, highs[place])


def _highs(found: list[Any], count: int, scales: str) -> list[float]:
    """Where the colours of each cell end: at its own reach, at that of its row, or at that of all."""
    own = [0.0 if isinstance(cell, ReasonedError) else pictures.reach(cell.map.values) for cell in found]
    if scales == "own":
        return own
    width = count if scales == "method" else len(own)
    return [max(own[place // width * width :][:width]) for place in range(len(own))]


def _cell(picture: SelectedImage, grid: Grid, place: int, cell: Any, strength: float, high: float) -> None:
    request = grid.cells[place]
    if isinstance(cell, ReasonedError):
        st.info(problems.sentence(cell))
        return
    signed = METHODS[request.method].signed
    what = question.about(request, cell)
    st.image(
        pictures.chart(pictures.overlay(picture.image, cell.map.values, strength, SIDE, signed, high)),
        width="stretch",
        alt=t("explain.overlay_alt", method=METHODS[request.method].title, label=f"{request.network.name}, {what}"),
    )
    text = t("explainers.up_to_signed" if signed else "explainers.up_to", high=significant(high))
    st.caption(f"**{request.network.name}** · {what}  \n{text}")


def figures_of(grid: Grid, found: list[Any]) -> None:
    """How alike the maps are, and what each took."""
    places = [place for place, cell in enumerate(found) if not isinstance(cell, ReasonedError)]
    names, cells = [grid.name(place) for place in places], [found[place] for place in places]
    if not cells:
        return
    st.header(t("explainers.alike"), anchor=False, help=t("explainers.alike_help"))
    matrix = correlations([cell.map.values for cell in cells])
    pairs = [(matrix[a, b], names[a], names[b]) for a in range(len(names)) for b in range(a)]
    least = min(((value, a, b) for value, a, b in pairs if not np.isnan(value)), default=None)
    told = f" {t('explainers.least', first=least[1], second=least[2], value=number(least[0], 2))}" if least else ""
    with st.container(width=240 + 80 * len(names)):
        texts = [["" if np.isnan(value) else number(value, 2) for value in row] for row in matrix]
        chart = figures.correlations(matrix, texts, names)
        said = f"{t('explainers.alike_alt', count=len(names))}{told}"
        st.plotly_chart(chart, config=figures.CONFIG, key="alike", alt=said)
    if least:
        st.caption(told.strip())
    st.header(t("explainers.cost"), anchor=False, help=t("explainers.cost_help"))
    seconds, calls = [cell.seconds for cell in cells], [cell.map.calls for cell in cells]
    for column, title, values, texts in zip(
        st.columns(2),
        (t("explainers.seconds"), t("explain.calls")),
        (seconds, calls),
        ([f"{significant(value)} s" for value in seconds], [number(value) for value in calls]),
        strict=True,
    ):
        column.markdown(f"**{title}**")
        said = ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
        column.plotly_chart(figures.bars(names, values, texts), config=figures.CONFIG, alt=f"{title}. {said}")
