"""What is known of a network without loading it, and why one cannot be used.

Importing this module imports no Keras.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from core.errors import ReasonedError
from core.networks import files, labels
from core.networks.files import PublishedFile

WEIGHTS = Path(__file__).parents[2] / "assets" / "weights"
OVERHEAD, WORKSPACE = 1.15, 80_000_000
"""What a network takes of memory: its weights so many times, and bytes for compiled functions and feature maps. A bit
more than `benchmarks/memory.py` measured."""
BASE = 1_000_000_000
"""Bytes of memory that the server and a worker with TensorFlow take before the first network."""
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says what a container may take, in versions 2 and 1 of its control groups."""
LEAST = 170_000_000
"""Bytes for networks that any machine is thought to have, so that the embedded one can always be used."""


class NetworkError(ReasonedError):
    """A request that a network cannot answer."""

    reasons: ClassVar[dict[str, str]] = {
        "unknown_network": "There is no network {name!r}; choose one of: {choices}.",
        "other_weights": "The file {file} does not hold the weights of {name}: {problem}. Hand in the published file.",
        "too_large": "{name} needs {needed} GB of memory while it is used, and this machine has {available} GB for "
        "networks; choose one that fits: {smaller}.",
        "no_room_for_copy": "There is no room for a copy of {name} whose weights are made random; choose a smaller "
        "one.",
        "pictures": "Received an array of shape {shape}; expected pictures of shape (h, w, 3) or (n, h, w, 3).",
        "unknown_layer": "There is no layer {name!r}; choose one of: {choices}.",
        "tied_to_size": "Layer {name} is tied to pictures of {expected} pixels; received {size}. Choose an earlier "
        "one.",
        "flat_layer": "Layer {name!r} has no feature maps; choose one of: {choices}.",
        "bypassed_layer": "Not everything passes through layer {name!r}; choose one behind the joining of the "
        "branches.",
        "no_kernels": "Layer {name!r} has no convolution kernels; choose one of: {choices}.",
        "unknown_channel": "Layer {name!r} has no channel {channel}; choose from 0 to {last}.",
        "no_channels": "No channel was chosen; choose at least one, from 0 to {last}.",
        "unknown_class": "{network} has no class {class_index}; choose from 0 to {last}.",
    }


class GuestError(ReasonedError):
    """A `.keras` file that is no network of images, or not to be trusted."""

    reasons: ClassVar[dict[str, str]] = {
        "unreadable_guest": "{file} is no network that Keras can read: {problem}. Hand in a .keras file saved by Keras "
        "3.",
        "code_in_guest": "{file} holds code of its own ({part}), which is not run here; save the network without "
        "Lambda and custom layers.",
        "large_guest": "{file} holds {size} GB, and this machine has {most} GB for networks; bring a smaller one.",
        "shapes_of_guest": "{file} leads from {inputs} to {outputs}; expected one square picture, colour or grey, and "
        "the scores of at least two classes.",
        "labels_of_guest": "The list holds {received} names, and the network has {expected} classes; bring one name a "
        "line.",
        "flat_guest": "{file} has no layer with feature maps; bring a convolutional network.",
    }


@dataclass(frozen=True)
class LayerRow:
    """One layer: `shape` of its output without the batch; `receptive_field` and `stride` in pixels of the input.

    Both are None for a layer that sees the whole image at once (flatten, dense). `spatial`: its output is feature
    maps `(h, w, k)` of more than one place. `splittable`: every way from the image to the answer leads through it.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    receptive_field: int | None
    stride: int | None
    spatial: bool
    splittable: bool


class State(StrEnum):
    """Where a network's files are, and whether there is room for it."""

    EMBEDDED = "embedded"
    CACHED = "cached"
    TO_DOWNLOAD = "to_download"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Entry:
    """A network of the table: what is known of it without loading it.

    `builder` is "module:function", called with `arguments`; `preprocessing` a mode of `PREPROCESSING`; `names` are its
    classes, or the file that holds them. `subject` is what it looks at, "face", "object" or "digit".
    """

    name: str
    title: str
    builder: str
    arguments: tuple[Any, ...]
    preprocessing: str
    names: tuple[str, ...] | PublishedFile
    classes: int
    input_size: int
    default_layer: str
    embedding_layer: str
    subject: str
    parameters: int
    weights: PublishedFile | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes; numbers while the file that holds them is not here, or not what it should be."""
        known = self.names if isinstance(self.names, tuple) else _names(self.names)
        return known if len(known) == self.classes else tuple(f"Class {number}" for number in range(self.classes))

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """The published files that it needs, the weights first."""
        return tuple(file for file in (self.weights, self.names) if isinstance(file, PublishedFile))

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return 4 * self.parameters

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes while it is used."""
        return round(OVERHEAD * self.size) + WORKSPACE

    @property
    def state(self) -> State:
        """Whether it can be used now, and else why not."""
        if self.weights is None or self.weights.path.is_relative_to(WEIGHTS):
            return State.EMBEDDED
        if self.memory > memory_for_networks():
            return State.TOO_LARGE
        return State.CACHED if self.weights.here else State.TO_DOWNLOAD

    @property
    def available(self) -> bool:
        """Whether it can be loaded now."""
        return self.state in (State.EMBEDDED, State.CACHED)


def _names(file: PublishedFile) -> tuple[str, ...]:
    return _read_names(file.path, file.path.stat().st_mtime) if file.here else ()


@lru_cache(maxsize=8)
def _read_names(path: Path, modified: float) -> tuple[str, ...]:
    try:
        return labels.read_labels(path)
    except files.FileError:
        return ()


@lru_cache(maxsize=1)
def memory_for_networks() -> int:
    """Bytes that networks may take here: what `BASE` leaves of the machine's memory, or of `GLASSBOX_MEMORY_GB`."""
    if gigabytes := os.environ.get("GLASSBOX_MEMORY_GB"):
        return max(round(float(gigabytes) * 1e9) - BASE, LEAST)
    import psutil

    limits = [psutil.virtual_memory().total]
    for file in CONTAINER_LIMITS:
        if file.is_file() and (limit := file.read_text().strip()).isdigit():
            limits.append(int(limit))
    return max(min(limits) - BASE, LEAST)


@dataclass(frozen=True)
class Guest:
    """What a `.keras` file says of its network: see `Entry`. `input_size` is None where the file leaves it open;
    `channels` are 3, or 1 for grey images.
    """

    input_size: int | None
    channels: int
    classes: int
    parameters: int
    default_layer: str
    embedding_layer: str

    def entry(
        self, path: str, name: str, preprocessing: str, subject: str, names: tuple[str, ...] = (), size: int = 224
    ) -> Entry:
        """The network of the file at `path` as one of the table; `size` in pixels counts where the file leaves it open.

        GuestError where `names` are not as many as its classes.
        """
        if names and len(names) != self.classes:
            raise GuestError("labels_of_guest", received=len(names), expected=self.classes)
        return Entry(
            name=name,
            title=name,
            builder="core.networks.guests:load",
            arguments=(path, None if self.input_size else size),
            preprocessing=preprocessing,
            names=names,
            classes=self.classes,
            input_size=self.input_size or size,
            default_layer=self.default_layer,
            embedding_layer=self.embedding_layer,
            subject=subject,
            parameters=self.parameters,
        )
