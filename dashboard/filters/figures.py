"""Plotly figures of this page."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboard.shared.figures import PALETTE, chart, legend


def layer_curves(lines: Mapping[str, Mapping[str, float]]) -> go.Figure:
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
    y_axis = {"ticksuffix": "\u202f%", "range": [0, 100 * max(1.1 * high, 0.1)]}
    return chart(traces, 320, {"type": "category"}, y_axis, showlegend=True, legend=legend())
