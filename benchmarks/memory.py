"""Resident memory of the app's worker: before a network, after loading it, after a Grad-CAM, in sizes of its weights.

    python -m benchmarks.memory [NETWORK ...]
    python -m benchmarks.memory --methods

Each network is loaded by a worker of its own from a file in the published layout, here with random weights. "Before" is
a worker as it stands when the app has started. TensorFlow keeps the memory of feature maps for the next ones, so that
what it needed for a batch of MiniFace is there for one picture of a larger network.

With `--methods`: one JSON object, the largest resident megabytes so far after each explainer, on VGG16 without its top.
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

from core.networks.entry import Entry
from core.networks.table import NETWORKS

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
    from core.networks.loading import _model

    if entry.weights is not None and not entry.weights.path.is_file():
        entry.weights.path.parent.mkdir(parents=True, exist_ok=True)
        write_published_layout(_model(entry), entry.weights.path)


def resident() -> float:
    """Megabytes of this process that are in memory."""
    import psutil

    return float(psutil.Process().memory_info().rss / MEGABYTE)


def largest() -> float:
    """The most megabytes of this process that ever were in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


def measure(entry: Entry) -> None:
    """Print the resident megabytes of the app's worker at three moments, and the largest ever, as JSON."""
    from core.attribution import tasks as attribution_tasks
    from core.compute import connect
    from core.features import health
    from core.networks import tasks as networks_tasks

    picture = np.random.default_rng(0).random((64, 64, 3), np.float32)
    if entry.weights is not None and entry.weights.url:
        entry = replace(entry, weights=replace(entry.weights, digest=""))
    compute = connect(None)
    # What every worker does when the app starts: it loads MiniFace and looks at rendered captures.
    compute.call(attribution_tasks.warm, "MiniFace")
    compute.call(health.channel_health, "MiniFace", NETWORKS["MiniFace"].default_layer)
    found = {"before": compute.call(resident)}
    compute.call(networks_tasks.describe, entry)
    found["loaded"] = compute.call(resident)
    for class_index in (1, 2, 3):
        compute.call(attribution_tasks.explain, entry, "grad_cam", picture, class_index)
    found["explained"] = compute.call(resident)
    found["peak"] = compute.call(largest)
    compute.close()
    print(json.dumps(found))


def measure_methods() -> None:
    """Run the explainers on VGG16's convolutions with a small head, random weights; print the peaks as JSON.

    A few batches of each: more take no more memory. CAM is left out, for want of a head that it could read.
    """
    import keras

    from core.attribution import METHODS
    from core.networks.network import Network

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
            peaks[name] = largest()
    print(json.dumps(peaks))


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
