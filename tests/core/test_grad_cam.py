"""Grad-CAM by hand with exact numbers, and against tf-keras-vis."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from agreement import agree
from distinct import DISTINCT

from core.attribution import grad_cam, top_channels
from core.attribution.grad_cam import grad_cam as compute
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import NETWORKS, UNTRAINED

AVAILABLE = [name for name in DISTINCT if NETWORKS[name].available]
LAYERS = {"conv5_3": ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"), "l3": ("l1", "l2", "l3")}
"""Default layer -> the layers of such a network that are looked at; of another one the default layer alone."""

FIRST_MAP = np.float32([[0.5, 1, 0], [0, 0.5, 0]])
SECOND_MAP = np.float32([[0, 0.5, 0.5], [1, 0, 0]])
FIRST_GRADIENT = np.float32([[6, 0, 0], [0, 0, 0]])
SECOND_GRADIENT = np.float32([[-3, 0, 0], [0, 0, -9]])


@pytest.fixture(scope="module")
def tiny() -> Network:
    """2 x 3 pixels; the two feature maps are the picture's red and green, class 0 scores with the gradients above."""
    inputs = keras.Input((2, 3, 3))
    x = keras.layers.Conv2D(2, 1, activation="relu", name="maps")(inputs)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))
    kernel = np.zeros((1, 1, 3, 2), np.float32)
    kernel[0, 0, 0, 0] = kernel[0, 0, 1, 1] = 1
    model.get_layer("maps").set_weights([kernel, np.zeros(2)])
    rows = np.stack([FIRST_GRADIENT, SECOND_GRADIENT], axis=-1).ravel()
    model.get_layer("logits").set_weights([np.stack([rows, np.zeros(12)], axis=1), np.float32([0, 1])])
    return Network(replace(UNTRAINED, name="Tiny", preprocessing="unit", default_layer="maps"), model)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.stack([FIRST_MAP, SECOND_MAP, np.zeros((2, 3), np.float32)], axis=-1)


def test_by_hand(tiny, picture):
    result = compute(tiny, picture, 0)
    steps = result.steps
    np.testing.assert_array_equal(steps["feature_maps"], np.stack([FIRST_MAP, SECOND_MAP], axis=-1))
    np.testing.assert_array_equal(steps["gradients"], np.stack([FIRST_GRADIENT, SECOND_GRADIENT], axis=-1))
    assert steps["score"] == 3  # 6 x 0.5
    np.testing.assert_array_equal(steps["weights"], [1, -2])  # 6 / 6, -12 / 6
    np.testing.assert_array_equal(steps["weighted"], [[0.5, 0, -1], [-2, 0.5, 0]])
    np.testing.assert_array_equal(result.values, [[0.5, 0, 0], [0, 0.5, 0]])
    assert result.values.dtype == np.float32
    assert (result.class_index, result.layer) == (0, "maps")


def test_by_hand_with_chosen_channels(tiny, picture):
    np.testing.assert_array_equal(compute(tiny, picture, 0, channels=[0]).values, FIRST_MAP)
    np.testing.assert_array_equal(compute(tiny, picture, 0, channels=[1]).values, np.zeros((2, 3)))
    np.testing.assert_array_equal(compute(tiny, picture, 0, channels=[1, 0]).values, compute(tiny, picture, 0).values)


def test_the_first_choice_is_explained_unless_told_otherwise(tiny, picture):
    assert compute(tiny, picture).class_index == 0  # 3 against 1
    assert compute(tiny, np.zeros_like(picture)).class_index == 1  # 0 against 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        (name, layer)
        for name in AVAILABLE
        for layer in LAYERS.get(NETWORKS[name].default_layer, (NETWORKS[name].default_layer,))
    ],
)
def test_against_tf_keras_vis(name, layer):
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    network = load(name)
    image = np.random.default_rng(1).random((112, 112, 3), dtype=np.float32)
    classes = [number % network.entry.classes for number in range(5, 10)]
    maps = ((number, compute(network, image, number, layer=layer).values) for number in classes)
    chosen, ours = next((number, values) for number, values in maps if values.any())
    theirs = Gradcam(network.model, clone=False)(
        CategoricalScore(chosen),
        network.inputs(image),
        penultimate_layer=layer,
        seek_penultimate_conv_layer=False,
        normalize_cam=False,
        expand_cam=False,
    )[0].numpy()
    agree(f"grad_cam {layer}, {name}", "tf-keras-vis", ours, theirs)


def test_nothing_is_traced_twice():
    network = load("MiniFace-untrained")
    image = np.zeros((112, 112, 3), np.float32)
    for class_index, channels in ((None, None), (3, None), (4, [1, 2])):
        compute(network, image, class_index, layer="conv4_3", channels=channels)
    assert grad_cam._compiled(network, "conv4_3").experimental_get_tracing_count() == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"layer": "conv9"}, "unknown_layer"),
        ({"layer": "fc7"}, "flat_layer"),
        ({"class_index": 48}, "unknown_class"),
        ({"class_index": -1}, "unknown_class"),
        ({"channels": []}, "no_channels"),
        ({"channels": [128]}, "unknown_channel"),
    ],
)
def test_what_does_not_exist_is_named(arguments, reason):
    with pytest.raises(NetworkError) as caught:
        compute(load("MiniFace-untrained"), np.zeros((112, 112, 3)), **arguments)
    assert caught.value.reason == reason


def test_top_channels_come_largest_first():
    assert top_channels(np.array([0.1, -3, 2, 0.5]), 3) == [2, 3, 0]
