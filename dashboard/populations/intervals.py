"""Estimates of groups with their intervals, in percent, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple

import streamlit as st

from core.intervals import Estimate
from dashboard.populations.figures import grouped_intervals
from dashboard.shared import figures
from dashboard.shared.figures import Interval
from dashboard.shared.text import number


def percents(estimates: Iterable[Estimate | Sequence[float]]) -> list[Interval]:
    """Value, low and high of shares, in percent."""
    points = (astuple(estimate) if isinstance(estimate, Estimate) else estimate for estimate in estimates)
    return [(100 * value, 100 * low, 100 * high) for value, low, high in points]


def place_side_by_side(
    key: str,
    title: str,
    rows: Sequence[str],
    groups: Mapping[str, Sequence[Interval]],
    marks: tuple[str, Sequence[float]] | None = None,
) -> None:
    """A row a name and a marker a group, in percent, with every number of the chart as its text."""
    texts = "; ".join(
        f"{name}: " + ", ".join(f"{row} {number(value, 1)} %" for row, (value, *_) in zip(rows, points, strict=True))
        for name, points in groups.items()
    )
    chart = grouped_intervals(rows, groups, marks)
    st.plotly_chart(chart, config=figures.CONFIG, key=key, alt=f"{title}. {texts}")
