"""A loaded network: what it answers, and what is compiled of it. Importing this module imports no Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from core.images import resize
from core.networks.entry import Entry, NetworkError
from core.networks.preprocessing import PREPROCESSING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

SMALL, BATCH, SMALL_BATCH = 128, 4, 32
"""Images that go through a network at once: `SMALL_BATCH` of at most `SMALL` pixels a side, `BATCH` of larger ones.
More gain no speed and cost memory."""


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network, shared by everybody: read it, build sub-networks from it, never change it.

    `model` maps preprocessed inputs to logits; `cache` holds what `cached_on_network` made of it.
    """

    entry: Entry
    model: keras.Model
    cache: dict[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict, repr=False)

    def resized(self, images: np.ndarray) -> np.ndarray:
        """Images, `(h, w, 3)` or `(n, h, w, 3)` in [0, 1], as a batch of the size that the network takes, float32.

        Images of another size are stretched to the network's: crop them first where proportions matter.
        """
        images = np.asarray(images, np.float32)
        if images.ndim not in (3, 4) or images.shape[-1] != 3:
            raise NetworkError("pictures", shape=images.shape)
        batch = images.reshape(-1, *images.shape[-3:])
        height, width = self.model.input_shape[1:3]
        if batch.shape[1:3] != (height, width):
            batch = np.stack([resize(image, height, width) for image in batch])
        return batch

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Images as in `resized`, prepared as the network's training images were: `(n, h, w, c)` float32."""
        return np.asarray(PREPROCESSING[self.entry.preprocessing](self.resized(images)), np.float32)

    def run(self, images: np.ndarray, layer: str | None = None) -> np.ndarray:
        """Output of a layer, by default the logits, for images as in `inputs`: `(n, ...)`."""
        function = layer_function(self, layer or self.model.layers[-1].name)
        inputs, size = self.inputs(images), batch_size(self.entry)
        chunks = (inputs[start : start + size] for start in range(0, len(inputs), size))
        return np.concatenate([function(chunk) for chunk in chunks])

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities `(n, classes)` of images as in `inputs`: the softmax of the logits."""
        return softmax(self.run(images))

    def check_class(self, class_index: int) -> int:
        """Return `class_index`; NetworkError where the network has no such class."""
        classes = self.model.output_shape[-1]
        if not 0 <= class_index < classes:
            raise NetworkError("unknown_class", network=self.entry.name, class_index=class_index, last=classes - 1)
        return int(class_index)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Positive weights `(..., k)` that sum to 1, each e times the one whose score is 1 less."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the same softmax, without overflow
    return powers / powers.sum(axis=-1, keepdims=True)


def batch_size(entry: Entry) -> int:
    """How many images go through the network at once."""
    return SMALL_BATCH if entry.input_size <= SMALL else BATCH


def cached_on_network(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make what `function(network, *key)` returns once, and keep it as long as the network: it goes when that goes."""

    @wraps(function)
    def call(network: Network, *key: Any) -> Any:
        if function not in network.cache:
            network.cache[function] = lru_cache(maxsize=64)(partial(function, network))
        return network.cache[function](*key)

    return call


def compile_function(
    function: Callable[..., Any], input_signature: Sequence[tf.TensorSpec] | None = None, **options: Any
) -> Any:
    """`tf.function` of a function of tensors: traced once for its `input_signature`, or for every shape that comes.

    Python's own `if` and `for` run while it is traced and are not translated (no autograph): translating parses the
    source of all that is called, in which CPython fails where two threads do it at once, and leaves a file of each
    function in the temporary folder.
    """
    import tensorflow as tf

    return tf.function(function, input_signature, autograph=False, **options)  # noqa: TID251


@cached_on_network
def layer_function(network: Network, layer: str) -> Callable[[np.ndarray], np.ndarray]:
    """One compiled function, kept, from inputs `(n, h, w, c)` to the output of `layer`."""
    import tensorflow as tf

    from core.networks.layers import cut

    part, inputs = cut(network.model, layer), tf.TensorSpec(network.model.input_shape, tf.float32)
    run = compile_function(lambda inputs: part(inputs, training=False), [inputs])
    return lambda inputs: run(tf.constant(inputs)).numpy()


def feature_maps(network: Network, images: np.ndarray, layer: str) -> np.ndarray:
    """Feature maps `(n, h, w, k)` of a layer, after its activation, for images `(h, w, 3)` or `(n, h, w, 3)` in
    [0, 1]; NetworkError where it has none.
    """
    from core.networks.layers import feature_shape

    feature_shape(network.model, layer)
    return network.run(images, layer)
