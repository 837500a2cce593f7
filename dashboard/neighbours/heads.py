"""What the heads predict: who is right how often, and views of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.intervals import wilson
from core.neighbours import tasks
from core.neighbours.collection import confusion
from core.neighbours.tasks import MOST_LIVE, Comparison
from core.progress import Progress
from dashboard.neighbours import figures as plots
from dashboard.neighbours.embedding_map import embedding_map
from dashboard.neighbours.setup import Setup
from dashboard.shared import controls, figures
from dashboard.shared.text import number, percent, significant, t
from dashboard.shared.workers import answered, ask, job

EPOCHS = 60
HISTORY = "mlp_history"
"""Where the session keeps the perceptron's accuracy by epoch while it learns."""


def compare_heads(setup: Setup) -> None:
    """How often each head is right, and the selected view."""
    st.header(t("neighbours.who_is_right"), anchor=False)
    comparison = _comparison(setup)
    _accuracies(setup, comparison)
    controls.part("neighbours", "view", VIEWS, key="knn_view", label_visibility="collapsed")(setup, comparison)


def _comparison(setup: Setup) -> Comparison:
    """What every head predicts; the perceptron once it was trained on just these images."""
    comparison: Comparison = ask(tasks.compare, setup.keyed, setup.settings)
    predictions = comparison.predictions | ask(tasks.predict_learned, setup.keyed, setup.split_settings)
    if (history := answered(tasks.train_perceptron, setup.keyed, setup.split_settings, EPOCHS)) is not None:
        predictions["mlp"] = history.prediction
    return replace(comparison, predictions=predictions)


def _accuracies(setup: Setup, comparison: Comparison) -> None:
    """How many images each head names right, with intervals."""
    split, predictions = comparison.split, comparison.predictions
    known, truth = split.known, setup.collection.labels[split.queries]
    count = int(known.sum())
    hits = {head: int((prediction.labels == truth)[known].sum()) for head, prediction in predictions.items()}
    names = [t(f"neighbours.{head}") for head in hits]
    rates = [right / count for right in hits.values()]
    intervals = [wilson(right, count) for right in hits.values()]
    chart, sentences = st.columns([3, 2], gap="large", vertical_alignment="center")
    chart.plotly_chart(
        figures.interval_dots(
            names,
            [100 * rate for rate in rates],
            [(100 * low, 100 * high) for low, high in intervals],
            (),
            100 / len(split.people),
            unit="\u202f%",
        ),
        config=figures.CONFIG,
        key="knn_rates",
        alt=", ".join(f"{name} {percent(rate)}" for name, rate in zip(names, rates, strict=True)),
    )
    with sentences:
        for name, right, (low, high) in zip(names, hits.values(), intervals, strict=True):
            values = {"hits": number(right), "count": number(count), "rate": percent(right / count)}
            st.markdown(t("neighbours.right", name=name, low=percent(low), high=percent(high), **values))
        st.caption(
            t(
                "neighbours.counted",
                enrolled=number(len(split.gallery)),
                people=number(len(split.people)),
                count=number(count),
                strangers=number(int((~known).sum())),
            )
        )
        if "softmax" not in predictions:
            st.caption(t("neighbours.no_softmax", name=setup.collection.embedding))
        if "linear" not in predictions:
            st.caption(t("neighbours.no_linear", most=MOST_LIVE))


# --- views ------------------------------------------------------------------------------------------------------------


def decision_regions(setup: Setup, comparison: Comparison) -> None:
    """Whom kNN and a linear head name everywhere on the map, side by side."""
    if setup.settings.people > MOST_LIVE:
        st.info(t("neighbours.too_many", most=MOST_LIVE))
        return
    split = comparison.split
    regions = ask(tasks.regions, setup.keyed, setup.settings)
    points = ask(tasks.project, setup.keyed, setup.split_settings, "pca", 2)[split.gallery]
    texts = [f"{setup.name(int(label))} · {t('neighbours.enrolled')}" for label in split.labels]
    for column, head in zip(st.columns(2, gap="large"), regions.labels, strict=True):
        with column:
            title = t(f"neighbours.{head}_on_map", k=setup.settings.k)
            st.subheader(title, anchor=False)
            st.plotly_chart(
                plots.regions(regions.x, regions.y, regions.labels[head], points, split.labels, texts),
                config=figures.CONFIG,
                key=f"regions_{head}",
                alt=title,
            )
            st.caption(t("neighbours.on_map_accuracy", accuracy=percent(regions.accuracy[head])))


def confusions(setup: Setup, comparison: Comparison) -> None:
    """Who is taken for whom by each head, side by side."""
    if setup.settings.people > MOST_LIVE:
        st.info(t("neighbours.too_many", most=MOST_LIVE))
        return
    split, predictions = comparison.split, comparison.predictions
    names = [setup.collection.album.names[label] for label in split.people]
    truth = setup.collection.labels[split.queries][split.known]
    for start in range(0, len(predictions), 2):
        for column, head in zip(st.columns(2, gap="large"), list(predictions)[start : start + 2], strict=False):
            matrix = confusion(split.people, truth, predictions[head].labels[split.known])
            with column:
                title = t(f"neighbours.{head}")
                st.subheader(title, anchor=False)
                st.plotly_chart(
                    plots.confusion(matrix, names, (t("neighbours.is"), t("neighbours.taken_for"))),
                    config=figures.CONFIG,
                    key=f"confusion_{head}",
                    alt=f"{title}: {percent(float(matrix.diagonal().mean()))}",
                )


def perceptron(setup: Setup, comparison: Comparison) -> None:
    """The perceptron trained while one watches."""
    accuracies: dict[int, float] = st.session_state.setdefault(HISTORY, {})

    def draw(progress: Progress) -> None:
        if progress.step < max(accuracies, default=0):  # it was started again
            accuracies.clear()
        if "accuracy" in progress.values:
            accuracies[progress.step] = progress.values["accuracy"]
        if accuracies:
            _learning_curve(list(accuracies), list(accuracies.values()))

    history = job(
        tasks.train_perceptron, setup.keyed, setup.split_settings, EPOCHS, draw=draw, at_once=False, name="mlp"
    )
    if history is None:
        return
    if "mlp" not in comparison.predictions:
        st.rerun()  # so that what stands above has it too
    _learning_curve(range(1, EPOCHS + 1), history.accuracy.tolist())
    st.caption(
        t(
            "neighbours.learned",
            epochs=EPOCHS,
            seconds=significant(history.prediction.fit_seconds),
            loss=significant(float(history.loss[-1])),
            accuracy=percent(float(history.accuracy[-1])),
        )
    )


def _learning_curve(epochs: Sequence[int], accuracy: Sequence[float]) -> None:
    percents = [100 * share for share in accuracy]
    st.plotly_chart(
        figures.curves(
            {t("neighbours.mlp"): (epochs, percents)},
            (t("neighbours.epoch"), t("neighbours.accuracy")),
            y_range=(-2, 102),
        ),
        config=figures.CONFIG,
        key="mlp_curve",
        alt=f"{t('neighbours.mlp')}: {percent(accuracy[-1])}",
    )


VIEWS = {"map": embedding_map, "regions": decision_regions, "confusions": confusions, "perceptron": perceptron}
