"""From a network to a file for another runtime, and back again: nothing is handed out that was not compared."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np

from core import digits as handwritten
from core import faces, images
from core.deployment import OUTPUTS, DeploymentError, Export, compare, flat, runtimes
from core.deployment.graph import compiled, metadata, records, shared_graph
from core.networks.entry import Entry
from core.networks.network import Network, cached_on_network, compile_function
from core.progress import Report

if TYPE_CHECKING:
    import onnx

COMPARED, CALIBRATION = 32, 64
"""Images that a file is compared on, and others by which int8 finds the range of every map."""
SEED, CALIBRATION_SEED = 501, 502
TOLERANCE = {"float32": 1e-4, "float16": 5e-2, "int8": 1.0}
"""Largest difference of a probability with which a file is still handed out; what int8 costs is for the reader."""
OPSET = {"float32": 10, "float16": 10, "int8": 13}
"""Version of the ONNX operators: old enough for OpenCV 4.6, Debian 12's; scales per channel need a newer one."""


def export(network: Network, format: str, precision: str, report: Report | None = None) -> Export:
    """A network as a file of one of `FORMATS` in one of `PRECISIONS`, loaded again and compared with Keras.

    The file takes pixels `(1, h, w, 3)` uint8 and gives the `OUTPUTS`. `report(step, steps)` counts the images.

    Raises:
        DeploymentError: a package is missing, the flat format does not know a layer, or the file answers otherwise.
    """
    data = _WRITERS[format](network, precision)
    run = runtimes.READERS[format](data)
    outputs = []
    for step, pixels in enumerate(captures(network.entry, COMPARED, SEED)):
        if report:
            report(step, COMPARED)
        outputs.append(run(pixels))
    comparison = compare(outputs, _expected(network))
    if not comparison.probabilities <= TOLERANCE[precision]:
        difference = f"{comparison.probabilities:.2g}"
        raise DeploymentError("other_answer", format=format, network=network.entry.name, difference=difference)
    return Export(format, precision, data, comparison)


@cached_on_network
def _expected(network: Network) -> list[dict[str, np.ndarray]]:
    keras = compiled(network)
    return [keras(pixels) for pixels in captures(network.entry, COMPARED, SEED)]


@lru_cache(maxsize=4)
def captures(entry: Entry, count: int, seed: int) -> np.ndarray:
    """Images of what a network looks at, `(count, s, s, 3)` uint8: digits, or rendered people taken in other ways."""
    size = entry.input_size
    if entry.subject == "digit":
        digits = handwritten.load().train.images
        rows = np.random.default_rng(seed).choice(len(digits), count, replace=False)
        taken = [images.resize(images.from_uint8(digits[row].repeat(3, axis=-1)), size, size) for row in rows]
    else:
        taken = [faces.render_capture(n % faces.PEOPLE, seed, n, size)[0] for n in range(count)]
    return images.to_uint8(np.stack(taken))


# --- ONNX -------------------------------------------------------------------------------------------------------------


def _onnx(network: Network, precision: str) -> bytes:
    """By tf2onnx; float16 by casts behind the stored weights; int8 by ONNX Runtime, calibrated on captures."""
    runtimes.require("onnx", "tf2onnx", "onnxruntime")
    import onnx
    import tensorflow as tf

    model = shared_graph(network)
    pixels = [tf.TensorSpec(model.input_shape, tf.uint8, name="pixels")]  # else the shapes are computed in every run
    with tempfile.TemporaryDirectory(prefix="glassbox-") as folder:
        file = Path(folder) / "network.onnx"
        model.export(file, format="onnx", verbose=False, opset_version=OPSET[precision], input_signature=pixels)
        exported = onnx.load(file)
        if precision == "int8":
            exported = _quantized(network, file)
        else:
            _transpose_dense(exported)
    if precision == "float16":
        _store_half(exported)
    for name, value in metadata(network).items():
        exported.metadata_props.add(key=name, value=value if isinstance(value, str) else json.dumps(value))
    return bytes(exported.SerializeToString())


def _transpose_dense(model: onnx.ModelProto) -> None:
    """Store the weights of dense layers as (outputs, inputs), the only order in which OpenCV 4.6 reads them."""
    from onnx import helper, numpy_helper

    weights = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Gemm":
            weight = weights[node.input[1]]
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).T.copy(), weight.name))
            del node.attribute[:]  # the factors, which are 1, and in which order the weights lie
            node.attribute.append(helper.make_attribute("transB", 1))


def _store_half(model: onnx.ModelProto) -> None:
    """Store the weights in half precision, each behind a cast: every runtime reads that, and computes in single."""
    from onnx import TensorProto, helper, numpy_helper

    graph, casts = model.graph, []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    for index, cast in enumerate(casts):
        graph.node.insert(index, cast)


def _quantized(network: Network, file: Path) -> onnx.ModelProto:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Captures(CalibrationDataReader):
        def __init__(self) -> None:
            self.remaining = iter(captures(network.entry, CALIBRATION, CALIBRATION_SEED))

        def get_next(self) -> dict[str, np.ndarray] | None:
            pixels = next(self.remaining, None)
            return None if pixels is None else {"pixels": pixels[None]}

    folded, result = file.with_name("folded.onnx"), file.with_name("int8.onnx")
    quant_pre_process(file, folded, skip_symbolic_shape=True)  # batch normalization becomes part of the convolutions
    quantize_static(
        folded,
        result,
        Captures(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Relu", "Clip", "MatMul", "Gemm", "MaxPool"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return onnx.load(result)


# --- LiteRT -----------------------------------------------------------------------------------------------------------


def _litert(network: Network, precision: str) -> bytes:
    """By TensorFlow's converter. The metadata lies behind the network, as a ZIP archive: readers of either ignore the
    other (https://ai.google.dev/edge/litert/models/metadata).
    """
    runtimes.require("ai-edge-litert")
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as frozen

    model = shared_graph(network)
    pixels = [tf.TensorSpec(model.input_shape, tf.uint8, name="pixels")]
    constant = frozen(compile_function(lambda pixels: model(pixels, training=False), pixels).get_concrete_function())

    def run(pixels: tf.Tensor) -> Any:
        return dict(zip(sorted(OUTPUTS), constant(pixels), strict=True))

    concrete = compile_function(run, pixels).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], tf.Module())
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: (
            [pixels[None]] for pixels in captures(network.entry, CALIBRATION, CALIBRATION_SEED)
        )
    file = BytesIO(converter.convert())
    with ZipFile(file, "a") as archive:
        archive.writestr("metadata.json", json.dumps(metadata(network)))
    return file.getvalue()


# --- flat -------------------------------------------------------------------------------------------------------------


def _flat(network: Network, precision: str) -> bytes:
    size = network.entry.input_size
    return flat.write(records(network), (size, size, 3), metadata(network), precision)


_WRITERS: dict[str, Callable[[Network, str], bytes]] = {"onnx": _onnx, "litert": _litert, "flat": _flat}
