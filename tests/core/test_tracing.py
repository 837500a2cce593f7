"""Functions are traced without autograph: no source is parsed, which two threads cannot do at once, and nothing is left
in the temporary folder.
"""

from __future__ import annotations

import ast
import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from runpy import run_path
from threading import Event

import numpy as np
import pytest
import tensorflow as tf

from core.networks.network import compile_function

PROGRAM = """
import os
import numpy as np
from core.attribution import METHODS
from core.features.ascent import maximize
from core.networks.loading import load
network = load("MiniFace-untrained")
METHODS["grad_cam"].load()(network, np.zeros((8, 8, 3)), 0)
METHODS["guided_backpropagation"].load()(network, np.zeros((8, 8, 3)), 0)
maximize(network, "conv2_1", [0], iterations=1, size=48)
os._exit(0)  # as a worker that is killed: nothing is tidied up
"""


def test_nothing_is_written_to_the_temporary_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, env=environment)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def threads_take_turns() -> Iterator[None]:
    """Memory is tidied up all the time, and whoever does it lets another thread run: also amid CPython's parser."""

    def give_way(*_: object) -> None:
        time.sleep(0)

    thresholds = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(30)
    yield
    gc.set_threshold(*thresholds)
    gc.callbacks.remove(give_way)


@pytest.mark.usefixtures("threads_take_turns")
def test_functions_are_traced_while_another_thread_parses(tmp_path: Path) -> None:
    """CPython 3.11: SystemError, "AST constructor recursion depth mismatch", where two threads parse at once."""
    count, deep = 16, "(" * 40 + "x" + " * 1.0)" * 40
    sources = [
        f"def f{n}(x):\n    for _ in range(2):\n        x = {n}.0 * {deep}\n    return x\n" for n in range(count)
    ]
    (tmp_path / "functions.py").write_text("\n".join(sources))
    functions = run_path(str(tmp_path / "functions.py"))

    def trace(number: int) -> float:
        return float(compile_function(functions[f"f{number}"])(tf.constant(1.0)))

    def parse() -> None:
        while not traced.is_set():
            ast.parse(sources[0])

    traced = Event()
    with ThreadPoolExecutor(5) as threads:
        parsing = threads.submit(parse)
        try:
            values = list(threads.map(trace, range(count)))
        finally:
            traced.set()
        parsing.result()
    np.testing.assert_allclose(values, [number**2 for number in range(count)])
