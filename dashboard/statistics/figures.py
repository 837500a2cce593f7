"""Plotly figures of this page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import SIGNED_SCALE, chart, ink, named_ticks


def class_channel_heatmap(values: np.ndarray, names: Sequence[str], title: str, *, signed: bool) -> go.Figure:
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
    x_axis, y_axis = {"title": title, "tickformat": "d"}, {**named_ticks(names), "autorange": "reversed"}
    return chart([cells], 32 * len(names) + 70, x_axis, y_axis)
