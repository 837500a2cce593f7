"""Expected and predicted class of a set of pictures on screen: rendered people, or pictures that a person brings."""

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
from dashboard.shared import cached, controls, pictures, uploads
from dashboard.shared import names as shared_names
from dashboard.shared.links import choice
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import percent, t

FACE, CARD = 104, 208
"""Widths in pixels of a rendered person, and of a picture with its controls."""
SIDE = 320
"""Side in pixels of a picture that was brought: no network here takes more."""
MOST = 12
"""Pictures at once."""


@dataclass(frozen=True, eq=False)
class Case:
    """A picture `(h, w, 3)`, what it shows and what the network takes it for; `expected` is None where nobody said."""

    name: str
    picture: np.ndarray
    expected: int | None
    predicted: int
    probability: float

    @property
    def mark(self) -> str:
        """Right, wrong or unknown, told by its shape."""
        return "?" if self.expected is None else "✓" if self.expected == self.predicted else "✗"

    @property
    def drawn(self) -> np.ndarray:
        """The picture, in a frame where the network is wrong."""
        wrong = self.mark == "✗"
        return pictures.framed(self.picture, images.Box(0, 0, len(self.picture))) if wrong else self.picture


def recognised(entry: Entry) -> None:
    """The pictures with what they are taken for, how many are right, and the same as a table."""
    knows = table.knows_people(entry)
    st.header(t("recognised.title"), anchor=False, help=t("recognised.help"))
    source = choice(
        st.segmented_control,
        t("recognised.source"),
        ("people", "own"),
        key="recognised_source",
        default="people" if knows else "own",
        format_func=lambda name: t(f"recognised.{name}"),
        required=True,
    )
    if source == "own":
        cases = _own(entry)
    elif knows:
        cases = _people(entry)
    else:
        st.info(t("recognised.other", name=entry.name))
        return
    said = [case for case in cases if case.expected is not None]
    if said:
        right = sum(case.mark == "✓" for case in said)
        st.metric(t("recognised.right"), f"{right} / {len(said)}")
    if cases:
        _table(entry, cases)


def _people(entry: Entry) -> list[Case]:
    """People of the renderer, by their numbers."""
    columns, values = st.columns(2, gap="large"), {}
    for column, param in zip(columns, recognition.RECOGNISED, strict=True):
        with column:
            values[param.name] = controls.parameter(
                param, t(f"recognised.{param.name}"), key=f"recognised_{param.name}"
            )
    found = cached.recognise(entry, *values.values())
    rows = zip(found.pictures, found.expected, found.predicted, found.probabilities, strict=True)
    cases = [
        Case(shared_names.person_name(int(expected)), picture, int(expected), int(predicted), float(share))
        for picture, expected, predicted, share in rows
    ]
    with st.container(horizontal=True):
        for case in cases:
            right = case.mark == "✓"
            text = f"✓ {case.expected:02d}" if right else f"✗ {case.expected:02d} → {case.predicted:02d}"
            said = t(
                "recognised.alt_right" if right else "recognised.alt_wrong",
                expected=case.expected,
                predicted=case.predicted,
            )
            st.image(pictures.photo(case.drawn), width=FACE, alt=said, caption=text)
    return cases


def _own(entry: Entry) -> list[Case]:
    """Pictures of the person at the screen: kept in the memory of the session, nowhere else."""
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
    read = uploads.read(
        files[:MOST],
        "recognised_read",
        entry.subject,
        lambda data, name: _squared(images.read(data, name), name, entry),
        MOST,
    )
    found, cases = uploads.usable(read), []
    with st.container(horizontal=True):
        for one in found:
            with st.container(width=CARD, gap="xsmall"):
                cases.append(_card(one.file, one.made, entry))
    return cases


def _card(file: Any, picture: SelectedImage, entry: Entry) -> Case:
    """A picture with its answer, and the control that says what it shows."""
    place = st.empty()
    key, names = f"expected_{file.file_id}_{entry.name}", shared_names.class_names(entry)
    if key not in st.session_state:
        st.session_state[key] = labels.found_in(file.name, entry.labels)
    expected = st.selectbox(
        t("recognised.expected_of", name=file.name),
        range(entry.classes),
        index=None,
        key=key,
        format_func=names.__getitem__,
        placeholder=t("recognised.unsaid"),
        label_visibility="collapsed",
    )
    probabilities = cached.predict(picture, entry)
    predicted = int(probabilities.argmax())
    case = Case(file.name, picture.image, expected, predicted, float(probabilities[predicted]))
    answer = f"{names[predicted]}, {percent(case.probability)}"
    said = t("recognised.taken_for", name=file.name, answer=answer)
    place.image(pictures.photo(case.drawn), width="stretch", alt=said, caption=f"{case.mark} {answer}")
    return case


def _squared(image: np.ndarray, name: str, entry: Entry) -> SelectedImage:
    square = images.resize(images.square(image, images.subject_box(image, entry.subject)), SIDE, SIDE)
    return SelectedImage(square, images.digest(square), name, private=True)


def _table(entry: Entry, cases: Sequence[Case]) -> None:
    """The same as a table."""
    names = shared_names.class_names(entry)
    with st.expander(t("recognised.table"), icon=":material/table:"):
        rows = {
            t("recognised.picture"): [case.name for case in cases],
            t("recognised.expected"): ["" if case.expected is None else names[case.expected] for case in cases],
            t("recognised.predicted"): [names[case.predicted] for case in cases],
            t("recognised.probability"): [percent(case.probability) for case in cases],
            t("recognised.verdict"): [case.mark for case in cases],
        }
        st.dataframe(rows, hide_index=True, height="content", alt=t("recognised.table"))
