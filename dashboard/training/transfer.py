"""Transfer on screen: a new task from few pictures, on filters that were learned for another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import faces
from core.features import dissection
from core.intervals import mean_interval, wilson
from core.networks.table import DIGITS, MINIFACE
from core.training import DRAWS, TRANSFERS, WAYS, Transferred, tasks
from dashboard.shared import controls, figures, jobs, layers, notebook
from dashboard.shared.links import BOUND, choice, choices
from dashboard.shared.text import number, percent, t

NAME = "transfer"
COUNTS = {"people": (1, 2, 5, 10), "digits": (1, 2, 5, 10, 20, 50)}
FIRST_COUNTS = {"people": (1, 5), "digits": (1, 5, 20)}
FIRST_WAYS = ("scratch", "frozen", "chosen")
SOURCES = {"people": MINIFACE, "digits": DIGITS}
CLASSES = {"people": 10, "digits": 5}


def show() -> None:
    """What is learned, from where, how, and what came of it."""
    task = choice(
        st.segmented_control,
        t("training.task"),
        tuple(TRANSFERS),
        key="transfer_task",
        default="people",
        format_func=lambda name: t(f"training.task_{name}"),
        required=True,
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
        ways = choices(
            t("training.ways"),
            WAYS,
            key="transfer_ways",
            default=FIRST_WAYS,
            format_func=lambda name: t(f"training.way_{name}"),
        )
        counts = choices(t("training.counts"), COUNTS[task], key=f"transfer_counts_{task}", default=FIRST_COUNTS[task])
    with right:
        channels, told = _filters(task, layer)
        st.caption(told)
        draws = controls.parameter(DRAWS, t("training.draws"), key="transfer_draws")
    st.button(
        t("controls.run"),
        type="primary",
        icon=":material/play_arrow:",
        key="transfer_start",
        disabled="chosen" in ways and not channels,
        on_click=_begin,
        args=(task, layer, channels, sorted(ways, key=WAYS.index), sorted(counts), draws),
    )
    jobs.panel(NAME, jobs.steps_alone)
    outcome = jobs.outcome(NAME)
    if outcome is None or st.session_state.get("transfer_of") != task:
        return
    if outcome.problem:
        st.warning(outcome.problem)
    if outcome.result:
        _curves(task, outcome.result)


def _begin(
    task: str, layer: str, channels: Sequence[int], ways: Sequence[str], counts: Sequence[int], draws: int
) -> None:
    st.session_state["transfer_of"] = task
    jobs.start(NAME, tasks.transfer, task, layer, channels or None, ways, counts, draws=draws)


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
        required=True,
        help=t("training.kept_help"),
    )
    which = choice(
        st.segmented_control,
        t("training.which"),
        ("only", "without"),
        key="transfer_which",
        default="only",
        format_func=lambda name: t(f"training.which_{name}"),
        required=True,
    )
    chosen = [channel for channel in range(count) if (channel in named[name]) == (which == "only")]
    return chosen, t("training.kept", kept=len(chosen), count=count)


def _named(layer: str, count: int) -> dict[str, set[int]]:
    """Name -> filters of MiniFace that bear it: the regions that they detect, and the student's own words."""
    found: dict[str, set[int]] = {}
    for channel in range(count):
        meaning = dissection.meaning(MINIFACE.name, layer, channel)
        if meaning and meaning.detects:
            found.setdefault(meaning.region, set()).add(channel)
    named = {region: found[region] for region in faces.REGIONS if region in found}
    for (network, place, channel), word in notebook.labels().items():
        if (network, place) == (MINIFACE.name, layer):
            named.setdefault(word, set()).add(channel)
    return named


def _curves(task: str, found: Sequence[Transferred]) -> None:
    """Accuracy against pictures of each class, one line a way, with intervals."""
    cells: dict[tuple[str, int], list[Transferred]] = {}
    for one in found:
        cells.setdefault((one.way, one.samples), []).append(one)
    lines: dict[str, list[tuple[float, float, float, float]]] = {}
    for (way, samples), draws in cells.items():
        lines.setdefault(t(f"training.way_{way}"), []).append((samples, *_rate(draws)))
    st.subheader(t("training.transferred", n=number(found[0].n)), anchor=False)
    st.plotly_chart(
        figures.ranged(
            lines,
            (t("training.counts"), t("training.test_accuracy")),
            decades="x",
            ticks=sorted({one.samples for one in found}),
            level=1 / CLASSES[task],
            up=(0, 1.02),
        ),
        config=figures.CONFIG,
        key="transfer_accuracy",
        alt="; ".join(
            f"{name}, {number(samples)}: {percent(rate)}" for name, line in lines.items() for samples, rate, *_ in line
        ),
    )
    count = len(next(iter(cells.values())))
    st.caption(t("training.chance_drawn", draws=number(count)) if count > 1 else t("training.chance"))


def _rate(draws: Sequence[Transferred]) -> tuple[float, float, float]:
    """Accuracy with its 95 % interval, over the draws where there are several."""
    if len(draws) == 1:
        return draws[0].hits / draws[0].n, *wilson(draws[0].hits, draws[0].n)
    mean, low, high = (float(end[0]) for end in mean_interval(np.array([[one.hits / one.n] for one in draws])))
    return mean, max(low, 0.0), min(high, 1.0)
