"""The leaderboard: all methods in all tests, as stored, and on fewer captures as computed now."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.attribution import METHODS
from core.evaluation import leaderboard, tasks
from dashboard.shared import figures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choices
from dashboard.shared.text import number, significant, t
from dashboard.shared.workers import job

FEW_ROWS = ("grad_cam", "saliency", "guided_backpropagation", *leaderboard.CONTROLS)
"""Rows that are computed at first: they take a second a capture."""


def leaderboards(_: Frame) -> None:
    """The stored board, and one of the rows and captures that are chosen."""
    board = leaderboard.stored()
    st.header(t("evaluation.before"), anchor=False)
    st.caption(
        t(
            "evaluation.stored",
            captures=number(board["captures"]),
            date=board["date"],
            again=number(-(-board["captures"] // board["repeated"])),
        )
    )
    _place_board(board, "stored")
    st.header(t("evaluation.anew"), anchor=False)
    st.markdown(t("evaluation.anew_help"))
    rows = choices(t("explain.methods"), leaderboard.ROWS, key="test_rows", default=FEW_ROWS, format_func=_row_title)
    captures = st.slider(t("controls.captures"), 4, 96, 8, 4, key="test_captures", **BOUND)
    own = job(tasks.rank, rows, captures, at_once=False)
    if own is not None:
        st.caption(t("evaluation.own", captures=number(own["captures"])))
        _place_board(own, "own")


def _row_title(row: str) -> str:
    return t(f"evaluation.{row}") if row in leaderboard.CONTROLS else METHODS[row].title


def _place_board(board: dict[str, Any], key: str) -> None:
    """One figure a test, the best on top, two side by side."""
    metrics = [metric for metric in leaderboard.METRICS.values() if board["metrics"][metric.name]]
    for start in range(0, len(metrics), 2):
        for column, metric in zip(st.columns(2, gap="large"), metrics[start : start + 2], strict=False):
            with column:
                _place_metric(board, metric, f"board_{key}_{metric.name}")


def _place_metric(board: dict[str, Any], metric: leaderboard.Metric, key: str) -> None:
    cells = board["metrics"][metric.name]
    rows = sorted(cells, key=lambda row: cells[row]["mean"], reverse=metric.high)
    names = [_row_title(row) for row in rows]
    means = [cells[row]["mean"] for row in rows]
    intervals = [tuple(cells[row]["interval"]) for row in rows]
    controls = [_row_title(row) for row in leaderboard.CONTROLS]
    title = t(f"metrics.{metric.name}")
    summary = ", ".join(f"{name} {significant(mean)}" for name, mean in zip(names, means, strict=True))
    st.subheader(title, anchor=False, help=t(f"metrics.{metric.name}_help"))
    st.caption(t("evaluation.high" if metric.high else "evaluation.low"))
    st.plotly_chart(
        figures.interval_dots(names, means, intervals, controls, board["chance"].get(metric.name, metric.chance)),
        config=figures.CONFIG,
        key=key,
        alt=f"{title}: {summary}",
    )
