"""Hide a face on screen: masks by hand or by preset, their fill, and what the network then says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from core import faces
from core.masking import FILLS, PRESETS, Disguise, Mask
from core.masking.fills import OTHER
from core.masking.masks import Shape
from core.networks import table
from core.networks.entry import Entry
from dashboard.components import boxes
from dashboard.shared import cached, controls, figures, pictures
from dashboard.shared import names as shared_names
from dashboard.shared.frame import Frame
from dashboard.shared.links import choice, remember
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, significant, t

MOST_MASKS = 4
LEAST_SIZE = 0.02
SIDE, STRENGTH = 448, 0.7
STATE, DEFAULT = "masks", "eyes"
"""Where the masks stand in the session and in the address bar, as `written`; the default is a preset."""
SHAPES: dict[str, Shape] = {"r": "rectangle", "e": "ellipse"}
FIELDS = ("x", "y", "width", "height", "opacity")


@dataclass(frozen=True)
class Asked:
    """Who is hidden, and how: picture and network, the masks with their fill, which mask is in hand, the class whose
    score is meant, and the person whose other pictures the embedding is held against (None: nobody's).
    """

    picture: SelectedImage
    network: Entry
    disguise: Disguise
    mask: int
    class_index: int
    person: int | None


# --- the masks, in the session and in the address bar -----------------------------------------------------------------


def written(masks: tuple[Mask, ...]) -> str:
    """Masks as text for the address bar: shape, then centre, size and opacity in percent."""
    return "~".join(
        "_".join([mask.shape[0], *(f"{100 * getattr(mask, name):.4g}" for name in FIELDS)]) for mask in masks
    )


def read(text: str) -> tuple[Mask, ...]:
    """What `written` wrote; ValueError for anything else."""
    masks = []
    for part in text.split("~")[:MOST_MASKS]:
        letter, *numbers = part.split("_")
        values = dict(zip(FIELDS, (float(value) / 100 for value in numbers), strict=True))
        if letter not in SHAPES or not np.isfinite(list(values.values())).all():
            raise ValueError(part)
        masks.append(_limited(Mask(shape=SHAPES[letter], **values)))
    return tuple(masks)


def _limited(mask: Mask) -> Mask:
    """The mask as far as it can be held: centre and opacity in [0, 1], size up to the whole picture."""
    low = {"width": LEAST_SIZE, "height": LEAST_SIZE}
    return replace(mask, **{name: float(np.clip(getattr(mask, name), low.get(name, 0), 1)) for name in FIELDS})


def _masks(picture: SelectedImage) -> tuple[Mask, ...]:
    """The masks as they stand: those of a preset move with the face, others stay where they were put."""
    presets = cached.mask_presets(picture, picture.person, picture.capture)
    text = st.session_state.setdefault(STATE, st.query_params.get(STATE, DEFAULT))
    if text not in PRESETS:
        try:
            return read(text)
        except ValueError:  # a link that somebody cut
            st.session_state[STATE] = text = DEFAULT
    return tuple(map(_limited, presets[text]))


def _set(masks: tuple[Mask, ...], chosen: int) -> None:
    st.session_state[STATE] = written(masks)
    st.session_state["mask"] = chosen


# --- controls ---------------------------------------------------------------------------------------------------------


def show(frame: Frame) -> tuple[Asked, Any]:
    """Picture with its masks, the controls, and what the network says, which comes back with the question."""
    picture, entry = frame.image, frame.network
    known = picture.person is not None and table.knows_people(entry) and picture.person < faces.PEOPLE
    class_index = picture.person if known else controls.class_picker(entry)
    masks = _masks(picture)
    _presets()
    stage, says = st.columns(2, gap="large")
    own, filled = st.columns(2, gap="large")
    chosen = min(st.session_state.get("mask", 0), len(masks) - 1)
    with own:
        _numbers(masks, chosen)
    with filled:
        disguise = _fill(picture, masks)
    with stage:  # before the network is asked: a finger may be on it
        _stage(picture, disguise, chosen)
    found = cached.hide(picture, entry, disguise, class_index, picture.person)
    asked = Asked(picture, entry, disguise, chosen, found.class_index, picture.person)
    with says:
        _says(asked, found)
    _maps(asked, found)
    remember(STATE, st.session_state[STATE], DEFAULT)
    return asked, found


def _presets() -> None:
    text = st.session_state[STATE]
    st.session_state["mask_preset"] = text if text in PRESETS else None

    def chose() -> None:
        st.session_state[STATE] = st.session_state["mask_preset"] or DEFAULT
        st.session_state["mask"] = 0

    st.pills(
        t("masks.preset"),
        list(PRESETS),
        key="mask_preset",
        format_func=lambda n: t(f"masks.{n}"),
        on_change=chose,
        wrap=True,
    )


def _stage(picture: SelectedImage, disguise: Disguise, chosen: int) -> None:
    """The disguised picture with its masks as boxes to be moved."""
    masks = disguise.masks

    def moved(found: list[list[float]], number: int) -> None:
        placed = [
            _limited(replace(mask, **{name: value / 100 for name, value in zip(FIELDS, box, strict=False)}))
            for mask, box in zip(masks, found, strict=False)
        ]
        _set((*placed, *masks[len(placed) :]), number)

    hidden = pictures.photo(disguise.on(picture.image))
    filled_in = ("number", "x", "y", "width", "height")  # there where the boxes are moved
    about = t("masks.box", **{name: f"{{{name}}}" for name in filled_in}), t("masks.drag")
    alt = t("masks.alt", name=picture.name)
    boxes.edit_boxes(pictures.in_page(hidden), alt, masks, chosen, *about, "mask_boxes", moved)


def _numbers(masks: tuple[Mask, ...], chosen: int) -> None:
    """Sliders for the mask in hand, and masks added and taken away."""
    st.session_state["mask"] = chosen
    st.segmented_control(
        t("masks.mask"),
        range(len(masks)),
        key="mask",
        format_func=lambda n: t("masks.number", number=n + 1),
        required=True,
    )

    def changed() -> None:
        values = {name: st.session_state[f"mask_{name}"] / 100 for name in FIELDS}
        mask = Mask(shape=st.session_state["mask_shape"], **values)
        _set((*masks[:chosen], mask, *masks[chosen + 1 :]), chosen)

    mask = masks[chosen]
    st.session_state["mask_shape"] = mask.shape
    st.segmented_control(
        t("masks.shape"),
        tuple(SHAPES.values()),
        key="mask_shape",
        format_func=lambda n: t(f"masks.{n}"),
        required=True,
        on_change=changed,
        label_visibility="collapsed",
    )
    for pair in (("x", "y"), ("width", "height"), ("opacity",)):
        for column, name in zip(st.columns(2), pair, strict=False):
            low = 100 * LEAST_SIZE if name in ("width", "height") else 0.0
            st.session_state[f"mask_{name}"] = round(100 * getattr(mask, name), 1)
            column.slider(
                t(f"masks.{name}"), low, 100.0, step=0.5, format="%.1f", key=f"mask_{name}", on_change=changed
            )
    fresh = Mask(0.5, 0.5, 0.2, 0.2)
    with st.container(horizontal=True):
        st.button(
            t("masks.add"),
            icon=":material/add:",
            disabled=len(masks) == MOST_MASKS,
            on_click=_set,
            args=((*masks, fresh), len(masks)),
        )
        st.button(
            t("masks.remove"),
            icon=":material/remove:",
            disabled=len(masks) == 1,
            on_click=_set,
            args=(masks[:chosen] + masks[chosen + 1 :], max(chosen - 1, 0)),
        )


def _fill(picture: SelectedImage, masks: tuple[Mask, ...]) -> Disguise:
    name = choice(
        st.pills,
        t("masks.fill"),
        tuple(FILLS),
        key="fill",
        default="black",
        format_func=lambda name: t(f"masks.fill_{name}"),
        required=True,
        help=t("masks.fill_help"),
    )
    numbers = tuple(
        (param.name, controls.parameter(param, t(f"masks.{param.name}"), key=f"fill_{param.name}"))
        for param in FILLS[name].params
    )
    if name != OTHER:
        return Disguise(masks, name, numbers)
    people = [person for person in range(faces.PEOPLE) if person != picture.person]
    other = choice(
        st.selectbox,
        t("masks.other"),
        people,
        key="fill_person",
        default=people[0],
        format_func=shared_names.person_name,
    )
    return Disguise(masks, name, numbers, other, picture.capture or faces.PORTRAIT)


# --- what the network says --------------------------------------------------------------------------------------------


def _says(asked: Asked, found: Any) -> None:
    """Probability, rank and distance, before and after, and the five most probable classes."""
    classes, scores = shared_names.class_names(asked.network), found.scores
    label = classes[found.class_index]
    st.markdown(t("masks.of", label=label))
    with st.container(horizontal=True):
        for name, values, write in written_scores(scores):
            st.metric(t(f"masks.{name}"), write(values[1]), help=t(f"masks.{name}_help"), border=True)
    before = ", ".join(f"{t(f'masks.{name}')} {write(values[0])}" for name, values, write in written_scores(scores))
    st.caption(t("masks.before", scores=before))
    top = np.argsort(-found.probabilities)[:5]
    names, values = [classes[index] for index in top], found.probabilities[top]
    st.plotly_chart(
        figures.probabilities(names, values, [percent(value) for value in values], label),
        config=figures.CONFIG,
        key="mask_top",
        alt=", ".join(f"{name} {percent(value)}" for name, value in zip(names, values, strict=True)),
    )


def written_scores(scores: Any) -> list[tuple[str, np.ndarray, Callable[[float], str]]]:
    """Name and values of each kind of score, and how one is written."""
    return [
        ("probability", scores.probabilities, percent),
        ("rank", scores.ranks, number),
        ("distance", scores.distances, lambda value: number(value, 3)),
    ]


def _maps(asked: Asked, found: Any) -> None:
    """Grad-CAM of the same class before and after, side by side; a weak map is shown too, so each says its maximum."""
    image, label = asked.picture.image, shared_names.class_names(asked.network)[asked.class_index]
    looks = ("map_before", image), ("map_after", asked.disguise.on(image))
    for column, (when, look), saliency in zip(st.columns(2, gap="large"), looks, found.maps, strict=True):
        high = significant(pictures.reach(saliency.values))
        caption = t(f"masks.{when}", label=label, layer=saliency.layer, high=high)
        place(column, pictures.overlay(look, saliency.values, STRENGTH, SIDE), caption)


def place(column: Any, image: np.ndarray, caption: str) -> None:
    """A picture with what it is; it travels inside the page, as a fast drag leaves no time to ask for it."""
    column.image(pictures.in_page(pictures.chart(image)), width="stretch", alt=caption, caption=caption)
