"""Explainers side by side: the grid of their maps with its controls, how alike the maps are, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core import colours
from core.attribution import METHODS, Method, tasks
from core.attribution.compare import correlations
from core.attribution.tasks import Explanation
from core.errors import ReasonedError
from core.networks.entry import Entry
from core.networks.tasks import predict
from core.progress import Progress
from dashboard.explain.explanation import describe
from dashboard.explain.request import Request
from dashboard.explainers.figures import correlation_matrix
from dashboard.shared import controls, figures, pictures, problems
from dashboard.shared.links import BOUND, choice, choices
from dashboard.shared.names import class_names
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, significant, t
from dashboard.shared.workers import ask, job
from dashboard.sidebar.network import available

FIRST = ("grad_cam", "fem", "hires_cam", "saliency")
FEW = 2
"""Networks or classes at first."""
MOST = 8
SIDE = 320
LABEL, MAP, ACROSS = 2, 3, 3
"""Shares of a row's width for its label and for each map, and how many maps fill it: fewer are no larger."""

Cells = Sequence[Explanation | ReasonedError]


@dataclass(frozen=True)
class Column:
    """What stands side by side: a network, or a class of it (None: the predicted one), with its title."""

    network: Entry
    class_index: int | None
    title: str


@dataclass(frozen=True)
class Grid:
    """Methods down and `columns` across."""

    methods: tuple[Method, ...]
    columns: tuple[Column, ...]

    @property
    def requests(self) -> list[Request]:
        """What is explained in each cell, row by row."""
        return [
            Request(column.network, method, column.class_index if method.per_class else None)
            for method in self.methods
            for column in self.columns
        ]

    def name(self, place: int) -> str:
        """What a cell is called in a figure."""
        row, column = divmod(place, len(self.columns))
        return f"{self.methods[row].title} · {self.columns[column].title}"


def choose_grid(image: SelectedImage, network: Entry) -> Grid:
    """The controls: which methods, and what stands across: networks, or several classes of one network."""
    methods = choices(
        t("explain.methods"),
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
    )
    columns = _choose_networks() if across == "networks" else _choose_classes(image, network)
    return Grid(tuple(METHODS[name] for name in methods), tuple(columns))


def _choose_networks() -> list[Column]:
    known = available()
    names = choices(
        t("explainers.networks"), list(known), key="networks", default=list(known)[:FEW], max_selections=MOST
    )
    networks = [known[name] for name in names]
    class_index = None
    if len({network.names for network in networks}) == 1:
        class_index = controls.class_picker(networks[0])
    return [Column(network, class_index, network.name) for network in networks]


def _choose_classes(image: SelectedImage, network: Entry) -> list[Column]:
    (probabilities,) = ask(predict, network, image.at(network.input_size))
    most_probable = np.argsort(-probabilities, kind="stable")[:FEW]
    names = class_names(network)
    indices = choices(
        t("explainers.classes"),
        list(range(network.classes)),
        key="classes",
        default=[int(index) for index in most_probable],
        format_func=names.__getitem__,
        max_selections=MOST,
    )
    return [Column(network, index, names[index]) for index in indices]


def compare(image: SelectedImage, grid: Grid) -> Cells | None:
    """An explanation or a problem for every cell, when the job is over; until then it is shown.

    It starts by itself where every method is fast.
    """
    columns = len(grid.columns)
    cells = [(request.network, request.method.name, request.class_index) for request in grid.requests]
    explained: Cells | None = job(
        tasks.compare,
        cells,
        image.at(max(column.network.input_size for column in grid.columns)),
        columns,
        draw=partial(_draw_progress, columns),
        at_once=not any(method.slow for method in grid.methods),
    )
    return explained


def _draw_progress(columns: int, progress: Progress) -> None:
    if progress.picture:
        st.image(
            pictures.data_url(progress.picture),
            width=tasks.TILE * columns,
            alt=t("explainers.filling"),
            caption=t("explainers.filling"),
        )


def place_grid(image: SelectedImage, grid: Grid, cells: Cells) -> None:
    """A row a method, each with its maps over the image and the colour scale in words."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        scales = choice(
            st.pills,
            t("explainers.scales"),
            ("own", "method", "shared"),
            key="scales",
            default="own",
            format_func=lambda name: t(f"explainers.scale_{name}"),
            help=t("explainers.scales_help"),
        )
    strength = right.slider(t("controls.overlay"), 0.0, 1.0, colours.STRENGTH, 0.05, key="strength", **BOUND)
    st.header(t("explainers.maps"), anchor=False)
    count, requests = len(grid.columns), grid.requests
    highs = _highs(cells, count, scales)
    for row, method in enumerate(grid.methods):
        label, *columns = st.columns([LABEL] + [MAP] * max(count, ACROSS))
        label.subheader(method.title, anchor=False)
        label.caption(t("explainers.signed" if method.signed else "explainers.positive"))
        for place, column in zip(range(row * count, (row + 1) * count), columns, strict=False):
            with column:
                _place_cell(image, requests[place], cells[place], strength, highs[place])


def _highs(cells: Cells, count: int, scales: str) -> list[float]:
    """Where the colours of each cell end: at its own reach, at that of its row, or at that of all."""
    own = [0.0 if isinstance(cell, ReasonedError) else colours.colour_limit(cell.map.values) for cell in cells]
    if scales == "own":
        return own
    width = count if scales == "method" else len(own)
    return [max(own[place // width * width :][:width]) for place in range(len(own))]


def _place_cell(
    image: SelectedImage, request: Request, cell: Explanation | ReasonedError, strength: float, high: float
) -> None:
    if isinstance(cell, ReasonedError):
        st.info(problems.sentence(cell))
        return
    name, method, label = request.network.name, request.method, describe(request, cell)
    st.image(
        pictures.encode_drawing(
            colours.overlay(image.image, cell.map.values, strength, high=high, signed=method.signed, side=SIDE)
        ),
        width="stretch",
        alt=t("explain.overlay_alt", method=method.title, label=f"{name}, {label}"),
    )
    scale = t("explainers.up_to_signed" if method.signed else "explainers.up_to", high=significant(high))
    st.caption(f"**{name}** · {label}  \n{scale}")


def place_figures(grid: Grid, cells: Cells) -> None:
    """How alike the maps are, and what each took."""
    explained = [(grid.name(place), cell) for place, cell in enumerate(cells) if not isinstance(cell, ReasonedError)]
    if explained:
        names = [name for name, _ in explained]
        _place_likeness(names, [cell.map.values for _, cell in explained])
        _place_cost(names, [cell for _, cell in explained])


def _place_likeness(names: list[str], maps: list[np.ndarray]) -> None:
    """The correlation of each map with each, and the pair that is least alike."""
    st.header(t("explainers.alike"), anchor=False, help=t("explainers.alike_help"))
    matrix = correlations(maps)
    pairs = [(matrix[a, b], names[a], names[b]) for a in range(len(names)) for b in range(a)]
    least = min((pair for pair in pairs if not np.isnan(pair[0])), default=None)
    sentence = ""
    if least is not None:
        value, first, second = least
        sentence = t("explainers.least", first=first, second=second, value=number(value, 2))
    with st.container(width=240 + 80 * len(names)):
        texts = [["" if np.isnan(value) else number(value, 2) for value in row] for row in matrix]
        alt = f"{t('explainers.alike_alt', count=len(names))} {sentence}".rstrip()
        st.plotly_chart(correlation_matrix(matrix, texts, names), config=figures.CONFIG, key="alike", alt=alt)
    if sentence:
        st.caption(sentence)


def _place_cost(names: list[str], explained: list[Explanation]) -> None:
    """Seconds and calls of the network, map by map."""
    st.header(t("explainers.cost"), anchor=False, help=t("explainers.cost_help"))
    seconds, calls = [cell.seconds for cell in explained], [cell.map.calls for cell in explained]
    second_texts, call_texts = [f"{significant(value)} s" for value in seconds], [number(value) for value in calls]
    left, right = st.columns(2)
    with left:
        _place_bars(t("explainers.seconds"), names, seconds, second_texts)
    with right:
        _place_bars(t("explain.calls"), names, calls, call_texts)


def _place_bars(title: str, names: list[str], values: Sequence[float], texts: list[str]) -> None:
    st.markdown(f"**{title}**")
    alt = f"{title}. " + ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    st.plotly_chart(figures.log_bars(names, values, texts), config=figures.CONFIG, alt=alt)
