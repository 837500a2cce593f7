"""Plotly figures of the dashboard. Draws, never computes: values come in, figures go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas  # noqa: F401  Plotly looks at pandas without importing it, and trips over one that another thread imports
import plotly.graph_objects as go
import streamlit as st

from dashboard.shared.text import exact, separators

CONFIG = {"displayModeBar": False, "scrollZoom": False}
"""What every chart is shown with: no toolbar, and a wheel that scrolls the page."""
BLUE, ORANGE, GREY = "#2b7bba", "#d9822b", "#8a96a3"
PALETTE = ["#2b7bba", "#d9822b", "#3d9a8b", "#8c5aa8", "#b0903a", "#6b7784", "#c2557a", "#4aa3df"]
SIGNED_SCALE = [[0, "#053061"], [0.25, "#509bcd"], [0.5, "#f7f7f7"], [0.75, "#eca048"], [1, "#7f3b08"]]
"""The colours of signed maps, for Plotly."""


def chart(
    traces: list[dict[str, Any]], height: int, xaxis: dict[str, Any], yaxis: dict[str, Any], **layout: Any
) -> go.Figure:
    """What all charts share: no toolbar margins, large type, no dragging that would trap a scrolling finger.

    Built from dictionaries in one step: Plotly's `update_` methods take ten times as long.
    """
    axis = {"fixedrange": True, "tickfont": {"size": 14, "color": ink()}}
    titles = {"font": {"size": 14, "color": ink()}}
    for given in (xaxis, yaxis):
        given |= axis | ({"title": {"text": given["title"]} | titles} if "title" in given else {})
    shared = {"height": height, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "font": {"size": 15}, "dragmode": False}
    shared |= {"showlegend": False, "separators": separators()}
    return go.Figure(traces, {**shared, "xaxis": xaxis, "yaxis": yaxis, **layout})


def ink() -> str:
    """Colour of text and ticks on the page's theme, dark enough (or light enough) to be read from the last row."""
    return "#e9eef3" if st.context.theme.type == "dark" else "#1c2733"


def probability_bars(
    labels: Sequence[str], values: Sequence[float], texts: Sequence[str], chosen: str | None
) -> go.Figure:
    """Horizontal bars, the most probable on top; the chosen class in orange."""
    colours = [ORANGE if label == chosen else BLUE for label in labels]
    bars = horizontal_bars(values, labels, texts, colours, 15)
    x_axis = {"range": [0, 1.18], "visible": False}
    # A category: names may look like numbers.
    y_axis = {"autorange": "reversed", "ticks": "", "automargin": True, "type": "category"}
    return chart([bars], 46 * len(labels) + 24, x_axis, y_axis)


def horizontal_bars(
    values: Iterable[float], places: Iterable[Any], texts: Sequence[str], colour: str | list[str], size: int
) -> dict[str, Any]:
    """Horizontal bars with their text, `size` pixels high, behind the end."""
    return {
        "type": "bar",
        "x": list(values),
        "y": list(places),
        "orientation": "h",
        "marker": {"color": colour},
        "text": list(texts),
        "textposition": "outside",
        "textfont": {"size": size, "color": ink()},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def signed_bars(values: np.ndarray, taking_part: Sequence[int], names: tuple[str, str]) -> go.Figure:
    """One bar a channel, orange above zero and blue below; channels that do not take part are grey."""
    part = np.isin(np.arange(len(values)), taking_part)
    colours = np.where(part, np.where(values >= 0, ORANGE, BLUE), GREY)
    bars = {
        "type": "bar",
        "x": list(range(len(values))),
        "y": values,
        "marker": {"color": list(colours), "line": {"width": 0}},
        "hovertemplate": f"{names[0]} %{{x}}<br>{names[1]} %{{y:.3g}}<extra></extra>",
    }
    return chart([bars], 300, {"title": names[0]}, {"tickformat": "~g", "nticks": 5}, bargap=0.1)


def log_bars(names: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> go.Figure:
    """Horizontal bars with their number, over powers of ten, for values that span decades."""
    logs = np.log10(np.maximum(values, np.finfo(float).tiny))
    low = np.floor(min(logs)) - 0.5
    trace = horizontal_bars(logs - low, range(len(names)), texts, BLUE, 14)
    x_axis = {"range": [0, float(max(logs) - low) * 1.3], "visible": False}
    return chart([trace], 34 * len(names) + 24, x_axis, {**named_ticks(names), "autorange": "reversed"})


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    axes: tuple[str, str],
    *,
    dotted: Sequence[float] = (),
    marked_x: float | None = None,
    y_range: tuple[float, float] | None = None,
    height: int = 380,
    log_axes: str = "",
) -> go.Figure:
    """One line a name, from its `(x, y)`; names are told in a legend where there are few.

    `dotted` are the x with a dot on every line; a dotted line stands at `marked_x`. `y_range` is that of the axis where
    it is known. `log_axes` names the axes that go by powers of ten: "x", "y" or "xy".
    """
    few = len(lines) <= len(PALETTE)
    traces = [
        {
            "type": "scatter",
            "x": list(x),
            "y": list(y),
            "name": name,
            "mode": "lines+markers" if dotted else "lines",
            "cliponaxis": False,
            "line": {"width": 3 if few else 1.5, "color": PALETTE[place % len(PALETTE)]},
            "marker": {"size": [12 if value in dotted else 0 for value in x], "line": {"width": 0}},
        }
        for place, (name, (x, y)) in enumerate(lines.items())
    ]
    powers = {"type": "log", "exponentformat": "power", "dtick": 1}
    x_axis = {"title": axes[0]} | (powers if "x" in log_axes else {"rangemode": "tozero"})
    y_axis = {"title": axes[1]} | ({"range": list(y_range)} if y_range else {}) | (powers if "y" in log_axes else {})
    shapes = [] if marked_x is None else [vertical_line(marked_x)]
    return chart(traces, height, x_axis, y_axis, showlegend=few and len(lines) > 1, legend=legend(), shapes=shapes)


def legend() -> dict[str, Any]:
    """Names in rows above the lines, which make room where a telephone needs many rows."""
    return {"orientation": "h", "y": 1.02, "yanchor": "bottom", "font": {"size": 14, "color": ink()}}


def named_ticks(names: Sequence[str]) -> dict[str, Any]:
    """An axis on which 0, 1, ... have names."""
    return {"tickvals": list(range(len(names))), "ticktext": list(names), "automargin": True, "ticks": ""}


def vertical_line(x: float) -> dict[str, Any]:
    """A dotted line from the bottom to the top at `x`."""
    line = {"color": GREY, "width": 2, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def interval_dots(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    controls: Sequence[str],
    chance: float | None,
    unit: str = "",
) -> go.Figure:
    """A dot with its interval for every name, the first on top; those of `controls` in orange, chance a dotted line.

    With a `unit`, which stands behind the numbers of the axis, that axis begins at 0.
    """
    trace = {
        "type": "scatter",
        "x": list(values),
        "y": list(range(len(names))),
        "mode": "markers",
        "marker": {"size": 11, "color": [ORANGE if name in controls else BLUE for name in names]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in zip(values, intervals, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(values, intervals, strict=True)],
            "color": GREY,
            "thickness": 2.5,
            "width": 5,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    y_axis = {**named_ticks(names), "range": [len(names) - 0.4, -0.6], "zeroline": False}
    shapes = [] if chance is None else [vertical_line(chance)]
    x_axis = {"nticks": 6, "zeroline": False} | ({"ticksuffix": unit, "rangemode": "tozero"} if unit else {})
    return chart([trace], 27 * max(len(names), 2) + 50, x_axis, y_axis, shapes=shapes)  # numbers need room


def confusion_matrix(counts: np.ndarray, names: Sequence[str], axes: tuple[str, str]) -> go.Figure:
    """Expected classes (rows) by predicted ones (columns) with their counts; unseen markers make the cells clickable.

    The darker, the larger the share of its row; cells off the diagonal are orange, so that mistakes stand out.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(names), dtype=bool)
    places = [(row, column) for row in range(len(names)) for column in range(len(names))]
    cells = {
        "type": "heatmap",
        "z": np.where(right, -shares, np.where(counts > 0, np.maximum(shares, 0.15), 0)),
        "zmin": -1,
        "zmax": 0.5,
        "colorscale": [[0, "#2b7bba"], [2 / 3, "#f7f7f7"], [1, "#d9822b"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverinfo": "skip",
    }
    markers = {
        "type": "scatter",
        "x": [column for _, column in places],
        "y": [row for row, _ in places],
        "mode": "markers+text",
        "text": [str(counts[place]) if counts[place] else "" for place in places],
        "textfont": {"size": 14, "color": ["#ffffff" if right[p] and shares[p] > 0.5 else "#1c2733" for p in places]},
        "customdata": [list(place) for place in places],
        "hoverinfo": "none",  # "skip" would skip clicks too
        "marker": {"size": 26, "symbol": "square", "color": "rgba(0,0,0,0)"},
        "unselected": {"marker": {"opacity": 0}},
    }
    ticks = {**named_ticks(names), "showgrid": False}
    x_axis, y_axis = {**ticks, "title": axes[0]}, {**ticks, "title": axes[1], "autorange": "reversed"}
    return chart([cells, markers], 46 * len(names) + 60, x_axis, y_axis, clickmode="event+select")


SYMBOLS = ("circle", "diamond", "square", "triangle-up")
"""Marks of lines and groups that must be told apart without their colour."""
Interval = tuple[float, float, float]
"""A value with the ends of its interval, which are NaN where there is none."""


def interval_curves(
    lines: Mapping[str, Sequence[tuple[float, float, float, float]]],
    axes: tuple[str, str],
    *,
    log_axes: str = "",
    ticks: Sequence[float] = (),
    marked_x: float | None = None,
    marked_y: float | None = None,
    y_range: tuple[float, float] | None = None,
    unit: str = "",
) -> go.Figure:
    """One line a name through its points `(x, y, low, high)`, each with its interval.

    `log_axes` names the axes that go by powers of ten: "x", "y" or "xy"; `ticks` are the labels of x, and `unit` stands
    behind those of y. Dotted lines stand at `marked_x` and `marked_y`. `y_range` is that of the axis where it is known.
    """
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [x for x, *_ in points],
            "line": {"width": 3, "color": PALETTE[place % len(PALETTE)]},
            **markers_with_intervals([point[1:] for point in points], "y", place),
        }
        for place, (name, points) in enumerate(lines.items())
    ]
    x_axis: dict[str, Any] = {"title": axes[0], "zeroline": False}
    x_axis |= {"type": "log"} if "x" in log_axes else {"rangemode": "tozero"}
    if ticks:
        x_axis |= {"tickvals": list(ticks), "ticktext": [exact(tick) for tick in ticks]}
    y_axis: dict[str, Any] = {"title": axes[1], "ticksuffix": unit}
    if "y" in log_axes:
        y_axis |= {"type": "log", "dtick": "D2", "tickformat": "~s"}
    else:
        y_axis |= {"range": list(y_range)} if y_range else {"rangemode": "tozero"}
    shapes = [] if marked_x is None else [vertical_line(marked_x)]
    if marked_y is not None:
        lying = {"x0": 0, "x1": 1, "xref": "paper", "y0": marked_y, "y1": marked_y, "yref": "y"}
        shapes.append(vertical_line(0) | lying)
    return chart(traces, 400, x_axis, y_axis, showlegend=len(lines) > 1, legend=legend(), shapes=shapes)


def markers_with_intervals(points: Sequence[Interval], axis: str, place: int) -> dict[str, Any]:
    """Markers with their intervals along an axis, "x" or "y"; a shape and a colour a place."""
    ends = {
        "array": [_length(high - value) for value, _, high in points],
        "arrayminus": [_length(value - low) for value, low, _ in points],
    }
    error = {"type": "data", "symmetric": False, "thickness": 2.5, "width": 5, **ends}
    marker = {"size": 12, "symbol": SYMBOLS[place % len(SYMBOLS)], "color": PALETTE[place % len(PALETTE)]}
    return {axis: [value for value, *_ in points], f"error_{axis}": error, "marker": marker, "cliponaxis": False}


def _length(value: float) -> float:
    return value if np.isfinite(value) else 0.0
