"""The choice of the image that all pages work on: a synthetic person, a digit, a sample, an upload or the webcam."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from typing import Any

import numpy as np
import streamlit as st

from core import faces, images
from core.digits import CLASSES as DIGITS
from core.networks.entry import Entry
from dashboard.shared import pictures, selected
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import person_name
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import has, sentence, t
from dashboard.shared.uploads import MAX_MEGABYTES, UPLOAD_TYPES

SOURCES = ("gallery", "samples", "upload", "webcam")


NEW_PEOPLE_SHOWN = 6


DIGITS_OF_EACH = 24
"""Handwritten digits of each kind in the gallery."""


def pick_image(entry: Entry) -> SelectedImage:
    """A synthetic person or a digit, a sample, an upload or a photo from the webcam, cropped as the network wants it.

    Where nothing usable came (no file yet, a broken one), the picture that was shown before stays.
    """
    st.subheader(t("picture.title"), anchor=False)
    preview, digits = st.empty(), entry.subject == "digit"
    source = choice(
        st.pills,
        t("picture.source"),
        SOURCES,
        key="source",
        default="gallery",
        format_func=lambda name: t("picture.digits" if name == "gallery" and digits else f"picture.{name}"),
    )
    if source == "gallery":
        picture = _digit() if digits else _person()
    elif source == "samples":
        picture = _sample(entry)
    else:
        picture = _own(source, entry) or st.session_state.get("picture") or _portrait()
    st.session_state["picture"] = picture
    preview.image(pictures.encode_photo(picture.image), width=220, alt=f"{t('picture.alt')}: {picture.name}")
    return picture


def _portrait() -> SelectedImage:
    return selected.person_image(0, faces.PORTRAIT)


def people_of(group: str) -> list[int]:
    """The people of a group that MiniFace knows, then some that nobody was trained on."""
    numbers = [*range(faces.PEOPLE), *range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + 2 * NEW_PEOPLE_SHOWN)]
    return [number for number in numbers if faces.group_of(number) == group]


def _person() -> SelectedImage:
    group = choice(
        st.segmented_control,
        t("picture.group"),
        ("A", "B"),
        key="group",
        default="A",
        format_func=lambda name: t(f"picture.group_{name.lower()}"),
    )
    people = people_of(group)
    person = choice(st.selectbox, t("picture.person"), people, key="person", default=people[0], format_func=person_name)
    with st.container(horizontal=True):
        st.button(t("picture.another"), icon=":material/casino:", help=t("picture.another_help"), on_click=_another)
        if st.button(t("picture.faces"), icon=":material/groups:"):
            _gallery(group)
    picture = selected.person_image(person, _capture())
    return replace(picture, name=person_name(person))


def _gallery(group: str) -> None:
    @st.dialog(t("picture.faces"), width="large")
    def pick() -> None:
        with st.container(horizontal=True):
            for number in people_of(group):
                with st.container(width=selected.THUMBNAIL, gap="xsmall"):
                    st.image(selected.thumbnail(number), width=selected.THUMBNAIL, alt=person_name(number))
                    if st.button(f"{number:02d}", key=f"pick_{number}", help=person_name(number), width="stretch"):
                        st.session_state["person"] = number
                        st.rerun()

    pick()


def _base_capture() -> faces.Capture:
    """The capture of the session's number: 0 the plain portrait, others drawn at random from that seed.

    Its numbers are rounded to what a slider can show, so that the sliders say exactly what was rendered.
    """
    number = st.session_state.get("capture", 0)
    drawn = faces.sample_capture(np.random.default_rng(number)) if number else faces.PORTRAIT
    rounded: dict[str, Any] = {
        field.name: _rounded(field, getattr(drawn, field.name)) for field in fields(drawn) if "range" in field.metadata
    }
    return replace(drawn, **rounded)


def _step(field: Field[Any]) -> float:
    return 1.0 if field.metadata["unit"] == "degrees" else 0.01


def _rounded(field: Field[Any], value: float) -> float:
    low, high = field.metadata["range"]
    return float(min(max(round(round(value / _step(field)) * _step(field), 2), low), high))


def _another() -> None:
    st.session_state["capture"] = (st.session_state.get("capture", 0) + 1) % 1000
    _reset_sliders()


def _reset_sliders() -> None:
    base = _base_capture()
    for field in fields(faces.Capture):
        if field.name != "texture":
            st.session_state[field.name] = getattr(base, field.name)


def _capture() -> faces.Capture:
    """Sliders for how the picture was taken, starting from the numbered capture."""
    with st.expander(t("picture.capture"), icon=":material/tune:"):
        st.number_input(
            t("picture.capture_number"),
            0,
            999,
            0,
            key="capture",
            on_change=_reset_sliders,
            help=t("picture.capture_number_help"),
            **BOUND,
        )
        base = _base_capture()
        values = {field.name: _capture_field(field, getattr(base, field.name)) for field in fields(faces.Capture)}
    return faces.Capture(**values)


def _capture_field(field: Field[Any], value: Any) -> Any:
    """A slider for a number, a list for a word; the seed of the texture is not for the hand."""
    if "choices" in field.metadata:
        return choice(
            st.selectbox,
            t(f"picture.{field.name}"),
            field.metadata["choices"],
            key=field.name,
            default=value,
            format_func=lambda word: t(f"{field.name}.{word}"),
        )
    if "range" in field.metadata:
        low, high = field.metadata["range"]
        return st.slider(t(f"picture.{field.name}"), low, high, value, _step(field), key=field.name, **BOUND)
    return value


def _digit() -> SelectedImage:
    """A digit that the network never learned from, by what it is and its number."""
    label = choice(st.segmented_control, t("picture.digit"), tuple(range(DIGITS)), key="digit", default=0)
    number = st.number_input(t("picture.digit_number"), 0, DIGITS_OF_EACH - 1, 0, key="digit_number", **BOUND)
    return replace(selected.digit_image(label, int(number)), name=t("picture.digit_name", digit=label, number=number))


def _sample(entry: Entry) -> SelectedImage:
    names = tuple(images.SAMPLES)
    name = choice(
        st.pills,
        t("picture.samples"),
        names,
        key="sample",
        default=names[0],
        format_func=lambda key: t(f"sample.{key}") if has(f"sample.{key}") else key,
        label_visibility="collapsed",
    )
    return _cropped(selected.sample(name), t(f"sample.{name}"), entry, private=False)


def _own(source: str, entry: Entry) -> SelectedImage | None:
    """A picture of the person at the screen: kept in the memory of the session, nowhere else."""
    if source == "upload":
        file = st.file_uploader(
            t("picture.upload_label", megabytes=MAX_MEGABYTES),
            UPLOAD_TYPES,
            key="upload_file",
            help=t("picture.upload_help"),
            max_upload_size=MAX_MEGABYTES,
        )
    else:
        file = st.camera_input(t("picture.webcam_label"), key="webcam_file", help=t("picture.upload_help"))
    if file is None:
        return None
    try:
        image = _decode_once(source, file)
    except images.ImageError as error:
        st.error(sentence(error))
        return None
    return _cropped(image, t(f"picture.{source}"), entry, private=True)


def _decode_once(source: str, file: Any) -> images.Image:
    """Decode a file once, not at every move of a slider."""
    decoded: tuple[str, images.Image] | None = st.session_state.get(f"{source}_decoded")
    if decoded is None or decoded[0] != file.file_id:
        decoded = (file.file_id, images.decode(file.getvalue()))
        st.session_state[f"{source}_decoded"] = decoded
    return decoded[1]


def _cropped(image: images.Image, name: str, entry: Entry, *, private: bool) -> SelectedImage:
    """The square that the network gets, proposed by the face finder and movable by hand."""
    height, width = image.shape[:2]
    key = images.digest(image)
    box, detected = _proposed_box(image, key, entry.subject)
    crop = "crop" if entry.subject == "face" else "crop_object"
    with st.expander(t(f"picture.{crop}"), icon=":material/crop:"):
        if not detected:
            st.caption(t("picture.no_face"))
        frame = st.empty()
        left = st.slider(t("picture.crop_left"), -width // 2, width, box.left, key=f"left_{key}")
        top = st.slider(t("picture.crop_top"), -height // 2, height, box.top, key=f"top_{key}")
        longest = max(height, width)
        size = st.slider(t("picture.crop_size"), 16, int(1.5 * longest), box.size, key=f"size_{key}")
        chosen = images.Box(left, top, size)
        frame.image(
            pictures.encode_photo(pictures.draw_box(image, chosen)),
            alt=t("picture.crop_alt"),
            caption=t(f"picture.{crop}_help"),
        )
    square = images.crop(image, chosen)
    side = min(square.shape[0], 448)
    square = images.resize(square, side, side)
    return SelectedImage(square, images.digest(square), name, private)


def _proposed_box(image: images.Image, key: str, subject: str) -> tuple[images.Box, bool]:
    """The proposed square, and whether what the network looks for was found; searched once a picture."""
    name = f"box_{key}_{subject}"
    if name not in st.session_state:
        detected = subject != "face" or images.detect_face(image) is not None
        st.session_state[name] = images.subject_box(image, subject), detected
    proposed: tuple[images.Box, bool] = st.session_state[name]
    return proposed
