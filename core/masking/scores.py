"""How well is a person still recognised? By the network's softmax, and by the distance of embeddings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from core import faces
from core.networks.layers import layer_of
from core.networks.network import Network, batch_size, cached_on_network, compile_function, softmax

CAPTURES, SEED = 8, 91
"""Reference captures of a person that a masked image is compared with, and how they are drawn."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """A network's predictions for `n` images: `logits` `(n, classes)` and `embeddings` `(n, k)` of length 1."""

    logits: np.ndarray
    embeddings: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """`(n, classes)`, the softmax of the logits."""
        return softmax(self.logits)

    def ranks(self, class_index: int) -> np.ndarray:
        """The rank of a class among all, `(n,)`: 1 where no other has a larger score."""
        return 1 + (self.logits > self.logits[:, [class_index]]).sum(axis=1)


def predict(network: Network, images: np.ndarray) -> Predictions:
    """Logits and embeddings of images `(n, h, w, 3)` in [0, 1], each of which goes through the network once."""
    function, inputs, size = _logits_and_embeddings(network), network.inputs(images), batch_size(network.entry)
    batches = [function(tf.constant(inputs[start : start + size])) for start in range(0, len(inputs), size)]
    logits, embeddings = (np.concatenate([batch[output].numpy() for batch in batches]) for output in (0, 1))
    return Predictions(logits, _normalised(embeddings.reshape(len(inputs), -1)))


@cached_on_network
def _logits_and_embeddings(network: Network) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Both outputs in one pass, compiled."""
    embedding = layer_of(network.model, network.entry.embedding_layer).output
    model = keras.Model(network.model.input, [network.model.output, embedding])

    inputs = tf.TensorSpec(network.model.input_shape, tf.float32)
    return compile_function(lambda inputs: model(inputs, training=False), [inputs])


def _normalised(vectors: np.ndarray) -> np.ndarray:
    """Vectors `(n, k)` of length 1; one of zeros stays so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def distances(embeddings: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Mean cosine distance of embeddings `(n, k)` to those of a person's other images `(m, k)`: `(n,)` in [0, 2].

    Embeddings have length 1. It is the verification score of face recognition: the same person where it is small.
    """
    result: np.ndarray = 1 - (embeddings @ reference.T).mean(axis=1)
    return result


@cached_on_network
def reference_embeddings(network: Network, person: int) -> np.ndarray:
    """Embeddings `(CAPTURES, k)` of other captures of a rendered person."""
    size = network.entry.input_size
    captures = np.stack([faces.render_capture(person, SEED, index, size)[0] for index in range(CAPTURES)])
    return predict(network, captures).embeddings
