"""Pictures with the name of who or what is on each: rendered people, digits, one's own photos, real faces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import PurePosixPath

import numpy as np

from core import digits as data
from core import faces
from core.archives import unnumbered
from core.images import Image, from_uint8, resize, to_uint8
from core.neighbours import NeighbourError

SOURCES = ("new", "known", "digits", "own", "olivetti", "lfw")
"""People that the network never saw, people that it knows, the training lab's digits, one's own photos, and two sets of
photos of real faces that scikit-learn loads."""
TITLES = {"olivetti": "Olivetti faces", "lfw": "Labeled Faces in the Wild"}
"""What those two are called."""
SEED = 31
"""How captures of rendered people are drawn; others than those of the training."""
SIDE = 112
"""Pixels a side of a picture that is kept, whatever the network takes."""
LEAST_PEOPLE, LEAST_PICTURES = 2, 2
EACH = 20
"""Captures of a rendered person."""
DIGITS_EACH = 40
LFW_EACH = 12
"""Pictures that somebody of Labeled Faces in the Wild has to have, to be taken."""


@dataclass(frozen=True, eq=False)
class Album:
    """`n` pictures of the people (or digits) `names`.

    `labels` `(n,)` are indices into `names`; `groups` has "A", "B" or "" for each name. The pictures are `pixels`
    `(n, s, s, 3)` uint8, or captures that are rendered when they are asked for: `shots` `(n, 2)`, person and capture.
    """

    source: str
    labels: np.ndarray
    names: tuple[str, ...]
    groups: tuple[str, ...]
    pixels: np.ndarray | None = None
    shots: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def picture(self, row: int, size: int = SIDE) -> Image:
        """Picture `row`, `(size, size, 3)` in [0, 1]."""
        if self.shots is not None:
            person, capture = map(int, self.shots[row])
            return faces.shot(person, SEED, capture, size)[0]
        assert self.pixels is not None
        return resize(from_uint8(self.pixels[row]), size, size)

    @cached_property
    def digest(self) -> str:
        """Names the pictures and their labels (SHA-256)."""
        content = self.shots if self.pixels is None else self.pixels
        said = f"{self.source} {self.names}".encode() + self.labels.tobytes()
        return sha256(said + np.ascontiguousarray(content).tobytes()).hexdigest()[:16]


def people(source: str, count: int, captures: int = EACH) -> Album:
    """Rendered people, `captures` of each: the first `count` that nobody was trained on ("new"), or of those that
    MiniFace knows ("known").
    """
    first = faces.NEW_PEOPLE if source == "new" else 0
    count = count if source == "new" else min(count, faces.PEOPLE)
    numbers = np.arange(first, first + count)
    return Album(
        source,
        labels=np.repeat(np.arange(count), captures),
        names=tuple(f"{number:02d}" for number in numbers),
        groups=tuple(faces.group_of(int(number)) for number in numbers),
        shots=np.stack([np.repeat(numbers, captures), np.tile(np.arange(captures), count)], axis=1),
    )


def digits() -> Album:
    """The first `DIGITS_EACH` of each of the training lab's digits that nobody learns from there, pixels as cells."""
    found = data.load()
    images = np.concatenate([found.validation.images, found.test.images])[..., 0]
    labels = np.concatenate([found.validation.labels, found.test.labels])
    rows = np.concatenate([np.flatnonzero(labels == digit)[:DIGITS_EACH] for digit in range(data.CLASSES)])
    cell = SIDE // data.SIDE
    grey = images[rows].repeat(cell, axis=1).repeat(cell, axis=2) / np.float32(255)
    return named("digits", grey, [str(label) for label in labels[rows]])


def real_faces(source: str, folder: str | None = None) -> Album:
    """Photos of real faces as scikit-learn loads them, downloaded where they are not in its cache: "olivetti" (40
    people, 10 pictures each) or "lfw" (people with at least `LFW_EACH` pictures, the first so many of each).

    F. Samaria, A. Harter, Parameterisation of a stochastic model for human face identification, 1994,
    https://doi.org/10.1109/ACV.1994.341300; G. Huang et al., Labeled faces in the wild, 2007,
    https://vis-www.cs.umass.edu/lfw. NeighbourError where they are not here and cannot be fetched. scikit-learn holds a
    download against its checksum; what it reads from its cache on this machine it has written there itself.
    """
    from sklearn.datasets import fetch_lfw_people, fetch_olivetti_faces

    try:
        if source == "olivetti":
            found = fetch_olivetti_faces(data_home=folder)
            return named(source, found.images, [f"{label:02d}" for label in found.target])
        found = fetch_lfw_people(data_home=folder, min_faces_per_person=LFW_EACH, resize=None, color=False)
    except OSError as error:
        raise NeighbourError("no_dataset", name=TITLES[source], problem=type(error).__name__) from error
    rows = np.concatenate([np.flatnonzero(found.target == n)[:LFW_EACH] for n in range(len(found.target_names))])
    return named(source, found.images[rows], [str(found.target_names[found.target[row]]) for row in rows])


def named(source: str, pictures: Sequence[np.ndarray] | np.ndarray, names: Sequence[str]) -> Album:
    """Pictures, grey `(h, w)` or `(h, w, 3)` in [0, 1], each with the name of who is on it.

    Who has fewer than `LEAST_PICTURES` is left out: there must be one to enrol and one to ask. NeighbourError where
    fewer than `LEAST_PEOPLE` remain.
    """
    counts = Counter(names)
    people = sorted(name for name, count in counts.items() if count >= LEAST_PICTURES)
    if len(people) < LEAST_PEOPLE:
        raise NeighbourError("few_people", found=len(people), least=LEAST_PEOPLE, pictures=LEAST_PICTURES)
    rows = [row for row, name in enumerate(names) if name in people]
    pixels = np.stack([to_uint8(resize(_coloured(pictures[row]), SIDE, SIDE)) for row in rows])
    labels = np.array([people.index(names[row]) for row in rows])
    return Album(source, labels, tuple(people), ("",) * len(people), pixels=pixels)


def _coloured(picture: np.ndarray) -> Image:
    return np.repeat(picture[..., None], 3, axis=-1) if picture.ndim == 2 else picture


def person_of(path: str) -> str:
    """Whom a picture file shows: the folder that it lies in, else its name without the number at its end.

    "ada/1.jpg" and "ada_01.jpg" both show ada.
    """
    return PurePosixPath(path).parent.name or unnumbered(path)


LOADERS: dict[str, Callable[[], Album]] = {
    "digits": digits,
    "olivetti": lambda: real_faces("olivetti"),
    "lfw": lambda: real_faces("lfw"),
}
"""Sources that need nothing but their name."""
