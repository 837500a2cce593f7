"""Figures of embeddings: maps of thousands of points, decision regions, confusions, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import BLUE, GREY, ORANGE, PALETTE, chart, ink, legend, upright

MAP_CONFIG = {"displaylogo": False, "scrollZoom": False, "displayModeBar": True}
FLAT = {"modeBarButtons": [["zoomIn2d", "zoomOut2d", "pan2d", "resetScale2d"]]}
SOLID = {"modeBarButtons": [["orbitRotation", "pan3d", "zoom3d", "resetCameraDefault3d"]]}
"""A map may be moved and enlarged by buttons; a wheel still scrolls the page."""
ONE_PIXEL = {"plotGlPixelRatio": 1}
"""Plotly draws four pixels for one of the screen, and half of the time of a map of many points goes into that."""
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "pentagon")
SOLID_SYMBOLS = ("circle", "square", "diamond", "cross", "x")
"""Marks of a map; in three dimensions WebGL knows fewer."""
MANY = 2_000
"""Points of a map beyond which all have one small mark, in 3D a square, the cheapest there: shapes could not be told
apart, and cost several times as much where no graphics card draws them."""
MAP_HEIGHT = 560
CIVIDIS = "Cividis"


def mark(index: int) -> tuple[str, int]:
    """Colour and mark of a person by number: pairs repeat after 64 people."""
    return PALETTE[index % len(PALETTE)], index // len(PALETTE) % len(SYMBOLS)


def map_config(places: np.ndarray) -> dict[str, Any]:
    """What a map of points at `places` `(n, 2)` or `(n, 3)` is shown with."""
    return MAP_CONFIG | (SOLID if places.shape[1] == 3 else FLAT) | (ONE_PIXEL if len(places) > MANY else {})


def cloud(
    places: np.ndarray,
    colours: Sequence[str],
    marks: Sequence[int],
    texts: Sequence[str],
    rows: Sequence[int],
    large: Sequence[bool],
    chosen: int | None,
    near: Sequence[int],
) -> go.Figure:
    """Points at `places` `(n, 2)` or `(n, 3)`, drawn by the graphics card; each says its `text` and carries its row.

    `large` ones are enrolled. Of the point at place `chosen` lines lead to those at places `near`.
    """
    solid, many = places.shape[1] == 3, len(places) > MANY
    names = SOLID_SYMBOLS if solid else SYMBOLS
    points = {
        "type": "scatter3d" if solid else "scattergl",
        "mode": "markers",
        "customdata": list(rows),
        "hovertext": list(texts),
        "hoverinfo": "text",
        "marker": {
            "color": list(colours),
            "symbol": ("square" if solid else "circle") if many else [names[mark % len(names)] for mark in marks],
            "size": np.where(large, 4, 3) if many else np.where(large, 9, 6) / (1.4 if solid else 1),
            "opacity": 0.85,
            "line": {"width": 0},
        },
        "unselected": {"marker": {"opacity": 0.85}},
        **_axes_of(places),
    }
    if solid:
        del points["unselected"]
    traces = [points]
    if chosen is not None:
        hops = [place for other in near for place in (chosen, other, chosen)]
        flat = {"hoverinfo": "skip", "showlegend": False}
        line = {"type": points["type"], "mode": "lines", "line": {"color": ink(), "width": 3 if solid else 1.5}, **flat}
        ring = {"type": points["type"], "mode": "markers", **flat}
        ring["marker"] = {"size": 9 if solid else 19, "color": "rgba(0,0,0,0)", "line": {"color": ink(), "width": 3}}
        if solid:
            ring["marker"] |= {"symbol": "circle-open", "color": ink()}
        traces += [line | _axes_of(places[hops]), ring | _axes_of(places[[chosen]])] if hops else []
    bare = {"visible": False}
    if solid:
        near_by = {"eye": {"x": 1, "y": 1, "z": 0.8}}
        scene = {"xaxis": bare, "yaxis": bare, "zaxis": bare, "aspectmode": "cube", "camera": near_by}
        return chart(traces, MAP_HEIGHT, {}, {}, scene=scene, dragmode="orbit")
    figure = chart(traces, MAP_HEIGHT, dict(bare), dict(bare), dragmode="pan", clickmode="event+select")
    figure.layout.xaxis.fixedrange = figure.layout.yaxis.fixedrange = False
    return figure


def _axes_of(places: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip("xyz", np.float32(places).T, strict=False))


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
        **_axes_of(places),
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
