"""The runtimes that can run a network on this machine: Keras, what Python opens a file with, and the C++ program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.deployment import OUTPUTS, DeploymentError, as_outputs, flat

if TYPE_CHECKING:
    from core.networks.network import Network

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "deploy" / "cpp" / "engine.cpp"
BUILT = ROOT / "build" / "cpp" / "glassbox-engine"
"""Where `deploy/README.md` has CMake put the program."""
THREADS = 1
"""Threads of a runtime: with one the runtimes are compared, with more their schedulers."""

Run = Callable[[np.ndarray], dict[str, np.ndarray]]
"""From pixels `(h, w, 3)` uint8 to the `OUTPUTS` by name."""


# --- in Python --------------------------------------------------------------------------------------------------------


def keras(network: Network) -> Run:
    """Keras, one compiled function."""
    from core.deployment.graph import compiled

    run: Run = compiled(network)
    return run


def keras_predict(network: Network) -> Run:
    """Keras, `Model.predict`."""
    from core.deployment.graph import shared_graph

    model = shared_graph(network)
    return lambda pixels: as_outputs(model.predict(pixels[None], verbose=0))


def onnxruntime(data: bytes) -> Run:
    """ONNX Runtime on the processor."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    options.log_severity_level = 3
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return lambda pixels: as_outputs(dict(zip(OUTPUTS, session.run(OUTPUTS, {"pixels": pixels[None]}), strict=True)))


def litert(data: bytes) -> Run:
    """LiteRT, once TensorFlow Lite."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=THREADS)
    signature = interpreter.get_signature_runner()
    return lambda pixels: as_outputs(signature(pixels=pixels[None]))


def opencv(data: bytes) -> Run:
    """OpenCV's dnn module; its number of threads is the whole process's."""
    import cv2

    cv2.setNumThreads(THREADS)
    network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        network.setInput(pixels[None].astype(np.float32), "pixels")
        return as_outputs(dict(zip(OUTPUTS, network.forward(OUTPUTS), strict=True)))

    return run


READERS: dict[str, Callable[[bytes], Run]] = {"onnx": onnxruntime, "litert": litert, "flat": flat.interpreter}
"""What loads a file of a format again to check it."""


def require(*packages: str) -> None:
    """DeploymentError where a package that an export needs is not installed."""
    for package in packages:
        if find_spec(package.replace("-", "_")) is None:
            raise DeploymentError("not_installed", what="The export", package=package)


# --- C++ --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def engine() -> Path | None:
    """The C++ program of the engine: the built one, else compiled now where there is a compiler, which takes seconds.

    None where there is neither.
    """
    if BUILT.is_file():
        return BUILT
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return None
    _folders.append(tempfile.TemporaryDirectory(prefix="glassbox-"))  # as long as this process
    program = Path(_folders[-1].name) / "glassbox-engine"
    command = [compiler, "-std=c++17", "-O3", "-march=native", str(ENGINE), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, check=False)
    return program if done.returncode == 0 else None


_folders: list[tempfile.TemporaryDirectory[str]] = []


# --- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Runtime:
    """What runs a network: its title is a name, the same in every language.

    It takes a file of a `format`; None for Keras, which takes the loaded network itself and runs in its process, where
    it is called `most_calls` times at most. Python opens it by `open` and needs the `package`, which it imports as
    `module`; a `program` of its own is found by that function. All others are compared with the `reference`.
    """

    name: str
    title: str
    format: str | None
    open: Callable[[Any], Run] | None = None
    package: str = ""
    module: str = ""
    program: Callable[[], Path | None] | None = None
    most_calls: int | None = None
    reference: bool = False

    def command(self) -> list[str]:
        """How it is started in a process of its own; DeploymentError where it is not here."""
        if self.program is None:
            if self.module and find_spec(self.module) is None:
                raise DeploymentError("not_installed", what=self.title, package=self.package)
            return [sys.executable, "-m", "core.deployment.fresh", self.name]
        program = self.program()
        if program is None:
            raise DeploymentError("no_compiler")
        return [str(program)]


RUNTIMES: dict[str, Runtime] = {
    runtime.name: runtime
    for runtime in (
        Runtime("keras", "Keras", None, keras, reference=True),
        Runtime("keras_predict", "Keras", None, keras_predict, most_calls=20),  # slow, and no slower afterwards
        Runtime("onnxruntime", "ONNX Runtime", "onnx", onnxruntime, "onnxruntime", "onnxruntime"),
        Runtime("litert", "LiteRT", "litert", litert, "ai-edge-litert", "ai_edge_litert"),
        Runtime("opencv", "OpenCV dnn", "onnx", opencv, "opencv-python-headless", "cv2"),
        Runtime("cpp", "C++", "flat", program=engine),
    )
}
"""Runtimes of the server by name, in the order in which they are shown."""


# --- in a process of its own ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ProcessMeasurement:
    """What a new process took: `cold` seconds from its start to its end with one image, the most `memory` in bytes
    that it had (0 where the system does not tell), milliseconds of the `first` call and of the others `times` `(n,)`,
    and its `outputs`.
    """

    cold: float
    memory: int
    first: float
    times: np.ndarray
    outputs: dict[str, np.ndarray]


def measure_process(
    command: list[str], data: bytes, pixels: np.ndarray, runs: int, keep_alive: Callable[[], None]
) -> ProcessMeasurement:
    """Run a file in a new process: once for the cold start, then `runs` times; `keep_alive` is called all the while,
    and what it raises ends the process.

    The file of the network goes over a temporary file, the image over a pipe: it is not written to disk.
    """
    with tempfile.NamedTemporaryFile(prefix="glassbox-", suffix=".network") as file:
        file.write(data)
        file.flush()
        cold, once = _run(command, file.name, 0, pixels, keep_alive)
        repeated = _run(command, file.name, runs, pixels, keep_alive)[1] if runs else once
    times = np.array(repeated["times"])
    return ProcessMeasurement(cold, once["memory"], repeated["first"], times, as_outputs(repeated))


def _run(
    command: list[str], file: str, runs: int, pixels: np.ndarray, keep_alive: Callable[[], None]
) -> tuple[float, dict[str, Any]]:
    """Seconds of a process, and the JSON that it writes."""
    began, pipe = time.perf_counter(), subprocess.PIPE
    arguments = [*command, file, "-", str(runs), "--json"]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        image: bytes | None = np.ascontiguousarray(pixels).tobytes()
        try:
            while True:
                keep_alive()
                try:
                    output, errors = process.communicate(image, timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    image = None
        except BaseException:  # cancelled: nobody waits for the process any more
            process.kill()
            raise
    seconds = time.perf_counter() - began
    if process.returncode:
        problem = (errors.decode(errors="replace").strip().splitlines() or ["without a word"])[-1]
        raise DeploymentError("failed_runner", problem=problem)
    return seconds, json.loads(output)
