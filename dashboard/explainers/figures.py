"""Plotly figures of this page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.shared.figures import SIGNED_SCALE, chart


def correlation_matrix(matrix: np.ndarray, texts: Sequence[Sequence[str]], names: Sequence[str]) -> go.Figure:
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
    x_axis = {**ticks, "side": "top", "ticktext": [f"<b>{number}</b>" for number in numbers]}
    y_axis = {**ticks, "autorange": "reversed", "ticktext": rows}
    return chart([cells], 46 * len(names) + 40, x_axis, y_axis, annotations=marks)
