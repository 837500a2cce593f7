"""Plotly figures of this page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import BLUE, GREY, ORANGE, chart, horizontal_bars, legend, named_ticks


def response_times(
    names: Sequence[str], rows: Sequence[tuple[float, float, float]], words: tuple[str, str, str]
) -> go.Figure:
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
    y_axis = {**named_ticks(names), "range": [len(names) - 0.4, -0.6], "zeroline": False}
    x_axis = {"type": "log", "dtick": 1, "zeroline": False}
    return chart([lines, dots, diamonds], 34 * len(names) + 130, x_axis, y_axis, showlegend=True, legend=legend())


def grouped_log_bars(names: Sequence[str], pairs: Mapping[str, tuple[Sequence[float], Sequence[str]]]) -> go.Figure:
    """Bars of two or more kinds side by side under every name, over powers of ten: kind -> (values, texts)."""
    every = [value for values, _ in pairs.values() for value in values if value > 0]
    low = float(np.floor(np.log10(min(every)))) - 0.5
    traces = [
        {
            **horizontal_bars(
                [np.log10(value) - low if value > 0 else 0 for value in values], range(len(names)), texts, colour, 14
            ),
            "name": kind,
        }
        for (kind, (values, texts)), colour in zip(pairs.items(), (BLUE, ORANGE), strict=False)
    ]
    x_axis = {"range": [0, float(np.log10(max(every)) - low) * 1.35], "visible": False}
    y_axis = {**named_ticks(names), "autorange": "reversed"}
    return chart(traces, 52 * len(names) + 110, x_axis, y_axis, showlegend=True, legend=legend(), barmode="group")
