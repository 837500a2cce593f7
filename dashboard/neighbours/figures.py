"""Figures of embeddings: decision regions, confusions, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import BLUE, GREY, ORANGE, PALETTE, chart, ink, legend, vertical_line

SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "pentagon")
"""Symbols of people on maps, as `dashboard.components.cloud` numbers them too."""
CIVIDIS = "Cividis"


def marker_of(index: int) -> tuple[str, int]:
    """Colour and number of the symbol of a person: pairs repeat after 64 people."""
    return PALETTE[index % len(PALETTE)], index // len(PALETTE) % len(SYMBOLS)


def regions(
    x: np.ndarray, y: np.ndarray, predicted: np.ndarray, points: np.ndarray, labels: np.ndarray, texts: Sequence[str]
) -> go.Figure:
    """The plane in the colours of those who are `predicted` there, and the enrolled images `points` `(n, 2)` in theirs.

    Between two people of one colour a line is left free.
    """
    colours = (predicted % len(PALETTE)).astype(np.float32)
    for here, beside in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        alike = predicted[here] % len(PALETTE) == predicted[beside] % len(PALETTE)
        colours[here][alike & (predicted[here] != predicted[beside])] = np.nan
    cells = {
        "type": "heatmap",
        "x": x,
        "y": y,
        "z": colours,
        "zmin": -0.5,
        "zmax": len(PALETTE) - 0.5,
        "colorscale": _steps(PALETTE),
        "opacity": 0.4,
        "showscale": False,
        "hoverinfo": "skip",
    }
    enrolled = {
        "type": "scattergl",
        "mode": "markers",
        "marker": {
            "color": [marker_of(int(label))[0] for label in labels],
            "symbol": [SYMBOLS[marker_of(int(label))[1]] for label in labels],
            "size": 8,
            "line": {"width": 1, "color": ink()},
        },
        "hovertext": list(texts),
        "hoverinfo": "text",
        "x": points[:, 0],
        "y": points[:, 1],
    }
    bare = {"visible": False}
    return chart([cells, enrolled], 430, dict(bare), dict(bare))


def _steps(colours: Sequence[str]) -> list[list[Any]]:
    """A scale of colours that does not blend them."""
    edges = np.linspace(0, 1, len(colours) + 1)
    pairs = zip(edges[:-1], edges[1:], colours, strict=True)
    return [[float(edge), colour] for low, high, colour in pairs for edge in (low, high)]


def confusion(matrix: np.ndarray, names: Sequence[str], axes: tuple[str, str]) -> go.Figure:
    """How often who was taken for whom: rows who it is, columns who is predicted, dark blue never, yellow always."""
    cells = {
        "type": "heatmap",
        "z": matrix,
        "x": list(names),
        "y": list(names),
        "zmin": 0,
        "zmax": 1,
        "colorscale": CIVIDIS,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": f"{axes[0]} %{{y}}<br>{axes[1]} %{{x}}<br>%{{z:.0%}}<extra></extra>",
    }
    kind = {"type": "category", "ticks": "", "nticks": 24}
    return chart([cells], 420, {**kind, "title": axes[1]}, {**kind, "title": axes[0], "autorange": "reversed"})


def histogram(
    same: np.ndarray, other: np.ndarray, names: tuple[str, str], axis: str, threshold: float, here: float | None
) -> go.Figure:
    """Distances of pairs of one person and of two, each summing to 100 %; threshold dotted, `here` an orange line."""
    edges = np.linspace(0, float(max(same.max(), other.max())), 41)
    traces = []
    for values, name, colour in ((same, names[0], BLUE), (other, names[1], GREY)):
        share = 100 * np.histogram(values, edges)[0] / len(values)
        traces.append(
            {
                "type": "bar",
                "x": (edges[:-1] + edges[1:]) / 2,
                "y": share,
                "name": name,
                "marker": {"color": colour, "line": {"width": 0}},
                "opacity": 0.7,
                "hoverinfo": "skip",
            }
        )
    shapes = [vertical_line(threshold)]
    if here is not None:
        shapes.append(vertical_line(here) | {"line": {"color": ORANGE, "width": 4}})
    up = {"ticksuffix": "\u202f%"}
    return chart(
        traces, 360, {"title": axis}, up, showlegend=True, legend=legend(), shapes=shapes, barmode="overlay", bargap=0
    )
