"""The selected image: what every page works on, and the images that the server renders itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import digits, faces, images
from dashboard.shared.workers import Keyed

PERSON_SIZE = 224
"""Side of a rendered person in pixels: twice what the network receives, sharp enough for a projector."""
THUMBNAIL = 104
"""Side of a face in the gallery, in pixels."""


@dataclass(frozen=True)
class SelectedImage:
    """The square image that a page works on.

    `image` is `(s, s, 3)` float32 in [0, 1]; a `private` one came from the person at the screen. Of a rendered one
    `person` is the number, as `capture` took it.
    """

    image: np.ndarray
    digest: str
    name: str
    private: bool = False
    person: int | None = None
    capture: faces.Capture | None = None

    @property
    def keyed(self) -> Keyed:
        """The image as an argument of `ask` and `job`."""
        return Keyed(self.digest, lambda: self.image, self.private)

    def at(self, side: int) -> Keyed:
        """The image `(side, side, 3)` as an argument of `ask` and `job`, so that no more than needed travels."""
        return Keyed(f"{self.digest} at {side}", lambda: images.resize(self.image, side, side), self.private)


@st.cache_data(max_entries=256, show_spinner=False)
def person_image(person: int, capture: faces.Capture, size: int = PERSON_SIZE) -> SelectedImage:
    """A synthetic person as `capture` takes the picture."""
    image, _ = faces.render(faces.person(person), capture, size)
    return SelectedImage(image, images.digest(image), f"person {person}", person=person, capture=capture)


@st.cache_data(max_entries=64, show_spinner=False)
def digit_image(label: int, number: int) -> SelectedImage:
    """A handwritten digit that no network here learned from, its pixels as visible cells."""
    held_out = digits.embedded().test
    image = digits.to_image(held_out.images[np.flatnonzero(held_out.labels == label)[number]])
    cells = np.kron(image, np.ones((PERSON_SIZE // digits.SIDE,) * 2 + (1,), np.float32))
    return SelectedImage(cells, images.digest(cells), f"digit {label}")


@st.cache_data(max_entries=2, show_spinner=False)
def people_strip(people: tuple[int, ...], seed: int, size: int = 144) -> bytes:
    """One WebP image of several synthetic people side by side, each taken in another way."""
    rng = np.random.default_rng(seed)
    return images.encode(np.concatenate(faces.render_portraits(people, rng, size), axis=1), "webp", 85)


@st.cache_data(max_entries=128, show_spinner=False)
def thumbnail(person: int) -> bytes:
    """The plain portrait of a synthetic person as a small WebP image."""
    return images.encode(faces.render(faces.person(person), faces.PORTRAIT, THUMBNAIL)[0], "webp", 85)


@st.cache_data(max_entries=16, show_spinner=False)
def sample(name: str) -> np.ndarray:
    """A sample photo, `(h, w, 3)`."""
    return images.sample(name)
