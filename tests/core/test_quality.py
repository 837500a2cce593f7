"""Patches that excite a channel, and figures of a network's training, on cases worked out by hand."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.features import patches, quality
from core.images import Box
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED


def test_smoothness():
    kernels = np.zeros((3, 3, 1, 3))
    kernels[..., 0, 0] = 2.0  # constant
    kernels[..., 0, 1] = np.indices((3, 3)).sum(axis=0) % 2 * 2 - 1.0  # a chessboard
    np.testing.assert_allclose(quality.smoothness(kernels), [1, -1, 0])
    noise = np.random.default_rng(0).normal(size=(7, 7, 3, 200))
    assert abs(quality.smoothness(noise).mean()) < 0.02


def test_spectral_entropy():
    x = np.arange(16)
    wave = np.broadcast_to(np.cos(2 * np.pi * 3 * x / 16)[None, :, None], (16, 16, 3))  # two conjugate frequencies
    noise = np.random.default_rng(0).normal(size=(16, 16, 3))
    flat = np.full((16, 16, 3), 0.4)
    entropy = quality.spectral_entropy(np.stack([wave, noise, flat]))
    assert entropy[0] == pytest.approx(np.log(2) / np.log(255))
    assert 0.9 < entropy[1] < 1
    assert entropy[2] == 0


def test_selectivity():
    people = np.array([0, 0, 1, 1])
    responses = np.array([[1.0, 1, 5], [1, 3, 5], [4, 1, 5], [4, 3, 5]])
    np.testing.assert_allclose(quality.selectivity(responses, people), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(quality.selectivity(np.array([[0.0], [2], [2], [4]]), people), [4 / 8])


def bright_red() -> Network:
    """A 3 x 3 mean of red, without padding, every other place: the field is 3 pixels, the stride 2."""
    inputs = keras.Input((9, 9, 3))
    maps = keras.layers.Conv2D(1, 3, strides=2, use_bias=False, name="maps")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(maps))
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[:, :, 0, 0] = 1 / 9
    model.get_layer("maps").set_weights([kernel])
    return Network(replace(UNTRAINED, preprocessing="unit", input_size=9), model)


def test_patches_are_the_fields_of_the_strongest_answers():
    images = np.zeros((3, 9, 9, 3), np.float32)
    images[1, 6:9, 3:6, 0] = 1  # nearly under the place (3, 1 or 2)
    images[2, 0:3, 0:3, 0] = 0.5
    network = bright_red()
    responses = patches.responses(network, "maps", images)
    assert responses.map_shape == (4, 4)
    top = patches.top_patches(network, "maps", 0, images, responses, 2)
    assert top.sources.tolist() == [1, 2]
    np.testing.assert_allclose(top.activations, [2 / 3, 0.5], rtol=1e-6)
    assert top.boxes[1] == Box(0, 0, 3)
    np.testing.assert_allclose(top.images[1, ..., 0], 0.5)
    assert responses.positions[2, 0].tolist() == [0, 0]


def test_a_field_larger_than_the_picture_is_the_picture():
    network = load("MiniFace-untrained")
    images = np.random.default_rng(0).random((3, 112, 112, 3), dtype=np.float32)
    responses = patches.responses(network, "conv5_3", images)
    np.testing.assert_allclose(responses.means, network.run(images, "conv5_3").mean(axis=(1, 2)), atol=1e-6)
    top = patches.top_patches(network, "conv5_3", 5, images, responses, 3)
    assert top.boxes == (Box(0, 0, 112),) * 3
    assert np.all(np.diff(top.activations) <= 0)


def test_like_stands_beside_like():
    """Channels 0, 2, 4 are one kind and 1, 3 another; of the first, 2 lies between 0 and 4, and 4 is nearest to 1."""
    angles = np.radians([0, 90, 10, 95, 20])
    order = quality.order_by_similarity(np.cos(angles[:, None] - angles)).tolist()
    assert order in ([0, 2, 4, 1, 3], [3, 1, 4, 2, 0])
    assert quality.order_by_similarity(np.eye(2)).tolist() == [0, 1]
