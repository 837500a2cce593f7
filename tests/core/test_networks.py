"""The table of networks, and loading from it."""

import gc
import hashlib
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distinct import DISTINCT

from core.networks import entry as networks_entry
from core.networks import loading, miniface
from core.networks.entry import Entry, NetworkError, State
from core.networks.files import FileError, PublishedFile
from core.networks.loading import load
from core.networks.network import SMALL_BATCH, Network, cached_on_network
from core.networks.table import MINIFACE, NETWORKS, UNTRAINED

EMBEDDED = [name for name in DISTINCT if NETWORKS[name].state is State.EMBEDDED]


@pytest.mark.parametrize("name", EMBEDDED)
def test_probabilities_are_the_softmax_of_the_logits(name):
    network = load(name)
    side = network.entry.input_size
    images = np.random.default_rng(0).random((3, side, side, 3), dtype=np.float32)
    probabilities = network.predict(images)
    logits = np.asarray(network.model(network.inputs(images), training=False), np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(network.predict(images[1])[0], expected[1], atol=1e-5)


def test_more_pictures_than_a_batch():
    network = load("MiniFace-untrained")
    images = np.random.default_rng(0).random((SMALL_BATCH + 3, 112, 112, 3), dtype=np.float32)
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
    with pytest.raises(NetworkError, match=r"'VGG20'.*MiniFace, MiniFace-untrained") as caught:
        load("VGG20")
    assert caught.value.reason == "unknown_network"


def test_an_error_survives_the_way_between_processes():
    error = NetworkError("unknown_class", network="MiniFace", class_index=99, last=47)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.reason, again.details) == (str(error), error.reason, error.details)


def with_weights(file: Path, digest: str | None = None) -> networks_entry.Entry:
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if digest is None and file.exists() else digest or ""
    return replace(UNTRAINED, name="Test", weights=PublishedFile(file.name, str(file.parent), digest=digest))


def test_weights_are_read_by_layer(tmp_path):
    source = miniface.build(48, seed=5)
    file = tmp_path / "weights.npz"
    arrays = {f"{layer.name}/{w.name}": np.asarray(w, np.float16) for layer in source.layers for w in layer.weights}
    np.savez(file, **arrays)
    entry = with_weights(file)
    assert entry.available
    loaded = loading._build(entry).model
    for ours, theirs in zip(loaded.weights, source.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs).astype(np.float16).astype(np.float32))


def test_damaged_weights_are_not_read(tmp_path):
    file = tmp_path / "weights.npz"
    file.write_bytes(b"PK is how an archive begins")
    with pytest.raises(FileError, match=r"weights.npz is damaged: its digest is .*, expected 00"):
        loading._build(with_weights(file, "00"))


def test_pickled_weights_are_not_read(tmp_path):
    file = tmp_path / "weights.npz"
    np.savez(file, **{"conv1_1/kernel": np.array([{}], dtype=object)})
    with pytest.raises(NetworkError, match="allow_pickle=False"):
        loading._build(with_weights(file))


def test_missing_weights_are_named(tmp_path):
    entry = with_weights(tmp_path / "weights.npz")
    assert entry.state is State.TO_DOWNLOAD and not entry.available
    with pytest.raises(FileError, match=r"The file weights\.npz is missing"):
        loading._build(entry)


def test_weights_of_another_network_are_refused(tmp_path):
    file = tmp_path / "weights.npz"
    np.savez(file, **{"conv1_1/kernel": np.zeros((3, 3, 3, 16)), "conv1_1/bias": np.zeros(17)})
    with pytest.raises(NetworkError, match="does not hold the weights of Test") as caught:
        loading._build(with_weights(file))
    assert caught.value.reason == "other_weights"


def test_a_machine_without_room_says_what_fits(monkeypatch):
    monkeypatch.setenv("GLASSBOX_MEMORY_GB", "1")
    networks_entry.memory_for_networks.cache_clear()
    try:
        assert NETWORKS["VGGFace-VGG16"].state is State.TOO_LARGE
        assert MINIFACE.state is State.EMBEDDED and NETWORKS["MobileNet"].state is not State.TOO_LARGE
        with pytest.raises(NetworkError, match=r"needs 0\.7 GB .* 0\.2 GB for networks; .* MiniFace, .*MobileNet"):
            load("VGGFace-VGG16")
    finally:
        networks_entry.memory_for_networks.cache_clear()


def test_a_container_s_limit_counts(monkeypatch, tmp_path):
    monkeypatch.delenv("GLASSBOX_MEMORY_GB", raising=False)
    limit, unlimited = tmp_path / "memory.max", tmp_path / "unlimited"
    limit.write_text("2690000000\n")
    unlimited.write_text("max\n")
    monkeypatch.setattr(networks_entry, "CONTAINER_LIMITS", (unlimited, limit, tmp_path / "none"))
    networks_entry.memory_for_networks.cache_clear()
    try:
        assert networks_entry.memory_for_networks() == 1_690_000_000
    finally:
        networks_entry.memory_for_networks.cache_clear()


def test_networks_give_way_when_memory_is_short(monkeypatch):
    """The one that was asked for longest ago goes, with everything that was compiled for it."""
    built = {name: replace(UNTRAINED, name=name) for name in ("first", "second", "third")}
    monkeypatch.setattr(loading, "_residents", loading.Residents())
    monkeypatch.setattr(loading, "MOST_RESIDENT", int(2.5 * UNTRAINED.memory))
    first, second = load(built["first"]), weakref.ref(load(built["second"]))
    second().predict(np.zeros((112, 112, 3)))
    assert load(built["first"]) is first
    load(built["third"])
    gc.collect()
    assert [loading.is_resident(entry) for entry in built.values()] == [True, False, True]
    assert second() is None


class Interrupted(Entry):
    """An entry at every look at which another thread asks for a network that does not fit beside it."""

    def __hash__(self) -> int:
        if threading.current_thread() is threading.main_thread():
            thread = threading.Thread(target=load, args=(OTHER,))
            thread.start()
            thread.join(0.2)
        return super().__hash__()


OTHER = replace(UNTRAINED, name="other")


def test_a_network_that_gives_way_while_it_is_asked_for_is_returned(monkeypatch):
    """As the two lanes of a worker do, one thread asks for what is loaded, and the other for what takes its place."""
    monkeypatch.setattr(loading, "_residents", loading.Residents())
    monkeypatch.setattr(loading, "MOST_RESIDENT", int(1.5 * UNTRAINED.memory))
    monkeypatch.setattr(loading, "_build", lambda entry: Network(entry, None))
    entry = Interrupted(**{**vars(UNTRAINED), "name": "first"})
    assert all(load(entry).entry is entry for _ in range(2))


def test_what_is_made_of_a_network_is_kept_with_it():
    made = []

    @cached_on_network
    def make(network, number):
        made.append(number)
        return object()

    one, other = (Network(UNTRAINED, None) for _ in range(2))
    assert make(one, 1) is make(one, 1)
    assert make(one, 1) is not make(one, 2)
    assert make(other, 1) is not make(one, 1)
    assert made == [1, 2, 1]


def test_the_server_process_imports_no_keras():
    """All of the dashboard, and every domain's tasks with what they import at the top."""
    code = """
        import pkgutil, sys
        import core, dashboard

        def names(package):
            return [module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]

        for name in [*names(dashboard), *(name for name in names(core) if name.endswith(".tasks")), "core.__main__"]:
            __import__(name)
        print(sorted({"keras", "tensorflow", "lime", "shap", "sklearn", "skimage"} & {*sys.modules}))
    """
    root = Path(loading.__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
