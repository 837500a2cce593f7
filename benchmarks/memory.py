"""Resident memory of every network: after TensorFlow, after loading, after a Grad-CAM, in sizes of its weights.

    python -m benchmarks.memory [NETWORK ...]
    python -m benchmarks.memory --methods

Each network is loaded in a process of its own from a file in the published layout, here with random weights. With
`--methods`: one JSON object, the largest resident megabytes so far after each explainer, on VGG16 without its top.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.networks import NETWORKS, Entry

MEGABYTE = 1e6


def write_published_layout(model, path: Path) -> None:
    """A network's weights as Keras 2 wrote them: a group a layer, with the names of its arrays."""
    import h5py

    with h5py.File(path, "w") as content:
        content.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = content.create_group(layer.name)
            group.attrs["weight_names"] = [f"{layer.name}/{weight.name}:0".encode() for weight in layer.weights]
            for weight in layer.weights:
                group[f"{layer.name}/{weight.name}:0"] = np.asarray(weight)


def prepare(entry: Entry) -> None:
    """Make the file of a network."""
    from core.networks import _model

    if entry.weights is not None and not entry.weights.path.is_file():
        entry.weights.path.parent.mkdir(parents=True, exist_ok=True)
        write_published_layout(_model(entry), entry.weights.path)


def measure(entry: Entry) -> None:
    """Print the resident megabytes at three moments, and the largest ever, as JSON."""
    import psutil

    from core import networks
    from core.attribution.grad_cam import grad_cam

    def resident() -> float:
        return psutil.Process().memory_info().rss / MEGABYTE

    small = networks.load("MiniFace-untrained")  # what a worker has anyway: TensorFlow and its first function
    grad_cam(small, np.zeros((112, 112, 3), np.float32))
    before = resident()
    if entry.weights is not None and entry.weights.url:
        entry = replace(entry, weights=replace(entry.weights, digest=""))
    network = networks.load(entry)
    loaded = resident()
    for class_index in (1, 2, 3):
        grad_cam(network, np.random.default_rng(0).random((64, 64, 3), np.float32), class_index)
    explained = resident()
    print(json.dumps({"before": before, "loaded": loaded, "explained": explained, "peak": peak()}))


def measure_methods() -> None:
    """Run the explainers on VGG16's convolutions with a small head, random weights; print the peaks as JSON.

    A few batches of each: more take no more memory. CAM is left out, for want of a head that it could read.
    """
    import keras

    from core.attribution import METHODS
    from core.networks import Network

    entry = replace(NETWORKS["VGG16"], preprocessing="tf")
    base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(224, 224, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    network = Network(entry, keras.Model(base.input, keras.layers.Dense(entry.classes, name="logits")(pooled)))
    image = np.random.default_rng(0).random((224, 224, 3), dtype=np.float32)
    few = {"samples": 8, "maps": 8, "steps": 8, "grid": 3, "permutations": 1, "superpixels": 10}
    peaks = {}
    for name, method in METHODS.items():
        if name != "cam":
            options = {param.name: few[param.name] for param in method.params if param.name in few}
            method.load()(network, image, 5, **options)
            peaks[name] = peak()
    print(json.dumps(peaks))


def peak() -> float:
    """The largest resident megabytes of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


def main() -> None:
    """Measure the networks that were named, or all."""
    if sys.argv[1:2] == ["--methods"]:
        measure_methods()
        return
    if sys.argv[1:2] in (["--prepare"], ["--measure"]):
        (prepare if sys.argv[1] == "--prepare" else measure)(NETWORKS[sys.argv[2]])
        return
    print(f"{'network':20}{'weights':>9}{'before':>9}{'loaded':>9}{'explained':>11}{'peak':>9}{'ratio':>8}")
    for name in sys.argv[1:] or NETWORKS:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "KERAS_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3", "GLASSBOX_MEMORY_GB": "8"}
            ask = [sys.executable, "-m", "benchmarks.memory"]
            subprocess.run([*ask, "--prepare", name], env=environment, check=True, capture_output=True)
            done = subprocess.run(
                [*ask, "--measure", name], env=environment, check=True, capture_output=True, text=True
            )
        found = json.loads(done.stdout.splitlines()[-1])
        weights = NETWORKS[name].size / MEGABYTE
        ratio = (found["explained"] - found["before"]) / weights
        print(
            f"{name:20}{weights:9.0f}{found['before']:9.0f}{found['loaded']:9.0f}{found['explained']:11.0f}"
            f"{found['peak']:9.0f}{ratio:8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
