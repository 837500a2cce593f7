"""The heads: what names a person from an embedding.

All get the same vectors. kNN keeps them; logistic regression and the perceptron learn from them; the network's own
softmax learned from other images, and knows nobody but the people of its training.
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

TOP = 3
"""Likeliest people of a query that a prediction names."""
COMPONENTS = 50
"""Eigenfaces at most."""
ITERATIONS = 500
"""Of the linear head at most."""
UNITS, EPOCHS, BATCH, RATE = 64, 60, 32, 5e-3
"""Of the perceptron: hidden units, times through the gallery, images a step, and Adam's learning rate."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Whom a head takes `q` queries for: `top_labels` `(q, c)`, the likeliest first, with their `probabilities`
    `(q, c)`, of kNN shares of the votes, and the seconds that it took to learn, or store, the gallery.
    """

    top_labels: np.ndarray
    probabilities: np.ndarray
    fit_seconds: float = 0.0

    @property
    def labels(self) -> np.ndarray:
        """The predicted labels, `(q,)`."""
        return self.top_labels[:, 0]

    @property
    def confidence(self) -> np.ndarray:
        """Their probabilities, `(q,)` in [0, 1]."""
        return self.probabilities[:, 0]


def inputs(collection: Collection, gallery: np.ndarray) -> np.ndarray:
    """The vectors that the heads get, `(n, d)`: for "pca" the principal components of the rows `gallery`, whitened.

    Turk and Pentland 1991, Eigenfaces for recognition, https://doi.org/10.1162/jocn.1991.3.1.71. Nothing is fitted to a
    query.
    """
    if collection.embedding != "pca":
        return collection.vectors
    enrolled = collection.vectors[gallery]
    count = min(COMPONENTS, len(gallery) - 1, enrolled.shape[1])
    components: np.ndarray = PCA(count, whiten=True, random_state=0).fit(enrolled).transform(collection.vectors)
    return components.astype(np.float32)


def knn(settings: Settings, count: int) -> KNeighborsClassifier:
    """k nearest neighbours among `count` enrolled images.

    Cover and Hart 1967, Nearest neighbor pattern classification, https://doi.org/10.1109/TIT.1967.1053964
    """
    return KNeighborsClassifier(
        n_neighbors=min(settings.k, count), metric=settings.metric, weights=settings.weights, algorithm="brute"
    )


def linear() -> Pipeline:
    """A new last layer for the network: multinomial logistic regression on the standardized embedding."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))


def mlp(seed: int, count: int) -> Pipeline:
    """A new head with one hidden layer, for `count` enrolled images."""
    learner = MLPClassifier(
        (UNITS,),
        max_iter=EPOCHS,
        batch_size=min(BATCH, count),
        learning_rate_init=RATE,
        n_iter_no_change=EPOCHS,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), learner)


def build(head: str, settings: Settings, count: int) -> Any:
    """An untrained scikit-learn classifier by its name in `HEADS`; "softmax" is none."""
    builders: dict[str, Callable[[], Any]] = {
        "knn": lambda: knn(settings, count),
        "linear": linear,
        "mlp": lambda: mlp(settings.seed, count),
    }
    return builders[head]()


def predict(head: str, collection: Collection, split: Split, settings: Settings) -> Prediction:
    """What a head of `HEADS` predicts for the queries of a split, after it got the gallery."""
    if head == "softmax":
        return network_softmax(collection, split.queries)
    vectors = inputs(collection, split.gallery)
    classifier = build(head, settings, len(split.gallery))
    began = time.perf_counter()
    fit(classifier, vectors[split.gallery], split.labels)
    seconds = time.perf_counter() - began
    return _prediction(classifier.predict_proba(vectors[split.queries]), classifier.classes_, seconds)


def _prediction(probabilities: np.ndarray, labels: np.ndarray, seconds: float = 0.0) -> Prediction:
    """The likeliest `TOP` of `probabilities` `(q, c)` of the `labels` `(c,)`."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    return Prediction(labels[order], np.take_along_axis(probabilities, order, axis=1), seconds)


def fit(classifier: Any, vectors: np.ndarray, labels: np.ndarray) -> Any:
    """The classifier after training; that the perceptron stops after its epochs is meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(vectors, labels)


def network_softmax(collection: Collection, rows: np.ndarray) -> Prediction:
    """What the network's own last layer predicts for rows of a collection; label -1 for a class that nobody of the
    album has.
    """
    if collection.logits is None:
        raise NeighbourError("no_class", network=collection.embedding)
    probabilities = softmax(collection.logits[rows])
    labels = np.full(probabilities.shape[1], -1)
    known = np.flatnonzero(collection.classes >= 0)
    labels[collection.classes[known]] = known
    return _prediction(probabilities, labels)


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """How a perceptron learned, epoch by epoch: its `loss` `(epochs,)`, and the share of queries that it names right,
    `accuracy` `(epochs,)`; and its `prediction` at the end.
    """

    loss: np.ndarray
    accuracy: np.ndarray
    prediction: Prediction


def train(
    collection: Collection, split: Split, seed: int, epochs: int, report: Report | None = None
) -> TrainingHistory:
    """Train the perceptron one epoch at a time; `report` gets loss and accuracy after each."""
    vectors, truth = inputs(collection, split.gallery), collection.labels[split.queries]
    scaler, learner = (step for _, step in mlp(seed, len(split.gallery)).steps)
    gallery = scaler.fit_transform(vectors[split.gallery])
    queries = scaler.transform(vectors[split.queries])
    loss, accuracy, began = [], [], time.perf_counter()
    for epoch in range(epochs):
        learner.partial_fit(gallery, split.labels, classes=np.unique(split.labels))
        right = (learner.predict(queries) == truth)[split.known]
        loss.append(float(learner.loss_))
        accuracy.append(float(right.mean()))
        if report:
            report(epoch + 1, epochs, loss=loss[-1], accuracy=accuracy[-1])
    prediction = _prediction(learner.predict_proba(queries), learner.classes_, time.perf_counter() - began)
    return TrainingHistory(np.array(loss), np.array(accuracy), prediction)
