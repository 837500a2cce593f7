"""Measures MiniFace in every runtime that is here; writes `assets/deployment.json`, which the page "Ship it" shows.

    python scripts/deployment.py [--runs 100] [--captures 480]

Build the C++ programs first (`deploy/README.md`): with them, Node and Chromium the file is complete. Cross-compiled
programs are built where `ziglang` is installed, and run where that machine, or qemu for its processor, is at hand.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from core.deployment import FORMATS, PRECISIONS, compare, graph, libraries, runtimes, tasks  # noqa: E402
from core.deployment import export as exporting  # noqa: E402
from core.deployment.record import FILE  # noqa: E402
from core.deployment.standalone import WASM, WEB  # noqa: E402
from core.networks.loading import load  # noqa: E402
from core.networks.table import MINIFACE  # noqa: E402
from scripts.chromium import CHROMIUM, FLAGS  # noqa: E402

SCRIPT = Path(__file__).with_suffix(".js")
PERSON, SEED = 7, 503
PROGRAMS = ROOT / "build" / "cpp"
EXTRA = {
    "node": ("flat", [shutil.which("node") or "", str(ROOT / "deploy" / "node" / "classify.mjs")]),
    "cpp_opencv": ("onnx", [str(PROGRAMS / "glassbox-opencv")]),
    "cpp_openvino": ("onnx", [str(PROGRAMS / "glassbox-openvino")]),
}
"""Runtimes that the page does not start: name -> (format, command)."""
TARGETS = {
    "aarch64-linux-musl": "qemu-aarch64-static",
    "arm-linux-musleabihf": "qemu-arm-static",
    "riscv64-linux-musl": "qemu-riscv64-static",
    "x86_64-windows-gnu": "wine",
    "aarch64-macos": "",
}
"""What zig builds for, and the program that runs it here."""


def machine() -> str:
    """Processor, cores, system, and how many programs wanted a core meanwhile, in a few words."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if sys.platform == "linux" else platform.platform()
    processor = names[0] if names else platform.processor()
    return f"{processor}, {os.cpu_count()} cores, {system}, load {os.getloadavg()[1]:.0f}"


def row(measurement: tasks.Measurement) -> dict[str, Any]:
    """A measurement as it stands in the file."""
    p50, p95 = (round(float(value), 3) for value in np.quantile(measurement.times, (0.5, 0.95)))
    return {
        "first": round(measurement.first, 3),
        "p50": p50,
        "p95": p95,
        "difference": measurement.difference,
        "same": measurement.same,
        "size": measurement.size,
        "memory": measurement.memory,
        "cold": measurement.cold and round(measurement.cold, 3),
    }


def in_chromium(
    function: str, arguments: list[Any], size: int, expected: dict[str, np.ndarray]
) -> tasks.Measurement | None:
    """What a function of `SCRIPT` measures in a headless Chromium, or None where there is none."""
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body=""))
        page.goto("http://localhost/")  # nobody is asked; an empty page without an address may start no worker
        page.add_script_tag(path=SCRIPT)
        result = page.evaluate(f"values => {function}(...values)", arguments)
        browser.close()
    logits = np.array(result["logits"], np.float32)
    return tasks.Measurement(
        result["first"],
        np.array(result["times"]),
        float(np.abs(logits - expected["logits"]).max()),
        bool(logits.argmax() == expected["logits"].argmax()),
        size,
        result["cold"] / 1000,
        result["memory"],
    )


def by_our_engine(
    data: bytes, pixels: np.ndarray, expected: dict[str, np.ndarray], runs: int
) -> tasks.Measurement | None:
    """The engine as WebAssembly in Chromium."""
    module, parts = (WEB / "engine.js").read_bytes(), (WASM.read_bytes(), data, pixels.tobytes())
    arguments = [encoded(module), *map(encoded, parts), runs]
    return in_chromium("measureEngine", arguments, len(data) + WASM.stat().st_size, expected)


def by_library(
    name: str, data: bytes, pixels: np.ndarray, expected: dict[str, np.ndarray], runs: int
) -> tasks.Measurement | None:
    """A library of `LIBRARIES` in Chromium."""
    files = [(libraries.MODULES / path).read_bytes() for path in libraries.LIBRARIES[name].files]
    worker = (WEB / "worker.js").read_text(encoding="utf-8")
    arguments = [worker, name, [encoded(file) for file in files], encoded(data), encoded(pixels.tobytes()), runs]
    return in_chromium("measureLibrary", [*arguments, *pixels.shape[:2]], len(data) + sum(map(len, files)), expected)


def encoded(data: bytes) -> str:
    """Bytes on their way into a page."""
    return b64encode(data).decode()


def measured(precision: str, pixels: np.ndarray, runs: int) -> dict[str, Any]:
    """One row a runtime."""
    expected = tasks.predict(MINIFACE, pixels / np.float32(255))
    measurements: dict[str, Any] = tasks.measure(MINIFACE, precision, pixels / np.float32(255), runs)
    for name, (format, command) in EXTRA.items():
        if Path(command[0]).is_file():
            data = tasks.export(MINIFACE, format, precision).data
            with suppress(ValueError):
                measurements[name] = tasks.measure_file(command, data, pixels, runs, expected)
    data = tasks.export(MINIFACE, "flat", precision).data
    measurements["chromium"] = by_our_engine(data, pixels, expected, runs)
    for name, library in libraries.LIBRARIES.items() if libraries.here() else ():
        data = tasks.export(MINIFACE, library.format, precision).data
        measurements[f"chromium_{name}"] = by_library(name, data, pixels, expected, runs)
    for runtime in runtimes.RUNTIMES.values():
        if runtime.format is None:  # of these the page measures no fresh process
            once = runtimes.measure_process(runtime.command(), MINIFACE.name.encode(), pixels, 0, lambda: None)
            measurements[runtime.name] = replace(measurements[runtime.name], cold=once.cold, memory=once.memory)
    for name, measurement in measurements.items():
        if isinstance(measurement, Exception):
            print(f"{precision} {name}: {measurement}", file=sys.stderr)
    return {name: row(one) for name, one in measurements.items() if isinstance(one, tasks.Measurement)}


def compared(captures: int) -> dict[str, Any]:
    """Every file over many captures against Keras: precision -> format -> largest differences and agreement."""
    keras = graph.compiled(load(MINIFACE))
    images = exporting.captures(MINIFACE, captures, SEED)
    expected = [keras(pixels) for pixels in images]
    comparisons: dict[str, Any] = {precision: {} for precision in PRECISIONS}
    for precision in PRECISIONS:
        for format in FORMATS:
            run = runtimes.READERS[format](tasks.export(MINIFACE, format, precision).data)
            comparison = asdict(compare([run(pixels) for pixels in images], expected))
            comparisons[precision][format] = comparison
            print(precision, format, comparison, flush=True)
    return comparisons


def built(command: list[str], program: Path) -> dict[str, Any] | None:
    """Seconds to compile the engine's C++ program and its size; None where that failed."""
    began = time.perf_counter()
    source = [str(runtimes.ENGINE), "-std=c++17", "-O3", "-o", str(program)]
    if subprocess.run([*command, *source], capture_output=True, check=False).returncode:
        return None
    return {"build": round(time.perf_counter() - began, 1), "bytes": program.stat().st_size}


def platforms(pixels: np.ndarray) -> list[dict[str, Any]]:
    """What was run where: by a test of this repository, or by this script once."""
    here = f"{platform.system()} {platform.machine()}"
    rows = [
        {"runtime": name, "platform": f"{here}, Python {platform.python_version()}", "by": "test", "build": None}
        | {"bytes": None}
        for name in dict.fromkeys(runtime.title for runtime in runtimes.RUNTIMES.values() if runtime.open)
    ]
    version = subprocess.run([EXTRA["node"][1][0], "--version"], capture_output=True, text=True, check=False).stdout
    wasm = {"build": None, "bytes": WASM.stat().st_size}
    for where in ("Chromium", f"Node {version.strip()}"):
        rows.append({"runtime": "WebAssembly", "platform": where, "by": "test", **wasm})
    for library in libraries.LIBRARIES.values() if libraries.here() else ():
        size = sum((libraries.MODULES / path).stat().st_size for path in library.files)
        rows.append({"runtime": library.title, "platform": "Chromium", "by": "test", "build": None, "bytes": size})
    data = tasks.export(MINIFACE, "flat", "float32").data
    expected = tasks.predict(MINIFACE, pixels / np.float32(255))
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "engine"
        if shutil.which("c++") and (build := built(["c++", "-march=native"], program)):
            rows.append({"runtime": "C++", "platform": f"{here}, GCC", "by": "test", **build})
        for target, runner in TARGETS.items() if find_spec("ziglang") else ():
            build = built([sys.executable, "-m", "ziglang", "c++", "-s", "-target", target], program)
            ran = build and shutil.which(runner) is not None
            if ran:
                ran = tasks.measure_file([runner, str(program)], data, pixels, 1, expected).difference < 1e-4
            if build:
                by = "hand" if ran else "built"
                where = f"{target} ({runner})" if ran else target
                # without seconds: zig keeps what it compiled, so that they would say nothing
                rows.append({"runtime": "C++", "platform": where, "by": by, "build": None, "bytes": build["bytes"]})
    for name, title in (("cpp_opencv", "C++, OpenCV dnn"), ("cpp_openvino", "C++, OpenVINO")):
        file = Path(EXTRA[name][1][0])
        if file.is_file():
            size = file.stat().st_size
            rows.append({"runtime": title, "platform": here, "by": "test", "build": None, "bytes": size})
    return rows


def main() -> None:
    """Measure, and write every part as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--captures", type=int, default=480)
    parser.add_argument("--parts", default="measured,compared,platforms", help="what is done anew; the rest stays")
    options = parser.parse_args()
    pixels = exporting.captures(MINIFACE, PERSON + 1, SEED)[PERSON]
    content = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}

    def write(**parts: Any) -> None:
        content.update(parts)
        FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(*parts, flush=True)

    versions = {name: importlib.metadata.version(name) for name in VERSIONS if find_spec(name.replace("-", "_"))}
    write(date=date.today().isoformat(), machine=machine(), network=MINIFACE.name, versions=versions)
    if "measured" in options.parts:
        write(runs=options.runs)
        for precision in PRECISIONS:
            write(measured=content.get("measured", {}) | {precision: measured(precision, pixels, options.runs)})
    if "platforms" in options.parts:
        write(platforms=platforms(pixels))
    if "compared" in options.parts:
        write(compared=compared(options.captures))


VERSIONS = ("keras", "tensorflow", "onnxruntime", "ai-edge-litert", "openvino", "ziglang")

if __name__ == "__main__":
    main()
