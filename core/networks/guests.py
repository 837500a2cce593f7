"""Networks that a person brings as a `.keras` file, read without running anything that stands in it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from core.networks import layers
from core.networks.entry import Guest, GuestError, memory_for_networks

MOST_MEMBERS, MOST_CONFIG = 64, 10**7
"""Files in the archive, and bytes of the one that describes the layers."""
TRUSTED = ("keras", "builtins")
"""Packages whose classes are built: Keras' own, and plain values."""


def load(path: str, input_size: int | None = None) -> keras.Model:
    """The network of a `.keras` file; its output are logits.

    `input_size` in pixels is for a file that leaves it open. GuestError: no such file, code of its own in it, too
    large, or no network from one image to the scores of at least two classes.
    """
    file = Path(path)
    _check(file)
    try:
        model = keras.models.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # the file is anybody's: whatever is wrong with it is not the program's mistake
        raise GuestError("unreadable_guest", file=file.name, problem=_first_line(error)) from error
    if not _is_classifier(model):
        raise GuestError("shapes_of_guest", file=file.name, inputs=_shape(model.inputs), outputs=_shape(model.outputs))
    return _rebuilt(_logits(model), input_size or model.inputs[0].shape[1])


def inspect(path: str) -> Guest:
    """What the table has to know of the network in a `.keras` file; GuestError as in `load`."""
    model = load(path)
    spatial = layers.spatial_layers(model)
    if not spatial:
        raise GuestError("flat_guest", file=Path(path).name)
    return Guest(
        input_size=model.input_shape[1],
        channels=model.input_shape[3],
        classes=model.output_shape[-1],
        parameters=model.count_params(),
        default_layer=layers.default_layer(model),
        embedding_layer=model.layers[-2].name,
    )


def _check(file: Path) -> None:
    """Look at a file before Keras does: its size unpacked, and that all its parts are Keras' own."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            size, most = sum(member.file_size for member in members), memory_for_networks()
            config = json.loads(archive.open("config.json").read(MOST_CONFIG))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise GuestError("unreadable_guest", file=file.name, problem=_first_line(error)) from error
    if len(members) > MOST_MEMBERS or size > most:
        raise GuestError("large_guest", file=file.name, size=f"{size / 1e9:.1f}", most=f"{most / 1e9:.1f}")
    for part in _parts(config):
        module = part.get("module") or "keras"
        foreign = part.get("registered_name") not in (None, part["class_name"]) or module.split(".")[0] not in TRUSTED
        if foreign or part["class_name"] in ("Lambda", "__lambda__"):
            raise GuestError("code_in_guest", file=file.name, part=part["class_name"])


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in a configuration that names a class, at any depth."""
    if isinstance(config, dict):
        if isinstance(config.get("class_name"), str):
            yield config
        for value in config.values():
            yield from _parts(value)
    elif isinstance(config, list):
        for value in config:
            yield from _parts(value)


def _is_classifier(model: keras.Model) -> bool:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return False
    (inputs,), (outputs,) = model.inputs, model.outputs
    square = len(inputs.shape) == 4 and inputs.shape[1] == inputs.shape[2] and inputs.shape[3] in (1, 3)
    return square and len(outputs.shape) == 2 and (outputs.shape[1] or 0) > 1


def _logits(model: keras.Model) -> keras.Model:
    """The same network without a softmax or another squashing at its end."""
    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax | keras.layers.Activation):
        return keras.Model(model.inputs[0], last.input)
    if hasattr(last, "activation"):
        last.activation = keras.activations.linear
    return keras.Model(model.inputs[0], model.outputs[0])


def _rebuilt(model: keras.Model, size: int | None) -> keras.Model:
    """The same network of new layers: those of a file may have been used before, and then do not know their inputs."""
    inputs = keras.Input((size, size, model.inputs[0].shape[3]))
    fresh = keras.models.clone_model(model, input_tensors=inputs)
    fresh.set_weights(model.get_weights())
    return fresh


def _shape(tensors: list[Any]) -> str:
    return ", ".join(str(tensor.shape) for tensor in tensors)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
