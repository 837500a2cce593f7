"""The table of networks. Importing this module imports no Keras: the dashboard's server process reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.faces import PEOPLE, group_of
from core.networks.entry import WEIGHTS, Entry, NetworkError, memory_for_networks
from core.networks.files import PublishedFile

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


SIBLINGS = {
    share: _sibling(share, digest)
    for share, digest in (
        (90, "c2597f559e0042a2c67073e96929b7a7649ce8ce7f1a57904fe4db5269426121"),
        (50, "d407b6a8da4a7336283cec327eabfb19c03a689e1575afa6fef4ae2774e83eea"),
        (10, "5042e056741f16301abfcb139a60a2db0d8656928ab49c6bbac9457455b54239"),
    )
}
"""Percent of the training captures that show people of group A -> MiniFace trained on them."""
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
    *SIBLINGS.values(),
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


def untrained(entry: Entry) -> Entry:
    """The network with random weights to hold another one against: of the same layers, or else MiniFace's."""
    return NETWORKS.get(f"{entry.name.removesuffix('-untrained')}-untrained", UNTRAINED)


def knows_people(entry: Entry) -> bool:
    """Whether the classes of a network are the rendered people."""
    return entry.names == MINIFACE.names
