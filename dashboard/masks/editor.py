"""Masks on screen: dragged over the face, by preset or by slider, and what fills them."""

from __future__ import annotations

import streamlit as st

from core import faces
from core.masking import FILLS, PRESETS, Disguise, Mask
from core.networks import table
from dashboard.components import boxes
from dashboard.masks import effect, mask_state
from dashboard.masks.effect import MaskedFace
from dashboard.masks.mask_state import FIELDS, MAX_MASKS, MIN_SIZE, SELECTED, SHAPES
from dashboard.shared import controls, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.links import choice
from dashboard.shared.names import person_name
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import t


def edit_masks(frame: Frame) -> MaskedFace:
    """The image with its masks, the controls, and the effect of the masks on the network beside them."""
    image, network = frame.image, frame.network
    is_class = image.person is not None and table.knows_people(network) and image.person < faces.PEOPLE
    class_index = image.person if is_class else controls.class_picker(network)
    masks = mask_state.current(image)
    _preset_picker()
    stage, scores = st.columns(2, gap="large")
    geometry, fill = st.columns(2, gap="large")
    selected = min(st.session_state.get(SELECTED, 0), len(masks) - 1)
    with geometry:
        _geometry(masks, selected)
    with fill:
        disguise = _disguise(image, masks)
    with stage:  # before the network is asked: a finger may be on it
        _stage(image, disguise, selected)
    face = effect.measure(image, network, disguise, selected, class_index)
    with scores:
        effect.place_scores(face)
    effect.place_maps(face)
    mask_state.put_in_link()
    return face


def _preset_picker() -> None:
    st.session_state["mask_preset"] = mask_state.preset()
    st.pills(
        t("masks.preset"),
        list(PRESETS),
        key="mask_preset",
        format_func=lambda name: t(f"masks.{name}"),
        on_change=lambda: mask_state.change_preset(st.session_state["mask_preset"]),
        wrap=True,
    )


def _stage(image: SelectedImage, disguise: Disguise, selected: int) -> None:
    """The disguised image with its masks as boxes that can be moved."""
    masks = disguise.masks

    def moved(boxes_now: list[list[float]], number: int) -> None:
        placed = [
            mask_state.limited(Mask(x / 100, y / 100, width / 100, height / 100, mask.shape, mask.opacity))
            for mask, (x, y, width, height) in zip(masks, boxes_now, strict=False)
        ]
        mask_state.change((*placed, *masks[len(placed) :]), number)

    disguised = pictures.data_url(pictures.encode_photo(disguise.apply(image.image)))
    filled_in_browser = {name: f"{{{name}}}" for name in ("number", "x", "y", "width", "height")}
    about = t("masks.box", **filled_in_browser), t("masks.drag")
    boxes.edit_boxes(disguised, t("masks.alt", name=image.name), masks, selected, *about, "mask_boxes", moved)


def _geometry(masks: tuple[Mask, ...], selected: int) -> None:
    """Shape, place, size and opacity of the selected mask; masks are added and removed."""
    st.session_state[SELECTED] = selected
    st.segmented_control(
        t("masks.mask"),
        range(len(masks)),
        key=SELECTED,
        format_func=lambda place: t("masks.number", number=place + 1),
        required=True,
    )

    def changed() -> None:
        values = {name: st.session_state[f"mask_{name}"] / 100 for name in FIELDS}
        mask = Mask(shape=st.session_state["mask_shape"], **values)
        mask_state.change((*masks[:selected], mask, *masks[selected + 1 :]), selected)

    mask = masks[selected]
    st.session_state["mask_shape"] = mask.shape
    st.segmented_control(
        t("masks.shape"),
        tuple(SHAPES.values()),
        key="mask_shape",
        format_func=lambda name: t(f"masks.{name}"),
        required=True,
        on_change=changed,
        label_visibility="collapsed",
    )
    for pair in (("x", "y"), ("width", "height"), ("opacity",)):
        for column, name in zip(st.columns(2), pair, strict=False):
            low = 100 * MIN_SIZE if name in ("width", "height") else 0.0
            st.session_state[f"mask_{name}"] = round(100 * getattr(mask, name), 1)
            column.slider(
                t(f"masks.{name}"), low, 100.0, step=0.5, format="%.1f", key=f"mask_{name}", on_change=changed
            )
    with st.container(horizontal=True):
        st.button(
            t("masks.add"),
            icon=":material/add:",
            disabled=len(masks) == MAX_MASKS,
            on_click=mask_state.change,
            args=((*masks, Mask(0.5, 0.5, 0.2, 0.2)), len(masks)),
        )
        st.button(
            t("masks.remove"),
            icon=":material/remove:",
            disabled=len(masks) == 1,
            on_click=mask_state.change,
            args=(masks[:selected] + masks[selected + 1 :], max(selected - 1, 0)),
        )


def _disguise(image: SelectedImage, masks: tuple[Mask, ...]) -> Disguise:
    """The masks with the fill that the controls choose."""
    name = choice(
        st.pills,
        t("masks.fill"),
        tuple(FILLS),
        key="fill",
        default="black",
        format_func=lambda name: t(f"masks.fill_{name}"),
        help=t("masks.fill_help"),
    )
    params = tuple(
        (param.name, controls.parameter(param, t(f"masks.{param.name}"), key=f"fill_{param.name}"))
        for param in FILLS[name].params
    )
    if FILLS[name].function is not None:
        return Disguise(masks, name, params)
    people = [person for person in range(faces.PEOPLE) if person != image.person]
    other = choice(
        st.selectbox,
        t("masks.other"),
        people,
        key="fill_person",
        default=people[0],
        format_func=person_name,
    )
    return Disguise(masks, name, params, other, image.capture or faces.PORTRAIT)
