"""Dead and duplicate channels, on a layer worked out by hand."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.features import health
from core.features.health import channel_health
from core.networks.entry import NetworkError
from core.networks.network import Network
from core.networks.table import UNTRAINED

NAME = "MiniFace-untrained"


def test_channel_health_counts_dead_and_duplicate_channels(monkeypatch):
    """Channels: red, red again and brighter, always below zero, green seen in one corner only."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 1, activation="relu", name="maps")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    kernel = np.zeros((1, 1, 3, 4), np.float32)
    kernel[0, 0, 0] = [1, 3, 0, -1]
    kernel[0, 0, 1, 3] = 1
    model.get_layer("maps").set_weights([kernel, np.float32([0, 0, -0.1, 0])])
    network = Network(replace(UNTRAINED, preprocessing="unit", input_size=32), model)
    monkeypatch.setattr(health, "load", lambda name: network)
    result = channel_health("Tiny", "maps")
    assert result.dead.tolist() == [False, False, True, False]
    assert (result.images, result.fired[0], result.fired[2]) == (64, 64, 0)
    assert result.maxima[1] == pytest.approx(3 * result.maxima[0], rel=1e-5)
    assert result.maxima[2] == 0
    assert result.cosines[0, 1] == pytest.approx(1, abs=1e-5)
    ((first, second, cosine),) = result.duplicates
    assert (first, second) == (0, 1)
    assert cosine == pytest.approx(1, abs=1e-5)


def test_channel_health_is_the_same_every_time():
    first, again = channel_health(NAME, "conv5_3"), channel_health(NAME, "conv5_3")
    assert first.duplicates == again.duplicates
    assert first.dead.shape == (128,)
    assert all(a < b and 0.95 < cosine <= 1.001 for a, b, cosine in first.duplicates)
    cosines = [cosine for _, _, cosine in first.duplicates]
    assert cosines == sorted(cosines, reverse=True)


def test_a_layer_that_does_not_exist_is_named():
    with pytest.raises(NetworkError) as caught:
        channel_health(NAME, "fc9")
    assert caught.value.reason == "unknown_layer"
