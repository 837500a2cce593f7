"""The session's runs: kept side by side, compared, exported, and the test result of one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import training
from core.intervals import wilson
from core.training import Run, tasks
from dashboard.shared import figures
from dashboard.shared.links import choice
from dashboard.shared.text import exact, number, percent, significant, t
from dashboard.shared.workers import ask

MOST = 8
"""Runs that are kept; the oldest gives way."""
MOST_POINTS = 300
MEASURES = ("validation_accuracy", "validation_loss", "accuracy", "loss", "gradient_l1", "dead_l1")
DIGITS = tuple("0123456789")


def all_runs() -> dict[str, Run]:
    """The runs by name, the oldest first."""
    runs: dict[str, Run] = st.session_state.setdefault("training_runs", {})
    return runs


def add(run: Run) -> str:
    """Keep a new run; its name."""
    number_of_run = st.session_state.get("training_count", 0) + 1
    st.session_state["training_count"] = number_of_run
    name = f"{number_of_run} · {_changes(run)}"
    while len(all_runs()) >= MOST:
        del all_runs()[next(iter(all_runs()))]
    all_runs()[name] = run
    return name


def update(name: str, run: Run) -> None:
    """Replace a run by what it has become."""
    all_runs()[name] = run


def _changes(run: Run) -> str:
    """What differs from the settings that the page begins with, in a few words."""
    words = []
    for name, value in run.settings.changed(training.DEFAULTS[run.source]).items():
        if name == "widths":
            words.append("-".join(map(str, run.settings.widths)))
        elif name == "normalized":
            words.append("0–255")
        elif isinstance(value, str):
            words.append(t(f"training.{name}_{value}"))
        else:
            words.append(f"{t(f'training.short_{name}')} {exact(float(value))}")  # type: ignore[arg-type]
    return ", ".join(words[:4]) or t("training.as_in_the_report")


# --- one run ----------------------------------------------------------------------------------------------------------


def test_result(name: str, run: Run) -> None:
    """The result on the test digits, or that the run was stopped before."""
    st.header(t("training.outcome"), anchor=False)
    st.caption(name)
    if run.result is None:
        if run.diverged is None:
            st.info(t("training.stopped"))
            _export_network(run)
        return
    result = run.result
    low, high = (percent(bound) for bound in wilson(result.hits, result.n))
    about, matrix = st.columns([2, 3], gap="large")
    with about:
        st.metric(t("training.test_accuracy"), percent(result.accuracy), border=True)
        st.markdown(t("training.test", hits=number(result.hits), n=number(result.n), low=low, high=high))
        st.metric(t("training.test_loss"), significant(result.loss), border=True)
        st.metric(t("training.seconds"), number(run.last("seconds"), 1), border=True)
        _export_network(run)
    with matrix:
        confusion_matrix(result.confusion, "training_confusion")


def confusion_matrix(matrix: Any, key: str) -> None:
    """Counts of digits by their class and the predicted one."""
    st.plotly_chart(
        figures.confusion_matrix(matrix, DIGITS, (t("training.predicted"), t("training.expected"))),
        config=figures.CONFIG,
        key=key,
        alt=t("training.confusion_alt", hits=int(matrix.trace()), n=int(matrix.sum())),
    )


def _export_network(run: Run) -> None:
    state = run.state
    if state is None:
        return
    st.download_button(
        t("training.save_network"),
        lambda: ask(tasks.export, run.settings, state.weights, scope="session"),
        "digits.keras",
        icon=":material/download:",
        key="training_keras",
        help=t("training.save_network_help"),
        on_click="ignore",
    )


# --- side by side -----------------------------------------------------------------------------------------------------


def compare_runs() -> None:
    """All runs in one figure, and their points as a file."""
    runs = {name: run for name, run in all_runs().items() if run.points}
    if not runs:
        st.info(t("training.no_runs"))
        return
    measure = choice(
        st.pills,
        t("training.measure"),
        MEASURES,
        key="train_measure",
        default=MEASURES[0],
        format_func=lambda name: t(f"training.{name}"),
    )
    lines = {}
    for name, run in runs.items():
        epochs, values = run.column(measure)
        every = max(len(epochs) // MOST_POINTS, 1)
        lines[name] = epochs[::every], values[::every]
    share = {"y_range": (0, 1.02)} if "accuracy" in measure or "dead" in measure else {"log_axes": "y"}
    ends = "; ".join(f"{name}: {significant(values[-1])}" for name, (_, values) in lines.items())
    st.plotly_chart(
        figures.curves(lines, (t("training.epoch"), t(f"training.{measure}")), **share),
        config=figures.CONFIG,
        key="training_compare",
        alt=f"{t(f'training.{measure}')}. {ends}",
    )
    results = {name: run.result for name, run in runs.items() if run.result is not None}
    if results:
        n = next(iter(results.values())).n
        st.subheader(t("training.test_accuracies", n=number(n)), anchor=False)
        st.plotly_chart(
            figures.interval_dots(
                list(results),
                [result.accuracy for result in results.values()],
                [wilson(result.hits, result.n) for result in results.values()],
                (),
                None,
            ),
            config=figures.CONFIG,
            key="training_judged",
            alt="; ".join(f"{name}: {percent(result.accuracy)}" for name, result in results.items()),
        )
    with st.container(horizontal=True):
        st.download_button(
            t("training.save_curves"),
            lambda: training.to_csv(runs),
            "runs.csv",
            "text/csv",
            icon=":material/download:",
            key="training_csv",
            on_click="ignore",
        )
        st.button(t("training.forget"), icon=":material/delete:", key="training_forget", on_click=_forget)


def _forget() -> None:
    """Forget all runs but the one in hand."""
    mine = st.session_state.get("training_run")
    st.session_state["training_runs"] = {name: run for name, run in all_runs().items() if name == mine}
