"""Networks that a person brings: useful ones, broken ones, hostile ones."""

import json
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.attribution import tasks as attribution_tasks
from core.features import tasks as features_tasks
from core.networks import guests
from core.networks import tasks as networks_tasks
from core.networks.entry import Entry, GuestError, NetworkError
from core.networks.loading import load


def network(size: int | None = 20, *, last: str = "softmax", channels: int = 3) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((size, size, channels)),
            keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(3, activation=last, name="scores"),
        ]
    )


def saved(model: keras.Model, folder) -> str:
    model.save(folder / "network.keras")
    return str(folder / "network.keras")


def entry(path: str, size: int) -> Entry:
    return networks_tasks.inspect(path).entry(path, "Mine", "unit", "object", ("a", "b", "c"), size)


@pytest.mark.parametrize("size", [20, None])
def test_a_network_is_used_like_those_of_the_table(tmp_path, size):
    model = network(size)
    mine = entry(saved(model, tmp_path), 20)
    assert (mine.classes, mine.default_layer, mine.embedding_layer) == (3, "conv", "pool")
    picture = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    np.testing.assert_allclose(networks_tasks.predict(mine, picture)[0], np.asarray(model(picture[None]))[0], rtol=1e-5)
    assert attribution_tasks.explain(mine, "grad_cam", picture, 2).map.values.shape == (18, 18)
    assert features_tasks.maximize(mine, "conv", [3], iterations=2).images.shape == (1, 20, 20, 3)


def test_a_grey_network_gets_grey_pictures(tmp_path):
    model = network(channels=1)
    path = saved(model, tmp_path)
    assert networks_tasks.inspect(path).channels == 1
    picture = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    grey = (picture @ np.float32([0.299, 0.587, 0.114]))[None, ..., None]
    mine = replace(entry(path, 20), preprocessing="grey")
    np.testing.assert_allclose(networks_tasks.predict(mine, picture)[0], np.asarray(model(grey))[0], rtol=1e-5)


def test_a_softmax_of_its_own_is_left_out(tmp_path):
    inputs = keras.Input((20, 20, 3))
    logits = network(last="linear")(inputs)
    path = saved(keras.Model(inputs, keras.layers.Softmax()(logits)), tmp_path)
    ones = np.ones((1, 20, 20, 3), np.float32)
    model = guests.load(path)
    expected = np.asarray(keras.models.load_model(path)(ones))
    np.testing.assert_allclose(np.asarray(keras.ops.softmax(model(ones))), expected, rtol=1e-5)
    assert not np.allclose(np.asarray(model(ones)).sum(), 1)


@keras.saving.register_keras_serializable("Mine")
class Own(keras.layers.Layer):
    def call(self, x):
        return x


def with_layer(layer: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([*network().layers[:1], layer, *network().layers[1:]])


def rewritten(path: str, change) -> str:
    """The same archive, its configuration changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = json.dumps(change(json.loads(parts["config.json"]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def foreign(module: str, name: str):
    """Put a layer of another module into a configuration."""

    def change(config):
        config["config"]["layers"][1] = {"class_name": name, "module": module, "config": {}, "registered_name": None}
        return config

    return change


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: saved(with_layer(keras.layers.Lambda(lambda x: x, (18, 18, 4))), folder), "code_in_guest"),
        (lambda folder: saved(with_layer(Own()), folder), "code_in_guest"),
        (lambda folder: rewritten(saved(network(), folder), foreign("os", "system")), "code_in_guest"),
        (lambda folder: rewritten(saved(network(), folder), foreign("keras_hub.models", "Anything")), "code_in_guest"),
        (lambda folder: rewritten(saved(network(), folder), foreign("keras-planted", "Anything")), "code_in_guest"),
        (lambda folder: saved(network(channels=2), folder), "shapes_of_guest"),
        (
            lambda folder: saved(keras.Sequential([keras.Input((20, 20, 3)), keras.layers.Flatten()]), folder),
            "flat_guest",
        ),
        (lambda folder: rewritten(saved(network(), folder), lambda config: {"a": 1}), "unreadable_guest"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, make, reason):
    with pytest.raises(GuestError) as caught:
        networks_tasks.inspect(make(tmp_path))
    assert caught.value.reason == reason
    assert "network.keras" in str(caught.value)


def test_no_archive_and_too_large_a_one(tmp_path, monkeypatch):
    path = tmp_path / "network.keras"
    path.write_bytes(b"PK and nothing more")
    with pytest.raises(GuestError, match="no network that Keras can read"):
        networks_tasks.inspect(str(path))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(10**7))
    monkeypatch.setattr(guests, "memory_for_networks", lambda: 10**6)
    with pytest.raises(GuestError, match=r"holds 0\.0 GB") as caught:
        networks_tasks.inspect(str(path))
    assert caught.value.reason == "large_guest"


def test_a_guest_is_not_in_the_table(tmp_path):
    mine = entry(saved(network(), tmp_path), 20)
    assert load(mine) is load(mine)
    with pytest.raises(NetworkError):
        load("Mine")
