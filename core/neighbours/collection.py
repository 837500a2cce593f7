"""An embedded album, and how it is divided into images that are enrolled and images that are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from core.neighbours import NeighbourError
from core.neighbours.album import LEAST_PEOPLE, Album

QUERIES_EACH = 10
"""Images of a person that are asked about, at most."""


@dataclass(frozen=True, eq=False)
class Collection:
    """An album as the embedding sees it.

    `vectors` `(n, d)` float32, as the layer answers, not scaled to length 1. `embedding` is a network's name or one of
    `BASELINES`. `classes` `(people,)` is the network's own class for each person, -1 where it has none, and `logits`
    `(n, classes)` what its own last layer makes of each vector; None where it knows nobody of the album.
    """

    album: Album
    embedding: str
    vectors: np.ndarray
    classes: np.ndarray
    logits: np.ndarray | None = None

    @property
    def labels(self) -> np.ndarray:
        """Who is on each image, `(n,)`."""
        return self.album.labels

    @cached_property
    def digest(self) -> str:
        """Names the images, their labels and their vectors (SHA-256)."""
        return sha256(f"{self.album.digest} {self.embedding}".encode() + self.vectors.tobytes()).hexdigest()[:16]

    @property
    def most_samples(self) -> int:
        """Images that everybody can enrol so that one is left to ask about."""
        return int(np.bincount(self.labels).min()) - 1


@dataclass(frozen=True)
class Settings:
    """How a collection is divided, and how kNN compares.

    `k`, `metric` and `weights` belong to kNN. Of `people`, the share `unknown` in [0, 1) is never enrolled; the others
    enrol `samples` images each, of which the share `noise` in [0, 1] carries somebody else's name. `samples_b`: how
    many people of group B enrol, where it is another number. `seed` draws people, images and noise.
    """

    k: int = 3
    metric: str = "cosine"
    weights: str = "uniform"
    people: int = 20
    samples: int = 5
    noise: float = 0.0
    unknown: float = 0.0
    seed: int = 0
    samples_b: int | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a collection: `gallery` `(g,)`, enrolled under the names `labels` `(g,)`, some of them wrong; `queries`
    `(q,)`, and whether the person of each is enrolled, `known` `(q,)`. `people` `(p,)` are the enrolled ones.
    """

    gallery: np.ndarray
    labels: np.ndarray
    queries: np.ndarray
    known: np.ndarray
    people: np.ndarray


def divide(collection: Collection, settings: Settings) -> Split:
    """Draw who is enrolled with which images, and which others are asked about, at most `QUERIES_EACH` of a person.

    No image is both. The same seed gives the same people and, for as many samples, the same images. NeighbourError
    where fewer than two people would be enrolled, or a person has no image left to ask about.
    """
    rng = np.random.default_rng(settings.seed)
    drawn = rng.permutation(len(collection.album.names))[: settings.people]
    enrolled = drawn[round(settings.unknown * len(drawn)) :]
    if len(enrolled) < LEAST_PEOPLE:
        raise NeighbourError("few_people", received=len(enrolled), least=LEAST_PEOPLE, pictures=settings.samples + 1)
    gallery, queries, known = [], [], []
    for person in drawn:
        rows = rng.permutation(np.flatnonzero(collection.labels == person))
        samples = settings.samples
        if settings.samples_b is not None and collection.album.groups[person] == "B":
            samples = settings.samples_b
        count = samples if person in enrolled else 0
        if len(rows) <= count:
            raise NeighbourError("few_pictures", received=len(rows), least=count + 1)
        gallery.append(rows[:count])
        # from the other end, so that with images enough the same are asked about whatever the number of samples
        queries.append(rows[count:][-QUERIES_EACH:])
        known.append(np.full(len(queries[-1]), person in enrolled))
    enrolled_rows = np.concatenate(gallery)
    return Split(
        gallery=enrolled_rows,
        labels=_mislabelled(collection.labels[enrolled_rows], enrolled, settings.noise, rng),
        queries=np.concatenate(queries),
        known=np.concatenate(known),
        people=np.sort(enrolled),
    )


def _mislabelled(labels: np.ndarray, people: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The labels, a share of them replaced by the name of somebody else who is enrolled."""
    labels = labels.copy()
    for row in rng.permutation(len(labels))[: round(share * len(labels))]:
        labels[row] = rng.choice(people[people != labels[row]])
    return labels


def confusion(people: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The share of each person's images that is taken for each other: `(p, p)`, a row a true, a column a predicted one.

    `people` `(p,)` ascending, `truth` and `predicted` `(q,)`; somebody else than these has no column.
    """
    counts = np.zeros((len(people), len(people)))
    counted = np.isin(predicted, people)
    np.add.at(counts, (np.searchsorted(people, truth[counted]), np.searchsorted(people, predicted[counted])), 1)
    images = np.bincount(np.searchsorted(people, truth), minlength=len(people))
    shares: np.ndarray = counts / np.maximum(images, 1)[:, None]
    return shares
