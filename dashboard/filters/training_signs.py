"""Is the network well trained? Trained beside untrained, in figures; the verdict is the student's."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.features import tasks
from core.features.tasks import Quality
from core.networks.entry import Entry
from core.networks.table import untrained
from dashboard.shared import cached, figures, jobs, pictures
from dashboard.shared.text import number, percent, t

NAME = "quality"


def show(entry: Entry) -> None:
    """Count both networks on demand, and show what was counted."""
    networks = list(dict.fromkeys((entry, untrained(entry))))
    st.markdown(t("trained.help"))
    asked = tuple(network.name for network in networks)
    st.button(t("trained.run"), type="primary", icon=":material/checklist:", on_click=_begin, args=(networks, asked))
    jobs.panel(NAME, jobs.steps_alone)
    outcome = jobs.outcome(NAME)
    if outcome is None or st.session_state.get("quality_of") != asked:
        return
    if outcome.problem:
        st.warning(outcome.problem)
    if outcome.result:
        st.header(t("trained.title"), anchor=False)
        _figures(dict(zip(networks, outcome.result, strict=True)))
        st.text_area(t("trained.verdict"), key="verdict", placeholder=t("trained.verdict_help"), height=160)


def _begin(networks: list[Entry], asked: tuple[str, ...]) -> None:
    st.session_state["quality_of"] = asked
    jobs.start(NAME, tasks.quality, networks)


def _figures(counted: dict[Entry, Quality]) -> None:
    shares = {
        "dead": lambda quality: quality.dead,
        "alike": lambda quality: quality.alike,
        "selectivity": lambda quality: np.array([np.median(values) for values in quality.selectivity]),
    }
    for column, (sign, of) in zip(st.columns(len(shares)), shares.items(), strict=True):
        with column:
            st.subheader(t(f"trained.{sign}"), anchor=False, help=t(f"trained.{sign}_help"))
            _by_layer(
                sign,
                {network.name: dict(zip(found.layers, of(found), strict=True)) for network, found in counted.items()},
            )
    left, right = st.columns(2)
    with left:
        st.subheader(t("trained.entropy"), anchor=False, help=t("trained.entropy_help"))
        _by_layer("entropy", {network.name: found.entropy for network, found in counted.items()})
    with right:
        st.subheader(t("trained.smoothness"), anchor=False, help=t("trained.smoothness_help"))
        for network, found in counted.items():
            _kernels(network, found)


def _by_layer(sign: str, lines: dict[str, dict[str, float]]) -> None:
    ends = "; ".join(f"{name}: {percent(float(np.mean(list(values.values()))))}" for name, values in lines.items())
    st.plotly_chart(
        figures.by_layer(lines), config=figures.CONFIG, key=f"trained_{sign}", alt=f"{t(f'trained.{sign}')}. {ends}"
    )


def _kernels(network: Entry, found: Quality) -> None:
    kernels = cached.kernels(network, found.layers[0])
    middle = number(float(np.median(found.smoothness)), 2)
    st.image(
        pictures.chart(pictures.kernel_sheet(kernels)),
        width="stretch",
        alt=t("network.kernels_alt", count=kernels.shape[3], layer=found.layers[0]),
        caption=f"{network.name} · {t('trained.median', value=middle)}",
    )
