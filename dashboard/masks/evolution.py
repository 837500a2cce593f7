"""One number of the selected mask changes from end to end: where does the score break?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pandas
import streamlit as st

from core import colours
from core.masking import FILLS, Disguise, evolution, tasks
from core.masking.tasks import Scores
from dashboard.masks.effect import SIDE, MaskedFace, formatted_scores
from dashboard.shared import figures, pictures
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import significant, t
from dashboard.shared.workers import here, job

SECONDS, ANIMATION_SIDE = 4.0, 224
"""How long the animation takes, and its side in pixels."""


def evolve(face: MaskedFace) -> None:
    """The score over the steps, or over the image, and a slider that picks a step."""
    left, right = st.columns(2, gap="large")
    with left:
        parameter = choice(
            st.selectbox,
            t("masks.way"),
            evolution.parameters(face.disguise.fill),
            key="mask_way",
            default="row",
            format_func=lambda name: t(f"masks.way_{name}"),
        )
    both = parameter == "both"
    low, high, default, key = (5, 15, 9, "mask_steps_both") if both else (8, 48, 24, "mask_steps")
    steps = right.slider(t("masks.steps"), low, high, default, key=key, **BOUND)
    scores: Scores | None = job(
        tasks.sweep,
        face.network,
        face.image.keyed,
        face.disguise,
        face.selected,
        parameter,
        steps,
        face.class_index,
        face.image.person,
        at_once=False,
        name="mask_sweep",
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
    )
    disguises = evolution.sequence(face.disguise, face.selected, parameter, steps)
    figure, image = st.columns(2, gap="large")
    with figure:
        step = _map(face, scores, score, steps) if both else _curve(face, scores, score, parameter, steps)
    with image:
        _image_at(face, scores, disguises, step)
        _downloads(face, scores, disguises)


def _values(scores: Scores, score: str) -> tuple[np.ndarray, Callable[[float], str]]:
    """The values of one kind of score, and their format."""
    return next((values, write) for name, values, write in formatted_scores(scores) if name == score)


def _curve(face: MaskedFace, scores: Scores, score: str, parameter: str, steps: int) -> int:
    """The score over the steps, and a slider for one of them, which is returned."""
    values, write = _values(scores, score)
    x = evolution.values(parameter, face.disguise.fill, steps)
    if parameter == "strength":
        axis = t(f"masks.{FILLS[face.disguise.fill].strength}")
    else:
        x, axis = 100 * x, t(f"masks.axis_{parameter}")
    step = st.slider(t("masks.step"), 1, steps, (steps + 1) // 2, key="mask_step", **BOUND) - 1
    st.plotly_chart(
        figures.curves(
            {t(f"masks.{score}"): (list(x), list(values))},
            (axis, t(f"masks.{score}")),
            marked_x=float(x[step]),
            y_range=(-0.02, 1.02) if score == "probability" else None,
        ),
        config=figures.CONFIG,
        key="mask_curve",
        alt=t("masks.curve_alt", score=t(f"masks.{score}"), first=write(values[0]), last=write(values[-1])),
    )
    return step


def _map(face: MaskedFace, scores: Scores, score: str, steps: int) -> int:
    """What each place of the mask costs, over the image, and sliders for one of them, whose step is returned."""
    unmasked, values = _values(face.effect.scores, score)[0][0], _values(scores, score)[0]
    lost = (unmasked - values if score == "probability" else values - unmasked).reshape(steps, steps)
    column, row = (
        place.slider(t(f"masks.{name}"), 1, steps, (steps + 1) // 2, key=f"mask_{name}", **BOUND) - 1
        for place, name in zip(st.columns(2), ("column", "line"), strict=True)
    )
    selected = np.zeros((steps, steps), bool)
    selected[row, column] = True
    coloured = colours.overlay(face.image.image, np.maximum(lost, 0), side=SIDE)
    caption = t("masks.map_lost", score=t(f"masks.{score}"), high=significant(max(float(lost.max()), 0)))
    pictures.captioned_image(pictures.draw_outline(coloured, selected), caption)
    return row * steps + column


def _image_at(face: MaskedFace, scores: Scores, disguises: list[Disguise], step: int) -> None:
    """The image at a step, or the animation over all of them."""
    if st.toggle(t("masks.play"), key="mask_play"):
        alt = t("masks.film_alt")
        st.image(_animation(face, scores, disguises), width="stretch", alt=alt, caption=alt)
        return
    at_step = {name: write(values[step]) for name, values, write in formatted_scores(scores)}
    caption = t("masks.at_step", step=step + 1, **at_step)
    disguised = pictures.encode_photo(disguises[step].apply(face.image.image))
    st.image(pictures.data_url(disguised), width="stretch", alt=caption, caption=caption)


def _animation(face: MaskedFace, scores: Scores, disguises: list[Disguise]) -> bytes:
    shares = scores.probabilities.tolist()
    gif: bytes = here(evolution.animate, face.image.keyed, disguises, shares, SECONDS, ANIMATION_SIDE)
    return gif


def _downloads(face: MaskedFace, scores: Scores, disguises: list[Disguise]) -> None:
    """The animation as a GIF, and a CSV with a row a step: the mask, the numbers of its fill, and the scores."""
    rows = [
        {"step": step + 1, **asdict(disguise.masks[face.selected]), "fill": disguise.fill, **dict(disguise.params)}
        | {name: values[step] for name, values, _ in formatted_scores(scores)}
        for step, disguise in enumerate(disguises)
    ]

    def gif() -> bytes:
        return _animation(face, scores, disguises)

    def csv() -> bytes:
        return pandas.DataFrame(rows).to_csv(index=False).encode()

    with st.container(horizontal=True):
        for name, data, mime in (("gif", gif, "image/gif"), ("csv", csv, "text/csv")):
            st.download_button(
                t(f"masks.{name}"), data, f"evolution.{name}", mime, icon=":material/download:", on_click="ignore"
            )
