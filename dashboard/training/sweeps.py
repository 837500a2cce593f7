"""The same run over a grid of learning rates or numbers of filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core import digits, training
from core.intervals import wilson
from core.training import Settings, tasks
from core.training.tasks import SWEEPABLE, SweepPoint
from dashboard.shared import controls, figures
from dashboard.shared.links import choice, choices
from dashboard.shared.text import exact, number, percent, t
from dashboard.shared.workers import ask, job

GRIDS: dict[str, tuple[float, ...]] = {
    "learning_rate": (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 10),
    "filters": (1, 2, 4, 8, 12, 16, 24),
}
FIRST: dict[str, tuple[float, ...]] = {"learning_rate": (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1), "filters": (1, 2, 4, 8, 16)}
DEFAULT = Settings(samples=1000, batch=32, epochs=8)


def sweep() -> None:
    """The setting that varies, the job, and its curves."""
    facts = ask(tasks.dataset_facts, digits.available_source())
    name = choice(
        st.segmented_control,
        t("training.swept"),
        SWEEPABLE,
        key="sweep_name",
        default=SWEEPABLE[0],
        format_func=lambda name: t(f"training.swept_{name}"),
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
    points = job(tasks.sweep, settings, name, sorted(values), at_once=False)
    if points is not None:
        _curves(name, points)


def _curves(name: str, points: Sequence[SweepPoint]) -> None:
    """Accuracy with its interval, and what it cost."""
    axis = t(f"training.swept_{name}")
    ticks = [point.value for point in points]
    rates = [
        (point.value, point.hits / point.n, *wilson(point.hits, point.n)) for point in points if not point.diverged
    ]
    if rates:
        st.subheader(t("training.test_accuracies", n=number(points[0].n)), anchor=False)
        st.plotly_chart(
            figures.interval_curves(
                {t("training.test_accuracy"): rates},
                (axis, t("training.test_accuracy")),
                log_axes="x",
                ticks=ticks,
                marked_y=1 / digits.CLASSES,
                y_range=(0, 1.02),
            ),
            config=figures.CONFIG,
            key="sweep_accuracy",
            alt=", ".join(f"{exact(point.value)}: {percent(point.hits / point.n)}" for point in points),
        )
    if diverged := [exact(point.value) for point in points if point.diverged]:
        st.warning(t("training.sweep_diverged", values=", ".join(diverged)))
    st.caption(t("training.chance"))
    for column, measure in zip(st.columns(2, gap="large"), ("seconds", "parameters"), strict=True):
        line = [
            (point.value, float(getattr(point, measure)), *(float(getattr(point, measure)),) * 2) for point in points
        ]
        with column:
            st.subheader(t(f"training.{measure}"), anchor=False)
            st.plotly_chart(
                figures.interval_curves(
                    {t(f"training.{measure}"): line}, (axis, t(f"training.{measure}")), log_axes="x", ticks=ticks
                ),
                config=figures.CONFIG,
                key=f"sweep_{measure}",
                alt=", ".join(f"{exact(value)}: {number(height, 1)}" for value, height, *_ in line),
            )
