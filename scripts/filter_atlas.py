"""Make the atlas: an image that excites every channel of every convolution of MiniFace and Digits, and every class.

    python scripts/filter_atlas.py [--network MiniFace] [--layers conv1_1,fc8] [--iterations 48]

One WebP sheet a layer goes to `assets/atlas/<network>/`; `core.features.atlas` reads them.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from core import images
from core.colours import contact_sheet
from core.features import atlas
from core.features.ascent import maximize
from core.networks.layers import kernel_layers, layer_of, receptive_field
from core.networks.loading import load

QUALITY = 80
SMALL, LARGE = 48, 80
"""Sides of the images of layers that see little, and of those that see more; classes see the network's own size."""
RATE = 8.0


def tile(excited: np.ndarray, side: int) -> np.ndarray:
    """The middle of images, `side` pixels of it, or all of them where that is more or 0, as tiles."""
    height = excited.shape[1]
    edge = max(height - (side or height), 0) // 2
    middle = excited[:, edge : height - edge, edge : height - edge]
    return np.stack([images.resize(image, atlas.TILE, atlas.TILE) for image in middle])


def sheet(name: str, layer: str, iterations: int) -> np.ndarray:
    """All channels of a layer on one sheet, as `core.features.atlas` cuts it up again."""
    network = load(name)
    target = layer_of(network.model, layer)
    field = receptive_field(network.model).get(layer, (None,))[0]
    size = field and (SMALL if field <= SMALL else LARGE)
    result = maximize(
        network,
        layer,
        range(target.output.shape[-1]),
        preset="beautiful",
        learning_rate=RATE,
        iterations=iterations,
        size=size,
        robustness="light" if size == SMALL else "full",
    )
    tiles = tile(result.images, max(2 * field, atlas.TILE // 2) if field else 0)
    return contact_sheet(tiles, min(atlas.COLUMNS, len(tiles)), atlas.MARGIN)


def main() -> None:
    """Make the sheets that were asked for, by default all of all networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=atlas.NETWORKS, help="by default all")
    parser.add_argument("--layers", help="names with commas; by default every convolution, and the classes")
    parser.add_argument("--iterations", type=int, default=48)
    arguments = parser.parse_args()
    for name in [arguments.network] if arguments.network else atlas.NETWORKS:
        model = load(name).model
        for layer in (
            arguments.layers.split(",") if arguments.layers else [*kernel_layers(model), model.layers[-1].name]
        ):
            began = time.perf_counter()
            file = atlas.sheet_path(name, layer)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(images.encode(sheet(name, layer, arguments.iterations), "webp", QUALITY))
            print(
                f"{name} {layer}: {file.stat().st_size / 1e3:.0f} kB, {time.perf_counter() - began:.0f} s", flush=True
            )


if __name__ == "__main__":
    main()
