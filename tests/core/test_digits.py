"""The digits of the lab and its network."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from real_data import DATA
from sklearn.datasets import load_digits

from core import digits as data
from core.networks import network as networks_network
from core.networks.files import FileError
from core.networks.table import DIGITS
from core.training import network

REAL = DATA / "mnist" / "mnist.npz"


def test_the_embedded_digits_are_those_of_scikit_learn_in_three_parts():
    digits = data.embedded()
    parts = (digits.train, digits.validation, digits.test)
    assert [len(part.labels) for part in parts] == [1257, 180, 360]
    assert all(part.images.shape == (len(part.labels), 28, 28, 1) for part in parts)
    counted = sum(np.bincount(part.labels, minlength=10) for part in parts)
    np.testing.assert_array_equal(counted, np.bincount(load_digits().target))
    assert len({image.tobytes() for part in parts for image in part.images}) == 1797  # none in two parts


def test_an_embedded_digit_keeps_its_shape_and_ink():
    small = load_digits().images[np.random.default_rng(0).permutation(1797)[540]]
    large = data.embedded().train.images[0, ..., 0]
    assert large.dtype == np.uint8 and large.max() <= 255
    assert not large[:4].any() and not large[:, -4:].any()
    blocks = large[4:-4, 4:-4].reshape(4, 5, 4, 5).mean(axis=(1, 3))
    assert np.corrcoef(blocks.ravel(), small.reshape(4, 2, 4, 2).mean(axis=(1, 3)).ravel())[0, 1] > 0.97


def test_a_picture_is_grey_in_colour():
    picture = data.to_image(data.embedded().test.images[3])
    assert picture.shape == (28, 28, 3) and picture.dtype == np.float32 and picture.max() <= 1
    np.testing.assert_array_equal(picture[..., 0], picture[..., 2])


@pytest.fixture
def mnist_file(tmp_path):
    """A file in Keras' layout, with few digits."""
    rng = np.random.default_rng(0)
    found = {"y_train": rng.integers(0, 10, 1200, np.uint8), "y_test": rng.integers(0, 10, 70, np.uint8)}
    images = {f"x_{n}": rng.integers(0, 256, (len(found[f"y_{n}"]), 28, 28), np.uint8) for n in ("train", "test")}
    np.savez(tmp_path / "mnist.npz", **found, **images)
    return tmp_path / "mnist.npz", found | images


def test_the_file_of_mnist_is_read_and_its_last_training_digits_are_held_back(mnist_file):
    path, found = mnist_file
    digits = data.load_mnist(path)
    np.testing.assert_array_equal(digits.train.images[..., 0], found["x_train"][:200])
    np.testing.assert_array_equal(digits.validation.labels, found["y_train"][200:])
    np.testing.assert_array_equal(digits.test.images[..., 0], found["x_test"])
    np.testing.assert_array_equal(digits.test.labels, found["y_test"])


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(FileError, match="not complete or not readable"):
        data.load_mnist(tmp_path / "mnist.npz")


def test_without_mnist_the_embedded_digits_are_loaded_and_with_a_damaged_one_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert data.load().source == "embedded"
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").write_bytes(b"PK and no more")
    with pytest.raises(FileError, match="damaged"):
        data.load()


@pytest.mark.skipif(not REAL.exists(), reason=f"no MNIST at {REAL}")
def test_real_mnist_has_its_60_000_and_10_000_digits():
    digits = data.load_mnist(REAL)
    assert [len(part.labels) for part in (digits.train, digits.validation, digits.test)] == [59_000, 1000, 10_000]
    assert np.bincount(digits.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_report_s_network():
    model = network.build()
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes == {
        "l0": (28, 28, 1),
        "l1": (28, 28, 9),
        "l1_mp": (14, 14, 9),
        "l2": (14, 14, 9),
        "l2_mp": (7, 7, 9),
        "l3": (7, 7, 16),
        "l3_mp": (3, 3, 16),
        "flat": (144,),
        "l4": (25,),
        "l5": (10,),
    }
    weights = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    assert weights == {"l1": 234, "l2": 2034, "l3": 1312, "l4": 3625, "l5": 260}
    assert sum(weights.values()) == DIGITS.parameters
    assert model.get_layer("l5").activation is keras.activations.linear


def test_its_arguments_are_what_they_say():
    model = network.build(
        (4, 5, 6), kernel_sizes=(3, 7, 3), activation="tanh", dropout=0.3, initialization="small", classes=5, seed=7
    )
    assert [model.get_layer(f"l{n}").kernel.shape for n in (1, 2, 3)] == [(3, 3, 1, 4), (7, 7, 4, 5), (3, 3, 5, 6)]
    assert model.output_shape == (None, 5)
    assert model.get_layer("l2").activation is keras.activations.tanh
    assert model.get_layer("l4_drop").rate == 0.3
    assert 0.005 < np.std(model.get_layer("l2").kernel) < 0.015
    again, other = (
        network.build((4, 5, 6), kernel_sizes=(3, 7, 3), initialization="small", classes=5, seed=s) for s in (7, 8)
    )
    np.testing.assert_array_equal(model.get_layer("l4").kernel, again.get_layer("l4").kernel)
    assert np.abs(np.asarray(other.get_layer("l4").kernel) - again.get_layer("l4").kernel).max() > 0.001
    first, second = (np.asarray(again.get_layer(name).kernel).ravel()[:9] for name in ("l1", "l3"))
    assert np.abs(first - second).max() > 0.001  # two layers do not draw the same lots


def test_methods_can_ask_it_about_colour_pictures():
    model = network.build(dropout=0.5, seed=3)
    digits = data.embedded().test
    asked = network.as_network(model)
    pictures = data.to_image(digits.images[:40])
    expected = np.asarray(model(digits.images[:40] / np.float32(255), training=False))
    np.testing.assert_allclose(asked.run(pictures), expected, atol=1e-5)
    assert networks_network.feature_maps(asked, pictures[:2], "l3").shape == (2, 7, 7, 16)


def test_scale_multiplies_what_comes_in():
    plain, bright = network.build(seed=1), network.build(seed=1, scale=255.0)
    inputs = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    np.testing.assert_allclose(bright(inputs), plain(inputs * np.float32(255)), rtol=1e-4)
