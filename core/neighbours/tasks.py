"""What a worker can be asked about embeddings; as `core.tasks`, which says more. All may raise NeighbourError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.neighbours import BASELINES, album, stored
from core.neighbours.album import Album
from core.neighbours.collection import Collection, Settings, Split, divide
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import batch_size
from core.networks.table import DIGITS, find, knows_people
from core.progress import Report

MOST_LIVE = 100
"""People up to whom a linear head is trained at every move of a slider."""

if TYPE_CHECKING:
    from core.neighbours.findings import Result, Verdict
    from core.neighbours.heads import Lesson, Said
    from core.neighbours.projection import Regions
    from core.neighbours.verification import Pairs


@dataclass(frozen=True, eq=False)
class Comparison:
    """What kNN says of a split, under "knn" in `said`.

    `neighbours` `(q, k)` are the enrolled rows nearest to each query, with their `distances` `(q, k)`.
    """

    split: Split
    said: dict[str, Said]
    neighbours: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Verification:
    """Two pictures: the `distance` of their embeddings, that of all pairs of the collection, `pairs`, and for each of
    the two where hiding a place moves it away from the other, `maps` `(grid, grid)`, signed.
    """

    distance: float
    pairs: Pairs
    maps: tuple[np.ndarray, np.ndarray]


def collect(
    network: str | Entry,
    embedding: str,
    source: str,
    count: int = 20,
    own: Album | None = None,
    report: Report | None = None,
) -> Collection:
    """Embed the pictures of a source of `core.neighbours.album`; `count` rendered people, or the `own` album.

    `embedding` is one of `BASELINES`, anything else means the network's. `report` counts the pictures.
    """
    return embedded(find(network), embedding, own or _album(source, count), report)


def _album(source: str, count: int) -> Album:
    if source in album.LOADERS:
        return album.LOADERS[source]()
    return album.people(source, count, album.EACH if count <= stored.MANY else stored.CROWD_EACH)


def is_stored(entry: Entry, embedding: str, source: str) -> bool:
    """Whether `collect` answers at once, without asking a network."""
    return embedding not in BASELINES and source in ("new", "known") and stored.holds(entry)


def crowd(network: str | Entry) -> Collection:
    """MiniFace's stored embeddings of `stored.CROWD` new people."""
    return embedded(find(network), "network", _album("new", stored.CROWD))


def embedded(entry: Entry, embedding: str, pictures: Album, report: Report | None = None) -> Collection:
    """An album as an embedding sees it."""
    from core.neighbours.embedding import logits

    vectors = stored.vectors(entry, pictures) if embedding not in BASELINES else None
    if vectors is None:
        vectors = _vectors(entry, embedding, pictures, report)
    classes = np.full(len(pictures.names), -1)
    if embedding in BASELINES:
        return Collection(pictures, embedding, vectors, classes)
    if _knows(entry, pictures):
        classes = np.array([int(name) for name in pictures.names])
        return Collection(pictures, entry.name, vectors, classes, logits(load(entry), vectors))
    return Collection(pictures, entry.name, vectors, classes)


def _knows(entry: Entry, pictures: Album) -> bool:
    """Whether the network's classes are the people, or digits, of an album, which are named by their numbers."""
    return (pictures.source == "digits" and entry.names == DIGITS.names) or (
        pictures.source == "known" and knows_people(entry)
    )


def _vectors(entry: Entry, embedding: str, pictures: Album, report: Report | None) -> np.ndarray:
    from core.neighbours.embedding import PIXELS, embed, pixels

    baseline = embedding in BASELINES
    size, step = (4 * PIXELS, 32) if baseline else (entry.input_size, batch_size(entry))
    parts = []
    for start in range(0, len(pictures), step):
        if report:
            report(start, len(pictures))
        batch = np.stack([pictures.picture(row, size) for row in range(start, min(start + step, len(pictures)))])
        parts.append(pixels(batch) if baseline else embed(load(entry), batch))
    return np.concatenate(parts)


def embed(network: str | Entry, images: np.ndarray) -> np.ndarray:
    """Embeddings `(n, d)` float32 of pictures `(n, h, w, 3)` in [0, 1]; see `core.neighbours.embedding`."""
    from core.neighbours.embedding import embed

    return embed(load(network), images)


def compare(collection: Collection, settings: Settings) -> Comparison:
    """Divide the collection, and ask kNN."""
    from core.neighbours.heads import answer, knn, space

    split = divide(collection, settings)
    vectors = space(collection, split.gallery)
    search = knn(settings, len(split.gallery)).fit(vectors[split.gallery], split.labels)
    distances, places = search.kneighbors(vectors[split.queries])
    said = {"knn": answer("knn", collection, split, settings)}
    return Comparison(split, said, split.gallery[places], distances)


def ask_learned(collection: Collection, settings: Settings) -> dict[str, Said]:
    """What the heads that learn at once say of the queries of `compare`, whatever kNN's settings: "linear" where there
    are at most `MOST_LIVE` people, and "softmax" where the network knows them.
    """
    from core.neighbours.heads import answer

    split = divide(collection, settings)
    heads = ["linear"] * (len(split.people) <= MOST_LIVE) + ["softmax"] * (collection.logits is not None)
    return {head: answer(head, collection, split, settings) for head in heads}


def train(collection: Collection, settings: Settings, epochs: int, report: Report | None = None) -> Lesson:
    """Train the perceptron on the gallery of `compare`."""
    from core.neighbours import heads

    return heads.train(collection, divide(collection, settings), settings.seed, epochs, report)


def lay_out(
    collection: Collection, settings: Settings, way: str, dimensions: int, report: Report | None = None
) -> np.ndarray:
    """Gallery and queries of `compare` as a map: `(n, dimensions)`, NaN for pictures that are neither, and for those
    that were left out since they are too many.
    """
    from core.neighbours.heads import space
    from core.neighbours.projection import MOST, lay_out

    split = divide(collection, settings)
    vectors, rows = space(collection, split.gallery), np.r_[split.gallery, split.queries]
    if way != "pca" and len(rows) > MOST:
        rows = np.random.default_rng(settings.seed).permutation(rows)[:MOST]
    places = np.full((len(vectors), dimensions), np.nan, np.float32)
    places[rows] = lay_out(vectors[rows], way, dimensions, settings.seed, report)
    return places


def regions(collection: Collection, settings: Settings) -> Regions:
    """Decision regions of kNN and of a linear head on the first two principal components."""
    from core.neighbours.projection import regions

    places = lay_out(collection, settings, "pca", 2)
    return regions(places, collection.labels, divide(collection, settings), settings)


def experiment(
    name: str, collection: Collection, settings: Settings, report: Report | None = None
) -> tuple[Result, dict[str, Verdict]]:
    """One of the eight experiments of `core.neighbours.constraints`, and who wins it by each of its measures."""
    from core.neighbours.constraints import run
    from core.neighbours.findings import verdict

    result = run(name, collection, settings, report=report)
    return result, {measure: verdict(result, measure) for measure in result.measures}


def pairs(collection: Collection, settings: Settings) -> Pairs:
    """Distances of pairs of the collection's pictures."""
    from core.neighbours.heads import space
    from core.neighbours.verification import pairs

    vectors = space(collection, divide(collection, settings).gallery)
    return pairs(vectors, collection.labels, settings.metric, settings.seed)


def verify(
    network: str | Entry,
    collection: Collection,
    settings: Settings,
    pictures: Sequence[np.ndarray],
    grid: int = 10,
    report: Report | None = None,
) -> Verification:
    """Are two pictures `(h, w, 3)` in [0, 1] of one person? By the network's embedding."""
    from core.neighbours.embedding import embed
    from core.neighbours.verification import distance, where

    loaded = load(network)
    first, second = (embed(loaded, loaded.stretched(picture))[0] for picture in pictures)
    maps = []
    for place, (picture, other) in enumerate(zip(pictures, (second, first), strict=True)):

        def tell(step: int, steps: int, done: int = place) -> None:
            if report:
                report(done * steps + step, 2 * steps)

        maps.append(where(loaded, picture, other, settings.metric, grid, report=tell))
    return Verification(distance(first, second, settings.metric), pairs(collection, settings), (maps[0], maps[1]))
