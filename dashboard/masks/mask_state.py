"""The masks as they stand in the session and in the address bar: a preset by its name, others written out."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import faces
from core.faces import Capture
from core.masking import PRESETS, Mask, presets
from core.masking.masks import Shape
from dashboard.shared.links import remember
from dashboard.shared.selected import SelectedImage
from dashboard.shared.workers import here

MAX_MASKS = 4
MIN_SIZE = 0.02
MASKS, SELECTED, DEFAULT = "masks", "mask", "eyes"
"""Keys of the masks, which the address bar has too, and of the number of the selected one; the default is a preset."""
SHAPES: dict[str, Shape] = {"r": "rectangle", "e": "ellipse"}
FIELDS = ("x", "y", "width", "height", "opacity")


def to_text(masks: tuple[Mask, ...]) -> str:
    """Masks as text for the address bar: shape, then centre, size and opacity in percent."""
    return "~".join(
        "_".join([mask.shape[0], *(f"{100 * getattr(mask, name):.4g}" for name in FIELDS)]) for mask in masks
    )


def from_text(text: str) -> tuple[Mask, ...]:
    """What `to_text` wrote; ValueError for anything else."""
    masks = []
    for part in text.split("~")[:MAX_MASKS]:
        letter, *numbers = part.split("_")
        values = dict(zip(FIELDS, (float(value) / 100 for value in numbers), strict=True))
        if letter not in SHAPES or not np.isfinite(list(values.values())).all():
            raise ValueError(part)
        masks.append(limited(Mask(shape=SHAPES[letter], **values)))
    return tuple(masks)


def limited(mask: Mask) -> Mask:
    """The mask within what the controls allow: centre and opacity in [0, 1], size up to the whole image."""
    x, y, opacity = (float(np.clip(value, 0, 1)) for value in (mask.x, mask.y, mask.opacity))
    width, height = (float(np.clip(value, MIN_SIZE, 1)) for value in (mask.width, mask.height))
    return Mask(x, y, width, height, mask.shape, opacity)


def current(image: SelectedImage) -> tuple[Mask, ...]:
    """The masks as they stand: those of a preset move with the face, others stay where they were put."""
    text = st.session_state.setdefault(MASKS, st.query_params.get(MASKS, DEFAULT))
    if text not in PRESETS:
        try:
            return from_text(text)
        except ValueError:  # a link that somebody cut
            st.session_state[MASKS] = text = DEFAULT
    return tuple(map(limited, presets_on(image)[text]))


def presets_on(image: SelectedImage) -> dict[str, tuple[Mask, ...]]:
    """Masks over each part of the face; exact ones on a rendered image."""
    masks: dict[str, tuple[Mask, ...]] = here(_presets, image.keyed, image.person, image.capture)
    return masks


def _presets(image: np.ndarray, person: int | None, capture: Capture | None) -> dict[str, tuple[Mask, ...]]:
    if person is None or capture is None:
        return presets(image)
    return presets(image, faces.render(faces.person(person), capture, image.shape[0])[1])


def change(masks: tuple[Mask, ...], selected: int) -> None:
    """Make these the masks, and one of them the selected one."""
    st.session_state[MASKS] = to_text(masks)
    st.session_state[SELECTED] = selected


def preset() -> str | None:
    """The preset that is set; None for masks of one's own."""
    text = st.session_state[MASKS]
    return text if text in PRESETS else None


def change_preset(name: str | None) -> None:
    """Set a preset, by default the first one."""
    st.session_state[MASKS] = name or DEFAULT
    st.session_state[SELECTED] = 0


def put_in_link() -> None:
    """Write the masks into the address bar."""
    remember(MASKS, st.session_state[MASKS], DEFAULT)
