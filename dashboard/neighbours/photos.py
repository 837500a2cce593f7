"""A student's own photos, named by person: pictures, zip files or a folder, kept in the memory of the session alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core import archives, images
from core.neighbours.album import SIDE, Album, named, person_of
from core.networks.entry import Entry
from dashboard.shared import uploads
from dashboard.shared.text import number, t
from dashboard.shared.uploads import MAX_MEGABYTES, UPLOAD_TYPES

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
    found = uploads.read(
        files, "own_read", entry.subject, lambda data, name: _square(images.read(data, name), entry), MOST
    )
    used = [(one.name, one.made) for one in uploads.usable(found)]
    if not used:
        st.info(t("photos.none"))
        return None
    if len(used) >= MOST:
        st.info(t("photos.too_many", most=MOST))
    names, squares = zip(*used, strict=True)
    made = named("own", [images.from_uint8(square) for square in squares], [person_of(name) for name in names])
    people = ", ".join(made.names)
    st.caption(t("photos.read", count=number(len(made)), people=number(len(made.names)), names=people))
    return made


def _square(image: images.Image, entry: Entry) -> np.ndarray:
    box = images.subject_box(image, entry.subject)
    return images.to_uint8(images.resize(images.square(image, box), SIDE, SIDE))
