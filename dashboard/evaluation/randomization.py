"""Randomization: what is left of a map when the weights are made random, layer by layer from the last to the first?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import colours
from core.evaluation import Stage, tasks
from core.evaluation.similarity import edges
from dashboard.evaluation import common
from dashboard.shared import figures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, t
from dashboard.shared.workers import job


def randomization_test(frame: Frame) -> None:
    """The map of the network as it is and that of a stage, beside the edges of the image, and the likeness of all."""
    request, aside = common.choose_method(frame.image, frame.network)
    with aside:
        seed = int(st.number_input(t("evaluation.seed"), 0, 999, 0, key="test_seed", **BOUND))
    stages: list[Stage] | None = job(tasks.randomization, *common.arguments(frame.image, request), seed=seed)
    if stages is None:
        return
    counts = [stage.layers for stage in stages]
    count = choice(st.select_slider, t("evaluation.randomized"), counts, key="test_layers", default=0)
    stage, image = stages[counts.index(count)], common.resized(frame.image, frame.network)
    before, now, outlines = st.columns(3)
    whole = t("evaluation.whole", method=request.method.title)
    common.place(before, common.overlay(image, stages[0].values, request), whole)
    common.place(now, common.overlay(image, stage.values, request), _caption(stage))
    common.place(outlines, colours.heatmap(edges(image), side=common.SIDE), t("evaluation.edges_caption"))
    _place_curves(stages, count)


def _caption(stage: Stage) -> str:
    """Which layers are random, and how alike the map still is."""
    depth = t("evaluation.nothing_randomized")
    if stage.layers:
        depth = t("evaluation.down_to", count=stage.layers, name=stage.name)
    flat = np.ptp(stage.values) == 0
    return f"{depth} {t('evaluation.empty') if flat else t('evaluation.alike', value=number(stage.rank, 2))}"


def _place_curves(stages: list[Stage], count: int) -> None:
    """How alike the maps are to the first one, and to the edges, over the number of random layers."""
    counts = [stage.layers for stage in stages]
    lines = {
        t("evaluation.rank_line"): [stage.rank for stage in stages],
        t("evaluation.ssim"): [stage.ssim for stage in stages],
        t("evaluation.edge"): [stage.edge for stage in stages],
    }
    chart = figures.curves(
        {name: (counts, values) for name, values in lines.items()},
        (t("evaluation.randomized"), t("evaluation.likeness")),
        marked_x=count,
    )
    ends = "; ".join(f"{name} {number(values[-1], 2)}" for name, values in lines.items())
    title = t("evaluation.left")
    st.header(title, anchor=False)
    st.plotly_chart(chart, config=figures.CONFIG, key="randomization_curve", alt=f"{title} {ends}")
