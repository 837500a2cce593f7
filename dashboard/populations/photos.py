"""A student's own photos of two groups: folders, zip files or single pictures, kept in the memory of the session."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import archives
from core.networks import labels
from core.networks.entry import Entry
from core.populations.groups import Photos, people_of, read_face
from dashboard.shared import pictures, uploads
from dashboard.shared.links import choice
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import sentence, t
from dashboard.shared.uploads import UPLOAD_TYPES

MOST, MEGABYTES = 100, archives.MAX_BYTES // 10**6
"""Photos of a group, and the size of an upload."""
SHOWN, COLUMNS = 24, 8
"""Faces of a group that are shown, and how many in a row."""


def ask(entry: Entry) -> dict[str, Photos] | None:
    """The photos of both groups; None until each has some."""
    way = choice(
        st.segmented_control,
        t("populations.way"),
        ("files", "folder"),
        key="pop_way",
        default="files",
        format_func=lambda name: t(f"populations.way_{name}"),
        required=True,
        help=t("populations.upload_help"),
    )
    groups = {}
    for name, column in zip("AB", st.columns(2, gap="large"), strict=True):
        with column:
            groups[name] = _group(name, way, entry)
    if not all(group.count for group in groups.values()):
        st.info(t("populations.both"))
        return None
    return groups


def _group(name: str, way: str, entry: Entry) -> Photos:
    """One group: what was handed in, how many faces were found on it, and what was refused and why."""
    files = st.file_uploader(
        t(f"populations.upload_{way}", group=name, most=MOST, megabytes=MEGABYTES),
        [*UPLOAD_TYPES, "zip"],
        accept_multiple_files="directory" if way == "folder" else True,
        key=f"pop_files_{name}",
        max_upload_size=MEGABYTES,
    )
    found = uploads.read(files, f"pop_read_{name}", None, read_face, MOST)
    used = [(one.name, one.made) for one in found if one.usable]
    refused = [(one.name, sentence(one.made)) for one in found if not one.usable]
    people = people_of([file for file, _ in used])
    if len(used) >= MOST:
        st.info(t("populations.enough", most=MOST))
    if used:
        st.markdown(t("populations.found", faces=len(used), people=len(set(people))))
        shown = [image / np.float32(255) for _, (image, _) in used[:SHOWN]]
        sheet = pictures.contact_sheet(shown, range(1, len(shown) + 1), columns=COLUMNS)
        st.image(pictures.photo(sheet), width="stretch", alt=t("populations.found_alt", group=name, count=len(shown)))
    if refused:
        names, reasons = zip(*refused, strict=True)
        with st.expander(t("populations.refused", count=len(refused)), icon=":material/block:"):
            table = {t("populations.file"): names, t("populations.reason"): reasons}
            st.dataframe(table, hide_index=True, alt=t("populations.refused", count=len(refused)))
    return Photos(
        np.array([image for _, (image, _) in used]),
        np.array([points for _, (_, points) in used]),
        people,
        tuple(labels.found_in(file, entry.labels) for file, _ in used),
    )


def handed_in() -> tuple[tuple[str, ...], ...]:
    """What names the photos of both groups while the session lasts."""
    return tuple(tuple(st.session_state[f"pop_read_{name}"]) for name in "AB")


def private() -> SelectedImage:
    """What the results of photos are kept with: for the session alone."""
    return SelectedImage(np.zeros((1, 1, 3), np.float32), "photos", "photos", private=True)
