"""kNN or network? Two ways to name the person on an image from the same embedding, under real constraints.

Importing this package imports neither Keras nor scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.errors import ReasonedError
from core.intervals import Roc


class NeighbourError(ReasonedError):
    """A question that the images at hand cannot answer."""

    reasons: ClassVar[dict[str, str]] = {
        "few_people": "Received pictures of {received} people; expected at least {least}, each with {pictures} "
        "pictures or more: name folders or files by person.",
        "few_pictures": "Received {received} pictures for each person; expected at least {least}: add some.",
        "no_dataset": "{name} is not here and could not be downloaded ({problem}); choose other data.",
        "no_class": "{network} has no output for any of these people; choose people that it knows.",
    }


HEADS = ("knn", "linear", "mlp", "softmax")
"""What names a person from an embedding: k nearest neighbours, logistic regression, a small perceptron, and the
network's own last layer."""
METRICS = ("cosine", "euclidean", "manhattan")
WEIGHTS = ("uniform", "distance")
NETWORK, BASELINES = "network", ("pixels", "pca")
"""The embedding of a network, and those without one: grey pixels, and their principal components (eigenfaces)."""
PROJECTIONS = ("pca", "tsne", "umap")
"""Methods that make a map of an embedding."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Distances of pairs of images of one person, `same` `(a,)`, and of two people, `other` `(b,)`.

    Where those below `threshold` are called the same, both mistakes are as frequent: `equal_error` in [0, 1]. `roc` is
    of the negative distances: pairs of two people are its negatives.
    """

    same: np.ndarray
    other: np.ndarray
    threshold: float
    equal_error: float
    roc: Roc
