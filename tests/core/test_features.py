"""Activation maximization by hand, and against a plain loop after the Keras example."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from core import features
from core.features import ascent, objectives
from core.networks import NETWORKS, UNTRAINED, Network, NetworkError, load

maximize = partial(ascent.maximize, preset="course")
AVAILABLE = [name for name, entry in NETWORKS.items() if entry.available]


def one_convolution(kernel: list[list[float]], bias: list[float], activation: str = "relu") -> Network:
    """4 x 9 pixels, one 1 x 1 convolution with `kernel` `(k, 3)`; the mean of its maps are the logits."""
    inputs = keras.Input((4, 9, 3))
    x = keras.layers.Conv2D(len(kernel), 1, activation=activation, name="maps")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="logits")(x))
    model.get_layer("maps").set_weights([np.float32(kernel).T[None, None], np.float32(bias)])
    return Network(replace(UNTRAINED, name="Tiny", preprocessing="unit", default_layer="maps"), model)


def test_one_convolution_by_hand():
    """Length of the kernel 3, of the gradient 3 / sqrt(36): a step of 6 adds (1, 2, 2) / 3 and raises the mean by 3."""
    network = one_convolution([[1, 2, 2]], [-10])
    start = ascent.first_picture(network, seed=4)
    result = maximize(network, "maps", [0], learning_rate=6, iterations=5, seed=4)
    first = (start @ np.float32([1, 2, 2])).mean() - 10
    np.testing.assert_allclose(result.activations[0], first + 3 * np.arange(6), rtol=1e-5)
    expected = start + 5 * np.float32([1, 2, 2]) / 3
    np.testing.assert_allclose(result.images, features.display(expected), atol=1e-5)
    assert result.dead.tolist() == [False]  # silent after ReLU at first, it wakes up


def test_the_first_picture_is_grey_with_noise():
    start = ascent.first_picture(load("MiniFace-untrained"), seed=0)
    assert start.shape == (1, 112, 112, 3)
    assert start.dtype == np.float32
    assert -0.125 <= start.min() < -0.124
    assert 0.124 < start.max() <= 0.125
    assert abs(start.mean()) < 1e-3


def plain_loop(network: Network, layer: str, channel: int, start: np.ndarray, rate: float, iterations: int):
    """The Keras example's loop, written anew: raw kernels, no compiled function, one picture at a time."""
    model = network.model
    target = model.get_layer(layer)
    before = keras.Model(model.input, target.input)
    image, history = tf.constant(start), []
    for _ in range(iterations + 1):
        with tf.GradientTape() as tape:
            tape.watch(image)
            maps = before(image)
            if layer.startswith("fc"):
                loss = tf.tensordot(maps[0], target.kernel[:, channel], 1) + target.bias[channel]
            else:
                one = tf.nn.conv2d(maps, target.kernel[..., channel : channel + 1], 1, "SAME") + target.bias[channel]
                loss = tf.reduce_mean(one[:, 2:-2, 2:-2] if one.shape[1] >= 8 else one)
        history.append(float(loss))
        gradients = tape.gradient(loss, image)
        last = image
        image += rate * gradients / tf.sqrt(tf.reduce_sum(gradients**2))
    return last.numpy(), history


@pytest.mark.parametrize(
    ("layer", "channel", "iterations"),
    [("conv1_2", 3, 8), ("conv3_3", 10, 8), ("conv5_3", 7, 8), ("fc7", 5, 5), ("fc8", 2, 5)],
    # a step of this length flips a ReLU where two roundings differ: after more steps single pixels drift apart
)
@pytest.mark.parametrize("name", AVAILABLE)
def test_against_a_plain_loop(name, layer, channel, iterations):
    network = load(name)
    start = ascent.first_picture(network, seed=3)
    ours = maximize(network, layer, [channel], learning_rate=10, iterations=iterations, seed=3)
    picture, history = plain_loop(network, layer, channel, start, 10, iterations)
    np.testing.assert_allclose(ours.activations[0], history, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.images, features.display(picture), atol=1e-3)


def test_a_picture_does_not_depend_on_the_channels_beside_it():
    network = load("MiniFace-untrained")
    alone = maximize(network, "conv2_2", [4], iterations=5)
    among = maximize(network, "conv2_2", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], iterations=5)
    assert among.images.shape == (10, 112, 112, 3)
    assert among.activations.shape == (10, 6)
    assert among.dead.shape == (10,)
    np.testing.assert_allclose(among.images[4], alone.images[0], atol=1e-3)
    np.testing.assert_allclose(among.activations[4], alone.activations[0], rtol=1e-3)


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    network = load("MiniFace-untrained")
    first, again, other = (maximize(network, "conv2_1", [1, 2], iterations=3, seed=seed).images for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_the_activation_rises():
    activations = maximize(load("MiniFace-untrained"), "conv4_3", list(range(8)), iterations=30).activations
    assert (activations[:, -1] > activations[:, 0] + 1).all()


def test_a_channel_that_never_fires_is_dead_unless_it_has_no_relu():
    kernel, bias = [[0, 0, 0], [1, 0, 0]], [-1, 0]
    assert maximize(one_convolution(kernel, bias), "maps", [0, 1]).dead.tolist() == [True, False]
    assert maximize(one_convolution(kernel, bias, "linear"), "maps", [0]).dead.tolist() == [False]


def test_a_picture_that_diverges_is_named():
    with pytest.raises(NetworkError, match="channel 1 diverged in iteration 1; choose a smaller learning rate"):
        maximize(one_convolution([[1, 0, 0], [1e3, 0, 0]], [0, 0]), "maps", [0, 1], learning_rate=1e37)


def test_iterations_are_reported_and_can_be_stopped():
    class Stop(Exception):
        pass

    seen = []

    def report(iteration, pictures, activations):
        seen.append((iteration, pictures.shape, activations.shape))
        if iteration == 2:
            raise Stop

    with pytest.raises(Stop):
        maximize(load("MiniFace-untrained"), "conv1_1", [0, 1, 2], report=report)
    assert seen == [(i, (3, 112, 112, 3), (3,)) for i in range(3)]


def test_the_objective_leaves_out_the_border_of_a_large_map():
    maps = np.full((1, 8, 12), 100, np.float32)
    maps[0, 2:-2, 2:-2] = 3
    assert float(objectives.mean(tf.constant(maps))[0]) == 3
    assert float(objectives.mean(tf.constant(maps[:, :7, :7]))[0]) == pytest.approx((20 * 3 + 29 * 100) / 49)


def test_a_centre_unit_is_the_value_in_the_middle():
    maps = np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5)
    assert objectives.centre(tf.constant(maps)).numpy().tolist() == [7, 22]


@pytest.mark.parametrize(("layer", "channels", "reason"), [
    ("conv9", [0], "unknown_layer"), ("conv1_1", [16], "unknown_channel"), ("conv1_1", [], "no_channels"),
])  # fmt: skip
def test_what_does_not_exist_is_named(layer, channels, reason):
    with pytest.raises(NetworkError) as caught:
        maximize(load("MiniFace-untrained"), layer, channels)
    assert caught.value.reason == reason


def test_every_picture_is_shown_with_the_same_contrast():
    pictures = np.random.default_rng(0).normal([[[[3]]], [[[-7]]]], [[[[0.1]]], [[[40]]]], (2, 60, 80, 3))
    shown = features.display(pictures)
    assert shown.shape == (2, 60, 80, 3)
    np.testing.assert_allclose(shown.mean(axis=(1, 2, 3)), 0.5, atol=0.01)
    np.testing.assert_allclose(shown.std(axis=(1, 2, 3)), 0.15, atol=0.01)


def test_only_a_large_picture_loses_its_border():
    assert features.display(np.zeros((1, 150, 180, 3))).shape == (1, 100, 130, 3)
    assert features.display(np.zeros((1, 149, 180, 3))).shape == (1, 149, 180, 3)


def test_contact_sheet_runs_row_by_row():
    images = np.stack([np.full((2, 5, 3), value) for value in (0.1, 0.2, 0.3)])
    sheet = features.contact_sheet(images, columns=2, margin=1)
    assert sheet.shape == (5, 11, 3)
    np.testing.assert_allclose([sheet[0, 0, 0], sheet[0, 6, 0], sheet[3, 0, 0]], [0.1, 0.2, 0.3], rtol=1e-6)
    assert (sheet[2] == 1).all()
    assert (sheet[3:, 6:] == 1).all()


def test_defaults_lie_within_their_ranges():
    for param in features.PARAMS:
        assert param.minimum <= param.default <= param.maximum
