"""The table of networks, and loading from it."""

import hashlib
import io
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from core import networks
from core.networks import MINIFACE, NETWORKS, UNTRAINED, NetworkError, load, miniface

AVAILABLE = [name for name, entry in NETWORKS.items() if entry.available]


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_table_tells_what_the_network_is(name):
    network = load(name)
    entry, model = network.entry, network.model
    assert model.count_params() == entry.parameters
    assert model.input_shape == (None, entry.input_size, entry.input_size, 3)
    assert model.output_shape == (None, len(entry.labels))
    assert model.layers[-1].activation is keras.activations.linear  # logits
    assert {entry.default_layer, entry.embedding_layer} < {layer.name for layer in model.layers}
    assert entry.subject in ("face", "object")


@pytest.mark.parametrize("name", AVAILABLE)
def test_probabilities_are_the_softmax_of_the_logits(name):
    network = load(name)
    images = np.random.default_rng(0).random((3, 112, 112, 3), dtype=np.float32)
    probabilities = network.predict(images)
    logits = np.asarray(network.model(images * 2 - 1, training=False), np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(network.predict(images[1])[0], expected[1], atol=1e-5)


def test_more_pictures_than_a_batch():
    network = load("MiniFace-untrained")
    images = np.random.default_rng(0).random((networks.BATCH + 3, 112, 112, 3), dtype=np.float32)
    np.testing.assert_allclose(network.predict(images)[-1], network.predict(images[-1])[0], atol=1e-5)


def test_labels_name_person_and_group():
    assert MINIFACE.labels[7] == "Person 07 (group B)"
    assert MINIFACE.labels[12] == "Person 12 (group A)"


def test_a_network_is_loaded_once_whatever_the_case_of_its_name():
    assert load("MiniFace-untrained") is load(" miniface-UNTRAINED")


def test_inputs_are_a_preprocessed_batch():
    network = load("MiniFace-untrained")
    white, black = np.ones((112, 112, 3)), np.zeros((2, 112, 112, 3))
    assert network.inputs(white).shape == (1, 112, 112, 3)
    assert network.inputs(white).dtype == np.float32
    assert network.inputs(white).min() == 1
    assert network.inputs(black).max() == -1
    assert network.inputs(np.ones((50, 224, 3))).shape == (1, 112, 112, 3)


@pytest.mark.parametrize("shape", [(112, 112), (112, 112, 4), (1, 1, 112, 112, 3)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(NetworkError, match="expected pictures of shape"):
        load("MiniFace-untrained").inputs(np.zeros(shape))


def test_an_unknown_network_lists_the_choices():
    with pytest.raises(NetworkError, match=r"'VGG16'.*MiniFace, MiniFace-untrained") as caught:
        load("VGG16")
    assert caught.value.reason == "unknown_network"


def test_an_error_survives_the_way_between_processes():
    error = NetworkError("unknown_class", network="MiniFace", class_index=99, last=47)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.reason, again.details) == (str(error), error.reason, error.details)


def with_weights(file: Path, digest: str | None = None) -> networks.Entry:
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if digest is None and file.exists() else digest or ""
    return replace(UNTRAINED, name="Test", weights=file, sha256=digest)


def test_weights_are_read_by_layer(tmp_path):
    source = miniface.build(48, seed=5)
    file = tmp_path / "weights.npz"
    arrays = {f"{layer.name}/{w.name}": np.asarray(w, np.float16) for layer in source.layers for w in layer.weights}
    np.savez(file, **arrays)
    entry = with_weights(file)
    assert entry.available
    loaded = networks._load(entry).model
    for ours, theirs in zip(loaded.weights, source.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs).astype(np.float16).astype(np.float32))


def test_damaged_weights_are_not_read(tmp_path):
    file = tmp_path / "weights.npz"
    file.write_bytes(b"no archive")
    with pytest.raises(NetworkError, match=r"weights.npz is damaged: its SHA-256 is .*, expected 00"):
        networks._load(with_weights(file, "00"))


def test_pickled_weights_are_not_read(tmp_path):
    file = tmp_path / "weights.npz"
    data = io.BytesIO()
    np.savez(data, **{"conv1_1/kernel": np.array([{}], dtype=object)})
    file.write_bytes(data.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        networks._load(with_weights(file))


def test_missing_weights_are_named(tmp_path):
    entry = with_weights(tmp_path / "weights.npz")
    assert not entry.available
    with pytest.raises(NetworkError, match=r"expected the file weights\.npz"):
        networks._load(entry)


def test_the_server_process_imports_no_keras():
    modules = "core.images, core.faces, core.networks, core.attribution, core.features, core.tasks, core.__main__"
    heavy = {"keras", "tensorflow", "streamlit", "plotly"}
    code = f"import sys, {modules}; print({heavy} & {{*sys.modules}})"
    root = Path(networks.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
