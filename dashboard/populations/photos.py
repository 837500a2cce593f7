"""A student's own photos of two groups: folders, zip files or single images, kept in the memory of the session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import archives, faces
from core.networks import labels
from core.networks.entry import Entry
from core.populations.groups import PhotoGroup, people_from_names, read_face
from dashboard.shared import pictures, uploads
from dashboard.shared.links import choice
from dashboard.shared.text import sentence, t
from dashboard.shared.uploads import UPLOAD_TYPES
from dashboard.shared.workers import Keyed

MAX_PHOTOS, MEGABYTES = 100, archives.MAX_BYTES // 10**6
"""Photos of a group, and the size of an upload."""
SHOWN, COLUMNS = 24, 8
"""Faces of a group that are shown, and how many in a row."""


@dataclass(frozen=True)
class Upload:
    """The photos of a group: how many, and as a private argument of a task."""

    count: int
    keyed: Keyed


def upload_groups(network: Entry) -> dict[str, Upload] | None:
    """The photos of both groups; None until each has some."""
    way = choice(
        st.segmented_control,
        t("populations.way"),
        ("files", "folder"),
        key="pop_way",
        default="files",
        format_func=lambda name: t(f"populations.way_{name}"),
        help=t("populations.upload_help"),
    )
    groups: dict[str, Upload] = {}
    for name, column in zip(faces.GROUPS, st.columns(2, gap="large"), strict=True):
        with column:
            groups[name] = _upload_group(name, way, network)
    if not all(group.count for group in groups.values()):
        st.info(t("populations.both"))
        return None
    return groups


def _upload_group(name: str, way: str, network: Entry) -> Upload:
    """One group: the upload, how many faces are on it, and which files were refused and why."""
    files = st.file_uploader(
        t(f"populations.upload_{way}", group=name, most=MAX_PHOTOS, megabytes=MEGABYTES),
        [*UPLOAD_TYPES, "zip"],
        accept_multiple_files="directory" if way == "folder" else True,
        key=f"pop_files_{name}",
        max_upload_size=MEGABYTES,
    )
    photos = uploads.decode_images(files, f"pop_read_{name}", None, read_face, MAX_PHOTOS)
    used = [photo for photo in photos if photo.usable]
    refused = [(photo.name, sentence(photo.content)) for photo in photos if not photo.usable]
    people = people_from_names([photo.name for photo in used])
    if len(used) >= MAX_PHOTOS:
        st.info(t("populations.enough", most=MAX_PHOTOS))
    if used:
        st.markdown(t("populations.found", faces=len(used), people=len(set(people))))
        shown = [photo.content[0] / np.float32(255) for photo in used[:SHOWN]]
        sheet = pictures.numbered_sheet(shown, range(1, len(shown) + 1), columns=COLUMNS)
        st.image(
            pictures.encode_photo(sheet), width="stretch", alt=t("populations.found_alt", group=name, count=len(shown))
        )
    if refused:
        names, reasons = zip(*refused, strict=True)
        with st.expander(t("populations.refused", count=len(refused)), icon=":material/block:"):
            table = {t("populations.file"): names, t("populations.reason"): reasons}
            st.dataframe(table, hide_index=True, alt=t("populations.refused", count=len(refused)))

    def group() -> PhotoGroup:
        return PhotoGroup(
            np.array([photo.content[0] for photo in used]),
            np.array([photo.content[1] for photo in used]),
            people,
            tuple(labels.class_in_file_name(photo.name, network.labels) for photo in used),
        )

    digest = "\n".join(f"{photo.file.file_id} {photo.name}" for photo in used)
    return Upload(len(used), Keyed(digest, group, private=True))
