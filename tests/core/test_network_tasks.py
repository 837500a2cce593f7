"""What a worker can be asked of a network."""

import pickle

import numpy as np
import pytest

from core.attribution.grad_cam import grad_cam
from core.networks import tasks
from core.networks.entry import NetworkError
from core.networks.loading import load

NAME = "MiniFace-untrained"


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((112, 112, 3), dtype=np.float32)


def test_predict_gives_probabilities(image):
    probabilities = tasks.predict(NAME, np.stack([image, image[::-1]]))
    assert probabilities.shape == (2, 48)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_feature_maps_are_those_of_grad_cam(image):
    maps = tasks.feature_maps(NAME, "conv4_3", image)
    assert maps.shape == (14, 14, 96)
    assert maps.min() == 0
    np.testing.assert_allclose(maps, grad_cam(load(NAME), image, layer="conv4_3").steps["feature_maps"], atol=1e-5)


def test_kernels_are_the_weights():
    kernels = tasks.kernels(NAME, "conv1_1")
    assert kernels.shape == (3, 3, 3, 16)
    np.testing.assert_array_equal(kernels, load(NAME).model.get_layer("conv1_1").get_weights()[0])


def test_rows_of_layers_travel_between_processes():
    rows = tasks.describe(NAME)
    assert pickle.loads(pickle.dumps(rows)) == rows


@pytest.mark.parametrize(
    ("task", "arguments", "reason"),
    [
        (tasks.describe, ("VGG20",), "unknown_network"),
        (tasks.kernels, (NAME, "pool1"), "no_kernels"),
        (tasks.kernels, (NAME, "conv0"), "unknown_layer"),
    ],
)
def test_what_does_not_exist_is_named(task, arguments, reason):
    with pytest.raises(NetworkError) as caught:
        task(*arguments)
    assert caught.value.reason == reason
