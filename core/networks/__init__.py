"""The table of networks, and the one way to load them.

Importing this module imports no Keras: the dashboard's server process reads the table, only workers load networks.
"""

from __future__ import annotations

import gc
import io
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache, partial, wraps
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ReasonedError
from core.faces import PEOPLE, group_of
from core.images import resize
from core.networks import files, labels
from core.networks.files import PublishedFile
from core.networks.preprocessing import PREPROCESSING

if TYPE_CHECKING:
    import keras

WEIGHTS = Path(__file__).parents[2] / "assets" / "weights"
SMALL, BATCH, SMALL_BATCH = 128, 4, 32
"""Pictures that go through a network at once: `SMALL_BATCH` of at most `SMALL` pixels a side, `BATCH` of larger ones.
More gain no speed and cost memory."""
OVERHEAD, WORKSPACE = 1.15, 80_000_000
"""What a network takes of memory: its weights so many times, and bytes for compiled functions and feature maps. A bit
more than `benchmarks/memory.py` measured."""
BASE = 1_000_000_000
"""Bytes of memory that the server and a worker with TensorFlow take before the first network."""
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says what a container may take, in versions 2 and 1 of its control groups."""
LEAST = 170_000_000
"""Bytes for networks that any machine is thought to have, so that the embedded one can always be used."""
MOST_RESIDENT = 1_200_000_000
"""Bytes that networks take together at most: one large one, whatever the machine has."""

REASONS: dict[str, str] = {
    "unknown_network": "There is no network {name!r}; choose one of: {choices}.",
    "other_weights": "The file {file} does not hold the weights of {name}: {problem}. Hand in the published file.",
    "too_large": "{name} needs {needed} GB of memory while it is used, and this machine has {available} GB for "
    "networks; choose one that fits: {smaller}.",
    "no_room_for_copy": "There is no room for a copy of {name} whose weights are made random; choose a smaller one.",
    "pictures": "Received an array of shape {shape}; expected pictures of shape (h, w, 3) or (n, h, w, 3).",
    "unknown_layer": "There is no layer {name!r}; choose one of: {choices}.",
    "tied_to_size": "Layer {name} is tied to pictures of {expected} pixels; received {size}. Choose an earlier one.",
    "flat_layer": "Layer {name!r} has no feature maps; choose one of: {choices}.",
    "bypassed_layer": "Not everything passes through layer {name!r}; choose one behind the joining of the branches.",
    "no_kernels": "Layer {name!r} has no convolution kernels; choose one of: {choices}.",
    "unknown_channel": "Layer {name!r} has no channel {channel}; choose from 0 to {last}.",
    "no_channels": "No channel was chosen; choose at least one, from 0 to {last}.",
    "unknown_class": "{network} has no class {class_index}; choose from 0 to {last}.",
    "unknown_method": "There is no method {name!r}; choose one of: {choices}.",
    "unreadable_guest": "{file} is no network that Keras can read: {problem}. Hand in a .keras file saved by Keras 3.",
    "code_in_guest": "{file} holds code of its own ({part}), which is not run here; save the network without "
    "Lambda and custom layers.",
    "large_guest": "{file} holds {size} GB, and this machine has {most} GB for networks; bring a smaller one.",
    "shapes_of_guest": "{file} leads from {inputs} to {outputs}; expected one square picture, colour or grey, and "
    "the scores of at least two classes.",
    "labels_of_guest": "The list holds {found} names, and the network has {expected} classes; bring one name a line.",
    "flat_guest": "{file} has no layer with feature maps; bring a convolutional network.",
    "no_head": "CAM needs a global average and one dense layer behind layer {name!r}, or pictures to fit such a head; "
    "{network} has neither: choose the layer before its global average, or take Grad-CAM.",
    "no_relu": "Guided backpropagation changes the way back through ReLUs, and {network} has none; take another.",
    "diverged": "The picture of channel {channel} diverged in iteration {iteration}; choose a smaller learning rate.",
    "rate_too_high": "The activation of channel {channel} fell for {steps} steps, up to iteration {iteration}: the "
    "learning rate is too high; choose a smaller one.",
    "unknown_choice": "There is no {kind} {name!r}; choose one of: {choices}.",
    "other_count": "Received {received} values for {expected} pictures; hand in one for all, or one for each.",
    "start_shape": "Received pictures of shape {shape} to go on from; expected {expected}.",
}
"""Reason -> what arrived, what was expected, what to do."""


class NetworkError(ReasonedError):
    """A request that a network cannot answer."""

    reasons = REASONS


@dataclass(frozen=True)
class LayerRow:
    """One layer: `shape` of its output without the batch; `receptive_field` and `stride` in pixels of the input.

    Both are None for a layer that sees the whole picture at once (flatten, dense). `spatial`: its output is feature
    maps `(h, w, k)` of more than one place. `passed`: every way from the picture to the answer leads through it.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    receptive_field: int | None
    stride: int | None
    spatial: bool
    passed: bool


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
    def untrained(self) -> Entry:
        """The network with random weights to hold this one against: its own layers, or else MiniFace's."""
        return NETWORKS.get(f"{self.name.removesuffix('-untrained')}-untrained", UNTRAINED)

    @property
    def available(self) -> bool:
        """Whether it can be loaded now."""
        return self.state in (State.EMBEDDED, State.CACHED)


def _names(file: PublishedFile) -> tuple[str, ...]:
    return _read_names(file.path, file.path.stat().st_mtime) if file.here else ()


@lru_cache(maxsize=8)
def _read_names(path: Path, modified: float) -> tuple[str, ...]:
    try:
        return labels.read(path)
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


MINIFACE = Entry(
    name="MiniFace",
    title="MiniFace, trained on synthetic people",
    builder="core.networks.miniface:build",
    arguments=(PEOPLE,),
    preprocessing="tf",
    names=tuple(f"Person {number:02d} (group {group_of(number)})" for number in range(PEOPLE)),
    classes=PEOPLE,
    input_size=112,
    default_layer="conv5_3",
    embedding_layer="fc7",
    subject="face",
    parameters=906_656,
    weights=PublishedFile(
        "miniface.npz",
        str(WEIGHTS),
        digest="dc07c9ad16986251f186a5c864822cd132aa7ba04c80f83fc8fa600513943f75",
    ),
)

DIGITS = Entry(
    name="Digits",
    title="A small network that reads handwritten digits",
    builder="core.training.network:build",
    arguments=(),
    preprocessing="grey",
    names=tuple("0123456789"),
    classes=10,
    input_size=28,
    default_layer="l3",
    embedding_layer="l4",
    subject="digit",
    parameters=7_465,
    weights=PublishedFile(
        "digits.npz",
        str(WEIGHTS),
        digest="13fac78387ae03bdbcf765418504573f63e740f09cdbdd20658742e2ce6587c7",
    ),
)


def _untrained(entry: Entry) -> Entry:
    """The same layers with random weights."""
    name = f"{entry.name}-untrained"
    return replace(entry, name=name, title=f"{entry.name} before its training (random weights)", weights=None)


UNTRAINED = _untrained(MINIFACE)


def _sibling(share: int, digest: str) -> Entry:
    """MiniFace trained on captures of which `share` percent show people of group A."""
    return replace(
        MINIFACE,
        name=f"MiniFace-A{share}",
        title=f"MiniFace, {share} % of whose training pictures show group A, and {100 - share} % group B",
        weights=PublishedFile(f"miniface_a{share}.npz", str(WEIGHTS), digest=digest),
    )


VGGFACE_URL = "https://github.com/rcmalli/keras-vggface/releases/download/v2.0/"
KERAS_URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
IMAGENET_NAMES = PublishedFile(
    "imagenet_class_index.json",
    "models",
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
    "c2c37ea517e94d9795004a39431a14cb",
)


def _vggface_file(name: str) -> PublishedFile:
    return PublishedFile(name, "models/vggface", VGGFACE_URL + name)


def _vggface(variant: str, version: int, classes: int, default_layer: str, embedding: str, parameters: int) -> Entry:
    return Entry(
        name=f"VGGFace-{variant}",
        title=f"{variant} trained on {classes:,} celebrities (VGGFace{version if version > 1 else ''})",
        builder="core.networks.vggface:build",
        arguments=(variant,),
        preprocessing=f"vggface{version}",
        names=_vggface_file(f"rcmalli_vggface_labels_v{version}.npy"),
        classes=classes,
        input_size=224,
        default_layer=default_layer,
        embedding_layer=embedding,
        subject="face",
        parameters=parameters,
        weights=_vggface_file(f"rcmalli_vggface_tf_{variant.lower()}.h5"),
    )


def _imagenet(
    name: str,
    preprocessing: str,
    default_layer: str,
    embedding: str,
    parameters: int,
    file: str,
    digest: str = "",
    input_size: int = 224,
    arguments: tuple[Any, ...] = (),
) -> Entry:
    return Entry(
        name=name,
        title=f"{name}, trained on ImageNet",
        builder="core.networks.imagenet:build",
        arguments=arguments or (name,),
        preprocessing=preprocessing,
        names=IMAGENET_NAMES,
        classes=1000,
        input_size=input_size,
        default_layer=default_layer,
        embedding_layer=embedding,
        subject="object",
        parameters=parameters,
        weights=PublishedFile(Path(file).name, "models", KERAS_URL + file, digest),
    )


_TF = "weights_tf_dim_ordering_tf_kernels.h5"
_TABLE = (
    MINIFACE,
    UNTRAINED,
    _sibling(90, "c2597f559e0042a2c67073e96929b7a7649ce8ce7f1a57904fe4db5269426121"),
    _sibling(50, "d407b6a8da4a7336283cec327eabfb19c03a689e1575afa6fef4ae2774e83eea"),
    _sibling(10, "5042e056741f16301abfcb139a60a2db0d8656928ab49c6bbac9457455b54239"),
    DIGITS,
    _untrained(DIGITS),
    _vggface("VGG16", 1, 2622, "conv5_3", "fc7_relu", 145_002_878),
    _vggface("ResNet50", 2, 8631, "activation_48", "flatten", 41_246_071),
    _vggface("SENet50", 2, 8631, "activation_80", "flatten", 43_777_063),
    _imagenet(
        "VGG16",
        "caffe",
        "block5_conv3",
        "fc2",
        138_357_544,
        f"vgg16/vgg16_{_TF}",
        "64373286793e3c8b2b4e3219cbf3544b",
    ),
    _imagenet(
        "ResNet50",
        "caffe",
        "conv5_block3_out",
        "avg_pool",
        25_636_712,
        f"resnet/resnet50_{_TF}",
        "2cb95161c43110f7111970584f804107",
    ),
    _imagenet(
        "ResNet50V2",
        "tf",
        "post_relu",
        "avg_pool",
        25_613_800,
        f"resnet/resnet50v2_{_TF}",
        "3ef43a0b657b3be2300d5770ece849e0",
    ),
    _imagenet(
        "Xception",
        "tf",
        "block14_sepconv2_act",
        "avg_pool",
        22_910_480,
        f"xception/xception_{_TF}",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
        input_size=299,
    ),
    _imagenet(
        "MobileNet", "tf", "conv_pw_13_relu", "global_average_pooling2d", 4_253_864, "mobilenet/mobilenet_1_0_224_tf.h5"
    ),
    _imagenet(
        "MobileNet-0.25",
        "tf",
        "conv_pw_13_relu",
        "global_average_pooling2d",
        475_544,
        "mobilenet/mobilenet_2_5_224_tf.h5",
        arguments=("MobileNet", 0.25),
    ),
)
NETWORKS: dict[str, Entry] = {entry.name: entry for entry in _TABLE}


@dataclass(frozen=True)
class Guest:
    """What a `.keras` file says of its network: see `Entry`. `input_size` is None where the file leaves it open;
    `channels` are 3, or 1 for grey pictures.
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

        NetworkError where `names` are not as many as its classes.
        """
        if names and len(names) != self.classes:
            raise NetworkError("labels_of_guest", found=len(names), expected=self.classes)
        return Entry(
            name=name,
            title=name,
            builder="core.networks.guests:read",
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


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network, shared by everybody: read it, build sub-networks from it, never change it.

    `model` maps preprocessed inputs to logits; `kept` holds what `kept` made of it.
    """

    entry: Entry
    model: keras.Model
    kept: dict[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict, repr=False)

    def stretched(self, images: np.ndarray) -> np.ndarray:
        """Pictures, `(h, w, 3)` or `(n, h, w, 3)` in [0, 1], as a batch of the size that the network takes, float32.

        Pictures of another size are stretched to the network's: crop them first where proportions matter.
        """
        images = np.asarray(images, np.float32)
        if images.ndim not in (3, 4) or images.shape[-1] != 3:
            raise NetworkError("pictures", shape=images.shape)
        batch = images.reshape(-1, *images.shape[-3:])
        height, width = self.model.input_shape[1:3]
        if batch.shape[1:3] != (height, width):
            batch = np.stack([resize(image, height, width) for image in batch])
        return batch

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """Pictures as in `stretched`, prepared as the network's training pictures were: `(n, h, w, c)` float32."""
        return np.asarray(PREPROCESSING[self.entry.preprocessing](self.stretched(images)), np.float32)

    def run(self, images: np.ndarray, layer: str | None = None) -> np.ndarray:
        """Output of a layer, by default the logits, for pictures as in `inputs`: `(n, ...)`."""
        from core.layers import compiled

        function = compiled(self, layer or self.model.layers[-1].name)
        inputs, size = self.inputs(images), batch_size(self.entry)
        chunks = (inputs[start : start + size] for start in range(0, len(inputs), size))
        return np.concatenate([function(chunk) for chunk in chunks])

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities `(n, classes)` of pictures as in `inputs`: the softmax of the logits."""
        return softmax(self.run(images))

    def check_class(self, class_index: int) -> int:
        """Return `class_index`; NetworkError where the network has no such class."""
        classes = self.model.output_shape[-1]
        if not 0 <= class_index < classes:
            raise NetworkError("unknown_class", network=self.entry.name, class_index=class_index, last=classes - 1)
        return int(class_index)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Positive weights `(..., k)` that sum to 1, each e times the one whose score is 1 less."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the same softmax, without overflow
    return powers / powers.sum(axis=-1, keepdims=True)


def batch_size(entry: Entry) -> int:
    """How many pictures go through the network at once."""
    return SMALL_BATCH if entry.input_size <= SMALL else BATCH


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make what `function(network, *key)` returns once, and keep it as long as the network: it goes when that goes."""

    @wraps(function)
    def call(network: Network, *key: Any) -> Any:
        if function not in network.kept:
            network.kept[function] = lru_cache(maxsize=64)(partial(function, network))
        return network.kept[function](*key)

    return call


def find(network: str | Entry) -> Entry:
    """The entry of a network by its name, upper and lower case being the same; an entry is returned as it is.

    NetworkError for an unknown name.
    """
    if isinstance(network, Entry):
        return network
    for entry in NETWORKS.values():
        if entry.name.casefold() == network.strip().casefold():
            return entry
    raise NetworkError("unknown_network", name=network, choices=", ".join(NETWORKS))


def resolve(path: str) -> Any:
    """The object that "module:name" stands for."""
    module, name = path.split(":")
    return getattr(import_module(module), name)


_resident: dict[Entry, Network] = {}
_asked: dict[Entry, float] = {}
"""The loaded networks, and when each was asked for last."""
_loading = Lock()


def load(network: str | Entry) -> Network:
    """The network of this name or entry, loaded once in this process; others give way where memory is short.

    NetworkError: unknown name, not enough memory, or another network's weights. FileError: weights missing or damaged.
    """
    entry = find(network)
    if entry not in _resident:
        with _loading:  # two threads that ask at once must not build it twice
            if entry not in _resident:
                _make_room(entry)
                _resident[entry] = _build(entry)
    _asked[entry] = time.monotonic()
    return _resident[entry]


def is_resident(network: str | Entry) -> bool:
    """Whether the network is loaded in this process."""
    return find(network) in _resident


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


def refusal(entry: Entry) -> NetworkError:
    """Why a network whose state is `TOO_LARGE` cannot be used here, and what to use instead."""
    room = memory_for_networks()
    return NetworkError(
        "too_large",
        name=entry.name,
        needed=f"{entry.memory / 1e9:.1f}",
        available=f"{room / 1e9:.1f}",
        smaller=", ".join(other.name for other in NETWORKS.values() if other.memory <= room),
    )


def _make_room(entry: Entry) -> None:
    """Let go of the networks that were not used for longest, until there is room for another one."""
    room = memory_for_networks()
    if entry.memory > room:
        raise refusal(entry)
    while _resident and entry.memory + sum(other.memory for other in _resident) > min(room, MOST_RESIDENT):
        del _resident[min(_resident, key=_asked.__getitem__)]
        gc.collect()  # compiled functions and models hold each other


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
        groups = {_text(name): root[name] for name in root.attrs["layer_names"]}
        saved = {name.replace("/", "_"): group for name, group in groups.items() if len(group.attrs["weight_names"])}
        if len(saved) != len(layers):
            raise ValueError(f"it holds weights of {len(saved)} layers, expected {len(layers)}")
        same = saved.keys() == layers.keys()
        for name, (layer_name, layer) in zip(saved, layers.items(), strict=True):
            group = saved[layer_name if same else name]
            layer.set_weights([np.asarray(group[weight]) for weight in group.attrs["weight_names"]])


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
