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
    """What a file answers beside what Keras does, over `pictures`: the largest differences of a logit and of a
    probability, and the share in [0, 1] with the same first choice.
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


def compare(found: list[dict[str, np.ndarray]], expected: list[dict[str, np.ndarray]]) -> Comparison:
    """Hold the answers to the same pictures against each other; an answer has the `OUTPUTS`, each `(k,)`."""
    logits, probabilities = (
        max(float(np.abs(one[name] - other[name]).max()) for one, other in zip(found, expected, strict=True))
        for name in ("logits", "probabilities")
    )
    same = [one["logits"].argmax() == other["logits"].argmax() for one, other in zip(found, expected, strict=True)]
    return Comparison(len(found), logits, probabilities, float(np.mean(same)))


def file_size(parameters: int, precision: str) -> int:
    """Bytes that the weights of a network take in a file."""
    return parameters * PRECISIONS[precision]


def as_answer(values: Any) -> dict[str, np.ndarray]:
    """Arrays by output name, without the batch of one."""
    return {name: np.asarray(values[name], np.float32).reshape(-1) for name in OUTPUTS}
