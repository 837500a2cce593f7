"""The heads: what names a person from an embedding.

All get the same vectors. kNN keeps them; logistic regression and the perceptron learn from them; the network's own
softmax learned from other pictures, and knows nobody but the people of its training.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.neighbours import NeighbourError
from core.neighbours.collection import Collection, Settings, Split
from core.networks.network import softmax
from core.progress import Report

CHOICES = 3
"""Likeliest people of a query that are told."""
COMPONENTS = 50
"""Eigenfaces at most."""
ITERATIONS = 500
"""Of the linear head at most."""
UNITS, EPOCHS, BATCH, RATE = 64, 60, 32, 5e-3
"""Of the perceptron: hidden units, times through the gallery, pictures a step, and Adam's learning rate."""


@dataclass(frozen=True, eq=False)
class Said:
    """Whom a head takes `q` queries for: labels `first` `(q, c)`, the likeliest first, with their `shares` `(q, c)` of
    votes or probability, and the seconds that it took to learn, or store, the gallery.
    """

    first: np.ndarray
    shares: np.ndarray
    fit_seconds: float = 0.0

    @property
    def labels(self) -> np.ndarray:
        """The answers, `(q,)`."""
        return self.first[:, 0]

    @property
    def confidence(self) -> np.ndarray:
        """How sure it is of them, `(q,)` in [0, 1]."""
        return self.shares[:, 0]


def space(collection: Collection, gallery: np.ndarray) -> np.ndarray:
    """The vectors that the heads get, `(n, d)`: for "pca" the principal components of the rows `gallery`, whitened.

    Turk and Pentland 1991, Eigenfaces for recognition, https://doi.org/10.1162/jocn.1991.3.1.71. Nothing is fitted to a
    query.
    """
    if collection.embedding != "pca":
        return collection.vectors
    enrolled = collection.vectors[gallery]
    count = min(COMPONENTS, len(gallery) - 1, enrolled.shape[1])
    found: np.ndarray = PCA(count, whiten=True, random_state=0).fit(enrolled).transform(collection.vectors)
    return found.astype(np.float32)


def knn(settings: Settings, count: int) -> KNeighborsClassifier:
    """k nearest neighbours among `count` enrolled pictures.

    Cover and Hart 1967, Nearest neighbor pattern classification, https://doi.org/10.1109/TIT.1967.1053964
    """
    return KNeighborsClassifier(
        n_neighbors=min(settings.k, count), metric=settings.metric, weights=settings.weights, algorithm="brute"
    )


def linear() -> Pipeline:
    """A new last layer for the network: multinomial logistic regression on the standardized embedding."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))


def mlp(seed: int, count: int) -> Pipeline:
    """A new head with one hidden layer, for `count` enrolled pictures."""
    learner = MLPClassifier(
        (UNITS,),
        max_iter=EPOCHS,
        batch_size=min(BATCH, count),
        learning_rate_init=RATE,
        n_iter_no_change=EPOCHS,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), learner)


def make(head: str, settings: Settings, count: int) -> Any:
    """An untrained scikit-learn classifier by its name in `HEADS`; "softmax" is none."""
    makers: dict[str, Callable[[], Any]] = {
        "knn": lambda: knn(settings, count),
        "linear": linear,
        "mlp": lambda: mlp(settings.seed, count),
    }
    return makers[head]()


def answer(head: str, collection: Collection, split: Split, settings: Settings) -> Said:
    """What a head says of the queries of a split, after it got the gallery."""
    if head == "softmax":
        return own_softmax(collection, split.queries)
    vectors = space(collection, split.gallery)
    classifier = make(head, settings, len(split.gallery))
    began = time.perf_counter()
    fitted(classifier, vectors[split.gallery], split.labels)
    seconds = time.perf_counter() - began
    return _said(classifier.predict_proba(vectors[split.queries]), classifier.classes_, seconds)


def _said(shares: np.ndarray, labels: np.ndarray, seconds: float = 0.0) -> Said:
    """The likeliest `CHOICES` of shares `(q, c)` of the `labels` `(c,)`."""
    order = np.argsort(-shares, axis=1, kind="stable")[:, :CHOICES]
    return Said(labels[order], np.take_along_axis(shares, order, axis=1), seconds)


def fitted(classifier: Any, vectors: np.ndarray, labels: np.ndarray) -> Any:
    """The classifier after training; that the perceptron stops after its epochs is meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(vectors, labels)


def own_softmax(collection: Collection, rows: np.ndarray) -> Said:
    """The network's own answer to rows of a collection; label -1 for a class that nobody of the album has."""
    if collection.logits is None:
        raise NeighbourError("no_class", network=collection.embedding)
    shares = softmax(collection.logits[rows])
    whose = np.full(shares.shape[1], -1)
    known = np.flatnonzero(collection.classes >= 0)
    whose[collection.classes[known]] = known
    return _said(shares, whose)


@dataclass(frozen=True, eq=False)
class Lesson:
    """How a perceptron learned, epoch by epoch: its `loss` `(epochs,)`, and the share of queries that it names right,
    `accuracy` `(epochs,)`; and what it says at the end.
    """

    loss: np.ndarray
    accuracy: np.ndarray
    said: Said


def train(collection: Collection, split: Split, seed: int, epochs: int, report: Report | None = None) -> Lesson:
    """Train the perceptron one epoch at a time; `report` is told loss and accuracy after each."""
    vectors, truth = space(collection, split.gallery), collection.labels[split.queries]
    scale, learner = (step for _, step in mlp(seed, len(split.gallery)).steps)
    enrolled = scale.fit_transform(vectors[split.gallery])
    asked = scale.transform(vectors[split.queries])
    loss, accuracy, began = [], [], time.perf_counter()
    for epoch in range(epochs):
        learner.partial_fit(enrolled, split.labels, classes=np.unique(split.labels))
        right = (learner.predict(asked) == truth)[split.known]
        loss.append(float(learner.loss_))
        accuracy.append(float(right.mean()))
        if report:
            report(epoch + 1, epochs, loss=loss[-1], accuracy=accuracy[-1])
    said = _said(learner.predict_proba(asked), learner.classes_, time.perf_counter() - began)
    return Lesson(np.array(loss), np.array(accuracy), said)
