"""The one way to load a network: once in a process, and others give way where memory is short."""

from __future__ import annotations

import gc
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from core.networks import files
from core.networks.entry import Entry, NetworkError, memory_for_networks
from core.networks.network import Network
from core.networks.table import find, refusal

if TYPE_CHECKING:
    import keras

MOST_RESIDENT = 1_200_000_000
"""Bytes that networks take together at most: one large one, whatever the machine has."""


def resolve(path: str) -> Any:
    """The object that "module:name" stands for."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


class Residents:
    """The networks that are loaded in this process, the one that was used longest ago first.

    Two threads may ask at once: one network is built at a time, and those that are loaded can be had meanwhile.
    """

    def __init__(self) -> None:
        self._networks: dict[Entry, Network] = {}
        self._lock = Lock()
        self._building = Lock()

    def __contains__(self, entry: Entry) -> bool:
        with self._lock:
            return entry in self._networks

    def get(self, entry: Entry) -> Network:
        """The network, built where it is not loaded; see `load` for the errors."""
        if (network := self._loaded(entry)) is not None:
            return network
        with self._building:
            if (network := self._loaded(entry)) is not None:  # another thread built it meanwhile
                return network
            self._make_room(entry)
            network = _build(entry)
            with self._lock:
                self._networks[entry] = network
            return network

    def _loaded(self, entry: Entry) -> Network | None:
        with self._lock:
            network = self._networks.pop(entry, None)
            if network is not None:
                self._networks[entry] = network  # now the last to go
            return network

    def _make_room(self, entry: Entry) -> None:
        """Let go of the networks that were not used for longest, until there is room for another one."""
        room = memory_for_networks()
        if entry.memory > room:
            raise refusal(entry)
        while self._evict_one(min(room, MOST_RESIDENT) - entry.memory):
            gc.collect()  # compiled functions and models hold each other

    def _evict_one(self, room: int) -> bool:
        """Whether the networks took more than `room` bytes, so that one of them was let go."""
        with self._lock:
            if not self._networks or sum(other.memory for other in self._networks) <= room:
                return False
            del self._networks[next(iter(self._networks))]
            return True


_residents = Residents()


def load(network: str | Entry) -> Network:
    """The network of this name or entry, loaded once in this process; others give way where memory is short.

    NetworkError: unknown name, not enough memory, or another network's weights. FileError: weights missing or damaged.
    """
    return _residents.get(find(network))


def is_resident(network: str | Entry) -> bool:
    """Whether the network is loaded in this process."""
    return find(network) in _residents


def _build(entry: Entry) -> Network:
    if entry.weights is not None and (first := files.check(entry.weights)):
        warnings.warn(f"{entry.weights.name} is another file than the one first seen ({first}).", stacklevel=2)
    model = _model(entry, blank=entry.weights is not None)
    if entry.weights is not None:
        _set_weights(entry, model, entry.weights.path)
    return Network(entry, model)


def _model(entry: Entry, *, blank: bool = False) -> keras.Model:
    """The network's layers with random weights, or `blank` ones that are to be read from a file."""

    def build() -> keras.Model:
        import keras
        import tensorflow as tf

        # Drawing numbers takes three times their memory, and TensorFlow keeps it; memory that was never written to is
        # none.
        empty = {"glorot_uniform": lambda shape, dtype=None: tf.raw_ops.Empty(shape=shape, dtype=dtype)}
        with keras.utils.custom_object_scope(empty if blank else {}):
            return resolve(entry.builder)(*entry.arguments)

    with ThreadPoolExecutor(1) as fresh:  # Keras numbers nameless layers thread by thread: so always from 0 here
        return fresh.submit(build).result()


def _set_weights(entry: Entry, model: keras.Model, file: Path) -> None:
    """Read the weights of every layer, one layer after the other, so that they are in memory once."""
    try:
        if file.suffix == ".npz":
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
                for layer in model.layers:
                    layer.set_weights([arrays[f"{layer.name}/{w.name}"].astype(np.float32) for w in layer.weights])
        else:
            _set_h5_weights(model, file)
    except (ValueError, KeyError) as error:
        raise NetworkError("other_weights", name=entry.name, file=file.name, problem=str(error)) from error


def _set_h5_weights(model: keras.Model, file: Path) -> None:
    """Read an HDF5 file of Keras 1 or 2: by layer names where they are the same, else in their order as Keras does."""
    import h5py

    layers = {layer.name: layer for layer in model.layers if layer.weights}
    with h5py.File(file) as content:
        root = content.get("model_weights", content)
        groups = {_decoded(name): root[name] for name in root.attrs["layer_names"]}
        saved = {name.replace("/", "_"): group for name, group in groups.items() if len(group.attrs["weight_names"])}
        if len(saved) != len(layers):
            raise ValueError(f"it holds weights of {len(saved)} layers, expected {len(layers)}")
        same = saved.keys() == layers.keys()
        for name, (layer_name, layer) in zip(saved, layers.items(), strict=True):
            group = saved[layer_name if same else name]
            layer.set_weights([np.asarray(group[weight]) for weight in group.attrs["weight_names"]])


def _decoded(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
