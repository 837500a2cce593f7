"""Is the network well trained? Trained beside untrained, in figures; the verdict is the student's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.features import tasks
from core.features.tasks import TrainingQuality
from core.networks import tasks as networks
from core.networks.entry import Entry
from core.networks.table import untrained
from dashboard.filters.figures import layer_curves
from dashboard.shared import figures, pictures
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import ask, job

Qualities = Mapping[Entry, TrainingQuality]


def compare_with_untrained(entry: Entry) -> None:
    """Measure both networks on demand, and draw what was measured."""
    compared = list(dict.fromkeys((entry, untrained(entry))))
    st.markdown(t("trained.help"))
    result = job(tasks.training_quality, compared, at_once=False, name="training_quality")
    if result is not None:
        st.header(t("trained.title"), anchor=False)
        _draw_figures(dict(zip(compared, result, strict=True)))
        st.text_area(t("trained.verdict"), key="verdict", placeholder=t("trained.verdict_help"), height=160)


def _draw_figures(qualities: Qualities) -> None:
    by_layer = {
        "dead": lambda quality: quality.dead,
        "alike": lambda quality: quality.duplicates,
        "selectivity": lambda quality: np.array([np.median(values) for values in quality.selectivity]),
    }
    for column, (figure, values_of) in zip(st.columns(len(by_layer)), by_layer.items(), strict=True):
        with column:
            st.subheader(t(f"trained.{figure}"), anchor=False, help=t(f"trained.{figure}_help"))
            _draw_by_layer(
                figure,
                {
                    network.name: dict(zip(quality.layers, values_of(quality), strict=True))
                    for network, quality in qualities.items()
                },
            )
    left, right = st.columns(2)
    with left:
        st.subheader(t("trained.entropy"), anchor=False, help=t("trained.entropy_help"))
        _draw_by_layer("entropy", {network.name: quality.entropy for network, quality in qualities.items()})
    with right:
        st.subheader(t("trained.smoothness"), anchor=False, help=t("trained.smoothness_help"))
        for network, quality in qualities.items():
            _draw_kernels(network, quality)


def _draw_by_layer(figure: str, lines: Mapping[str, Mapping[str, float]]) -> None:
    means = "; ".join(f"{name}: {percent(float(np.mean(list(values.values()))))}" for name, values in lines.items())
    st.plotly_chart(
        layer_curves(lines),
        config=figures.CONFIG,
        key=f"trained_{figure}",
        alt=f"{t(f'trained.{figure}')}. {means}",
    )


def _draw_kernels(network: Entry, quality: TrainingQuality) -> None:
    kernels: np.ndarray = ask(networks.kernels, network, quality.layers[0])
    st.image(
        pictures.encode_drawing(pictures.kernel_sheet(kernels)),
        width="stretch",
        alt=t("network.kernels_alt", count=kernels.shape[3], layer=quality.layers[0]),
        caption=f"{network.name} · {t('trained.median', value=number(float(np.median(quality.smoothness)), 2))}",
    )
