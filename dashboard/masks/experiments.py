"""Experiments with a masked face: a mask that goes its way, occlusion beside Grad-CAM; the others are in `attacked`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas
import streamlit as st

from core.attribution import METHODS
from core.attribution.compare import correlations
from core.masking import FILLS, Disguise, evolution, tasks
from dashboard.explain import question
from dashboard.masks import attackers, editor
from dashboard.masks.editor import SIDE, STRENGTH, Asked
from dashboard.shared import cached, controls, figures, jobs, pictures
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, significant, t


def show(asked: Asked, found: Any) -> None:
    """The experiment of choice; `found` is what the network said of the masked picture."""
    st.header(t("masks.experiment"), anchor=False)
    controls.part("masks", "experiment", EXPERIMENTS, key="mask_show", label_visibility="collapsed")(asked, found)


# --- evolution --------------------------------------------------------------------------------------------------------


def _evolution(asked: Asked, found: Any) -> None:
    """A mask goes its way; a slider picks the step."""
    left, right = st.columns(2, gap="large")
    with left:
        way = choice(
            st.selectbox,
            t("masks.way"),
            evolution.ways(asked.disguise.fill),
            key="mask_way",
            default="row",
            format_func=lambda way: t(f"masks.way_{way}"),
        )
    both = way == "both"
    least, most, usual, key = (5, 15, 9, "mask_steps_both") if both else (8, 48, 24, "mask_steps")
    steps = right.slider(t("masks.steps"), least, most, usual, key=key, **BOUND)
    arguments = asked.disguise, asked.mask, way, steps, asked.class_index, asked.person
    scores = jobs.answer(
        "sweep",
        asked.picture,
        ("sweep", asked.network, *arguments),
        jobs.steps_alone,
        tasks.sweep,
        asked.network,
        asked.picture.image,
        *arguments,
        at_once=False,
    )
    if scores is None:
        return
    score = choice(
        st.segmented_control,
        t("masks.score"),
        ("probability", "rank", "distance"),
        key="mask_score",
        default="probability",
        format_func=lambda name: t(f"masks.{name}"),
        required=True,
    )
    disguises = evolution.sequence(asked.disguise, asked.mask, way, steps)
    drawn, seen = st.columns(2, gap="large")
    with drawn:
        at = _map(asked, scores, found, score, steps) if both else _curve(asked, scores, score, way, steps)
    with seen:
        _at(asked, scores, disguises, at)
        _exports(asked, scores, disguises)


def _values(scores: Any, score: str) -> tuple[np.ndarray, Callable[[float], str]]:
    """The scores of one kind, and how one is written."""
    return next((values, write) for name, values, write in editor.written_scores(scores) if name == score)


def _curve(asked: Asked, scores: Any, score: str, way: str, steps: int) -> int:
    """The score over the steps, and a slider for one of them."""
    values, write = _values(scores, score)
    places = evolution.places(way, asked.disguise.fill, steps)
    if way == "strength":
        axis = t(f"masks.{FILLS[asked.disguise.fill].strength}")
    else:
        places, axis = 100 * places, t(f"masks.axis_{way}")
    at = st.slider(t("masks.step"), 1, steps, (steps + 1) // 2, key="mask_step", **BOUND) - 1
    st.plotly_chart(
        figures.curves(
            {t(f"masks.{score}"): (list(places), list(values))},
            (axis, t(f"masks.{score}")),
            here=float(places[at]),
            up=(-0.02, 1.02) if score == "probability" else None,
        ),
        config=figures.CONFIG,
        key="mask_curve",
        alt=t("masks.curve_alt", score=t(f"masks.{score}"), first=write(values[0]), last=write(values[-1])),
    )
    return at


def _map(asked: Asked, scores: Any, found: Any, score: str, steps: int) -> int:
    """What each place of the mask costs, over the picture, and sliders for one of them."""
    whole, values = _values(found.scores, score)[0][0], _values(scores, score)[0]
    lost = (whole - values if score == "probability" else values - whole).reshape(steps, steps)
    column, line = (
        where.slider(t(f"masks.{name}"), 1, steps, (steps + 1) // 2, key=f"mask_{name}", **BOUND) - 1
        for where, name in zip(st.columns(2), ("column", "line"), strict=True)
    )
    here = np.zeros((steps, steps), bool)
    here[line, column] = True
    over = pictures.overlay(asked.picture.image, np.maximum(lost, 0), STRENGTH, SIDE)
    caption = t("masks.map_lost", score=t(f"masks.{score}"), high=significant(max(float(lost.max()), 0)))
    editor.place(st, pictures.outlined(over, here), caption)
    return line * steps + column


def _at(asked: Asked, scores: Any, disguises: list[Disguise], at: int) -> None:
    """The picture at a step, or the animation over all of them."""
    image = asked.picture.image
    if st.toggle(t("masks.play"), key="mask_play"):
        st.image(_film(asked, scores, disguises), width="stretch", alt=t("masks.film_alt"), caption=t("masks.film_alt"))
        return
    words = {name: write(values[at]) for name, values, write in editor.written_scores(scores)}
    caption = t("masks.at_step", step=at + 1, **words)
    st.image(pictures.in_page(pictures.photo(disguises[at].on(image))), width="stretch", alt=caption, caption=caption)


def _film(asked: Asked, scores: Any, disguises: list[Disguise]) -> bytes:
    film: bytes = cached.film(asked.picture, tuple(disguises), tuple(map(float, scores.probabilities)))
    return film


def _exports(asked: Asked, scores: Any, disguises: list[Disguise]) -> None:
    """The animation as a GIF, and a CSV with a row a step: the mask, the numbers of its fill, and the scores."""
    rows = [
        {"step": step + 1, **asdict(disguise.masks[asked.mask]), "fill": disguise.fill, **dict(disguise.numbers)}
        | {name: values[step] for name, values, _ in editor.written_scores(scores)}
        for step, disguise in enumerate(disguises)
    ]

    def film() -> bytes:
        return _film(asked, scores, disguises)

    def table() -> bytes:
        return pandas.DataFrame(rows).to_csv(index=False).encode()

    with st.container(horizontal=True):
        for name, data, kind in (("gif", film, "image/gif"), ("csv", table, "text/csv")):
            st.download_button(
                t(f"masks.{name}"), data, f"evolution.{name}", kind, icon=":material/download:", on_click="ignore"
            )


# --- occlusion --------------------------------------------------------------------------------------------------------


def _occlusion(asked: Asked, found: Any) -> None:
    """What a square costs that goes over the picture without masks, beside Grad-CAM of the same class."""
    method = METHODS["occlusion"]
    numbers = question.numbers(method, st.columns(len(method.params), gap="large"))
    request = question.Request(asked.network, method.name, asked.class_index, None, numbers)
    explanation = question.answer(asked.picture, request)
    if explanation is None:
        return
    image, drops, cam = asked.picture.image, explanation.map.values, found.maps[0]
    captions = (
        t("masks.occlusion_caption", places=len(drops), high=significant(pictures.reach(drops))),
        t("masks.cam_caption", layer=cam.layer, high=significant(pictures.reach(cam.values))),
    )
    for column, values, signed, caption in zip(
        st.columns(2, gap="large"), (drops, cam.values), (True, False), captions, strict=True
    ):
        editor.place(column, pictures.overlay(image, values, STRENGTH, SIDE, signed), caption)
    alike = correlations([drops, cam.values])[0, 1]
    st.metric(
        t("masks.correlation"),
        number(alike, 2) if np.isfinite(alike) else "–",
        help=t("masks.correlation_help"),
        border=True,
        width="content",
    )
    cost = {"count": number(explanation.map.calls), "seconds": significant(explanation.seconds)}
    st.caption(t("masks.asked", **cost))


EXPERIMENTS: dict[str, Callable[[Asked, Any], None]] = {
    "evolution": _evolution,
    "occlusion": _occlusion,
    "verdict": attackers.verdict,
    "smallest": attackers.smallest,
}
