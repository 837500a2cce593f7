"""Figures of embeddings: decision regions, confusions, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import BLUE, GREY, ORANGE, PALETTE, chart, ink, legend, upright

SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "pentagon")
"""Marks of people on maps."""
CIVIDIS = "Cividis"


def mark(index: int) -> tuple[str, int]:
    """Colour and mark of a person by number: pairs repeat after 64 people."""
    return PALETTE[index % len(PALETTE)], index // len(PALETTE) % len(SYMBOLS)


def regions(
    x: np.ndarray, y: np.ndarray, labels: np.ndarray, places: np.ndarray, whose: np.ndarray, texts: Sequence[str]
) -> go.Figure:
    """The plane in the colours of those whom a head names there, and the enrolled pictures in theirs.

    Between two people of one colour a line is left free.
    """
    colours = np.float32(labels % len(PALETTE))
    for here, beside in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        other = (labels[here] != labels[beside]) & (labels[here] % len(PALETTE) == labels[beside] % len(PALETTE))
        colours[here][other] = np.nan
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
    points = {
        "type": "scattergl",
        "mode": "markers",
        "marker": {
            "color": [mark(int(label))[0] for label in whose],
            "symbol": [SYMBOLS[mark(int(label))[1]] for label in whose],
            "size": 8,
            "line": {"width": 1, "color": ink()},
        },
        "hovertext": list(texts),
        "hoverinfo": "text",
        **dict(zip("xy", np.float32(places).T, strict=True)),
    }
    bare = {"visible": False}
    return chart([cells, points], 430, dict(bare), dict(bare))


def _steps(colours: Sequence[str]) -> list[list[Any]]:
    """A scale of colours that does not blend them."""
    edges = np.linspace(0, 1, len(colours) + 1)
    pairs = zip(edges[:-1], edges[1:], colours, strict=True)
    return [[float(edge), colour] for low, high, colour in pairs for edge in (low, high)]


def confusion(matrix: np.ndarray, names: Sequence[str], axes: tuple[str, str]) -> go.Figure:
    """How often who was taken for whom: rows who it is, columns who was said, dark blue never, yellow always."""
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
    shapes = [upright(threshold)]
    if here is not None:
        shapes.append(upright(here) | {"line": {"color": ORANGE, "width": 4}})
    up = {"ticksuffix": "\u202f%"}
    return chart(
        traces, 360, {"title": axis}, up, showlegend=True, legend=legend(), shapes=shapes, barmode="overlay", bargap=0
    )
