"""What a person chooses: network and picture in the sidebar; layer, class, channels and a method's Params on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from typing import Any

import numpy as np
import streamlit as st

from core import faces, images
from core.attribution import top_channels
from core.digits import CLASSES as DIGITS
from core.networks import table
from core.networks.entry import Entry
from core.params import Param
from dashboard.shared import cached, pictures, uploads
from dashboard.shared.cached import Picture
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import has, label, languages, sentence, t
from dashboard.sidebar import network as networks

SOURCES = ("gallery", "samples", "upload", "webcam")
NEW_PEOPLE_SHOWN = 6
UPLOAD_TYPES = ("png", "jpg", "jpeg", "webp", "bmp")
MAX_MEGABYTES = images.MAX_BYTES // 10**6
DIGITS_OF_EACH = 24
"""Handwritten digits of each kind in the gallery."""
MOST_PHOTOS = 24
"""Own photos that are looked at together."""


def language_picker() -> None:
    """The languages by their own names. Shown first: every other label depends on it."""
    browser = (st.context.locale or "en")[:2].lower()
    choice(
        st.segmented_control,
        label("en", "app.language"),
        languages(),
        key="lang",
        default=browser if browser in languages() else "en",
        format_func=lambda code: label(code, "app.own_name"),
        required=True,
        label_visibility="collapsed",
    )


@dataclass(frozen=True)
class Frame:
    """What the sidebar says on every page."""

    network: Entry
    picture: Picture


def frame() -> None:
    """Show the sidebar's network and picture; `current` reads them."""
    entry = networks.picker()
    st.session_state["frame"] = Frame(entry, picture_chooser(entry))
    st.caption(t("app.link_help"))


def current() -> Frame:
    """The session's network and picture."""
    chosen: Frame = st.session_state["frame"]
    return chosen


def picture_chooser(entry: Entry) -> Picture:
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
        required=True,
    )
    if source == "gallery":
        picture = _digit() if digits else _person()
    elif source == "samples":
        picture = _sample(entry)
    else:
        picture = _own(source, entry) or st.session_state.get("picture") or _portrait()
    st.session_state["picture"] = picture
    preview.image(pictures.photo(picture.image), width=220, alt=f"{t('picture.alt')}: {picture.name}")
    return picture


def _portrait() -> Picture:
    return cached.person_picture(0, faces.PORTRAIT)


# --- synthetic people -------------------------------------------------------------------------------------------------


def people_of(group: str) -> list[int]:
    """The people of a group that MiniFace knows, then some that nobody was trained on."""
    numbers = [*range(faces.PEOPLE), *range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + 2 * NEW_PEOPLE_SHOWN)]
    return [number for number in numbers if faces.group_of(number) == group]


def person_name(number: int) -> str:
    """What a rendered person is called, and whether the network never met them."""
    name = t("picture.person_name", number=f"{number:02d}")
    return f"{name} ({t('picture.never_met')})" if number >= faces.NEW_PEOPLE else name


def class_names(entry: Entry) -> tuple[str, ...]:
    """The names of a network's classes; rendered people are called as the language does."""
    if not table.knows_people(entry):
        return entry.labels
    people = range(entry.classes)
    return tuple(t("picture.class_name", number=f"{n:02d}", group=faces.group_of(n)) for n in people)


def _person() -> Picture:
    group = choice(
        st.segmented_control,
        t("picture.group"),
        ("A", "B"),
        key="group",
        default="A",
        format_func=lambda name: t(f"picture.group_{name.lower()}"),
        required=True,
    )
    people = people_of(group)
    person = choice(st.selectbox, t("picture.person"), people, key="person", default=people[0], format_func=person_name)
    with st.container(horizontal=True):
        st.button(t("picture.another"), icon=":material/casino:", help=t("picture.another_help"), on_click=_another)
        if st.button(t("picture.faces"), icon=":material/groups:"):
            _gallery(group)
    picture = cached.person_picture(person, _capture())
    return replace(picture, name=person_name(person))


def _gallery(group: str) -> None:
    @st.dialog(t("picture.faces"), width="large")
    def show() -> None:
        with st.container(horizontal=True):
            for number in people_of(group):
                with st.container(width=cached.THUMBNAIL, gap="xsmall"):
                    st.image(cached.thumbnail(number), width=cached.THUMBNAIL, alt=person_name(number))
                    if st.button(f"{number:02d}", key=f"pick_{number}", help=person_name(number), width="stretch"):
                        st.session_state["person"] = number
                        st.rerun()

    show()


def _base_capture() -> faces.Capture:
    """The capture of the session's number: 0 the plain portrait, others drawn at random from that seed.

    Its numbers are rounded to what a slider can show, so that the sliders say exactly what was rendered.
    """
    number = st.session_state.get("capture", 0)
    drawn = faces.sample_capture(np.random.default_rng(number)) if number else faces.PORTRAIT
    return replace(
        drawn, **{f.name: _rounded(f, getattr(drawn, f.name)) for f in fields(drawn) if "range" in f.metadata}
    )


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


# --- handwritten digits -----------------------------------------------------------------------------------------------


def _digit() -> Picture:
    """A digit that the network never learned from, by what it is and its number."""
    label = choice(
        st.segmented_control, t("picture.digit"), tuple(range(DIGITS)), key="digit", default=0, required=True
    )
    number = st.number_input(t("picture.digit_number"), 0, DIGITS_OF_EACH - 1, 0, key="digit_number", **BOUND)
    return replace(cached.digit_picture(label, int(number)), name=t("picture.digit_name", digit=label, number=number))


# --- photos -----------------------------------------------------------------------------------------------------------


def _sample(entry: Entry) -> Picture:
    names = tuple(images.SAMPLES)
    name = choice(
        st.pills,
        t("picture.samples"),
        names,
        key="sample",
        default=names[0],
        format_func=lambda key: t(f"sample.{key}") if has(f"sample.{key}") else key,
        required=True,
        label_visibility="collapsed",
    )
    return _cropped(cached.sample(name), t(f"sample.{name}"), entry, private=False)


def _own(source: str, entry: Entry) -> Picture | None:
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
        image = _read_once(source, file)
    except images.ImageError as error:
        st.error(sentence(error))
        return None
    return _cropped(image, t(f"picture.{source}"), entry, private=True)


def _read_once(source: str, file: Any) -> images.Image:
    """Decode a file once, not at every move of a slider."""
    kept: tuple[str, images.Image] | None = st.session_state.get(f"{source}_read")
    if kept is None or kept[0] != file.file_id:
        kept = (file.file_id, images.read(file.getvalue(), file.name))
        st.session_state[f"{source}_read"] = kept
    return kept[1]


def own_photos(entry: Entry) -> np.ndarray | None:
    """Several photos of the person at the screen as the network gets them, `(n, s, s, 3)`; None before there are any.

    Kept small in the memory of the session, nowhere else; one that is taken out of the list is forgotten.
    """
    files = st.file_uploader(
        t("picture.upload_several", most=MOST_PHOTOS, megabytes=MAX_MEGABYTES),
        UPLOAD_TYPES,
        accept_multiple_files=True,
        key="photos_files",
        help=t("picture.upload_several_help"),
        max_upload_size=MAX_MEGABYTES,
    )
    found = uploads.read(
        files[:MOST_PHOTOS],
        "photos_read",
        entry,
        lambda data, name: _as_proposed(images.read(data, name), entry),
        MOST_PHOTOS,
    )
    if len(files) > MOST_PHOTOS:
        st.warning(t("picture.too_many", most=MOST_PHOTOS))
    seen = [one.made for one in uploads.usable(found)]
    return np.stack(seen) if seen else None


def _as_proposed(image: images.Image, entry: Entry) -> images.Image:
    """The proposed square of a photo at the network's input size."""
    return cached.small(images.square(image, images.subject_box(image, entry.subject)), entry)


def _cropped(image: images.Image, name: str, entry: Entry, *, private: bool) -> Picture:
    """The square that the network gets, proposed by the face finder and movable by hand."""
    height, width = image.shape[:2]
    key = images.digest(image)
    box, found = _proposed_box(image, key, entry.subject)
    crop = "crop" if entry.subject == "face" else "crop_object"
    with st.expander(t(f"picture.{crop}"), icon=":material/crop:"):
        if not found:
            st.caption(t("picture.no_face"))
        frame = st.empty()
        left = st.slider(t("picture.crop_left"), -width // 2, width, box.left, key=f"left_{key}")
        top = st.slider(t("picture.crop_top"), -height // 2, height, box.top, key=f"top_{key}")
        longest = max(height, width)
        size = st.slider(t("picture.crop_size"), 16, int(1.5 * longest), box.size, key=f"size_{key}")
        chosen = images.Box(left, top, size)
        frame.image(
            pictures.photo(pictures.framed(image, chosen)), alt=t("picture.crop_alt"), caption=t(f"picture.{crop}_help")
        )
    square = images.square(image, chosen)
    side = min(square.shape[0], 448)
    square = images.resize(square, side, side)
    return Picture(square, images.digest(square), name, private)


def _proposed_box(image: images.Image, key: str, subject: str) -> tuple[images.Box, bool]:
    """The proposed square, and whether what the network looks for was found; searched once a picture."""
    name = f"box_{key}_{subject}"
    if name not in st.session_state:
        found = subject != "face" or images.find_face(image) is not None
        st.session_state[name] = images.subject_box(image, subject), found
    proposed: tuple[images.Box, bool] = st.session_state[name]
    return proposed


# --- on a page --------------------------------------------------------------------------------------------------------


MOST_STEPS = 1000
"""A slider with more steps cannot be set by hand; such a number is typed."""


def part(
    section: str, word: str, parts: Mapping[str, Callable[..., None]], *, key: str, prefix: str = "", **arguments: Any
) -> Callable[..., None]:
    """The part of a screen that was chosen, the first before that; what it is for stands below the choice."""
    name = choice(
        st.pills,
        t(f"{section}.{word}"),
        tuple(parts),
        key=key,
        default=next(iter(parts)),
        format_func=lambda name: t(f"{section}.{prefix}{name}"),
        required=True,
        **arguments,
    )
    st.markdown(t(f"{section}.{prefix}{name}_help"))
    return parts[name]


def parameter(param: Param, text: str, *, key: str | None = None, help: str | None = None) -> Any:
    """A control made from a method's `Param`: a slider, for a logarithmic one over 1, 2, 5, 10 ..., or a number box."""
    key = key or param.name
    if param.scale == "log":
        steps = log_steps(param)
        return st.select_slider(text, steps, param.default, key=key, help=help, format_func="{:g}".format, **BOUND)
    kind: Callable[[Any], Any] = int if param.whole else float
    low, high, default, step = (kind(v) for v in (param.minimum, param.maximum, param.default, param.step))
    control = st.number_input if (high - low) / step > MOST_STEPS else st.slider
    return control(text, low, high, default, step, key=key, help=help, **BOUND)


def log_steps(param: Param) -> list[float]:
    """1, 2 and 5 times the powers of ten from minimum to maximum, and the default."""
    low, high = int(np.floor(np.log10(param.minimum))), int(np.ceil(np.log10(param.maximum)))
    steps = {float(f"{digit}e{power}") for power in range(low, high + 1) for digit in (1, 2, 5)}
    return sorted({s for s in steps if param.minimum <= s <= param.maximum} | {float(param.default)})


def layer_picker(names: Sequence[str], default: str, *, text: str | None = None) -> str:
    """A slider over the layers, from the picture to the answer."""
    return choice(st.select_slider, text or t("controls.layer"), list(names), key="layer", default=default)


def class_picker(entry: Entry) -> int | None:
    """A class by name (type to search), or None for the network's first choice."""
    names = class_names(entry)
    chosen = choice(
        st.selectbox,
        t("controls.class"),
        ["top", *range(entry.classes)],
        key="class",
        default="top",
        format_func=lambda index: t("controls.class_top") if index == "top" else names[index],
    )
    return None if chosen == "top" else int(chosen)


def channel_picker(weights: np.ndarray) -> tuple[int, ...] | None:
    """Which channels take part: all (None), those of the largest weights, or picked ones."""
    count = len(weights)
    which = choice(
        st.segmented_control,
        t("controls.channels"),
        ("all", "strongest", "picked"),
        key="channels",
        default="all",
        format_func=lambda name: t(f"controls.channels_{name}"),
        required=True,
    )
    if which == "strongest":
        shown = st.slider(t("controls.strongest"), 1, count, min(5, count), key="strongest", **BOUND)
        return tuple(sorted(top_channels(weights, shown)))
    if which == "picked":
        picked = st.multiselect(
            t("controls.channels_picked"), range(count), key="picked", help=t("controls.channels_help"), **BOUND
        )
        return tuple(sorted(picked)) or None
    return None
