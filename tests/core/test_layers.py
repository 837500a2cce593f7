"""Sub-networks at a layer, held against the whole network and against numbers made by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.networks import layers
from core.networks import network as networks_network
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED


@pytest.fixture(scope="module")
def miniface():
    return load("MiniFace-untrained").model


@pytest.fixture(scope="module")
def branched():
    """A residual block between two convolutions; the picture is not square."""
    inputs = keras.Input((12, 20, 3))
    x = first = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", name="inside")(x)
    x = keras.layers.Add(name="joined")([x, first])
    x = keras.layers.ReLU(name="after")(x)
    x = keras.layers.Conv2D(5, 3, strides=2, dilation_rate=1, name="strided")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


def batch(model: keras.Model) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype(np.float32)


def test_split_is_the_whole_network(miniface):
    x = batch(miniface)
    expected = np.asarray(miniface(x))
    for name in layers.spatial_layers(miniface):
        trunk, head = layers.split(miniface, name)
        np.testing.assert_allclose(np.asarray(head(trunk(x))), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["first", "joined", "after", "strided"])
def test_split_where_branches_have_joined(branched, name):
    x = batch(branched)
    trunk, head = layers.split(branched, name)
    np.testing.assert_allclose(np.asarray(head(trunk(x))), np.asarray(branched(x)), rtol=1e-5, atol=1e-6)


def test_split_inside_a_branch_is_refused(branched):
    with pytest.raises(NetworkError, match="Not everything passes through layer 'inside'"):
        layers.split(branched, "inside")


def test_splitting_leaves_the_network_as_it_was(miniface):
    before = miniface.get_config(), [np.asarray(w).copy() for w in miniface.weights]
    layers.split(miniface, "conv3_3")
    layers.cut(miniface, "conv3_3", linear=True)
    assert miniface.get_config() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(miniface.weights, before[1], strict=True))


@pytest.mark.parametrize("name", ["conv1_1", "conv5_3", "fc7"])
def test_linear_cut_is_the_value_before_relu(miniface, name):
    x = batch(miniface)
    before = np.asarray(layers.cut(miniface, name, linear=True)(x))
    after = np.asarray(layers.cut(miniface, name)(x))
    assert before.min() < 0
    np.testing.assert_allclose(np.maximum(before, 0), after, rtol=1e-5, atol=1e-6)


def test_linear_cut_shares_its_weights(miniface):
    cut = layers.cut(miniface, "conv2_1", linear=True)
    shared = {id(variable) for variable in miniface.weights}
    assert cut.weights
    assert all(id(variable) in shared for variable in cut.weights)
    assert miniface.get_layer("conv2_1").activation is keras.activations.relu


def test_linear_cut_of_a_layer_without_activation(miniface):
    x = batch(miniface)
    np.testing.assert_allclose(np.asarray(layers.cut(miniface, "fc8", linear=True)(x)), np.asarray(miniface(x)))


def test_compiled_gives_the_layer_output_and_is_kept(miniface):
    x, network = batch(miniface), Network(UNTRAINED, miniface)
    function = networks_network.layer_function(network, "pool2")
    np.testing.assert_allclose(function(x), np.asarray(layers.cut(miniface, "pool2")(x)), rtol=1e-5, atol=1e-6)
    assert networks_network.layer_function(network, "pool2") is function


def test_receptive_fields_are_those_of_vgg16(miniface):
    fields = layers.receptive_field(miniface)
    assert fields["input"] == (1, 1)
    assert fields["conv1_1"] == (3, 1)
    assert fields["pool1"] == (6, 2)
    assert fields["conv3_3"] == (40, 4)
    assert fields["conv5_3"] == (196, 16)  # as published for VGG16
    assert "fc6" not in fields


def test_receptive_field_of_branches_is_the_widest(branched):
    fields = layers.receptive_field(branched)
    assert fields["joined"] == (5, 1)
    assert fields["strided"] == (7, 2)


def test_receptive_field_is_what_gradients_reach(miniface):
    part = layers.cut(miniface, "conv2_2", linear=True)
    x = tf.constant(batch(miniface)[:1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(part(x)[0, 28, 28])
    reached = np.abs(tape.gradient(value, x)[0].numpy()).sum(axis=-1) > 0
    size, _ = layers.receptive_field(miniface)["conv2_2"]
    rows, columns = np.flatnonzero(reached.any(axis=1)), np.flatnonzero(reached.any(axis=0))
    # max pooling passes the gradient to one of two pixels: at most one is missing at each side
    assert size - 2 <= np.ptp(rows) + 1 <= size
    assert size - 2 <= np.ptp(columns) + 1 <= size


def test_describe_adds_up(miniface):
    rows = {row.name: row for row in layers.describe(miniface)}
    assert sum(row.parameters for row in rows.values()) == miniface.count_params() == 906_656
    conv = rows["conv5_3"]
    assert (conv.kind, conv.shape, conv.parameters) == ("Conv2D", (7, 7, 128), 3 * 3 * 128 * 128 + 128)
    assert (conv.receptive_field, conv.stride, conv.spatial) == (196, 16, True)
    assert (rows["fc6"].receptive_field, rows["fc6"].stride, rows["fc6"].spatial) == (None, None, False)


def test_default_layer_is_before_the_last_pooling(miniface, branched):
    assert layers.default_layer(miniface) == "conv5_3"
    assert layers.default_layer(branched) == "strided"


@pytest.mark.parametrize("name", ["conv9_1", "input"])
def test_an_unknown_layer_lists_the_choices(miniface, name):
    with pytest.raises(NetworkError, match=f"'{name}'; choose one of: conv1_1, conv1_2, .*fc8"):
        layers.cut(miniface, name)


@pytest.mark.parametrize(
    ("channels", "message"), [([], "No channel"), ([0, 16], "no channel 16.*0 to 15"), ([-1], "-1")]
)
def test_channels_are_checked(miniface, channels, message):
    with pytest.raises(NetworkError, match=message):
        layers.check_channels(miniface, "conv1_1", channels)
