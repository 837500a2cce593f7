"""Constraints on screen: an experiment about each, and who wins under which of them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.intervals import mean_interval
from core.neighbours import tasks
from core.neighbours.findings import Result, Verdict
from core.neighbours.table import CONSTRAINTS, MEASURES
from dashboard.neighbours.setup import Setup
from dashboard.shared import figures
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, significant, t
from dashboard.shared.workers import Keyed, ask, job

BOARD = "knn_board"
"""The session's verdicts, constraint -> measure -> (verdict, what it was measured on)."""


def constraint_experiment(setup: Setup) -> None:
    """The experiment about the selected constraint with its figures, and the table of who wins."""
    st.header(t("constraints.title"), anchor=False)
    name = choice(
        st.pills,
        t("constraints.title"),
        tuple(CONSTRAINTS),
        key="constraint",
        default=next(iter(CONSTRAINTS)),
        format_func=lambda name: t(f"constraints.{name}"),
        label_visibility="collapsed",
    )
    st.markdown(t(f"constraints.{name}_help"))
    answer = job(tasks.run_experiment, name, _people(setup, name), setup.settings, at_once=False, name="constraint")
    if answer is not None:
        result, verdicts = answer
        _figures(result)
        _note(setup, result, verdicts)
    _winners()


def _people(setup: Setup, constraint: str) -> Keyed:
    """Whom an experiment is made with: the stored crowd where it is about one, else those above."""
    if CONSTRAINTS[constraint].in_crowd and tasks.is_stored(setup.network, setup.collection.embedding, "new"):
        crowd = ask(tasks.embed_crowd, setup.network)
        return Keyed(crowd.digest, lambda: crowd)
    return setup.keyed


def _figures(result: Result) -> None:
    """One figure a measure, two side by side; the first alone where it is the only one."""
    measures = list(result.measures)
    for start in range(0, len(measures), 2):
        for column, measure in zip(st.columns(2, gap="large"), measures[start : start + 2], strict=False):
            with column:
                text = f"constraints.measure_{measure}"
                st.subheader(t(text), anchor=False, help=t(f"{text}_help"))
                _figure(result, measure)


def _figure(result: Result, measure: str) -> None:
    unit, axis = MEASURES[measure].unit, CONSTRAINTS[result.constraint].axis
    steps = 100 * result.steps if axis == "percent" else result.steps
    lines, alt = {}, []
    for head, values in result.measures[measure].items():
        measured = np.isfinite(values).all(axis=0)
        mean, low, high = mean_interval(values[:, measured])
        alt.append(f"{_title(head)} {' → '.join(_written(measure, float(value)) for value in mean[[0, -1]])}")
        if unit == "share":
            mean, low, high = (100 * np.clip(ends, 0, 1) for ends in (mean, low, high))
        else:
            low = np.maximum(low, mean / 10)  # no logarithm of what is not above 0
        columns = (map(float, column) for column in (steps[measured], mean, low, high))
        lines[_title(head)] = list(zip(*columns, strict=True))
    if unit == "share" and all(len({point[1:] for point in line}) == 1 for line in lines.values()):
        chart = _dots(lines)
    else:
        chart = figures.interval_curves(
            lines,
            (t(f"constraints.{result.constraint}_axis"), t(f"constraints.unit_{unit}")),
            log_axes=("x" if axis == "log" else "") + ("" if unit == "share" else "y"),
            ticks=[float(step) for step in steps],
            y_range=(-2, 102) if unit == "share" else None,
            unit="\u202f%" if unit == "share" else "",
        )
    st.plotly_chart(chart, config=figures.CONFIG, key=f"constraint_{measure}", alt=", ".join(alt))


def _dots(lines: dict[str, list[tuple[float, ...]]]) -> go.Figure:
    """One dot a head, of shares that are the same at every step."""
    firsts = [line[0] for line in lines.values()]
    means, ends = [mean for _, mean, _, _ in firsts], [(low, high) for *_, low, high in firsts]
    return figures.interval_dots(list(lines), means, ends, (), None, unit="\u202f%")


def _title(head: str) -> str:
    return t(f"neighbours.{head}")


def _written(measure: str, value: float) -> str:
    """A value with its unit."""
    unit = MEASURES[measure].unit
    if unit == "share":
        return percent(value)
    if unit == "seconds":
        return f"{significant(1000 * value)}\u202fms"
    return f"{significant(value / 1000)}\u202fkB"


def _note(setup: Setup, result: Result, verdicts: dict[str, Verdict]) -> None:
    """What was measured on, and that into the session's table."""
    seeds = len(next(iter(next(iter(result.measures.values())).values())))
    st.caption(t("constraints.note", seeds=seeds, count=number(result.queries)))
    about = f"{setup.collection.embedding} · {t(f'neighbours.source_{setup.collection.album.source}')}"
    board: dict[str, dict[str, tuple[Verdict, str]]] = st.session_state.setdefault(BOARD, {})
    board[result.constraint] = {measure: (verdict, about) for measure, verdict in verdicts.items()}


def _winners() -> None:
    """Who wins under which constraint, from the session's own runs."""
    st.header(t("constraints.winners"), anchor=False)
    st.markdown(t("constraints.winners_help"))
    board: dict[str, dict[str, tuple[Verdict, str]]] = st.session_state.get(BOARD, {})
    rows = [
        {
            t("constraints.constraint"): t(f"constraints.{name}"),
            t("constraints.measure"): t(f"constraints.measure_{measure}"),
            t("constraints.winner"): t("constraints.undecided") if verdict.winner is None else _title(verdict.winner),
            t("constraints.means"): " · ".join(
                f"{_title(head)} {_written(measure, mean)}" for head, mean in verdict.means.items()
            ),
            t("constraints.on"): about,
        }
        for name in CONSTRAINTS
        for measure, (verdict, about) in board.get(name, {}).items()
    ]
    to_run = [t(f"constraints.{name}") for name in CONSTRAINTS if name not in board]
    if rows:
        st.table(rows, hide_index=True, alt=t("constraints.winners"))
    if to_run:
        st.caption(t("constraints.to_run", names=", ".join(to_run)))
