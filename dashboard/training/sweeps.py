"""Sweeps on screen: the same run over a grid of learning rates or numbers of filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core import digits, training
from core.intervals import wilson
from core.training import Settings, tasks
from core.training.tasks import SWEPT, Swept
from dashboard.shared import cached, controls, figures, jobs
from dashboard.shared.links import choice, choices
from dashboard.shared.text import exact, number, percent, t

NAME = "sweep"
GRIDS: dict[str, tuple[float, ...]] = {
    "learning_rate": (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 10),
    "filters": (1, 2, 4, 8, 12, 16, 24),
}
FIRST: dict[str, tuple[float, ...]] = {"learning_rate": (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1), "filters": (1, 2, 4, 8, 16)}
DEFAULT = Settings(samples=1000, batch=32, epochs=8)


def show() -> None:
    """What is gone through, the job, and its curve."""
    facts = cached.digits_here(digits.MNIST.here)
    name = choice(
        st.segmented_control,
        t("training.swept"),
        SWEPT,
        key="sweep_name",
        default=SWEPT[0],
        format_func=lambda name: t(f"training.swept_{name}"),
        required=True,
    )
    values = choices(
        t("training.grid"), GRIDS[name], key=f"sweep_{name}", default=FIRST[name], format_func=lambda v: exact(v)
    )
    left, middle, right = st.columns(3, gap="large")
    with left:
        optimizer = choice(
            st.pills,
            t("training.optimizer"),
            training.OPTIMIZERS,
            key="sweep_optimizer",
            default="adam",
            format_func=lambda word: t(f"training.optimizer_{word}"),
            required=True,
        )
    with middle:
        epochs = controls.parameter(
            replace(training.EPOCHS, default=DEFAULT.epochs, maximum=30), t("training.epochs"), key="sweep_epochs"
        )
    with right:
        sizes = [size for size in (200, 500, 1000, 5000, 20_000) if size < facts.train] + [facts.train]
        samples = choice(
            st.select_slider,
            t("training.samples"),
            sizes,
            key="sweep_samples",
            default=min(DEFAULT.samples, facts.train),
            format_func=number,
        )
    batch = DEFAULT.batch if samples <= 2000 else 256
    settings = replace(DEFAULT, optimizer=optimizer, epochs=epochs, samples=samples, batch=batch)
    st.button(
        t("controls.run"),
        type="primary",
        icon=":material/play_arrow:",
        key="sweep_start",
        on_click=_begin,
        args=(settings, name, sorted(values)),
    )
    jobs.panel(NAME, jobs.steps_alone)
    outcome = jobs.outcome(NAME)
    if outcome is None:
        return
    if outcome.problem:
        st.warning(outcome.problem)
    if outcome.result:
        _curves(st.session_state["sweep_of"], outcome.result)


def _begin(settings: Settings, name: str, values: Sequence[float]) -> None:
    st.session_state["sweep_of"] = name
    jobs.start(NAME, tasks.sweep, settings, name, values)


def _curves(name: str, found: Sequence[Swept]) -> None:
    """Accuracy with its interval, and what it cost."""
    axis = t(f"training.swept_{name}")
    ticks = [one.value for one in found]
    points = [(one.value, one.hits / one.n, *wilson(one.hits, one.n)) for one in found if not one.diverged]
    if points:
        st.subheader(t("training.test_accuracies", n=number(found[0].n)), anchor=False)
        st.plotly_chart(
            figures.ranged(
                {t("training.test_accuracy"): points},
                (axis, t("training.test_accuracy")),
                decades="x",
                ticks=ticks,
                level=1 / digits.CLASSES,
                up=(0, 1.02),
            ),
            config=figures.CONFIG,
            key="sweep_accuracy",
            alt=", ".join(f"{exact(one.value)}: {percent(one.hits / one.n)}" for one in found),
        )
    if lost := [exact(one.value) for one in found if one.diverged]:
        st.warning(t("training.sweep_diverged", values=", ".join(lost)))
    st.caption(t("training.chance"))
    for column, measure in zip(st.columns(2, gap="large"), ("seconds", "parameters"), strict=True):
        line = [(one.value, float(getattr(one, measure)), *(float(getattr(one, measure)),) * 2) for one in found]
        with column:
            st.subheader(t(f"training.{measure}"), anchor=False)
            st.plotly_chart(
                figures.ranged(
                    {t(f"training.{measure}"): line}, (axis, t(f"training.{measure}")), decades="x", ticks=ticks
                ),
                config=figures.CONFIG,
                key=f"sweep_{measure}",
                alt=", ".join(f"{exact(value)}: {number(height, 1)}" for value, height, *_ in line),
            )
