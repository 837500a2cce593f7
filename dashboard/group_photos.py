"""A student's own photos of two groups: folders, zip files or single pictures, kept in the memory of the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core import archives
from core.archives import ArchiveError
from core.images import ImageError
from core.networks import Entry, labels
from core.populations.groups import Photos, people_of, read_face
from dashboard import pictures
from dashboard.cached import Picture
from dashboard.controls import UPLOAD_TYPES
from dashboard.links import choice
from dashboard.text import sentence, t

MOST, MEGABYTES = 100, archives.MAX_BYTES // 10**6
"""Photos of a group, and the size of an upload."""
SHOWN, COLUMNS = 24, 8
"""Faces of a group that are shown, and how many in a row."""

Framed = tuple[np.ndarray, np.ndarray]
"""A face and its points, as `read_face` gives them."""


@dataclass
class _Reading:
    """An upload of one group while it is read: its files that are `left`, and what was `found` in the others."""

    left: list[tuple[str, bytes]]
    found: list[tuple[str, Framed | ImageError]] = field(default_factory=list)
    problem: str | None = None


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
    found = _read(name, files)
    used = [(file, result) for file, result in found if not isinstance(result, ImageError)]
    refused = [(file, sentence(result)) for file, result in found if isinstance(result, ImageError)]
    people = people_of([file for file, _ in used])
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


def _read(group: str, files: list[Any]) -> list[tuple[str, Framed | ImageError]]:
    """What was found in the uploads of a group, each decoded once; one that is taken out of the list is forgotten.

    They are opened one after the other, until there are `MOST` faces. A change of a control may stop this between two
    files: the next run goes on there.
    """
    key = f"pop_read_{group}"
    before: dict[str, _Reading] = st.session_state.get(key, {})
    readings = {file.file_id: before[file.file_id] for file in files if file.file_id in before}
    st.session_state[key] = readings
    place, count = st.empty(), 0
    for file in files:
        reading = readings.get(file.file_id) or readings.setdefault(file.file_id, _opened(file))
        if reading.problem:
            st.error(f"{file.name}: {reading.problem}")
        count += sum(not isinstance(result, ImageError) for _, result in reading.found)
        while reading.left and count < MOST:
            name, data = reading.left[0]
            done, steps = len(reading.found), len(reading.found) + len(reading.left)
            place.progress(done / steps, text=t("populations.reading", name=file.name, step=done + 1, steps=steps))
            try:
                reading.found.append((name, read_face(data, name)))
                count += 1
            except ImageError as error:
                reading.found.append((name, error))
            del reading.left[0]
        if count >= MOST:
            st.info(t("populations.enough", most=MOST))
            break
    place.empty()
    return [pair for reading in readings.values() for pair in reading.found]


def _opened(file: Any) -> _Reading:
    """The pictures of an upload: itself, or what is in it where it is a zip file."""
    try:
        return _Reading(archives.files_of(file.name, file.getvalue()))
    except ArchiveError as error:
        return _Reading([], problem=sentence(error))


def uploads() -> tuple[tuple[str, ...], ...]:
    """What names the photos of both groups while the session lasts."""
    return tuple(tuple(st.session_state[f"pop_read_{name}"]) for name in "AB")


def private() -> Picture:
    """What the results of photos are kept with: for the session alone."""
    return Picture(np.zeros((1, 1, 3), np.float32), "photos", "photos", private=True)
