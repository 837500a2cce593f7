"""Boxes on an image, moved and resized with the mouse, a finger or the arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from core.masking import Mask
from dashboard.components.component import mount


def edit_boxes(
    image_url: str,
    alt: str,
    masks: Sequence[Mask],
    selected: int,
    label: str,
    help: str,
    key: str,
    on_move: Callable[[list[list[float]], int], None],
) -> None:
    """The image at `image_url` with a box a mask, the `selected` one with a stronger rim.

    `on_move` gets centre and size of all boxes in percent of the image, `[x, y, width, height]`, and which one was
    moved: about ten times a second during a drag, and when it is released. `label` names a box, with {number}, {x},
    {y}, {width} and {height} in it; `help` says how it is moved.
    """
    revision = f"{key}_revision"

    def moved(report: dict[str, Any]) -> None:
        st.session_state[revision] = report["revision"]
        on_move(report["boxes"], int(report["selected"]))

    data = {
        "image": image_url,
        "alt": alt,
        "masks": [asdict(mask) for mask in masks],
        "selected": selected,
        # Changes are numbered where they happen: the script leaves an answer to an earlier one alone.
        "revision": st.session_state.get(revision, 0),
        "label": label,
        "help": help,
    }
    mount("boxes", data, key, "moved", moved)
