"""A trained network outside Python: files for other runtimes, each checked against Keras before it is handed out.

Importing this package imports neither Keras nor a runtime.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from core.errors import ReasonedError

FORMATS = {"onnx": ".onnx", "litert": ".tflite", "flat": ".flat"}
"""Format -> what its file names end in."""
PRECISIONS = {"float32": 4, "float16": 2, "int8": 1}
"""Precision -> bytes a weight. float16 and, in the flat format, int8 are how weights are stored: they are computed with
in single precision."""
OUTPUTS = ("probabilities", "logits", "embedding")


class DeploymentError(ReasonedError):
    """A network that cannot be taken to another runtime, or a runtime that is not here."""

    reasons: ClassVar[dict[str, str]] = {
        "not_installed": "{what} needs the package {package}, which is not installed here; run: pip install {package}",
        "other_layer": "A flat file, which our engine and TensorFlow.js run here, is one chain of convolutions, ReLU, "
        "max pooling, flatten, dense and softmax; {network} has the layer {layer} ({kind}). ONNX and LiteRT take it.",
        "other_answer": "The {format} file of {network} answers otherwise than Keras: probabilities differ by up to "
        "{difference}. It is not handed out; report it.",
        "too_large_for_tab": "{network} would take {memory} MB of a browser tab, after {megabytes} MB came over the "
        "network; at most {most} MB are offered. Choose a smaller network, such as MiniFace.",
        "too_large_for_page": "The file would have {megabytes} MB, and networks of at most {most} MB are exported "
        "here; run: {command}",
        "no_compiler": "There is no C++ compiler and no built program here; deploy/README.md says how to build it.",
        "failed_runner": "The C++ program stopped: {problem}",
    }


@dataclass(frozen=True)
class Comparison:
    """What a file answers beside what Keras does, over so many `pictures`: the largest differences of a logit and of a
    probability, and the share in [0, 1] with the same predicted class.
    """

    pictures: int
    logits: float
    probabilities: float
    agreement: float


@dataclass(frozen=True, eq=False)
class Export:
    """A network as the bytes of a file, with what it was compared to."""

    format: str
    precision: str
    data: bytes
    comparison: Comparison


def compare(outputs: list[dict[str, np.ndarray]], expected: list[dict[str, np.ndarray]]) -> Comparison:
    """Compare the outputs for the same images, for each of them the `OUTPUTS` by name, `(k,)` each."""
    pairs = list(zip(outputs, expected, strict=True))
    logits, probabilities = (
        max(float(np.abs(one[name] - other[name]).max()) for one, other in pairs)
        for name in ("logits", "probabilities")
    )
    same = [one["logits"].argmax() == other["logits"].argmax() for one, other in pairs]
    return Comparison(len(pairs), logits, probabilities, float(np.mean(same)))


def file_size(parameters: int, precision: str) -> int:
    """Bytes that the weights of a network take in a file."""
    return parameters * PRECISIONS[precision]


def as_outputs(values: Any) -> dict[str, np.ndarray]:
    """The `OUTPUTS` by name out of a runtime's arrays, without the batch of one."""
    return {name: np.asarray(values[name], np.float32).reshape(-1) for name in OUTPUTS}
