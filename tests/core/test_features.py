"""Activation maximization by hand, and against a plain loop after the Keras example."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from distinct import DISTINCT

from core import colours, features, images
from core.errors import ReasonedError
from core.features import ascent, atlas, compiled, objectives, parameterization, regularizers
from core.features.parameterization import Fourier
from core.features.robustness import ROBUSTNESS, transform
from core.networks.entry import NetworkError
from core.networks.layers import cut, kernel_layers
from core.networks.loading import load
from core.networks.network import Network, cached_on_network
from core.networks.preprocessing import PREPROCESSING
from core.networks.table import NETWORKS, UNTRAINED

maximize = partial(ascent.maximize, preset="course")
AVAILABLE = [name for name in DISTINCT if NETWORKS[name].available]


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
    start = ascent.initial_inputs(network, seed=4)
    result = maximize(network, "maps", [0], learning_rate=6, iterations=5, seed=4)
    first = (start @ np.float32([1, 2, 2])).mean() - 10
    np.testing.assert_allclose(result.activations[0], first + 3 * np.arange(6), rtol=1e-5)
    expected = start + 5 * np.float32([1, 2, 2]) / 3
    np.testing.assert_allclose(result.images, features.to_display(expected), atol=1e-5)
    assert result.dead.tolist() == [False]  # silent after ReLU at first, it wakes up


def test_the_first_picture_is_grey_with_noise():
    start = ascent.initial_inputs(load("MiniFace-untrained"), seed=0)
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
    [("conv1_2", 3, 8), ("conv3_3", 10, 8), ("conv5_3", 7, 8), ("fc7", 5, 4), ("fc8", 2, 5)],
    # a step of this length flips a ReLU where two roundings differ: after more steps single pixels drift apart
)
@pytest.mark.parametrize("name", [name for name in AVAILABLE if "MiniFace" in name])
def test_against_a_plain_loop(name, layer, channel, iterations):
    network = load(name)
    start = ascent.initial_inputs(network, seed=3)
    ours = maximize(network, layer, [channel], learning_rate=10, iterations=iterations, seed=3)
    picture, history = plain_loop(network, layer, channel, start, 10, iterations)
    np.testing.assert_allclose(ours.activations[0], history, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.images, features.to_display(picture), atol=1e-3)


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
    with pytest.raises(features.FeatureError, match="channel 1 diverged in iteration 1; choose a smaller"):
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
    small = maps[:, :7, :7]
    assert float(objectives.mean(tf.constant(maps), circular=False)[0]) == 3
    assert float(objectives.mean(tf.constant(maps), circular=True)[0]) == pytest.approx((32 * 3 + 64 * 100) / 96)
    assert float(objectives.mean(tf.constant(small), circular=False)[0]) == pytest.approx((20 * 3 + 29 * 100) / 49)


def test_a_centre_unit_is_the_value_in_the_middle():
    maps = np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5)
    assert objectives.centre(tf.constant(maps), circular=False).numpy().tolist() == [7, 22]


def test_two_channels_climb_jointly_with_their_weights():
    """(1, 2, 2) once and (0, 3, -1) twice make the kernel (1, 8, 0), of length sqrt(65)."""
    network = one_convolution([[1, 2, 2], [0, 3, -1]], [-10, 4])
    start = ascent.initial_inputs(network, seed=0)
    result = maximize(network, "maps", [(0, 1)], weights=[(1, 2)], learning_rate=6, iterations=2)
    first = (start @ np.float32([1, 8, 0])).mean() - 2
    np.testing.assert_allclose(result.activations[0], first + np.sqrt(65) * np.arange(3), rtol=1e-5)
    np.testing.assert_allclose(result.inputs, start + 2 * np.float32([1, 8, 0]) / np.sqrt(65), atol=1e-5)


def test_a_plain_step_is_as_long_as_the_gradient():
    """The gradient of a mean of 36 values is a 36th of the kernel at every pixel."""
    network = one_convolution([[1, 2, 2]], [0])
    result = maximize(network, "maps", [0], optimizer="plain", learning_rate=18, iterations=1)
    expected = ascent.initial_inputs(network, seed=0) + np.float32([0.5, 1, 1])
    np.testing.assert_allclose(result.inputs, expected, atol=1e-5)


def test_the_first_step_of_adam_is_its_rate_in_every_pixel():
    network = one_convolution([[1, -2, 2]], [0])
    result = maximize(network, "maps", [0], optimizer="adam", learning_rate=5, iterations=1)
    expected = ascent.initial_inputs(network, seed=0) + np.float32([0.05, -0.05, 0.05])
    np.testing.assert_allclose(result.inputs, expected, atol=1e-4)


def test_on_the_sphere_the_contrast_is_that_of_a_picture_on_display():
    pictures = ascent.maximize(load("MiniFace-untrained"), "conv3_1", [0, 1], preset="fast", iterations=6).inputs
    np.testing.assert_allclose(pictures.std(axis=(1, 2, 3)), 2 * features.CONTRAST, rtol=1e-3)  # the range is [-1, 1]
    np.testing.assert_allclose(pictures.mean(axis=(1, 2, 3)), 0, atol=1e-4)


def test_total_variation_and_l2_by_hand():
    """Down |3 - 1| + |0 - 2| + |6 - 5| = 5, across |2 - 1| + |5 - 2| + |0 - 3| + |6 - 0| = 13; six values."""
    picture = tf.constant([[1.0, 2, 5], [3, 0, 6]])[None, ..., None]
    assert float(regularizers.total_variation(picture)[0]) == pytest.approx(18 / 6)
    assert float(regularizers.l2(picture)[0]) == pytest.approx(75 / 6)


def test_a_blurred_point():
    point = np.zeros((1, 5, 6, 3), np.float32)
    point[0, 2, 3] = 16
    half = regularizers.blurred(tf.constant(point), tf.constant(0.5), circular=False).numpy()
    np.testing.assert_allclose(half[0, 1:4, 2:5, 0], np.float32([[1, 2, 1], [2, 4 + 16, 2], [1, 2, 1]]) / 2)
    corner = tf.roll(point, (2, 2), (1, 2))
    around = regularizers.blurred(corner, tf.constant(0.5), circular=True)
    np.testing.assert_allclose(tf.roll(around, (-2, -2), (1, 2)), half)


def test_total_variation_smooths():
    network = load("MiniFace-untrained")
    both = maximize(network, "conv2_1", [3], iterations=10, tv_weight=[0, 50], learning_rate=1)
    rough, smooth = regularizers.total_variation(tf.constant(both.inputs)).numpy()
    assert smooth < rough / 1.5


@pytest.mark.parametrize("shape", [(8, 12), (7, 9)])
def test_fourier_leads_there_and_back(shape):
    what = Fourier(load("MiniFace-untrained"), shape)
    inputs = np.random.default_rng(0).uniform(-0.9, 0.9, (2, *shape, 3)).astype(np.float32)
    np.testing.assert_allclose(what.inputs(tf.constant(what.state(inputs))), inputs, atol=1e-4)


def test_a_random_spectrum_falls_with_its_frequency():
    """Coefficients of one size make pictures whose amplitude is 1 / frequency: four times less at four times more."""
    what = Fourier(load("MiniFace-untrained"), (64, 64))
    coefficients = np.random.default_rng(0).normal(0, 0.01, (40, 3, 64, 33, 2)).astype(np.float32)
    inputs = what.inputs(tf.constant(coefficients)).numpy()  # small enough for the sigmoid to be straight
    amplitudes = np.abs(np.fft.rfft2(inputs, axes=(1, 2))).mean(axis=(0, 3))
    assert amplitudes[4, 0] / amplitudes[16, 0] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("name", ["MiniFace-untrained", "VGG16"])
def test_colours_are_those_of_the_training_pictures(name):
    network = replace(load("MiniFace-untrained"), entry=NETWORKS[name])
    matrix = parameterization.colour_matrix.__wrapped__(network)
    covariance = matrix @ matrix.T
    assert np.linalg.norm(matrix, axis=0).max() == pytest.approx(1)
    assert (covariance > 0.3 * covariance.max()).all()  # what is bright in one colour is bright in all


@pytest.mark.parametrize("mode", PREPROCESSING)
def test_what_the_network_receives_leads_back_to_the_picture(mode):
    entry = replace(UNTRAINED, preprocessing=mode)
    images = np.random.default_rng(1).random((2, 3, 4, 3), np.float32)
    if mode == "grey":  # no colour comes back
        images = np.repeat(images[..., :1], 3, axis=-1)
    restored = parameterization.Deprocess(Network(entry, None))(PREPROCESSING[mode](images))
    np.testing.assert_allclose(restored, images, atol=1e-5)


def test_a_move():
    picture = tf.reshape(tf.range(2 * 5 * 7 * 3, dtype=tf.float32), (2, 5, 7, 3))
    still = ROBUSTNESS["off"].sample(np.random.default_rng(0), (5, 7))
    np.testing.assert_allclose(transform(picture, still, 0.5), picture, atol=1e-4)
    right = still + np.float32([0, 0, -2, 0, 0, 1, 0, 0])  # the picture goes 2 to the right, 1 up; grey comes in
    moved = transform(picture, right, np.float32(0.5)).numpy()
    np.testing.assert_allclose(moved[:, :4, 2:], picture[:, 1:, :5], atol=1e-4)
    np.testing.assert_allclose(moved[:, :, :2], 0.5, atol=1e-4)
    drawn = ROBUSTNESS["full"].sample(np.random.default_rng(3), (64, 64))
    assert abs(np.linalg.det(drawn[[0, 1, 3, 4]].reshape(2, 2)) - 1) < 0.25


def test_fast_goes_from_coarse_to_fine():
    network, fast = load("MiniFace-untrained"), features.PRESETS["fast"]

    def stages(layer, size=(180, 180), iterations=42, preset=fast, coarse=True):
        return [tuple(s) for s in ascent._stages(network, layer, preset, iterations, size, coarse=coarse)]

    assert stages("conv4_3") == [((48, 48), 40, True), ((180, 180), 2, False)]
    assert stages("conv5_3") == [((64, 64), 33, True), ((180, 180), 9, False)]  # it sees 196 pixels: 8 * (196 / 180)²
    assert stages("conv4_3", size=(112, 112)) == [((112, 112), 42, False)]  # no room for three small ones
    assert stages("conv4_3", iterations=2) == [((180, 180), 2, False)]
    assert stages("conv4_3", coarse=False) == [((180, 180), 42, False)]
    assert stages("conv4_3", size=(48, 48)) == [((48, 48), 42, False)]
    assert stages("fc8", size=(112, 112)) == [((112, 112), 42, False)]
    assert stages("conv4_3", preset=features.PRESETS["course"]) == [((180, 180), 42, False)]


def test_a_small_picture_is_tiled():
    small = np.arange(6.0).reshape(1, 2, 3, 1)
    assert ascent._tiled(small, (3, 5))[0, ..., 0].tolist() == [[0, 1, 2, 0, 1], [3, 4, 5, 3, 4], [0, 1, 2, 0, 1]]


@pytest.mark.parametrize("preset", features.PRESETS)
def test_every_preset_climbs_and_a_seed_gives_the_same_picture(preset):
    network = load("MiniFace-untrained")
    one, same, other = (
        ascent.maximize(network, "conv3_1", [0, 1], preset=preset, iterations=8, seed=seed) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one.images, same.images)
    np.testing.assert_array_equal(one.activations, same.activations)
    assert np.abs(one.images - other.images).max() > 0.05
    assert one.images.shape == one.inputs.shape == (2, 112, 112, 3)
    assert one.activations.shape == (2, 9)
    assert (one.activations[:, -1] > one.activations[:, 0]).all()


@pytest.mark.parametrize("preset", features.PRESETS)
def test_nothing_is_traced_again(preset, monkeypatch):
    network, parts = Network(UNTRAINED, load("MiniFace-untrained").model), []
    monkeypatch.setattr(ascent, "compiled_ascent", lambda *key: parts.append(made(*key)) or parts[-1])
    made = cached_on_network(compiled.CompiledAscent)
    for channels, rate in (([0], 3), ([5], 4), ([1, 2, 3], 5), (list(range(11)), 6), ([(1, 2), (3, 4)], 7)):
        ascent.maximize(
            network, "conv3_1", channels, preset=preset, iterations=3, learning_rate=rate, seed=rate, size=128
        )
    shapes = 1 if preset == "course" else 2  # one picture, and eight
    assert {part.compiled_step.experimental_get_tracing_count() for part in parts} == {shapes}
    assert len({id(part) for part in parts}) == 1 + (preset == "fast")


def test_going_on_is_one_longer_climb():
    network = load("MiniFace-untrained")
    first = maximize(network, "conv2_2", [1, 4], iterations=4)
    rest = maximize(network, "conv2_2", [1, 4], iterations=3, start=first.inputs)
    whole = maximize(network, "conv2_2", [1, 4], iterations=7)
    np.testing.assert_allclose(rest.inputs, whole.inputs, atol=1e-4)
    np.testing.assert_allclose(rest.activations, whole.activations[:, 4:], rtol=1e-4)


@pytest.mark.parametrize("preset", ["fast", "beautiful"])
def test_going_on_starts_where_the_last_climb_ended(preset):
    network = load("MiniFace-untrained")
    first = ascent.maximize(network, "conv3_1", [1], preset=preset, iterations=6)
    rest = ascent.maximize(network, "conv3_1", [1], preset=preset, iterations=1, start=first.inputs, robustness="off")
    assert rest.activations[0, 0] == pytest.approx(first.activations[0, -1], rel=0.02)


def test_rates_climb_side_by_side():
    network = load("MiniFace-untrained")
    both = maximize(network, "conv2_1", [6], learning_rate=[1, 20], iterations=4)
    for rate, picture, line in zip([1, 20], both.images, both.activations, strict=True):
        alone = maximize(network, "conv2_1", [6], learning_rate=rate, iterations=4)
        np.testing.assert_allclose(picture, alone.images[0], atol=1e-3)
        np.testing.assert_allclose(line, alone.activations[0], rtol=1e-3)


def test_a_fall_of_ten_steps_is_noted_within_one_size():
    falling = np.float32([[5, *range(12, 1, -1)], range(12)])
    (note,) = ascent._falls([3, 4], falling, [11])
    assert (note.reason, note.details) == ("rate_too_high", {"channel": 3, "steps": 10, "iteration": 11})
    assert not list(ascent._falls([3, 4], falling, [6, 5]))


@pytest.mark.skipif(not NETWORKS["MiniFace"].available, reason="needs the trained network")
def test_more_like_a_person():
    network = load("MiniFace")
    result = ascent.maximize(network, "", [7, 30], objective="person", iterations=20)
    assert network.predict(result.images).argmax(axis=1).tolist() == [7, 30]


@pytest.mark.parametrize("layer", ["conv1_1", "conv3_3", "pool4", "fc7"])
def test_bfloat16_is_nearly_the_same(layer):
    network = load("MiniFace-untrained")
    exact, near = (
        ascent.maximize(network, layer, [1, 2], iterations=1, precision=precision).activations[:, 0]
        for precision in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(near, exact, rtol=0.05, atol=0.02)


@pytest.mark.parametrize(("params", "reason"), [
    ({"preset": "slow"}, "unknown_choice"), ({"optimizer": "down"}, "unknown_choice"),
    ({"objective": "sum"}, "unknown_choice"), ({"learning_rate": [1, 2, 3]}, "other_count"),
    ({"weights": [(1,)]}, "other_count"), ({"start": np.zeros((2, 8, 8, 3))}, "start_shape"),
    ({"objective": "person", "channels": [99, 0]}, "unknown_channel"),
])  # fmt: skip
def test_what_cannot_be_is_named(params, reason):
    with pytest.raises(ReasonedError) as caught:
        ascent.maximize(load("MiniFace-untrained"), "conv1_1", **{"channels": [0, 1], **params})
    assert caught.value.reason == reason


def test_a_sheet_of_the_atlas_is_cut_into_its_tiles(tmp_path, monkeypatch):
    monkeypatch.setattr(atlas, "FOLDER", tmp_path)
    shades = np.linspace(0, 1, 32)
    pictures = np.ones((32, atlas.TILE, atlas.TILE, 3)) * shades[:, None, None, None]
    sheet = colours.contact_sheet(pictures, atlas.COLUMNS, atlas.MARGIN)
    file = atlas.sheet_path("MiniFace", "conv1_1")
    file.parent.mkdir()
    file.write_bytes(images.encode(sheet, "webp", 95))
    tiles = atlas.tiles("MiniFace", "conv1_1")
    np.testing.assert_allclose(tiles.mean(axis=(1, 2, 3)), shades, atol=0.02)
    assert atlas.layers("MiniFace") == ["conv1_1"]
    with pytest.raises(NetworkError, match="conv1_1"):
        atlas.tiles("MiniFace", "conv9")


@pytest.mark.parametrize("name", atlas.NETWORKS)
def test_the_atlas_holds_every_channel(name):
    model = load(name).model
    expected = [*kernel_layers(model), model.layers[-1].name]
    assert atlas.layers(name) == expected
    for layer in expected:
        assert atlas.tiles(name, layer).shape == (model.get_layer(layer).output.shape[-1], atlas.TILE, atlas.TILE, 3)
    assert sum(file.stat().st_size for file in atlas.FOLDER.rglob("*.webp")) < 6e6


@pytest.mark.parametrize(("layer", "channels", "reason"), [
    ("conv9", [0], "unknown_layer"), ("conv1_1", [16], "unknown_channel"), ("conv1_1", [], "no_channels"),
])  # fmt: skip
def test_what_does_not_exist_is_named(layer, channels, reason):
    with pytest.raises(NetworkError) as caught:
        maximize(load("MiniFace-untrained"), layer, channels)
    assert caught.value.reason == reason


def test_every_picture_is_shown_with_the_same_contrast():
    pictures = np.random.default_rng(0).normal([[[[3]]], [[[-7]]]], [[[[0.1]]], [[[40]]]], (2, 60, 80, 3))
    shown = features.to_display(pictures)
    assert shown.shape == (2, 60, 80, 3)
    np.testing.assert_allclose(shown.mean(axis=(1, 2, 3)), 0.5, atol=0.01)
    np.testing.assert_allclose(shown.std(axis=(1, 2, 3)), 0.15, atol=0.01)


def test_only_a_large_picture_loses_its_border():
    assert features.to_display(np.zeros((1, 150, 180, 3))).shape == (1, 100, 130, 3)
    assert features.to_display(np.zeros((1, 149, 180, 3))).shape == (1, 149, 180, 3)


def test_defaults_lie_within_their_ranges():
    for param in features.PARAMS:
        assert param.minimum <= param.default <= param.maximum


def test_a_picture_that_wraps_around_is_answered_like_its_endless_tiling():
    """The map of one tile of 48 pixels is the inside of the map of five by five of them."""
    model = load("MiniFace-untrained").model
    tile = np.random.default_rng(0).uniform(-1, 1, (1, 48, 48, 3)).astype(np.float32)
    one = cut(model, "conv3_2", size=48, circular=True)(tile)
    many = cut(model, "conv3_2", size=240)(np.tile(tile, (1, 5, 5, 1)))
    np.testing.assert_allclose(one, many[:, 24:36, 24:36], atol=1e-4)
