"""Randomization: what is left of a map when the weights are made random, layer by layer from the last to the first?

Adebayo et al. 2018, Sanity checks for saliency maps, https://arxiv.org/abs/1810.03292. A map that does not change with
the weights does not explain them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

import keras
import numpy as np

from core.attribution import cam
from core.evaluation import Stage
from core.evaluation.similarity import edges, enlarged, rank_correlation, structural_similarity
from core.networks.entry import NetworkError, memory_for_networks
from core.networks.loading import load
from core.networks.network import Network

STAGES = 16
"""Most stages between the network as it was trained and the one that is all random."""
_one_at_a_time = Lock()


def cascade(
    network: Network, image: np.ndarray, explain: Callable[[Network], np.ndarray], *, seed: int = 0
) -> Iterator[Stage]:
    """The stages of cascading randomization, one for each of `layer_counts(network.model)`, the first being the network
    as it is.

    `explain` makes the raw map of a network; `image` is the image `(h, w, 3)` in [0, 1], of the network's size. The
    shared network stays as it is: its copy is randomized, see `copy_of`. NetworkError: no room for a copy.
    """
    names, outlines, first = weighted_layers(network.model), edges(image), None
    for count in layer_counts(network.model):
        with randomized(network, count, seed) as copy:
            values = explain(copy)
        whole = enlarged(values, image)
        first = whole if first is None else first
        likeness = rank_correlation(whole, first), structural_similarity(whole, first)
        yield Stage(count, names[count - 1] if count else "", values, *likeness, rank_correlation(whole, outlines))


def copy_of(network: Network) -> Network:
    """A network of its own with the same layers, one for each network, loaded and dropped like any other.

    Its compiled functions stay good when its weights are set, so there is no need for another one.
    NetworkError: no room for two of them.
    """
    entry = network.entry
    if 2 * entry.memory > memory_for_networks():
        raise NetworkError("no_room_for_copy", name=entry.name)
    return load(replace(entry, title=f"{entry.title}, randomized"))


@contextmanager
def randomized(network: Network, count: int, seed: int = 0) -> Iterator[Network]:
    """The copy whose last `count` layers are random, see `randomize`; nobody else sets its weights meanwhile."""
    copy = copy_of(network)
    with _one_at_a_time:
        randomize(copy, network, count, seed)
        yield copy


def weighted_layers(model: keras.Model) -> list[str]:
    """Names of the layers with weights, from the last to the first."""
    return [layer.name for layer in reversed(model.layers) if layer.weights]


def layer_counts(model: keras.Model) -> list[int]:
    """Numbers of layers that are random at each stage, from 0 to all, at most `STAGES` steps apart evenly."""
    layers = len(weighted_layers(model))
    return sorted({round(part) for part in np.linspace(0, layers, min(layers, STAGES) + 1)})


def randomize(copy: Network, network: Network, count: int, seed: int = 0) -> None:
    """Set the weights of `copy`: the last `count` layers with weights drawn anew, the others as in `network`.

    A kernel is drawn from a normal distribution around 0 with the standard deviation that training gave it, so that
    signals keep about their strength; biases and normalizations are shuffled. A layer's draw depends on the seed and
    its place alone, so each stage only adds to the one before it.
    """
    for place, name in enumerate(weighted_layers(network.model)):
        weights = network.model.get_layer(name).get_weights()
        if place < count:
            rng = np.random.default_rng([seed, place])
            weights = [_drawn(rng, values) for values in weights]
        copy.model.get_layer(name).set_weights(weights)
    cam.discard_heads(copy)


def _drawn(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    if weights.ndim < 2:
        return rng.permutation(weights)
    return rng.standard_normal(weights.shape, dtype=np.float32) * weights.std()
