"""Plotly figures of the dashboard. Draws, never computes: values come in, figures go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas  # noqa: F401  Plotly looks at pandas without importing it, and trips over one that another thread imports
import plotly.graph_objects as go
import streamlit as st

from core.networks.entry import LayerRow
from dashboard.shared.text import exact, separators

CONFIG = {"displayModeBar": False, "scrollZoom": False}
"""What every chart is shown with: no toolbar, and a wheel that scrolls the page."""
BLUE, ORANGE, GREY = "#2b7bba", "#d9822b", "#8a96a3"
PALETTE = ["#2b7bba", "#d9822b", "#3d9a8b", "#8c5aa8", "#b0903a", "#6b7784", "#c2557a", "#4aa3df"]
SIGNED_SCALE = [[0, "#053061"], [0.25, "#509bcd"], [0.5, "#f7f7f7"], [0.75, "#eca048"], [1, "#7f3b08"]]
"""The colours of signed maps, for Plotly."""
KIND_COLOURS = {"conv": "#2b7bba", "pool": "#a9b4bf", "dense": "#3d9a8b", "other": "#6b7784"}


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


def probabilities(
    labels: Sequence[str], values: Sequence[float], texts: Sequence[str], chosen: str | None
) -> go.Figure:
    """Horizontal bars, the most probable on top; the chosen class in orange."""
    colours = [ORANGE if label == chosen else BLUE for label in labels]
    bars = _lying_bars(values, labels, texts, colours, 15)
    across = {"range": [0, 1.18], "visible": False}
    down = {"autorange": "reversed", "ticks": "", "automargin": True, "type": "category"}  # names may look like numbers
    return chart([bars], 46 * len(labels) + 24, across, down)


def _lying_bars(
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


def correlations(matrix: np.ndarray, texts: Sequence[Sequence[str]], names: Sequence[str]) -> go.Figure:
    """Each with each as coloured cells with their text, -1 blue, 0 white, 1 orange; unknown ones are left out.

    Rows have a number and a name, columns the number alone.
    """
    places = list(range(len(names)))
    cells = {
        "type": "heatmap",
        "z": matrix,
        "x": places,
        "y": places,
        "zmin": -1,
        "zmax": 1,
        "colorscale": SIGNED_SCALE,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverinfo": "skip",
    }
    size = 15 if len(names) <= 8 else 11
    marks = [
        {
            "x": column,
            "y": row,
            "text": texts[row][column],
            "showarrow": False,
            "font": {"size": size, "color": "#ffffff" if abs(matrix[row, column]) > 0.75 else "#1c2733"},
        }
        for row in places
        for column in places
    ]
    numbers = [str(place + 1) for place in places]
    rows = [f"{name}  <b>{number}</b> " for name, number in zip(names, numbers, strict=True)]
    ticks = {"tickvals": places, "automargin": True, "ticks": ""}
    across = {**ticks, "side": "top", "ticktext": [f"<b>{number}</b>" for number in numbers]}
    down = {**ticks, "autorange": "reversed", "ticktext": rows}
    return chart([cells], 46 * len(names) + 40, across, down, annotations=marks)


def bars(names: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> go.Figure:
    """Horizontal bars with their number, over powers of ten, for values that span decades."""
    logs = np.log10(np.maximum(values, np.finfo(float).tiny))
    low = np.floor(min(logs)) - 0.5
    trace = _lying_bars(logs - low, range(len(names)), texts, BLUE, 14)
    across = {"range": [0, float(max(logs) - low) * 1.3], "visible": False}
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "automargin": True, "ticks": ""}
    return chart([trace], 34 * len(names) + 24, across, {**ticks, "autorange": "reversed"})


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    axes: tuple[str, str],
    *,
    dotted: Sequence[float] = (),
    here: float | None = None,
    up: tuple[float, float] | None = None,
    height: int = 380,
    decades: str = "",
) -> go.Figure:
    """One line a name, from its `(x, y)`; names are told in a legend where there are few.

    `dotted` are the x with a dot on every line, `here` is the one that is looked at, `up` the range of y where it is
    known. `decades` names the axes that go by powers of ten: "x", "y" or "xy".
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
    across = {"title": axes[0]} | (powers if "x" in decades else {"rangemode": "tozero"})
    rising = {"title": axes[1]} | ({"range": list(up)} if up else {}) | (powers if "y" in decades else {})
    shapes = [] if here is None else [upright(here)]
    return chart(traces, height, across, rising, showlegend=few and len(lines) > 1, legend=legend(), shapes=shapes)


def legend() -> dict[str, Any]:
    """Names in rows above the lines, which make room where a telephone needs many rows."""
    return {"orientation": "h", "y": 1.02, "yanchor": "bottom", "font": {"size": 14, "color": ink()}}


def upright(x: float) -> dict[str, Any]:
    """A dotted line from the bottom to the top at `x`."""
    line = {"color": GREY, "width": 2, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def dots(
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
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "automargin": True, "ticks": ""}
    down = {**ticks, "range": [len(names) - 0.4, -0.6], "zeroline": False}
    shapes = [] if chance is None else [upright(chance)]
    across = {"nticks": 6, "zeroline": False} | ({"ticksuffix": unit, "rangemode": "tozero"} if unit else {})
    return chart([trace], 27 * max(len(names), 2) + 50, across, down, shapes=shapes)  # numbers need room


def by_layer(lines: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """One line a name over layers in their order, from shares in [0, 1]."""
    traces = [
        {
            "type": "scatter",
            "x": list(values),
            "y": [100 * value for value in values.values()],
            "name": name,
            "mode": "lines+markers",
            "line": {"width": 3, "color": PALETTE[place]},
            "marker": {"size": 8},
        }
        for place, (name, values) in enumerate(lines.items())
    ]
    high = max((value for values in lines.values() for value in values.values()), default=0.0)
    up = {"ticksuffix": "\u202f%", "range": [0, 100 * max(1.1 * high, 0.1)]}
    return chart(traces, 320, {"type": "category"}, up, showlegend=True, legend=legend())


def architecture(rows: Sequence[LayerRow], chosen: str | None, parameters: str) -> go.Figure:
    """The network as slabs from left to right: as high as its maps are wide, as thick as it has channels.

    `rows` are rows of the table of layers (name, kind, shape, parameters). The chosen layer is orange; `parameters` is
    the word for them. Every slab carries an unseen marker, which says what it is and can be clicked. Of a network with
    many layers those that only normalize, add or cut off are left out, and blocks are told apart by their size.
    """
    many = len(rows) > MANY_LAYERS
    if many:
        rows = [row for row in rows if row.name == chosen or kind_of(row.kind) != "other"]
    tall = MOST_HEIGHT / max(row.shape[0] for row in rows if len(row.shape) == 3)
    wide = MOST_WIDTH / max(row.shape[-1] for row in rows if len(row.shape) == 3)
    left, block_left = 0.0, 0.0
    shapes: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    blocks: dict[str, list[tuple[float, LayerRow]]] = {}
    for row in rows:
        if len(row.shape) == 1 and kind_of(row.kind) == "other":  # flattening moves numbers, it is no stage of its own
            continue
        side = " × ".join(map(str, row.shape[:-1]))
        block = side if many and side else _block(row.name)
        if block not in blocks:
            left = block_left = max(left + 12, block_left + LABEL_PITCH) if blocks else 0.0
        height = max(row.shape[0] * tall if side else 1.0, 9.0)
        thick = max(min(row.shape[-1] * wide, MOST_WIDTH), 2.4)
        shapes += _slab(left, height, thick, ORANGE if row.name == chosen else KIND_COLOURS[kind_of(row.kind)])
        blocks.setdefault(block, []).append((left + thick / 2, row))
        left += thick + 3.5
    for name, members in blocks.items():
        *sides, channels = members[-1 if many else 0][1].shape
        size = [" × ".join(map(str, sides)), f"× {channels}"] if sides else [str(channels)]
        label = {
            "x": (members[0][0] + members[-1][0]) / 2,
            "y": -62,
            "showarrow": False,
            "yanchor": "top",
            "font": {"size": 14, "color": ink()},
            "text": "<br>".join(size if many and sides else [f"<b>{name}</b>", *size]),
        }
        annotations.append(label)
    spots = [spot for members in blocks.values() for spot in members]
    markers = {
        "type": "scatter",
        "x": [x for x, _ in spots],
        "y": [0.0] * len(spots),
        "mode": "markers",
        "name": "",
        "customdata": [row.name for _, row in spots],
        "hovertext": [_about(row, parameters) for _, row in spots],
        "hoverinfo": "text",
        "marker": {"size": 18, "color": "rgba(0,0,0,0)"},
        "unselected": {"marker": {"opacity": 0}},
    }
    across, up = {"visible": False, "range": [-16, left + 8]}, {"visible": False, "range": [-98, 84]}
    hover = {"font": {"size": 15}}
    more = {"shapes": shapes, "annotations": annotations, "clickmode": "event+select", "hoverlabel": hover}
    return chart([markers], 370, across, up, **more)


MANY_LAYERS, MOST_HEIGHT, MOST_WIDTH = 40, 112, 25.6
"""From how many layers on a drawing leaves some out; height and width of the largest slab."""
LABEL_PITCH = 36
"""Least distance between the left edges of two blocks, so that their labels do not touch."""


def _slab(left: float, height: float, thick: float, colour: str) -> list[dict[str, Any]]:
    """Front, top and right face of a layer's slab as shapes."""
    fills = (colour, _mixed(colour, 0.35), _mixed(colour, -0.3))
    line = {"color": "rgba(20,28,36,.75)", "width": 0.8}
    faces = zip(_faces(left, height, thick), fills, strict=True)
    return [{"type": "path", "path": path, "fillcolor": fill, "line": line} for path, fill in faces]


def _about(row: LayerRow, parameters: str) -> str:
    size = " × ".join(str(n) for n in row.shape)
    return f"<b>{row.name}</b><br>{row.kind}<br>{size}<br>{parameters}: {row.parameters:,}"


def kind_of(kind: str) -> str:
    """Which colour a kind of layer has: "conv", "pool", "dense" or "other"."""
    for name in ("conv", "pool", "dense"):
        if name in kind.lower():
            return name
    return "other"


def _block(name: str) -> str:
    """The block that a layer belongs to: `conv3_2` and `pool3` are in `conv3`."""
    head = name.split("_")[0]
    return head.replace("pool", "conv")


def _faces(left: float, height: float, thick: float) -> tuple[str, str, str]:
    """Front, top and right face of a slab seen from the upper right, as SVG paths."""
    low, high, right, deep = -height / 2, height / 2, left + thick, height * 0.22
    front = f"M {left},{low} L {right},{low} L {right},{high} L {left},{high} Z"
    top = f"M {left},{high} L {right},{high} L {right + deep},{high + deep} L {left + deep},{high + deep} Z"
    side = f"M {right},{low} L {right + deep},{low + deep} L {right + deep},{high + deep} L {right},{high} Z"
    return front, top, side


def _mixed(colour: str, amount: float) -> str:
    """A hexadecimal colour, lighter for a positive amount and darker for a negative one."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    target = 255 if amount > 0 else 0
    mixed = [round(part + (target - part) * abs(amount)) for part in parts]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"


def activations(values: np.ndarray, names: Sequence[str], across: str, *, signed: bool) -> go.Figure:
    """Classes (rows) by channels (columns) as coloured cells, from 0 up in cividis, or around 0 in the signed scale."""
    bound = float(np.abs(values).max()) or 1.0
    cells = {
        "type": "heatmap",
        "z": values,
        "x": list(range(values.shape[1])),
        "y": list(range(len(names))),
        "zmin": -bound if signed else 0,
        "zmax": bound,
        "colorscale": SIGNED_SCALE if signed else "Cividis",
        "xgap": 1 if values.shape[1] <= 64 else 0,
        "ygap": 1,
        "colorbar": {"thickness": 12, "tickfont": {"size": 14, "color": ink()}},
        "hovertemplate": "%{y} · %{x}: %{z:.3g}<extra></extra>",
    }
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "automargin": True, "ticks": ""}
    down = {**ticks, "autorange": "reversed"}
    return chart([cells], 32 * len(names) + 70, {"title": across, "tickformat": "d"}, down)


def confusion(counts: np.ndarray, names: Sequence[str], axes: tuple[str, str]) -> go.Figure:
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
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "ticks": "", "automargin": True}
    ticks["showgrid"] = False
    across, down = {**ticks, "title": axes[0]}, {**ticks, "title": axes[1], "autorange": "reversed"}
    return chart([cells, markers], 46 * len(names) + 60, across, down, clickmode="event+select")


SYMBOLS = ("circle", "diamond", "square", "triangle-up")
"""Marks of lines and groups that must be told apart without their colour."""
Interval = tuple[float, float, float]
"""A value with the ends of its interval, which are NaN where there is none."""


def ranged(
    lines: Mapping[str, Sequence[tuple[float, float, float, float]]],
    axes: tuple[str, str],
    *,
    decades: str = "",
    ticks: Sequence[float] = (),
    here: float | None = None,
    level: float | None = None,
    up: tuple[float, float] | None = None,
    unit: str = "",
) -> go.Figure:
    """One line a name through its points `(x, y, low, high)`, each with its interval.

    `decades` names the axes that go by powers of ten: "x", "y" or "xy"; `ticks` are the labels of x, and `unit` stands
    behind those of y. Dotted lines: `here`, the x that is looked at, and `level`, a y to compare with. `up` is the
    range of y where it is known.
    """
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [x for x, *_ in points],
            "line": {"width": 3, "color": PALETTE[place % len(PALETTE)]},
            **_with_intervals([point[1:] for point in points], "y", place),
        }
        for place, (name, points) in enumerate(lines.items())
    ]
    across: dict[str, Any] = {"title": axes[0], "zeroline": False}
    across |= {"type": "log"} if "x" in decades else {"rangemode": "tozero"}
    if ticks:
        across |= {"tickvals": list(ticks), "ticktext": [exact(tick) for tick in ticks]}
    rising: dict[str, Any] = {"title": axes[1], "ticksuffix": unit}
    if "y" in decades:
        rising |= {"type": "log", "dtick": "D2", "tickformat": "~s"}
    else:
        rising |= {"range": list(up)} if up else {"rangemode": "tozero"}
    shapes = [] if here is None else [upright(here)]
    if level is not None:
        lying = {"x0": 0, "x1": 1, "xref": "paper", "y0": level, "y1": level, "yref": "y"}
        shapes.append(upright(0) | lying)
    return chart(traces, 400, across, rising, showlegend=len(lines) > 1, legend=legend(), shapes=shapes)


def _with_intervals(points: Sequence[Interval], axis: str, place: int) -> dict[str, Any]:
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


def side_by_side(
    rows: Sequence[str], groups: Mapping[str, Sequence[Interval]], marks: tuple[str, Sequence[float]] | None = None
) -> go.Figure:
    """A row a name, and in it a marker with its interval for every group, all in percent; the first name on top.

    `marks` are named grey strokes, one a row: what nothing would give.
    """
    spread = np.linspace(-0.18, 0.18, len(groups)) if len(groups) > 1 else [0.0]
    places = np.arange(len(rows))
    traces = [
        {"type": "scatter", "mode": "markers", "name": name, "y": list(places + off), "hoverinfo": "skip"}
        | _with_intervals(points, "x", place)
        for place, ((name, points), off) in enumerate(zip(groups.items(), spread, strict=True))
    ]
    if marks:
        stroke = {"symbol": "line-ns-open", "size": 20, "color": GREY, "line": {"width": 3}}
        named = {"name": marks[0], "x": list(marks[1]), "y": list(places), "marker": stroke}
        traces.insert(0, {"type": "scatter", "mode": "markers", "hoverinfo": "skip", **named})
    ticks = {"tickvals": list(places), "ticktext": list(rows), "automargin": True, "ticks": ""}
    down = {**ticks, "range": [len(rows) - 0.4, -0.6], "zeroline": False}
    across = {"ticksuffix": "\u202f%", "rangemode": "tozero", "nticks": 5, "tickangle": 0}
    return chart(traces, 44 * len(rows) + 100, across, down, showlegend=True, legend=legend())


def spans(names: Sequence[str], rows: Sequence[tuple[float, float, float]], words: tuple[str, str, str]) -> go.Figure:
    """Response times over powers of ten, the first name on top: a dot at the median, a line to the 95th percentile, and
    an orange diamond at the first call. `rows` are `(p50, p95, first)`, `words` what these are called.
    """
    places = list(range(len(names)))
    p50, p95, first = (list(column) for column in zip(*rows, strict=True))
    shared = {
        "type": "scatter",
        "y": places,
        "mode": "markers",
        "hovertemplate": "%{x:.3g}<extra>%{fullData.name}</extra>",
    }
    lines = {
        "type": "scatter",
        "x": [x for low, high in zip(p50, p95, strict=True) for x in (low, high, None)],
        "y": [y for place in places for y in (place, place, None)],
        "mode": "lines",
        "line": {"width": 5, "color": GREY},
        "name": words[1],
        "hoverinfo": "skip",
    }
    dots = {**shared, "x": p50, "name": words[0], "marker": {"size": 13, "color": BLUE}}
    diamonds = {**shared, "x": first, "name": words[2], "marker": {"size": 12, "color": ORANGE, "symbol": "diamond"}}
    ticks = {"tickvals": places, "ticktext": list(names), "automargin": True, "ticks": ""}
    down = {**ticks, "range": [len(names) - 0.4, -0.6], "zeroline": False}
    across = {"type": "log", "dtick": 1, "zeroline": False}
    return chart([lines, dots, diamonds], 34 * len(names) + 130, across, down, showlegend=True, legend=legend())


def paired_bars(names: Sequence[str], pairs: Mapping[str, tuple[Sequence[float], Sequence[str]]]) -> go.Figure:
    """Bars of two or more kinds side by side under every name, over powers of ten: kind -> (values, texts)."""
    every = [value for values, _ in pairs.values() for value in values if value > 0]
    low = float(np.floor(np.log10(min(every)))) - 0.5
    traces = [
        {
            **_lying_bars(
                [np.log10(value) - low if value > 0 else 0 for value in values], range(len(names)), texts, colour, 14
            ),
            "name": kind,
        }
        for (kind, (values, texts)), colour in zip(pairs.items(), (BLUE, ORANGE), strict=False)
    ]
    across = {"range": [0, float(np.log10(max(every)) - low) * 1.35], "visible": False}
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "automargin": True, "ticks": ""}
    down = {**ticks, "autorange": "reversed"}
    return chart(traces, 52 * len(names) + 110, across, down, showlegend=True, legend=legend(), barmode="group")
