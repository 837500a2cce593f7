"""What the benchmarks share: a network without a download, and what the machine can do at most."""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from core.networks.loading import _model
from core.networks.network import Network
from core.networks.table import NETWORKS


def options(description: str, quick: str) -> argparse.Namespace:
    """What a benchmark that takes turns is asked: `rounds`, `quick`, which means what its help says, and `json`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def random_vgg16(seed: int = 0) -> Network:
    """VGG16's shape with random weights; grey is 0, so that it answers twice as strongly to twice the contrast."""
    keras.utils.set_random_seed(seed)
    entry = replace(NETWORKS["VGG16"], preprocessing="tf")
    return Network(entry, _model(entry))


def convolution_speed(precision: str = "float32") -> float:
    """Multiplications a second of a bare 3 x 3 convolution, 256 to 256 channels, as VGG16's in its middle."""
    kind = tf.as_dtype(precision)
    x, kernel = tf.cast(tf.random.normal((8, 45, 45, 256)), kind), tf.cast(tf.random.normal((3, 3, 256, 256)), kind)
    run = tf.function(lambda x, kernel: tf.nn.conv2d(x, kernel, 1, "SAME"))
    run(x, kernel)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        run(x, kernel).numpy()
        times.append(time.perf_counter() - began)
    return 8 * 45 * 45 * 9 * 256 * 256 / statistics.median(times)


def multiplications(network: Network, layer: str, size: int | None = None) -> float:
    """Of the convolutions of one forward pass of one picture, up to a layer; `size` is by default the network's own."""
    total = 0.0
    for one in network.model.layers:
        if isinstance(one, keras.layers.Conv2D):
            total += float(np.prod(one.output.shape[1:3])) * float(np.prod(one.kernel.shape))
        if one.name == layer:
            break
    return total * ((size or network.entry.input_size) / network.entry.input_size) ** 2
