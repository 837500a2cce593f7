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
    """The layers of a model that is one chain, as records, and a softmax behind them.

    A ReLU of its own becomes part of the layer before it; dropout, which does nothing after training, is left out.
    `embedding` names the layer whose output is one, `name` the network. DeploymentError for a layer that the engine
    does not know, or that begins a branch.
    """
    import keras

    records: list[Record] = []
    output = model.input
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        in_chain, output = layer.input is output, layer.output
        record = _record(layer) if in_chain else None
        if record is not None:
            records.append(record)
        elif not (in_chain and records and _merged(layer, records[-1])):
            raise DeploymentError("other_layer", network=name, layer=layer.name, kind=type(layer).__name__)
        records[-1].embedding |= int(layer.name == embedding)
    return [*records, Record(SOFTMAX)]


def _record(layer: Any) -> Record | None:
    """A layer as a record; None where the engine has none for it."""
    from keras import activations, layers

    activation = getattr(layer, "activation", activations.linear)
    if activation not in (activations.linear, activations.relu):
        return None
    relu, kind = int(activation is activations.relu), type(layer)
    if kind is layers.Conv2D and _is_square(layer, layer.kernel_size):
        same, (weights, bias) = int(layer.padding == "same"), _weights(layer)
        return Record(
            CONVOLUTION, layer.filters, layer.kernel_size[0], layer.strides[0], same, relu, weights=weights, bias=bias
        )
    if kind is layers.MaxPooling2D and _is_square(layer, layer.pool_size):
        return Record(MAX_POOLING, 0, layer.pool_size[0], layer.strides[0], int(layer.padding == "same"))
    if kind is layers.Flatten:
        return Record(FLATTEN)
    if kind is layers.Dense and len(layer.input.shape) == 2:
        weights, bias = _weights(layer)
        return Record(DENSE, layer.units, relu=relu, weights=weights, bias=bias)
    return None


def _is_square(layer: Any, window: tuple[int, int]) -> bool:
    """Whether a square window moves as far down as across, over all channels and every place in it."""
    return (
        window[0] == window[1]
        and layer.strides[0] == layer.strides[1]
        and layer.data_format == "channels_last"
        and getattr(layer, "groups", 1) == 1
        and getattr(layer, "dilation_rate", (1, 1)) == (1, 1)
    )


def _merged(layer: Any, record: Record) -> bool:
    """Make an activation of its own, or dropout, part of the record before it; False where that cannot be."""
    from keras import activations, layers

    if isinstance(layer, layers.Dropout):
        return True
    if isinstance(layer, layers.ReLU):
        relu = layer.max_value is None and not layer.negative_slope and not layer.threshold
    elif isinstance(layer, layers.Activation):
        if layer.activation is activations.linear:
            return True
        relu = layer.activation is activations.relu
    else:
        return False
    if relu and record.weights is not None:
        record.relu = 1
        return True
    return False


def _weights(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel, *bias = layer.get_weights()
    window = kernel if kernel.ndim == 4 else kernel[None, None]
    return window, bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)


def write(records: list[Record], shape: tuple[int, int, int], metadata: dict[str, Any], precision: str) -> bytes:
    """The bytes of a file; `shape` is that of an image, `(h, w, 3)`."""
    size = PRECISIONS[precision]
    text = _padded(json.dumps(metadata).encode(), b" ")
    parts = [HEADER.pack(NAME, VERSION, size, *shape, len(records), len(text))]
    parts += [RECORD.pack(*record.numbers()) for record in records]
    parts.append(text)
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


def parse(data: bytes) -> tuple[list[Record], tuple[int, int, int], dict[str, Any]]:
    """The records with float32 weights, the shape of an image and the metadata of a file, all as in `write`.

    Raises:
        ValueError: it is no flat file of this version.
    """
    name, version, size, height, width, channels, count, length = HEADER.unpack_from(data)
    if (name, version) != (NAME, VERSION):
        raise ValueError("This is no flat file of version 1.")
    offset = HEADER.size + count * RECORD.size
    metadata = json.loads(data[offset : offset + length])
    offset += length

    def next_array(kind: Any, number: int) -> np.ndarray:
        nonlocal offset
        values = np.frombuffer(data, kind, number, offset)
        offset += -(-values.nbytes // 4) * 4
        return values.astype(np.float32)

    records, inputs, shape = [], channels, (height, width)
    for index in range(count):
        record = Record(*RECORD.unpack_from(data, HEADER.size + index * RECORD.size))
        if record.kind == FLATTEN:
            inputs *= shape[0] * shape[1]
        elif record.kind in (CONVOLUTION, MAX_POOLING):
            shape = _windows(shape[0], record)[0], _windows(shape[1], record)[0]
        if record.kind in (CONVOLUTION, DENSE):
            record.bias = next_array("<f4", record.outputs)
            scales = next_array("<f4", record.outputs) if size == 1 else np.float32(1)
            window = (record.kernel, record.kernel, inputs, record.outputs)
            record.weights = next_array(_STORED[size], int(np.prod(window))).reshape(window) * scales
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


def interpreter(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """The network of a file in NumPy, a second implementation beside the engine: pixels `(h, w, 3)` uint8 -> the
    `OUTPUTS` by name.
    """
    from core.networks.network import softmax  # not at the top: a process that measures a runtime needs nothing else

    records, _, _ = parse(data)

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        values = pixels.astype(np.float32)
        outputs = {}
        for record in records:
            if record.kind == FLATTEN:
                values = values.reshape(-1)
            elif record.kind == SOFTMAX:
                outputs["logits"], values = values, softmax(values)
            else:
                values = _layer(record, values)
            if record.embedding:
                outputs["embedding"] = values.reshape(-1)
        return outputs | {"probabilities": values}

    return run


def _layer(record: Record, values: np.ndarray) -> np.ndarray:
    """One layer of `(h, w, k)`, or of `(k,)` for a dense one: a sum, or the largest, over the places of a window."""
    if record.kind == DENSE:
        sums = values @ _weights_at(record, 0, 0) + record.bias
        return np.maximum(sums, 0) if record.relu else sums
    pooled = record.kind == MAX_POOLING
    (height, *down), (width, *across) = (_windows(side, record) for side in values.shape[:2])
    padded = np.pad(values, [down, across, (0, 0)], constant_values=-np.inf if pooled else 0)
    terms = []
    for u, v in np.ndindex(record.kernel, record.kernel):
        shifted = padded[u :: record.stride, v :: record.stride][:height, :width]
        terms.append(shifted if pooled else shifted @ _weights_at(record, u, v))
    output = np.maximum.reduce(terms) if pooled else np.sum(terms, axis=0) + record.bias
    return np.maximum(output, 0) if record.relu else output


def _weights_at(record: Record, u: int, v: int) -> np.ndarray:
    assert record.weights is not None
    return record.weights[u, v]
