"""Resident memory of one worker through hundreds of different requests, as a class makes them in an afternoon.

python -m benchmarks.endurance [--requests 500] [--every 50]

One embedded worker gets, through `core.compute`, first one request of every kind that is asked for later, so that
every function is compiled; then climbs and explanations drawn from a seed: other networks, layers, channels, sizes,
presets, rates, seeds, pictures, classes and methods, no two the same. Printed is the memory in megabytes after every
`--every` requests and, at the end, by how much it rose since all was compiled.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.memory import resident
from core.attribution import METHODS
from core.attribution import tasks as attribution_tasks
from core.compute import connect
from core.features import PRESETS
from core.features import tasks as features_tasks
from core.networks import tasks as networks_tasks
from core.networks.table import NETWORKS

NAMES = ("MiniFace", "MiniFace-untrained")
LAYERS = {"conv1_2": 16, "conv2_2": 32, "conv3_3": 64, "conv4_3": 96, "conv5_3": 128}
"""The last layer of each block, and its channels."""
SIZES = (112, 160)
COUNTS = (1, 8)
"""Channels that climb together: the two shapes that are compiled."""
SEED = 7

Request = tuple[Any, tuple[Any, ...], dict[str, Any]]


def once(rng: np.random.Generator) -> Iterator[Request]:
    """`(task, arguments, named arguments)` of every kind: afterwards all functions are compiled."""
    for layer, size, preset, count in itertools.product(LAYERS, SIZES, PRESETS, COUNTS):
        yield _climb(rng, layer, size, preset, count)
    for name in NAMES:
        yield from (_explanation(rng, name, method) for method in METHODS)
        for layer in LAYERS:
            yield _explanation(rng, name, "grad_cam", layer)
            yield _patches(rng, name, layer)


def mixture(rng: np.random.Generator) -> Iterator[Request]:
    """Requests without end, in the shares in which a class asks."""
    while True:
        name, layer = str(rng.choice(NAMES, p=(0.9, 0.1))), str(rng.choice(list(LAYERS)))
        kind = rng.choice(("climb", "grad_cam", "method", "maps", "patches"), p=(0.45, 0.3, 0.1, 0.1, 0.05))
        if kind == "climb":
            preset = str(rng.choice(list(PRESETS)))
            yield _climb(rng, layer, int(rng.choice(SIZES)), preset, int(rng.choice(COUNTS)))
        elif kind == "maps":
            yield networks_tasks.feature_maps, (name, layer, _picture(rng)), {}
        elif kind == "patches":
            yield _patches(rng, name, layer)
        elif kind == "grad_cam":
            yield _explanation(rng, name, "grad_cam", layer)
        else:
            yield _explanation(rng, name, str(rng.choice(list(METHODS))))


def _climb(rng: np.random.Generator, layer: str, size: int, preset: str, count: int) -> Request:
    """Few iterations: what is kept does not depend on them."""
    channels = rng.choice(LAYERS[layer], count, replace=False).tolist()
    numbers = {"iterations": int(rng.integers(4, 9)), "learning_rate": float(rng.uniform(1, 50))}
    named = {"preset": preset, "size": size, "seed": int(rng.integers(10000)), **numbers}
    return features_tasks.maximize, (NAMES[0], layer, channels), named


def _explanation(rng: np.random.Generator, name: str, method: str, layer: str | None = None) -> Request:
    """Without a layer, of the network's default layer."""
    return (
        attribution_tasks.explain,
        (name, method, _picture(rng), int(rng.integers(NETWORKS[name].classes)), layer),
        {},
    )


def _patches(rng: np.random.Generator, name: str, layer: str) -> Request:
    return features_tasks.top_patches, (name, layer, int(rng.integers(LAYERS[layer]))), {}


def _picture(rng: np.random.Generator) -> np.ndarray:
    return rng.random((112, 112, 3), np.float32)


def main() -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--every", type=int, default=50)
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    every_kind = list(once(rng))
    asked = itertools.islice(itertools.chain(every_kind, mixture(rng)), options.requests)
    compute, started, measured = connect(), time.perf_counter(), {}
    try:
        print(f"{'requests':>8}{'MB':>8}{'seconds':>9}", flush=True)
        for count, (task, arguments, named) in enumerate(asked, start=1):
            if task is features_tasks.maximize or (task is attribution_tasks.explain and METHODS[arguments[1]].slow):
                compute.submit(task, *arguments, **named).result()
            else:
                compute.call(task, *arguments, **named)
            if count % options.every == 0 or count in (len(every_kind), options.requests):
                measured[count] = compute.call(resident)
                print(f"{count:8}{measured[count]:8.0f}{time.perf_counter() - started:9.0f}", flush=True)
    finally:
        compute.close()
    if options.requests > len(every_kind):
        rise = measured[options.requests] / measured[len(every_kind)] - 1
        print(f"from request {len(every_kind)}, when all was compiled, to {options.requests}: {rise:+.1%}")


if __name__ == "__main__":
    main()
