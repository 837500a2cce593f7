"""The flat file: our own plain format, which the engine in `deploy/engine` reads.

A header, a record of seven integers for each layer, the metadata as JSON, then the weights. All numbers are little
endian; `deploy/README.md` has the table. Weights of one byte carry a scale for each output channel,
`weight = scale * byte` (symmetric, Jacob 2017, https://arxiv.org/abs/1712.05877), and are computed with in float32: no
calibration is needed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.deployment import PRECISIONS, DeploymentError

if TYPE_CHECKING:
    import keras

NAME, VERSION = b"glassbox", 1
HEADER, RECORD = struct.Struct("<8s7i"), struct.Struct("<7i")
CONVOLUTION, MAX_POOLING, FLATTEN, DENSE, SOFTMAX = range(1, 6)
_STORED: dict[int, Any] = {4: "<f4", 2: "<f2", 1: "i1"}


@dataclass
class Record:
    """What the engine has to know of a layer, in the order in which it stands in the file, and its weights.

    `kernel` and `stride` in places of the map; `same`, `relu` and `embedding` are 0 or 1. Of a convolution and a dense
    layer `weights` are `(kernel, kernel, inputs, outputs)` and `bias` is `(outputs,)`.
    """

    kind: int
    outputs: int = 0
    kernel: int = 1
    stride: int = 1
    same: int = 0
    relu: int = 0
    embedding: int = 0
    weights: np.ndarray | None = None
    bias: np.ndarray | None = None

    def numbers(self) -> tuple[int, ...]:
        """The seven integers of the file."""
        return self.kind, self.outputs, self.kernel, self.stride, self.same, self.relu, self.embedding


def records_of(model: keras.Model, embedding: str, name: str) -> list[Record]:
    """The layers of a model that is one chain, as records; DeploymentError for a layer that the engine does not know.

    A ReLU of its own becomes part of the layer before it; dropout, which does nothing after training, is left out.
    """
    import keras
    from keras import layers

    def squared(layer: keras.layers.Layer, *numbers: Any) -> tuple[int, int]:
        (height, width), (down, across) = numbers
        known = height == width and down == across and getattr(layer, "data_format", "") == "channels_last"
        if not known or getattr(layer, "groups", 1) != 1 or getattr(layer, "dilation_rate", (1, 1)) != (1, 1):
            raise refusal(layer)
        return height, down

    def refusal(layer: keras.layers.Layer) -> DeploymentError:
        return DeploymentError("other_layer", network=name, layer=layer.name, kind=type(layer).__name__)

    found: list[Record] = []
    tensor = model.input
    for layer in model.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        if layer.input is not tensor:  # a branch
            raise refusal(layer)
        tensor = layer.output
        activation = getattr(layer, "activation", keras.activations.linear)
        relu = int(isinstance(layer, layers.ReLU) or activation is keras.activations.relu)
        if not relu and activation is not keras.activations.linear:
            raise refusal(layer)
        if type(layer) is layers.Conv2D:
            kernel, stride = squared(layer, layer.kernel_size, layer.strides)
            record = Record(CONVOLUTION, layer.filters, kernel, stride, int(layer.padding == "same"), relu)
        elif type(layer) is layers.MaxPooling2D:
            kernel, stride = squared(layer, layer.pool_size, layer.strides)
            record = Record(MAX_POOLING, 0, kernel, stride, int(layer.padding == "same"))
        elif type(layer) is layers.Flatten:
            record = Record(FLATTEN)
        elif type(layer) is layers.Dense and len(layer.input.shape) == 2:
            record = Record(DENSE, layer.units, relu=relu)
        elif isinstance(layer, layers.Dropout) or (isinstance(layer, layers.Activation | layers.ReLU) and found):
            plain = not isinstance(layer, layers.ReLU) or (layer.max_value is None and not layer.negative_slope)
            if not plain or (relu and found[-1].weights is None):
                raise refusal(layer)
            found[-1].relu |= relu
            found[-1].embedding |= int(layer.name == embedding)
            continue
        else:
            raise refusal(layer)
        if layer.weights:
            record.weights, record.bias = _weights(layer)
        record.embedding = int(layer.name == embedding)
        found.append(record)
    return [*found, Record(SOFTMAX)]


def _weights(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel, *bias = layer.get_weights()
    window = kernel if kernel.ndim == 4 else kernel[None, None]
    return window, bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)


def write(records: list[Record], shape: tuple[int, int, int], metadata: dict[str, Any], precision: str) -> bytes:
    """The bytes of a file; `shape` is that of a picture, `(h, w, 3)`."""
    size = PRECISIONS[precision]
    about = _padded(json.dumps(metadata).encode(), b" ")
    parts = [HEADER.pack(NAME, VERSION, size, *shape, len(records), len(about))]
    parts += [RECORD.pack(*record.numbers()) for record in records]
    parts.append(about)
    for record in records:
        if record.weights is None or record.bias is None:
            continue
        parts.append(record.bias.astype("<f4").tobytes())
        values = record.weights
        if size == 1:
            scales = np.maximum(np.abs(values).max(axis=(0, 1, 2)) / 127, np.finfo(np.float32).tiny)
            parts.append(scales.astype("<f4").tobytes())
            values = np.rint(values / scales)
        parts.append(_padded(values.astype(_STORED[size]).tobytes(), b"\0"))
    return b"".join(parts)


def _padded(data: bytes, filling: bytes) -> bytes:
    return data + filling * (-len(data) % 4)


def read(data: bytes) -> tuple[list[Record], tuple[int, int, int], dict[str, Any]]:
    """The records with float32 weights, the shape of a picture and the metadata of a file, all as in `write`.

    Raises:
        ValueError: it is no flat file of this version.
    """
    name, version, size, height, width, channels, count, length = HEADER.unpack_from(data)
    if (name, version) != (NAME, VERSION):
        raise ValueError("This is no flat file of version 1.")
    at = HEADER.size + count * RECORD.size
    metadata = json.loads(data[at : at + length])
    at += length

    def take(kind: Any, number: int) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(data, kind, number, at)
        at += -(-values.nbytes // 4) * 4
        return values.astype(np.float32)

    records, inputs, shape = [], channels, (height, width)
    for place in range(count):
        record = Record(*RECORD.unpack_from(data, HEADER.size + place * RECORD.size))
        if record.kind == FLATTEN:
            inputs *= shape[0] * shape[1]
        elif record.kind in (CONVOLUTION, MAX_POOLING):
            shape = _windows(shape[0], record)[0], _windows(shape[1], record)[0]
        if record.kind in (CONVOLUTION, DENSE):
            record.bias = take("<f4", record.outputs)
            scales = take("<f4", record.outputs) if size == 1 else np.float32(1)
            window = (record.kernel, record.kernel, inputs, record.outputs)
            record.weights = take(_STORED[size], int(np.prod(window))).reshape(window) * scales
            inputs = record.outputs
        records.append(record)
    return records, (height, width, channels), metadata


def _windows(side: int, record: Record) -> tuple[int, int, int]:
    """How many windows fit along a side, and the padding before and behind it, as Keras pads."""
    if not record.same:
        return (side - record.kernel) // record.stride + 1, 0, 0
    count = -(-side // record.stride)
    padding = max((count - 1) * record.stride + record.kernel - side, 0)
    return count, padding // 2, padding - padding // 2


def opened(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """The network of a file in NumPy, beside the engine a second implementation: pixels `(h, w, 3)` uint8 -> answer."""
    from core.networks.network import softmax  # not at the top: a process that measures a runtime needs nothing else

    records, _, _ = read(data)

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        values = pixels.astype(np.float32)
        answer = {}
        for record in records:
            if record.kind == FLATTEN:
                values = values.reshape(-1)
            elif record.kind == SOFTMAX:
                answer["logits"], values = values, softmax(values)
            else:
                values = _layer(record, values)
            if record.embedding:
                answer["embedding"] = values.reshape(-1)
        return answer | {"probabilities": values}

    return run


def _layer(record: Record, values: np.ndarray) -> np.ndarray:
    """One layer of `(h, w, k)`, or of `(k,)` for a dense one: a sum, or the largest, over the places of a window."""
    if record.kind == DENSE:
        found = values @ _weights_at(record, 0, 0) + record.bias
        return np.maximum(found, 0) if record.relu else found
    pooled = record.kind == MAX_POOLING
    (height, *down), (width, *across) = (_windows(side, record) for side in values.shape[:2])
    padded = np.pad(values, [down, across, (0, 0)], constant_values=-np.inf if pooled else 0)
    terms = []
    for u, v in np.ndindex(record.kernel, record.kernel):
        seen = padded[u :: record.stride, v :: record.stride][:height, :width]
        terms.append(seen if pooled else seen @ _weights_at(record, u, v))
    found = np.maximum.reduce(terms) if pooled else np.sum(terms, axis=0) + record.bias
    return np.maximum(found, 0) if record.relu else found


def _weights_at(record: Record, u: int, v: int) -> np.ndarray:
    assert record.weights is not None
    return record.weights[u, v]
