"""Pictures that a person hands in, alone, in folders or in zip files: decoded once, kept in the session's memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import archives, images
from core.archives import ArchiveError
from core.images import ImageError
from core.networks.entry import Entry
from dashboard.shared.text import sentence, t

UPLOAD_TYPES = ("png", "jpg", "jpeg", "webp", "bmp")
MAX_MEGABYTES = images.MAX_BYTES // 10**6
MOST_PHOTOS = 24
"""Own photos that are looked at together."""


@dataclass(frozen=True, eq=False)
class Found:
    """A picture of an upload: the `file` that brought it, its own `name`, and what was `made` of it, or why nothing."""

    file: Any
    name: str
    made: Any

    @property
    def usable(self) -> bool:
        """Whether something was made of it."""
        return not isinstance(self.made, ImageError)


@dataclass
class _Reading:
    """A file while it is read: the pictures in it that are `left`, and what was `found` in the others."""

    left: list[tuple[str, bytes]]
    found: list[Found] = field(default_factory=list)
    problem: str | None = None


def read(
    files: Sequence[Any], memory: str, about: Hashable, make: Callable[[bytes, str], Any], most: int
) -> list[Found]:
    """What `make` makes of the content and name of every picture in the uploaded files, until `most` were usable.

    `memory` is where the session keeps it, for as long as the file is in the list, and `about` what it also depends on.
    The pictures are read one after the other. A change of a control may stop that between two: the next run goes on
    there.
    """
    before: dict[Hashable, _Reading] = st.session_state.get(memory, {})
    keys = [(file.file_id, about) for file in files]
    readings = {key: before[key] for key in keys if key in before}
    st.session_state[memory] = readings
    bar, count = st.empty(), 0
    for place, (file, key) in enumerate(zip(files, keys, strict=True)):
        if count >= most:
            break
        if key not in readings:
            readings[key] = _opened(file)
        reading = readings[key]
        if reading.problem:
            st.error(t("photos.unreadable", name=file.name, problem=reading.problem))
        count += sum(found.usable for found in reading.found)
        while reading.left and count < most:
            done, steps = len(reading.found), len(reading.found) + len(reading.left)
            text = t("populations.reading", name=file.name, step=done + 1, steps=steps)
            bar.progress((place + done / steps) / len(files), text=text)
            reading.found.append(_made(file, *reading.left[0], make))
            count += reading.found[-1].usable
            del reading.left[0]
    bar.empty()
    return [found for reading in readings.values() for found in reading.found]


def usable(found: Sequence[Found]) -> list[Found]:
    """Those of which something was made; why nothing of the others is said on the page."""
    for one in found:
        if not one.usable:
            st.error(t("photos.unreadable", name=one.name, problem=sentence(one.made)))
    return [one for one in found if one.usable]


def _opened(file: Any) -> _Reading:
    try:
        return _Reading(archives.files_of(file.name, file.getvalue()))
    except ArchiveError as error:
        return _Reading([], problem=sentence(error))


def _made(file: Any, name: str, data: bytes, make: Callable[[bytes, str], Any]) -> Found:
    try:
        return Found(file, name, make(data, name))
    except ImageError as error:
        return Found(file, name, error)


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
    found = read(
        files[:MOST_PHOTOS],
        "photos_read",
        entry,
        lambda data, name: _as_proposed(images.read(data, name), entry),
        MOST_PHOTOS,
    )
    if len(files) > MOST_PHOTOS:
        st.warning(t("picture.too_many", most=MOST_PHOTOS))
    seen = [one.made for one in usable(found)]
    return np.stack(seen) if seen else None


def _as_proposed(image: images.Image, entry: Entry) -> images.Image:
    """The proposed square of a photo at the network's input size."""
    return images.resize(
        images.square(image, images.subject_box(image, entry.subject)), entry.input_size, entry.input_size
    )
