"""Transfer: a new task from few images, on filters that were learned for another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import faces
from core.features import dissection
from core.intervals import mean_interval, wilson
from core.networks.table import DIGITS, MINIFACE
from core.training import DRAWS, STRATEGIES, TRANSFERS, TransferResult, tasks
from dashboard.shared import controls, figures, layers, notebook
from dashboard.shared.links import BOUND, choice, choices
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import job

COUNTS = {"people": (1, 2, 5, 10), "digits": (1, 2, 5, 10, 20, 50)}
FIRST_COUNTS = {"people": (1, 5), "digits": (1, 5, 20)}
FIRST_STRATEGIES = ("scratch", "frozen", "chosen")
SOURCES = {"people": MINIFACE, "digits": DIGITS}
CLASSES = {"people": 10, "digits": 5}


def transfer() -> None:
    """What is learned, from where and how, the job, and its curves."""
    task = choice(
        st.segmented_control,
        t("training.task"),
        tuple(TRANSFERS),
        key="transfer_task",
        default="people",
        format_func=lambda name: t(f"training.task_{name}"),
    )
    st.markdown(t(f"training.task_{task}_help"))
    left, right = st.columns(2, gap="large")
    with left:
        layer = choice(
            st.select_slider,
            t("training.frozen_to"),
            list(TRANSFERS[task]),
            key=f"transfer_layer_{task}",
            default=TRANSFERS[task][-1],
        )
        strategies = choices(
            t("training.ways"),
            STRATEGIES,
            key="transfer_ways",
            default=FIRST_STRATEGIES,
            format_func=lambda name: t(f"training.way_{name}"),
        )
        counts = choices(t("training.counts"), COUNTS[task], key=f"transfer_counts_{task}", default=FIRST_COUNTS[task])
    with right:
        channels, caption = _filters(task, layer)
        st.caption(caption)
        draws = controls.parameter(DRAWS, t("training.draws"), key="transfer_draws")
    if "chosen" in strategies and not channels:
        st.button(t("controls.run"), type="primary", icon=":material/play_arrow:", key="no_transfer", disabled=True)
        return
    results = job(
        tasks.transfer,
        task,
        layer,
        channels or None,
        sorted(strategies, key=STRATEGIES.index),
        sorted(counts),
        draws=draws,
        at_once=False,
    )
    if results is not None:
        _curves(task, results)


# --- filters by what they mean ----------------------------------------------------------------------------------------


def _filters(task: str, layer: str) -> tuple[list[int], str]:
    """The filters that are kept, by their meaning or by hand, and how many these are."""
    rows = {row.name: row for row in layers.rows(SOURCES[task])}
    count = rows[layer].shape[-1]
    named = _named(layer, count) if task == "people" else {}
    if not named:
        chosen = st.multiselect(
            t("training.kept_by_hand"), range(count), default=range(count // 2), key=f"transfer_kept_{layer}", **BOUND
        )
        return sorted(chosen), t("training.kept", kept=len(chosen), count=count)
    name = choice(
        st.pills,
        t("training.kept_by_meaning"),
        list(named),
        key=f"transfer_region_{layer}",
        default=max(named, key=lambda name: len(named[name])),
        format_func=lambda name: t(f"region.{name}") if name in faces.REGIONS else name,
        help=t("training.kept_help"),
    )
    which = choice(
        st.segmented_control,
        t("training.which"),
        ("only", "without"),
        key="transfer_which",
        default="only",
        format_func=lambda name: t(f"training.which_{name}"),
    )
    chosen = [channel for channel in range(count) if (channel in named[name]) == (which == "only")]
    return chosen, t("training.kept", kept=len(chosen), count=count)


def _named(layer: str, count: int) -> dict[str, set[int]]:
    """Name -> filters of MiniFace that bear it: the regions that they detect, and the student's own words."""
    detectors: dict[str, set[int]] = {}
    for channel in range(count):
        meaning = dissection.meaning(MINIFACE.name, layer, channel)
        if meaning and meaning.detects:
            detectors.setdefault(meaning.region, set()).add(channel)
    named = {region: detectors[region] for region in faces.REGIONS if region in detectors}
    for (network, place, channel), word in notebook.labels().items():
        if (network, place) == (MINIFACE.name, layer):
            named.setdefault(word, set()).add(channel)
    return named


def _curves(task: str, results: Sequence[TransferResult]) -> None:
    """Accuracy against pictures of each class, one line a strategy, with intervals."""
    cells: dict[tuple[str, int], list[TransferResult]] = {}
    for result in results:
        cells.setdefault((result.strategy, result.samples), []).append(result)
    lines: dict[str, list[tuple[float, float, float, float]]] = {}
    for (strategy, samples), draws in cells.items():
        lines.setdefault(t(f"training.way_{strategy}"), []).append((samples, *_rate(draws)))
    st.subheader(t("training.transferred", n=number(results[0].n)), anchor=False)
    st.plotly_chart(
        figures.interval_curves(
            lines,
            (t("training.counts"), t("training.test_accuracy")),
            log_axes="x",
            ticks=sorted({result.samples for result in results}),
            marked_y=1 / CLASSES[task],
            y_range=(0, 1.02),
        ),
        config=figures.CONFIG,
        key="transfer_accuracy",
        alt="; ".join(
            f"{name}, {number(samples)}: {percent(rate)}" for name, line in lines.items() for samples, rate, *_ in line
        ),
    )
    count = len(next(iter(cells.values())))
    st.caption(t("training.chance_drawn", draws=number(count)) if count > 1 else t("training.chance"))


def _rate(draws: Sequence[TransferResult]) -> tuple[float, float, float]:
    """Accuracy with its 95 % interval, over the draws where there are several."""
    if len(draws) == 1:
        return draws[0].hits / draws[0].n, *wilson(draws[0].hits, draws[0].n)
    mean, low, high = (float(end[0]) for end in mean_interval(np.array([[draw.hits / draw.n] for draw in draws])))
    return mean, max(low, 0.0), min(high, 1.0)
