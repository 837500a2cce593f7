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
"""Other pictures of a person that a masked one is held against, and how they are drawn."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network answers to `n` pictures: `logits` `(n, classes)` and `embeddings` `(n, k)` of length 1."""

    logits: np.ndarray
    embeddings: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """`(n, classes)`."""
        return softmax(self.logits)

    def ranks(self, class_index: int) -> np.ndarray:
        """The place of a class among all, `(n,)`: 1 where no other has a larger score."""
        return 1 + (self.logits > self.logits[:, [class_index]]).sum(axis=1)


def ask(network: Network, images: np.ndarray) -> Answer:
    """Logits and embeddings of pictures `(n, h, w, 3)` in [0, 1], each picture going through the network once."""
    function, inputs, size = _both(network), network.inputs(images), batch_size(network.entry)
    parts = [function(tf.constant(inputs[start : start + size])) for start in range(0, len(inputs), size)]
    logits, embeddings = (np.concatenate([part[place].numpy() for part in parts]) for place in (0, 1))
    return Answer(logits, _unit(embeddings.reshape(len(inputs), -1)))


@cached_on_network
def _both(network: Network) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Logits and embedding, compiled and kept."""
    embedding = layer_of(network.model, network.entry.embedding_layer).output
    model = keras.Model(network.model.input, [network.model.output, embedding])

    inputs = tf.TensorSpec(network.model.input_shape, tf.float32)
    return compile_function(lambda inputs: model(inputs, training=False), [inputs])


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors `(n, k)` of length 1; one of zeros stays so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def distances(embeddings: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Mean cosine distance of embeddings `(n, k)` to those of a person's other pictures `(m, k)`: `(n,)` in [0, 2].

    Embeddings have length 1. It is the verification score of face recognition: the same person where it is small.
    """
    result: np.ndarray = 1 - (embeddings @ reference.T).mean(axis=1)
    return result


@cached_on_network
def embeddings_of(network: Network, person: int) -> np.ndarray:
    """Embeddings `(CAPTURES, k)` of a rendered person, each time taken in another way."""
    size = network.entry.input_size
    return ask(network, np.stack([faces.shot(person, SEED, index, size)[0] for index in range(CAPTURES)])).embeddings
