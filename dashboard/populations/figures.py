"""Plotly figures of this page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import GREY, Interval, chart, legend, markers_with_intervals, named_ticks


def grouped_intervals(
    rows: Sequence[str], groups: Mapping[str, Sequence[Interval]], marks: tuple[str, Sequence[float]] | None = None
) -> go.Figure:
    """A row a name, and in it a marker with its interval for every group, all in percent; the first name on top.

    `marks` are named grey strokes, one a row: what nothing would give.
    """
    spread = np.linspace(-0.18, 0.18, len(groups)) if len(groups) > 1 else [0.0]
    places = np.arange(len(rows))
    traces = [
        {"type": "scatter", "mode": "markers", "name": name, "y": list(places + off), "hoverinfo": "skip"}
        | markers_with_intervals(points, "x", place)
        for place, ((name, points), off) in enumerate(zip(groups.items(), spread, strict=True))
    ]
    if marks:
        stroke = {"symbol": "line-ns-open", "size": 20, "color": GREY, "line": {"width": 3}}
        named = {"name": marks[0], "x": list(marks[1]), "y": list(places), "marker": stroke}
        traces.insert(0, {"type": "scatter", "mode": "markers", "hoverinfo": "skip", **named})
    y_axis = {**named_ticks(rows), "range": [len(rows) - 0.4, -0.6], "zeroline": False}
    x_axis = {"ticksuffix": "\u202f%", "rangemode": "tozero", "nticks": 5, "tickangle": 0}
    return chart(traces, 44 * len(rows) + 100, x_axis, y_axis, showlegend=True, legend=legend())
