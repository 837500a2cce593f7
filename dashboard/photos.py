"""A student's own photos, named by person: pictures, zip files or a folder, kept in the memory of the session alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core import archives, images
from core.archives import ArchiveError
from core.images import ImageError
from core.neighbours.album import SIDE, Album, named, person_of
from core.networks import Entry
from dashboard.controls import MAX_MEGABYTES, UPLOAD_TYPES
from dashboard.text import number, sentence, t

MOST = 200
"""Photos in all."""


def album(entry: Entry) -> Album | None:
    """The photos with their people; None before there are any. NeighbourError where they are too few."""
    several, folder = st.columns(2, gap="large")
    shared: dict[str, Any] = {"help": t("photos.help"), "max_upload_size": archives.MAX_BYTES // 10**6}
    text = t("photos.several", most=MOST, megabytes=MAX_MEGABYTES)
    files = [
        *several.file_uploader(text, [*UPLOAD_TYPES, "zip"], accept_multiple_files=True, key="own_files", **shared),
        *folder.file_uploader(
            t("photos.folder"), UPLOAD_TYPES, accept_multiple_files="directory", key="own_folder", **shared
        ),
    ]
    found = _read(files, entry)
    if not found:
        st.info(t("photos.none"))
        return None
    if len(found) > MOST:
        st.warning(t("photos.too_many", most=MOST))
    names, squares = zip(*found[:MOST], strict=True)
    made = named("own", [images.from_uint8(square) for square in squares], [person_of(name) for name in names])
    people = ", ".join(made.names)
    st.caption(t("photos.read", count=number(len(made)), people=number(len(made.names)), names=people))
    return made


def _read(files: list[Any], entry: Entry) -> list[tuple[str, np.ndarray]]:
    """Name and square of every picture, each file decoded once; what is taken out of the list is forgotten."""
    before: dict[tuple[str, str], list[tuple[str, np.ndarray]]] = st.session_state.get("own_read", {})
    kept = {}
    for file in files:
        key = (file.file_id, entry.subject)
        kept[key] = before[key] if key in before else _opened(file, entry)
    st.session_state["own_read"] = kept
    return [pair for pairs in kept.values() for pair in pairs]


def _opened(file: Any, entry: Entry) -> list[tuple[str, np.ndarray]]:
    """The pictures of a file, framed as the network wants them; says which cannot be read."""
    try:
        packed = archives.files_of(file.name, file.getvalue(), MOST)
    except ArchiveError as error:
        st.error(t("photos.unreadable", name=file.name, problem=sentence(error)))
        return []
    found, bar = [], st.empty()
    for step, (name, content) in enumerate(packed):
        bar.progress(step / len(packed), text=t("jobs.step", step=step + 1, steps=len(packed)))
        try:
            found.append((name, _square(images.read(content, name), entry)))
        except ImageError as error:
            st.error(t("photos.unreadable", name=name, problem=sentence(error)))
    bar.empty()
    return found


def _square(image: images.Image, entry: Entry) -> np.ndarray:
    box = images.subject_box(image, entry.subject)
    return images.to_uint8(images.resize(images.square(image, box), SIDE, SIDE))
