"""MiniFace: VGG16 in miniature, the face network that ships with the app.

Thirteen 3 x 3 convolutions in five blocks (2-2-3-3-3), each block closed by a 2 x 2 max pooling, then three dense
layers: the shape of VGG16 (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556) and of VGGFace
(Parkhi 2015, https://www.robots.ox.ac.uk/~vgg/publications/2015/Parkhi15/parkhi15.pdf), layer names included.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

INPUT_SIZE = 112
PEOPLE = 48
BLOCKS = {1: (16, 2), 2: (32, 2), 3: (64, 3), 4: (96, 3), 5: (128, 3)}
"""Block number -> (channels, convolutions)."""
FC6, FC7 = 128, 128
"""Units of the two hidden dense layers; fc7 is the embedding."""


def build(classes: int = PEOPLE, *, normalize: bool = False, seed: int = 0) -> keras.Model:
    """Build MiniFace with random weights (He 2015, https://arxiv.org/abs/1502.01852); its output are logits.

    `normalize` puts a BatchNormalization after every convolution and hidden dense layer, without which a plain VGG of
    this depth does not start to learn; `fold` removes them again. The same `seed` gives the same weights.
    """
    rng = np.random.default_rng(seed)

    def initialized(layer: type[layers.Layer], name: str, **arguments: object) -> layers.Layer:
        start = keras.initializers.HeNormal(seed=int(rng.integers(2**31)))
        return layer(name=name, kernel_initializer=start, activation=None if normalize else "relu", **arguments)

    def apply(layer: layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        x = layer(x)
        if normalize:
            x = layers.BatchNormalization(name=f"{layer.name}_norm")(x)
            x = layers.ReLU(name=f"{layer.name}_relu")(x)
        return x

    inputs = x = keras.Input((INPUT_SIZE, INPUT_SIZE, 3), name="input")
    for block, (channels, convolutions) in BLOCKS.items():
        for index in range(1, convolutions + 1):
            conv = initialized(layers.Conv2D, f"conv{block}_{index}", filters=channels, kernel_size=3, padding="same")
            x = apply(conv, x)
        x = layers.MaxPooling2D(2, name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = apply(initialized(layers.Dense, "fc6", units=FC6), x)
    x = apply(initialized(layers.Dense, "fc7", units=FC7), x)
    head_start = keras.initializers.GlorotUniform(seed=int(rng.integers(2**31)))
    logits = layers.Dense(classes, kernel_initializer=head_start, name="fc8", dtype="float32")(x)
    return keras.Model(inputs, logits, name="miniface")


def fold(trained: keras.Model, classes: list[int] | None = None) -> keras.Model:
    """Fold every BatchNormalization of a network built with `normalize=True` into the layer before it.

    `w' = w * gamma / sqrt(variance + epsilon)`, `b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta`: the
    same function, now convolutions and ReLU alone (Jacob 2017, https://arxiv.org/abs/1712.05877, section 3.2).
    `classes` keeps only these rows of the head, in this order.
    """
    kernel, bias = trained.get_layer("fc8").get_weights()
    rows = list(range(len(bias))) if classes is None else classes
    plain = build(len(rows))
    for layer in plain.layers:
        if layer.name == "fc8":
            layer.set_weights([kernel[:, rows], bias[rows]])
        elif layer.weights:
            kernel_of_layer, bias_of_layer = trained.get_layer(layer.name).get_weights()
            norm = trained.get_layer(f"{layer.name}_norm")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            layer.set_weights([kernel_of_layer * scale, (bias_of_layer - mean) * scale + beta])
    return plain
