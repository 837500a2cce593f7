"""What a worker can be asked about embeddings. All may raise NeighbourError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.neighbours import BASELINES, NETWORK, Pairs, album, stored
from core.neighbours.album import SOURCES, Album
from core.neighbours.collection import Collection, Settings, Split, divide
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import batch_size
from core.networks.table import find
from core.progress import Report

if TYPE_CHECKING:
    from core.neighbours.findings import Result, Verdict
    from core.neighbours.heads import Prediction, TrainingHistory
    from core.neighbours.projection import Regions

MOST_LIVE = 100
"""People up to whom a linear head is trained at every move of a slider."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What heads predict for the queries of a split, head -> prediction.

    `neighbours` `(q, k)` are the enrolled rows nearest to each query, with their `distances` `(q, k)`.
    """

    split: Split
    predictions: dict[str, Prediction]
    neighbours: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Verification:
    """Two images: the `distance` of their embeddings, that of all pairs of the collection, `pairs`, and for each of the
    two where hiding a place moves it away from the other, `maps` `(grid, grid)`, signed.
    """

    distance: float
    pairs: Pairs
    maps: tuple[np.ndarray, np.ndarray]


# --- collections ------------------------------------------------------------------------------------------------------


def is_stored(entry: Entry, embedding: str, source: str) -> bool:
    """Whether `embed_source` answers at once, without running a network."""
    return embedding == NETWORK and SOURCES[source].content == "rendered" and stored.holds(entry)


def embed_source(
    network: str | Entry, embedding: str, source: str, count: int = 20, report: Report | None = None
) -> Collection:
    """Embed `count` people of one of the `SOURCES` that can be loaded, or all where it has one size; see `embed_album`.

    What the source "digits" has depends on whether MNIST is on this machine.
    """
    loader = SOURCES[source].load
    if loader is None:
        raise ValueError(f"{source}: expected a source that can be loaded, or `embed_album` with an album.")
    return embed_album(network, embedding, loader(count), report)


def embed_crowd(network: str | Entry) -> Collection:
    """MiniFace's stored embeddings of `album.CROWD` new people."""
    return embed_source(network, NETWORK, "new", album.CROWD)


def embed_album(network: str | Entry, embedding: str, images: Album, report: Report | None = None) -> Collection:
    """An album as an embedding sees it: `NETWORK`, the network's, or one of `BASELINES`. `report` counts the images."""
    from core.neighbours.embedding import logits

    entry = find(network)
    vectors = stored.vectors(entry, images) if embedding == NETWORK else None
    if vectors is None:
        vectors = _vectors(entry, embedding, images, report)
    unknown = np.full(len(images.names), -1)
    if embedding in BASELINES:
        return Collection(images, embedding, vectors, unknown)
    if not SOURCES[images.source].is_known_to(entry):
        return Collection(images, entry.name, vectors, unknown)
    classes = np.array([int(name) for name in images.names])
    return Collection(images, entry.name, vectors, classes, logits(load(entry), vectors))


def _vectors(entry: Entry, embedding: str, images: Album, report: Report | None) -> np.ndarray:
    from core.neighbours.embedding import PIXELS, embed, pixels

    baseline = embedding in BASELINES
    size, step = (4 * PIXELS, 32) if baseline else (entry.input_size, batch_size(entry))
    parts = []
    for start in range(0, len(images), step):
        if report:
            report(start, len(images))
        batch = np.stack([images.image(row, size) for row in range(start, min(start + step, len(images)))])
        parts.append(pixels(batch) if baseline else embed(load(entry), batch))
    return np.concatenate(parts)


def embed(network: str | Entry, images: np.ndarray) -> np.ndarray:
    """Embeddings `(n, d)` float32 of images `(n, h, w, 3)` in [0, 1]; see `core.neighbours.embedding`."""
    from core.neighbours.embedding import embed

    return embed(load(network), images)


# --- heads ------------------------------------------------------------------------------------------------------------


def compare(collection: Collection, settings: Settings) -> Comparison:
    """Divide the collection, and predict its queries by kNN."""
    from core.neighbours.heads import inputs, knn, predict

    split = divide(collection, settings)
    vectors = inputs(collection, split.gallery)
    search = knn(settings, len(split.gallery)).fit(vectors[split.gallery], split.labels)
    distances, nearest = search.kneighbors(vectors[split.queries])
    predictions = {"knn": predict("knn", collection, split, settings)}
    return Comparison(split, predictions, split.gallery[nearest], distances)


def predict_learned(collection: Collection, settings: Settings) -> dict[str, Prediction]:
    """What the heads that learn at once predict for the queries of `compare`, whatever kNN's settings: "linear" where
    there are at most `MOST_LIVE` people, and "softmax" where the network knows them.
    """
    from core.neighbours.heads import predict

    split = divide(collection, settings)
    heads = ["linear"] * (len(split.people) <= MOST_LIVE) + ["softmax"] * (collection.logits is not None)
    return {head: predict(head, collection, split, settings) for head in heads}


def train_perceptron(
    collection: Collection, settings: Settings, epochs: int, report: Report | None = None
) -> TrainingHistory:
    """Train the perceptron on the gallery of `compare`."""
    from core.neighbours.heads import train

    return train(collection, divide(collection, settings), settings.seed, epochs, report)


# --- maps -------------------------------------------------------------------------------------------------------------


def project(
    collection: Collection, settings: Settings, method: str, dimensions: int, report: Report | None = None
) -> np.ndarray:
    """Gallery and queries of `compare` as a map: `(n, dimensions)`, NaN for images that are neither, and for those that
    were left out since they are too many.
    """
    from core.neighbours.heads import inputs
    from core.neighbours.projection import MOST, project

    split = divide(collection, settings)
    vectors, rows = inputs(collection, split.gallery), np.r_[split.gallery, split.queries]
    if method != "pca" and len(rows) > MOST:
        rows = np.random.default_rng(settings.seed).permutation(rows)[:MOST]
    points = np.full((len(vectors), dimensions), np.nan, np.float32)
    points[rows] = project(vectors[rows], method, dimensions, settings.seed, report)
    return points


def regions(collection: Collection, settings: Settings) -> Regions:
    """Decision regions of kNN and of a linear head on the first two principal components."""
    from core.neighbours.projection import regions

    points = project(collection, settings, "pca", 2)
    return regions(points, collection.labels, divide(collection, settings), settings)


# --- constraints and verification -------------------------------------------------------------------------------------


def run_experiment(
    constraint: str, collection: Collection, settings: Settings, report: Report | None = None
) -> tuple[Result, dict[str, Verdict]]:
    """The experiment about one of `CONSTRAINTS`, and who wins it by each of its measures."""
    from core.neighbours.experiment import run
    from core.neighbours.findings import verdict

    result = run(constraint, collection, settings, report=report)
    return result, {measure: verdict(result, measure) for measure in result.measures}


def pairs(collection: Collection, settings: Settings) -> Pairs:
    """Distances of pairs of the collection's images."""
    from core.neighbours.heads import inputs
    from core.neighbours.verification import pairs

    vectors = inputs(collection, divide(collection, settings).gallery)
    return pairs(vectors, collection.labels, settings.metric, settings.seed)


def verify(
    network: str | Entry,
    collection: Collection,
    settings: Settings,
    rows: tuple[int, int],
    grid: int = 10,
    report: Report | None = None,
) -> Verification:
    """Are two images of the collection of one person? By the network's embedding."""
    from core.neighbours.embedding import embed
    from core.neighbours.verification import distance, occlusion

    loaded = load(network)
    images = [collection.album.image(row, loaded.entry.input_size) for row in rows]
    first, second = (embed(loaded, image[None])[0] for image in images)
    maps = []
    for place, (image, other) in enumerate(zip(images, (second, first), strict=True)):

        def report_half(step: int, steps: int, before: int = place) -> None:
            if report:
                report(before * steps + step, 2 * steps)

        maps.append(occlusion(loaded, image, other, settings.metric, grid, report=report_half))
    return Verification(distance(first, second, settings.metric), pairs(collection, settings), (maps[0], maps[1]))
