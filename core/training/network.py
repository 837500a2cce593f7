"""The network of the digits lab: three small convolutions, each halved by a max pooling, and two dense layers.

    l0 28 x 28 x 1
    l1 9 filters 5 x 5 (234 weights), l1_mp, l2 9 filters 5 x 5 (2,034), l2_mp, l3 16 filters 3 x 3 (1,312), l3_mp
    flat 144, l4 25 units (3,625), l5 10 units (260)

as in the course's report.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import initializers, layers

from core.digits import CLASSES, SIDE
from core.networks.network import Network
from core.networks.table import DIGITS

WIDTHS, KERNEL_SIZES, HIDDEN = (9, 9, 16), (5, 5, 3), 25
INITIALIZATIONS: dict[str, Callable[[int], initializers.Initializer]] = {
    "glorot": lambda seed: initializers.GlorotUniform(seed=seed),
    "he": lambda seed: initializers.HeNormal(seed=seed),
    "small": lambda seed: initializers.RandomNormal(stddev=0.01, seed=seed),
}
"""Name -> how the weights of a layer are drawn. Glorot 2010, https://proceedings.mlr.press/v9/glorot10a.html; He 2015,
https://arxiv.org/abs/1502.01852"""


def build(
    widths: tuple[int, int, int] = WIDTHS,
    *,
    kernel_sizes: tuple[int, int, int] = KERNEL_SIZES,
    activation: str = "relu",
    dropout: float = 0.0,
    initialization: str = "glorot",
    scale: float = 1.0,
    classes: int = CLASSES,
    seed: int = 0,
) -> keras.Model:
    """The network with random weights, from digits `(n, 28, 28, 1)` in [0, 1] to logits `(n, classes)`.

    `widths` and `kernel_sizes` are of the three convolutions. `activation` is any of Keras', `initialization` one of
    `INITIALIZATIONS`. `dropout` is the share of l4's values that are dropped in training. Inputs are multiplied by
    `scale`. The same `seed` gives the same weights.
    """
    rng = np.random.default_rng(seed)

    def start() -> initializers.Initializer:
        return INITIALIZATIONS[initialization](int(rng.integers(2**31)))

    inputs = x = keras.Input((SIDE, SIDE, 1), name="l0")
    if scale != 1:
        x = layers.Rescaling(scale, name="l0_scaled")(x)
    for number, (width, size) in enumerate(zip(widths, kernel_sizes, strict=True), start=1):
        x = layers.Conv2D(
            width, size, padding="same", activation=activation, kernel_initializer=start(), name=f"l{number}"
        )(x)
        x = layers.MaxPooling2D(2, name=f"l{number}_mp")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(HIDDEN, activation=activation, kernel_initializer=start(), name="l4")(x)
    if dropout:
        x = layers.Dropout(dropout, seed=int(rng.integers(2**31)), name="l4_drop")(x)
    logits = layers.Dense(classes, kernel_initializer=start(), name="l5")(x)
    return keras.Model(inputs, logits, name="digits")


def as_network(model: keras.Model) -> Network:
    """A digits network as pages and methods use one: for colour images, of which it sees the grey."""
    return Network(DIGITS, model)


def weights_of(model: keras.Model) -> list[np.ndarray]:
    """Kernels and biases in the order of the layers, as copies."""
    return [np.array(variable) for variable in model.trainable_variables]
