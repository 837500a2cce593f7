"""The table of networks, and the one way to load them.

Importing this module imports no Keras: the dashboard's server process reads the table, only workers load networks.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ReasonedError
from core.faces import PEOPLE, group_of
from core.images import resize

if TYPE_CHECKING:
    import keras

WEIGHTS = Path(__file__).parents[2] / "assets" / "weights"
BATCH = 32
"""Pictures that go through a network at once; larger batches gain no speed and cost memory."""

REASONS: dict[str, str] = {
    "unknown_network": "There is no network {name!r}; choose one of: {choices}.",
    "missing_weights": "The weights of {name} are missing: expected the file {file}; fetch it or choose another one.",
    "damaged_weights": "The file {file} is damaged: its SHA-256 is {found}, expected {expected}; fetch it again.",
    "pictures": "Received an array of shape {shape}; expected pictures of shape (h, w, 3) or (n, h, w, 3).",
    "unknown_layer": "There is no layer {name!r}; choose one of: {choices}.",
    "flat_layer": "Layer {name!r} has no feature maps; choose one of: {choices}.",
    "bypassed_layer": "Not everything passes through layer {name!r}; choose one behind the joining of the branches.",
    "no_kernels": "Layer {name!r} has no convolution kernels; choose one of: {choices}.",
    "unknown_channel": "Layer {name!r} has no channel {channel}; choose from 0 to {last}.",
    "no_channels": "No channel was chosen; choose at least one, from 0 to {last}.",
    "unknown_class": "{network} has no class {class_index}; choose from 0 to {last}.",
    "unknown_method": "There is no method {name!r}; choose one of: {choices}.",
    "diverged": "The picture of channel {channel} diverged in iteration {iteration}; choose a smaller learning rate.",
}
"""Reason -> what arrived, what was expected, what to do."""


class NetworkError(ReasonedError):
    """A request that a network cannot answer."""

    reasons = REASONS


@dataclass(frozen=True)
class LayerRow:
    """One layer: `shape` of its output without the batch; `receptive_field` and `stride` in pixels of the input.

    Both are None for a layer that sees the whole picture at once (flatten, dense).
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    receptive_field: int | None
    stride: int | None

    @property
    def spatial(self) -> bool:
        """Whether the output is feature maps `(h, w, k)`."""
        return len(self.shape) == 3


@dataclass(frozen=True)
class Entry:
    """A network of the table: what is known of it without loading it.

    `builder` and `preprocess` are written "module:function"; `sha256` belongs to the file `weights`.
    """

    name: str
    title: str
    builder: str
    preprocess: str
    labels: tuple[str, ...]
    input_size: int
    default_layer: str
    embedding_layer: str
    subject: str
    parameters: int
    weights: Path | None = None
    sha256: str = ""

    @property
    def available(self) -> bool:
        """Whether the network can be loaded: it has no weights file, or the file is there and its digest is known."""
        return self.weights is None or (bool(self.sha256) and self.weights.is_file())


MINIFACE = Entry(
    name="MiniFace",
    title="MiniFace, trained on synthetic people",
    builder="core.networks.miniface:build",
    preprocess="core.networks.miniface:preprocess",
    labels=tuple(f"Person {number:02d} (group {group_of(number)})" for number in range(PEOPLE)),
    input_size=112,
    default_layer="conv5_3",
    embedding_layer="fc7",
    subject="face",
    parameters=906_656,
    weights=WEIGHTS / "miniface.npz",
    sha256="f99cbd029a7e82a8bdab874a013fe39614519c1bf7f7fe923f2c1ff83403d47b",
)
UNTRAINED = replace(
    MINIFACE,
    name="MiniFace-untrained",
    title="MiniFace before its training (random weights)",
    weights=None,
    sha256="",
)

NETWORKS: dict[str, Entry] = {entry.name: entry for entry in (MINIFACE, UNTRAINED)}


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network, shared by everybody: read it, build sub-networks from it, never change it.

    `model` maps preprocessed inputs to logits.
    """

    entry: Entry
    model: keras.Model

    @cached_property
    def preprocess(self) -> Callable[[np.ndarray], np.ndarray]:
        """The function from pictures in [0, 1] to what the network was trained on."""
        return resolve(self.entry.preprocess)

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Make a batch of pictures, `(h, w, 3)` or `(n, h, w, 3)` in [0, 1], fit for the network, float32.

        Pictures of another size are stretched to the network's: crop them first where proportions matter.
        """
        images = np.asarray(images, np.float32)
        if images.ndim not in (3, 4) or images.shape[-1] != 3:
            raise NetworkError("pictures", shape=images.shape)
        batch = images.reshape(-1, *images.shape[-3:])
        height, width = self.model.input_shape[1:3]
        if batch.shape[1:3] != (height, width):
            batch = np.stack([resize(image, height, width) for image in batch])
        return np.asarray(self.preprocess(batch), np.float32)

    def run(self, images: np.ndarray, layer: str | None = None) -> np.ndarray:
        """Output of a layer, by default the logits, for pictures as in `inputs`: `(n, ...)`."""
        from core.layers import compiled

        function = compiled(self.model, layer or self.model.layers[-1].name)
        inputs = self.inputs(images)
        chunks = (inputs[start : start + BATCH] for start in range(0, len(inputs), BATCH))
        return np.concatenate([function(chunk) for chunk in chunks])

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities `(n, classes)` of pictures as in `inputs`: the softmax of the logits."""
        logits = self.run(images)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))  # the same softmax, without overflow
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def check_class(self, class_index: int) -> int:
        """Return `class_index`; NetworkError where the network has no such class."""
        classes = self.model.output_shape[-1]
        if not 0 <= class_index < classes:
            raise NetworkError("unknown_class", network=self.entry.name, class_index=class_index, last=classes - 1)
        return int(class_index)


def find(name: str) -> Entry:
    """The entry of a network; upper and lower case are the same. NetworkError for an unknown name."""
    for entry in NETWORKS.values():
        if entry.name.casefold() == name.strip().casefold():
            return entry
    raise NetworkError("unknown_network", name=name, choices=", ".join(NETWORKS))


def resolve(path: str) -> Any:
    """The object that "module:name" stands for."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


_LOADING = Lock()


def load(name: str) -> Network:
    """The network of this name, loaded once in this process.

    NetworkError: unknown name, weights missing, or their SHA-256 not the one in the table.
    """
    with _LOADING:  # two threads that ask at once must not build it twice
        return _load(find(name))


@lru_cache(maxsize=8)
def _load(entry: Entry) -> Network:
    weights = None if entry.weights is None else _read_weights(entry, entry.weights)
    model = resolve(entry.builder)(len(entry.labels))
    if weights is not None:
        for layer in model.layers:
            layer.set_weights([weights[f"{layer.name}/{weight.name}"].astype(np.float32) for weight in layer.weights])
    return Network(entry, model)


def _read_weights(entry: Entry, file: Path) -> dict[str, np.ndarray]:
    """Arrays "layer/weight" of an .npz file, its digest checked before NumPy reads it."""
    if not file.is_file():
        raise NetworkError("missing_weights", name=entry.name, file=file.name)
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        raise NetworkError("damaged_weights", file=file.name, found=found, expected=entry.sha256 or "not yet known")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)
