"""Who names a person behind a cover? Three attackers, from one that never met a cover to one that trains on it.

*softmax*: the network's first choice. *nearest*: the person of the nearest embedding (1-NN, cosine) in a gallery of
captures without covers. *retrained*: whoever knows what the cover looks like can put it on images of their own and
learn to read what is left (McPherson et al. 2016, https://arxiv.org/abs/1609.00408). Only the last shows how much the
cover takes away; the others may fail because they are surprised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.masking.covers import CaptureKey, Cover, render_shot
from core.masking.scores import Predictions, predict
from core.networks.network import Network, batch_size


def predict_covered(
    network: Network, captures: Sequence[CaptureKey], cover: Cover, report: Callable[[int], None] | None = None
) -> Predictions:
    """The network's predictions for captures behind a cover; `report(done)` is called before every batch."""
    batches, size = [], batch_size(network.entry)
    for start in range(0, len(captures), size):
        if report:
            report(start)
        shots = [render_shot(*capture, network.entry.input_size) for capture in captures[start : start + size]]
        batches.append(predict(network, np.stack([cover(shot) for shot in shots])))
    return Predictions(
        np.concatenate([batch.logits for batch in batches]), np.concatenate([batch.embeddings for batch in batches])
    )


@dataclass(frozen=True, eq=False)
class Attackers:
    """A `gallery` of embeddings `(m, k)` of `people` `(m,)`, and a classifier from embeddings to people if one was
    trained.
    """

    gallery: np.ndarray
    people: np.ndarray
    retrained: Callable[[np.ndarray], np.ndarray] | None = None

    def identify(self, predictions: Predictions) -> dict[str, np.ndarray]:
        """Whom each attacker takes `n` captures for: attacker -> people `(n,)`."""
        identities = {
            "softmax": predictions.logits.argmax(axis=1),
            "nearest": self.people[(predictions.embeddings @ self.gallery.T).argmax(axis=1)],
        }
        return identities | ({"retrained": self.retrained(predictions.embeddings)} if self.retrained else {})


def retrain(embeddings: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A classifier from embeddings `(n, k)` of covered captures to `people` `(n,)`.

    Linear discriminant analysis, its covariance shrunk as Ledoit and Wolf 2004 do
    (https://doi.org/10.1016/S0047-259X(03)00096-4): from few captures a person it recognised more than logistic
    regression did, within a second. The maps of the last convolution, averaged in 3 x 3 places, gave it less than the
    embedding.
    """
    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    model.fit(embeddings, people)
    return lambda embeddings: np.asarray(model.predict(embeddings))
