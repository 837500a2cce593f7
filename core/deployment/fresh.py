"""A runtime in a process of its own, as the C++ programs: `python -m core.deployment.fresh RUNTIME FILE - RUNS --json`.

The image comes as raw bytes from standard input; one JSON object goes to standard output. It imports no Keras, so that
what it takes of time and memory is the runtime's own. Measured itself, Keras gets a file with the name of a network.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

import numpy as np

from core.deployment.runtimes import RUNTIMES, Run


def peak_memory() -> int:
    """The most memory that this process had so far, in bytes, as Linux counts it; 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def open_file(name: str, data: bytes) -> Run:
    """A file, opened by a runtime of Python."""
    runtime = RUNTIMES[name]
    assert runtime.open is not None
    if runtime.format is not None:
        return runtime.open(data)
    from core.networks.loading import load

    return runtime.open(load(data.decode()))


def main() -> None:
    """Load, run once, then `RUNS` times, and report."""
    name, file, _, runs = sys.argv[1:5]
    raw = np.frombuffer(sys.stdin.buffer.read(), np.uint8)
    side = math.isqrt(raw.size // 3)
    pixels = raw.reshape(side, side, 3)
    run = open_file(name, Path(file).read_bytes())

    def timed() -> float:
        began = time.perf_counter()
        run(pixels)
        return 1000 * (time.perf_counter() - began)

    first = timed()
    memory = peak_memory()
    times = [timed() for _ in range(int(runs))]
    outputs = {name: values.tolist() for name, values in run(pixels).items()}
    print(json.dumps({"first": first, "memory": memory, "times": times, **outputs}))


if __name__ == "__main__":
    main()
