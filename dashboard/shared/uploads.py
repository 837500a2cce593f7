"""Images that a person hands in, alone, in folders or in zip files: decoded once, kept in the session's memory."""

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
class UploadedImage:
    """An image of an upload: the `file` that brought it, its own `name`, and its `content`, or why it has none."""

    file: Any
    name: str
    content: Any

    @property
    def usable(self) -> bool:
        """Whether it could be decoded."""
        return not isinstance(self.content, ImageError)


@dataclass
class _Upload:
    """A file while it is decoded: names and bytes of the images that are `pending`, and the `images` before them."""

    pending: list[tuple[str, bytes]]
    images: list[UploadedImage] = field(default_factory=list)
    problem: str | None = None


def decode_images(
    files: Sequence[Any], memory: str, depends_on: Hashable, decode: Callable[[bytes, str], Any], most: int
) -> list[UploadedImage]:
    """Every image in the uploaded files, as `decode` makes it of bytes and name, until `most` are usable.

    `memory` is where the session keeps them, as long as the file is in the list, and `depends_on` what else decoding
    depends on. The images are decoded one after the other. A change of a control may stop that between two: the next
    run goes on there.
    """
    before: dict[Hashable, _Upload] = st.session_state.get(memory, {})
    keys = [(file.file_id, depends_on) for file in files]
    uploads = {key: before[key] for key in keys if key in before}
    st.session_state[memory] = uploads
    bar, count = st.empty(), 0
    for place, (file, key) in enumerate(zip(files, keys, strict=True)):
        if count >= most:
            break
        if key not in uploads:
            uploads[key] = _unpacked(file)
        upload = uploads[key]
        if upload.problem:
            st.error(t("photos.unreadable", name=file.name, problem=upload.problem))
        count += sum(image.usable for image in upload.images)
        while upload.pending and count < most:
            done, steps = len(upload.images), len(upload.images) + len(upload.pending)
            text = t("photos.reading", name=file.name, step=done + 1, steps=steps)
            bar.progress((place + done / steps) / len(files), text=text)
            upload.images.append(_decoded(file, *upload.pending[0], decode))
            count += upload.images[-1].usable
            del upload.pending[0]
    bar.empty()
    return [image for upload in uploads.values() for image in upload.images]


def usable_images(uploaded: Sequence[UploadedImage]) -> list[UploadedImage]:
    """Those that could be decoded; why the others could not is shown on the page."""
    for image in uploaded:
        if not image.usable:
            st.error(t("photos.unreadable", name=image.name, problem=sentence(image.content)))
    return [image for image in uploaded if image.usable]


def _unpacked(file: Any) -> _Upload:
    try:
        return _Upload(archives.files_of(file.name, file.getvalue()))
    except ArchiveError as error:
        return _Upload([], problem=sentence(error))


def _decoded(file: Any, name: str, data: bytes, decode: Callable[[bytes, str], Any]) -> UploadedImage:
    try:
        return UploadedImage(file, name, decode(data, name))
    except ImageError as error:
        return UploadedImage(file, name, error)


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
    uploaded = decode_images(
        files[:MOST_PHOTOS],
        "photos_read",
        entry,
        lambda data, _: _as_proposed(images.decode(data), entry),
        MOST_PHOTOS,
    )
    if len(files) > MOST_PHOTOS:
        st.warning(t("picture.too_many", most=MOST_PHOTOS))
    photos = [image.content for image in usable_images(uploaded)]
    return np.stack(photos) if photos else None


def _as_proposed(image: images.Image, entry: Entry) -> images.Image:
    """The proposed square of a photo at the network's input size."""
    square = images.crop(image, images.subject_box(image, entry.subject))
    return images.resize(square, entry.input_size, entry.input_size)
