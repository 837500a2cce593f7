"""Images with the name of who or what is on each: rendered people, digits, one's own photos, real faces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np

from core import digits as handwritten
from core import faces
from core.archives import unnumbered
from core.images import Image, from_uint8, resize, to_uint8
from core.neighbours import NeighbourError
from core.networks.entry import Entry
from core.networks.table import DIGITS, knows_people

SEED = 31
"""How captures of rendered people are drawn; others than those of the training."""
SIDE = 112
"""Pixels a side of an image that is stored, whatever the network takes."""
LEAST_PEOPLE, LEAST_IMAGES = 2, 2
EACH = 20
"""Captures of a rendered person."""
MANY = 100
"""New people with as many captures as the known ones; of each one of more people there are `CROWD_EACH`."""
CROWD, CROWD_EACH = 1_000, 12
DIGITS_EACH = 40
LFW_EACH = 12
"""Images that somebody of Labeled Faces in the Wild has to have, to be taken."""


@dataclass(frozen=True, eq=False)
class Album:
    """`n` images of the people (or digits) `names`.

    `labels` `(n,)` are indices into `names`; `groups` has "A", "B" or "" for each name. The images are `pixels`
    `(n, s, s, 3)` uint8, or they are rendered when they are needed: `captures` `(n, 2)`, person and capture.
    """

    source: str
    labels: np.ndarray
    names: tuple[str, ...]
    groups: tuple[str, ...]
    pixels: np.ndarray | None = None
    captures: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def image(self, row: int, size: int = SIDE) -> Image:
        """Image `row`, `(size, size, 3)` in [0, 1]."""
        if self.captures is not None:
            person, capture = map(int, self.captures[row])
            return faces.render_capture(person, SEED, capture, size)[0]
        assert self.pixels is not None
        return resize(from_uint8(self.pixels[row]), size, size)

    @cached_property
    def digest(self) -> str:
        """Names the images and their labels (SHA-256)."""
        content = self.captures if self.pixels is None else self.pixels
        about = f"{self.source} {self.names}".encode() + self.labels.tobytes()
        return sha256(about + np.ascontiguousarray(content).tobytes()).hexdigest()[:16]


# --- sources ----------------------------------------------------------------------------------------------------------


def new_people(count: int, captures: int | None = None) -> Album:
    """The first `count` rendered people that nobody was trained on, by default with as many captures as are stored."""
    captures = captures or (EACH if count <= MANY else CROWD_EACH)
    return _rendered("new", range(faces.NEW_PEOPLE, faces.NEW_PEOPLE + count), captures)


def known_people(count: int, captures: int = EACH) -> Album:
    """The first `count` rendered people of those that MiniFace knows, at most all of them."""
    return _rendered("known", range(min(count, faces.PEOPLE)), captures)


def _rendered(source: str, people: range, captures: int) -> Album:
    return Album(
        source,
        labels=np.repeat(np.arange(len(people)), captures),
        names=tuple(f"{person:02d}" for person in people),
        groups=tuple(faces.group_of(person) for person in people),
        captures=np.stack([np.repeat(people, captures), np.tile(np.arange(captures), len(people))], axis=1),
    )


def digits() -> Album:
    """The first `DIGITS_EACH` of each of the training lab's digits that nobody learns from there, pixels as cells."""
    held_out = handwritten.load()
    images = np.concatenate([held_out.validation.images, held_out.test.images])[..., 0]
    labels = np.concatenate([held_out.validation.labels, held_out.test.labels])
    rows = np.concatenate([np.flatnonzero(labels == digit)[:DIGITS_EACH] for digit in range(handwritten.CLASSES)])
    cell = SIDE // handwritten.SIDE
    grey = images[rows].repeat(cell, axis=1).repeat(cell, axis=2) / np.float32(255)
    return named("digits", grey, [str(label) for label in labels[rows]])


def olivetti(folder: str | None = None) -> Album:
    """The Olivetti faces, 40 people with 10 images each, from scikit-learn's cache or its download.

    F. Samaria, A. Harter, Parameterisation of a stochastic model for human face identification, 1994,
    https://doi.org/10.1109/ACV.1994.341300. NeighbourError where they are not here and cannot be fetched.
    """
    from sklearn.datasets import fetch_olivetti_faces

    dataset = _fetched("Olivetti faces", fetch_olivetti_faces, data_home=folder)
    return named("olivetti", dataset.images, [f"{label:02d}" for label in dataset.target])


def lfw(folder: str | None = None) -> Album:
    """Labeled Faces in the Wild, from scikit-learn's cache or its download: people with at least `LFW_EACH` images, the
    first so many of each.

    G. Huang et al., Labeled faces in the wild, 2007, https://vis-www.cs.umass.edu/lfw. NeighbourError where they are
    not here and cannot be fetched.
    """
    from sklearn.datasets import fetch_lfw_people

    settings = {"min_faces_per_person": LFW_EACH, "resize": None, "color": False}
    dataset = _fetched("Labeled Faces in the Wild", fetch_lfw_people, data_home=folder, **settings)
    people = range(len(dataset.target_names))
    rows = np.concatenate([np.flatnonzero(dataset.target == person)[:LFW_EACH] for person in people])
    return named("lfw", dataset.images[rows], [str(dataset.target_names[dataset.target[row]]) for row in rows])


def _fetched(title: str, fetch: Callable[..., Any], **arguments: Any) -> Any:
    """A dataset of scikit-learn, which holds a download against its checksum; what it reads from its cache on this
    machine it has written there itself.
    """
    try:
        return fetch(**arguments)
    except OSError as error:
        raise NeighbourError("no_dataset", name=title, problem=type(error).__name__) from error


def named(source: str, images: Sequence[np.ndarray] | np.ndarray, names: Sequence[str]) -> Album:
    """Images, grey `(h, w)` or `(h, w, 3)` in [0, 1], each with the name of who is on it.

    Who has fewer than `LEAST_IMAGES` is left out: there must be one to enrol and one to ask about. NeighbourError where
    fewer than `LEAST_PEOPLE` remain.
    """
    counts = Counter(names)
    people = sorted(name for name, count in counts.items() if count >= LEAST_IMAGES)
    if len(people) < LEAST_PEOPLE:
        raise NeighbourError("few_people", received=len(people), least=LEAST_PEOPLE, pictures=LEAST_IMAGES)
    rows = [row for row, name in enumerate(names) if name in people]
    pixels = np.stack([to_uint8(resize(_in_colour(images[row]), SIDE, SIDE)) for row in rows])
    labels = np.array([people.index(names[row]) for row in rows])
    return Album(source, labels, tuple(people), ("",) * len(people), pixels=pixels)


def _in_colour(image: np.ndarray) -> Image:
    return np.repeat(image[..., None], 3, axis=-1) if image.ndim == 2 else image


def person_of(path: str) -> str:
    """Whom an image file shows: the folder that it lies in, else its name without the number at its end.

    "ada/1.jpg" and "ada_01.jpg" both show ada.
    """
    return PurePosixPath(path).parent.name or unnumbered(path)


@dataclass(frozen=True)
class Source:
    """Where an album comes from.

    `content` is what its images show: "rendered" people, a "digit", or a "photo" of somebody whom nobody drew. `load`
    makes the album of so many people, or of all where it has one size; None for the photos that a person brings. There
    are at most `most` people. A `remote` one may have to be downloaded. `is_known_to` says whether the classes of a
    network are its people or digits, which are then named by their numbers.
    """

    content: Literal["rendered", "digit", "photo"]
    load: Callable[[int], Album] | None
    most: int | None = None
    remote: bool = False
    is_known_to: Callable[[Entry], bool] = lambda entry: False


SOURCES: dict[str, Source] = {
    "new": Source("rendered", new_people, most=CROWD),
    "known": Source("rendered", known_people, most=faces.PEOPLE, is_known_to=knows_people),
    "digits": Source(
        "digit",
        lambda count: digits(),
        most=handwritten.CLASSES,
        is_known_to=lambda entry: entry.names == DIGITS.names,
    ),
    "own": Source("photo", None),
    "olivetti": Source("photo", lambda count: olivetti(), remote=True),
    "lfw": Source("photo", lambda count: lfw(), remote=True),
}
"""Sources by the names of their labels, in the order in which they are offered."""
