"""The runtimes that can run a file in Python, and the C++ program; none of them needs Keras.

A reader takes the bytes of a file and gives a function from pixels `(h, w, 3)` uint8 to the `OUTPUTS` by name.
"""

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

import numpy as np

from core.deployment import OUTPUTS, DeploymentError, as_answer, flat

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "deploy" / "cpp" / "engine.cpp"
BUILT = ROOT / "build" / "cpp" / "glassbox-engine"
"""Where `deploy/README.md` has CMake put the program."""
THREADS = 1
"""Threads of a runtime: with one the runtimes are compared, with more their schedulers."""

Reader = Callable[[bytes], Callable[[np.ndarray], dict[str, np.ndarray]]]


@dataclass(frozen=True)
class Runtime:
    """What runs a file of a format: its title is a name, the same in every language; `package` is what it needs."""

    title: str
    format: str
    package: str
    module: str

    @property
    def here(self) -> bool:
        """Whether it can run on this machine."""
        return find_spec(self.module) is not None


RUNTIMES: dict[str, Runtime] = {
    "onnxruntime": Runtime("ONNX Runtime", "onnx", "onnxruntime", "onnxruntime"),
    "litert": Runtime("LiteRT", "litert", "ai-edge-litert", "ai_edge_litert"),
    "opencv": Runtime("OpenCV dnn", "onnx", "opencv-python-headless", "cv2"),
}
"""Runtimes of Python, by name."""


def missing(name: str) -> DeploymentError:
    """Why a runtime cannot run here."""
    return DeploymentError("not_installed", what=RUNTIMES[name].title, package=RUNTIMES[name].package)


def require(*packages: str) -> None:
    """DeploymentError where a package that an export needs is not installed."""
    for package in packages:
        if find_spec(package.replace("-", "_")) is None:
            raise DeploymentError("not_installed", what="The export", package=package)


def onnxruntime(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """ONNX Runtime on the processor."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    options.log_severity_level = 3
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        found = session.run(OUTPUTS, {"pixels": pixels[None]})
        return as_answer(dict(zip(OUTPUTS, found, strict=True)))

    return run


def litert(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """LiteRT, once TensorFlow Lite."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=THREADS)
    signature = interpreter.get_signature_runner()
    return lambda pixels: as_answer(signature(pixels=pixels[None]))


def opencv(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """OpenCV's dnn module; its number of threads is the whole process's."""
    import cv2

    cv2.setNumThreads(THREADS)
    network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))

    def run(pixels: np.ndarray) -> dict[str, np.ndarray]:
        network.setInput(pixels[None].astype(np.float32), "pixels")
        return as_answer(dict(zip(OUTPUTS, network.forward(OUTPUTS), strict=True)))

    return run


def keras(data: bytes) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Keras itself, one compiled function; in place of a file it takes the name of a network."""
    from core.deployment.graph import compiled
    from core.networks.loading import load

    run: Callable[[np.ndarray], dict[str, np.ndarray]] = compiled(load(data.decode()))
    return run


READERS: dict[str, Reader] = {"onnx": onnxruntime, "litert": litert, "flat": flat.opened}
"""What loads a file of a format again to check it."""
OPENERS: dict[str, Reader] = {"onnxruntime": onnxruntime, "litert": litert, "opencv": opencv, "keras": keras}
"""What opens a runtime in a process of its own."""


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


# --- in a process of its own ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Fresh:
    """What a new process took: `cold` seconds from its start to its end with one picture, the most `memory` in bytes
    that it had (0 where the system does not tell), milliseconds of the `first` call and of the others `times` `(n,)`,
    and its `answer`.
    """

    cold: float
    memory: int
    first: float
    times: np.ndarray
    answer: dict[str, np.ndarray]


def command_of(name: str) -> list[str] | None:
    """How a runtime is started in a process of its own, or None where it is not here; "cpp" is the C++ program."""
    if name == "cpp":
        program = engine()
        return None if program is None else [str(program)]
    return [sys.executable, "-m", "core.deployment.fresh", name] if RUNTIMES[name].here else None


def fresh(command: list[str], data: bytes, pixels: np.ndarray, runs: int, tell: Callable[[], None]) -> Fresh:
    """Run a file in a new process: once for the cold start, then `runs` times; `tell` is called all the while.

    The file of the network goes over a temporary file, the picture over a pipe: it is not written to disk.
    """
    with tempfile.NamedTemporaryFile(prefix="glassbox-", suffix=".network") as file:
        file.write(data)
        file.flush()
        cold, alone = _run([*command, file.name, "-", "0", "--json"], pixels, tell)
        found = _run([*command, file.name, "-", str(runs), "--json"], pixels, tell)[1] if runs else alone
    return Fresh(cold, alone["memory"], found["first"], np.array(found["times"]), as_answer(found))


def _run(command: list[str], pixels: np.ndarray, tell: Callable[[], None]) -> tuple[float, dict]:
    began = time.perf_counter()
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        given: bytes | None = np.ascontiguousarray(pixels).tobytes()
        try:
            while True:
                tell()
                try:
                    out, wrong = process.communicate(given, timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    given = None
        except BaseException:  # cancelled: nobody waits for the process any more
            process.kill()
            raise
    seconds = time.perf_counter() - began
    if process.returncode:
        said = (wrong.decode(errors="replace").strip().splitlines() or ["without a word"])[-1]
        raise DeploymentError("failed_runner", problem=said)
    return seconds, json.loads(out)
