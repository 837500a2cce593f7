"""Expected and predicted class of several images: rendered people, or photos of the person at the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import images
from core.features import recognition
from core.networks import labels, table
from core.networks.entry import Entry
from core.networks.tasks import predict
from dashboard.shared import controls, pictures, uploads
from dashboard.shared.links import choice
from dashboard.shared.names import class_names, person_name
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import percent, t
from dashboard.shared.workers import ask

FACE, CARD = 104, 208
"""Widths in pixels of a rendered person, and of a photo with its controls."""
SIDE = 320
"""Side in pixels of a photo: no network here takes more."""
MOST = 12
"""Photos at once."""


@dataclass(frozen=True, eq=False)
class Case:
    """An image `(h, w, 3)`, the class it shows and the predicted one; `expected` is None where that is not known."""

    name: str
    image: np.ndarray
    expected: int | None
    predicted: int
    probability: float

    @property
    def mark(self) -> str:
        """Right, wrong or unknown, as a sign that needs no colour."""
        return "?" if self.expected is None else "✓" if self.expected == self.predicted else "✗"

    @property
    def framed(self) -> np.ndarray:
        """The image, in a frame where the network is wrong."""
        wrong = self.mark == "✗"
        return pictures.draw_box(self.image, images.Box(0, 0, len(self.image))) if wrong else self.image


def place_recognition(network: Entry) -> None:
    """The images with their predicted classes, how many are right, and the same as a table."""
    knows_people = table.knows_people(network)
    st.header(t("recognised.title"), anchor=False, help=t("recognised.help"))
    source = choice(
        st.segmented_control,
        t("recognised.source"),
        ("people", "own"),
        key="recognised_source",
        default="people" if knows_people else "own",
        format_func=lambda name: t(f"recognised.{name}"),
    )
    if source == "own":
        cases = _own(network)
    elif knows_people:
        cases = _people(network)
    else:
        st.info(t("network.unknown_people", name=network.name))
        return
    labelled = [case for case in cases if case.expected is not None]
    if labelled:
        right = sum(case.mark == "✓" for case in labelled)
        st.metric(t("recognised.right"), f"{right} / {len(labelled)}")
    if cases:
        _table(network, cases)


def _people(network: Entry) -> list[Case]:
    """Rendered people, by their numbers."""
    values = []
    for column, param in zip(st.columns(2, gap="large"), recognition.PARAMS, strict=True):
        with column:
            text, key = t(f"recognised.{param.name}"), f"recognised_{param.name}"
            values.append(controls.parameter(param, text, key=key))
    people, recognised = ask(recognition.recognise_people, network, *values)
    rows = zip(people, recognised.expected, recognised.predicted, recognised.probabilities, strict=True)
    cases = [
        Case(person_name(int(expected)), image, int(expected), int(predicted), float(probability))
        for image, expected, predicted, probability in rows
    ]
    with st.container(horizontal=True):
        for case in cases:
            right = case.mark == "✓"
            caption = f"✓ {case.expected:02d}" if right else f"✗ {case.expected:02d} → {case.predicted:02d}"
            alt = t(
                "recognised.alt_right" if right else "recognised.alt_wrong",
                expected=case.expected,
                predicted=case.predicted,
            )
            st.image(pictures.encode_photo(case.framed), width=FACE, alt=alt, caption=caption)
    return cases


def _own(network: Entry) -> list[Case]:
    """Photos of the person at the screen: kept in the memory of the session, nowhere else."""
    files = st.file_uploader(
        t("recognised.upload", count=MOST, megabytes=uploads.MAX_MEGABYTES),
        uploads.UPLOAD_TYPES,
        accept_multiple_files=True,
        key="recognised_files",
        help=t("recognised.upload_help"),
        max_upload_size=uploads.MAX_MEGABYTES,
    )
    if len(files) > MOST:
        st.warning(t("recognised.too_many", found=len(files), count=MOST))
    photos = uploads.decode_images(
        files[:MOST],
        "recognised_read",
        network.subject,
        lambda data, name: _squared(images.decode(data), name, network),
        MOST,
    )
    usable, cases = uploads.usable_images(photos), []
    with st.container(horizontal=True):
        for photo in usable:
            with st.container(width=CARD, gap="xsmall"):
                cases.append(_card(photo.file, photo.content, network))
    return cases


def _card(file: Any, image: SelectedImage, network: Entry) -> Case:
    """A photo with its predicted class, and the control that says what it shows."""
    place = st.empty()
    key, names = f"expected_{file.file_id}_{network.name}", class_names(network)
    if key not in st.session_state:
        st.session_state[key] = labels.class_in_file_name(file.name, network.labels)
    expected = st.selectbox(
        t("recognised.expected_of", name=file.name),
        range(network.classes),
        index=None,
        key=key,
        format_func=names.__getitem__,
        placeholder=t("recognised.unsaid"),
        label_visibility="collapsed",
    )
    (probabilities,) = ask(predict, network, image.at(network.input_size))
    predicted = int(probabilities.argmax())
    case = Case(file.name, image.image, expected, predicted, float(probabilities[predicted]))
    answer = f"{names[predicted]}, {percent(case.probability)}"
    alt = t("recognised.taken_for", name=file.name, answer=answer)
    place.image(pictures.encode_photo(case.framed), width="stretch", alt=alt, caption=f"{case.mark} {answer}")
    return case


def _squared(image: np.ndarray, name: str, network: Entry) -> SelectedImage:
    square = images.resize(images.crop(image, images.subject_box(image, network.subject)), SIDE, SIDE)
    return SelectedImage(square, images.digest(square), name, private=True)


def _table(network: Entry, cases: Sequence[Case]) -> None:
    """The same as a table."""
    names = class_names(network)
    with st.expander(t("recognised.table"), icon=":material/table:"):
        rows = {
            t("recognised.picture"): [case.name for case in cases],
            t("recognised.expected"): ["" if case.expected is None else names[case.expected] for case in cases],
            t("recognised.predicted"): [names[case.predicted] for case in cases],
            t("recognised.probability"): [percent(case.probability) for case in cases],
            t("recognised.verdict"): [case.mark for case in cases],
        }
        st.dataframe(rows, hide_index=True, height="content", alt=t("recognised.table"))
