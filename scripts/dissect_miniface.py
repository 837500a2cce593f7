"""Measures which face region every channel of MiniFace stands for, trained and untrained -> `assets/dissection/`.

    python scripts/dissect_miniface.py [--network MiniFace] [--captures 500]

See `core.features.dissection`, which reads the files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from core import faces  # noqa: E402
from core.features import dissection  # noqa: E402
from core.networks.layers import kernel_layers  # noqa: E402
from core.networks.loading import load  # noqa: E402


def main() -> None:
    """Measure every convolution, by default of both networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=dissection.NETWORKS, help="by default both")
    parser.add_argument("--captures", type=int, default=dissection.CAPTURES)
    arguments = parser.parse_args()
    began = time.perf_counter()
    size = load(dissection.NETWORKS[0]).entry.input_size
    shots = list(dissection.captures_with_regions(arguments.captures, size))
    images, regions = (np.stack(part) for part in zip(*shots, strict=True))
    areas = {name: round(float((regions == number).mean()), 4) for number, name in enumerate(faces.REGIONS)}
    print(f"{len(images)} captures, {time.perf_counter() - began:.0f} s; shares of the picture: {areas}", flush=True)
    for name in [arguments.network] if arguments.network else dissection.NETWORKS:
        network, layers = load(name), {}
        for layer in kernel_layers(network.model):
            dissected = dissection.dissect(network, layer, images, regions, len(faces.REGIONS))
            layers[layer] = dissected.iou.round(4).tolist()
            best = dissected.iou.argmax(axis=1)
            detectors = np.bincount(best[dissected.iou.max(axis=1) > dissection.DETECTOR], minlength=len(faces.REGIONS))
            counts = ", ".join(f"{count} {region}" for region, count in zip(faces.REGIONS, detectors, strict=True))
            print(f"{name} {layer}: detectors of {counts}; {time.perf_counter() - began:.0f} s", flush=True)
        file = dissection.iou_path(name)
        file.parent.mkdir(exist_ok=True)
        content = {
            "network": name,
            "captures": len(images),
            "seed": dissection.SEED,
            "quantile": dissection.QUANTILE,
            "regions": faces.REGIONS,
            "areas": areas,
            "layers": layers,
        }
        file.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
