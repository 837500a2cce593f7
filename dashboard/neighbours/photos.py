"""A student's own photos, named by person: images, zip files or a folder, kept in the memory of the session alone."""

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


def album(network: Entry) -> Album | None:
    """The photos with their people; None before there are any. NeighbourError where they are too few."""
    several, folder = st.columns(2, gap="large")
    arguments: dict[str, Any] = {"help": t("photos.help"), "max_upload_size": archives.MAX_BYTES // 10**6}
    text = t("photos.several", most=MOST, megabytes=MAX_MEGABYTES)
    files = [
        *several.file_uploader(text, [*UPLOAD_TYPES, "zip"], accept_multiple_files=True, key="own_files", **arguments),
        *folder.file_uploader(
            t("photos.folder"), UPLOAD_TYPES, accept_multiple_files="directory", key="own_folder", **arguments
        ),
    ]
    uploaded = uploads.decode_images(
        files, "own_read", network.subject, lambda data, name: _square(images.decode(data), network), MOST
    )
    photos = uploads.usable_images(uploaded)
    if not photos:
        st.info(t("photos.none"))
        return None
    if len(photos) >= MOST:
        st.info(t("photos.too_many", most=MOST))
    squares, names = [images.from_uint8(photo.content) for photo in photos], [person_of(photo.name) for photo in photos]
    people = named("own", squares, names)
    count, names_read = number(len(people)), ", ".join(people.names)
    st.caption(t("photos.read", count=count, people=number(len(people.names)), names=names_read))
    return people


def _square(image: images.Image, network: Entry) -> np.ndarray:
    box = images.subject_box(image, network.subject)
    return images.to_uint8(images.resize(images.crop(image, box), SIDE, SIDE))
