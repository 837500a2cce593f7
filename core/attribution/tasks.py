"""What a worker can be asked about explanations; see `core.networks.tasks`, which says more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from core import attribution, images
from core.attribution import SaliencyMap
from core.colours import overlay
from core.errors import ReasonedError
from core.networks import table
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.tasks import predict
from core.progress import Report, with_pictures

TILE, RIM = 160, 2
"""Side in pixels of a cell in a grid that is being filled, and how far its map stays away from the cell's edge."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A saliency map with its class and layer, the probabilities `(classes,)`, and the seconds that both took.

    `class_index` is None for a method that knows no class, `layer` for one that needs none.
    """

    map: SaliencyMap
    class_index: int | None
    layer: str | None
    probabilities: np.ndarray
    seconds: float


def explain(
    network: str | Entry,
    method: str,
    image: np.ndarray,
    class_index: int | None = None,
    layer: str | None = None,
    report: Report | None = None,
    **params: Any,
) -> Explanation:
    """Explain the score of a class, by default the predicted one, with a method of `core.attribution.METHODS`.

    `image` is `(h, w, 3)` in [0, 1]; `layer` is for methods that need one, by default the network's default layer;
    `params` are the method's own. A slow method calls `report(step, steps, picture, calls=calls)` in every batch:
    `picture` is the map so far over the image (JPEG), at most every `PICTURE_EVERY` seconds and at the last step.
    """
    started = time.perf_counter()
    loaded = load(network)
    entry = attribution.find(method)
    probabilities = loaded.predict(image)[0]
    index = int(probabilities.argmax()) if class_index is None else loaded.check_class(class_index)
    if entry.needs_layer:
        params["layer"] = layer or loaded.entry.default_layer
    if entry.slow and report is not None:
        seen = loaded.resized(image)[0]
        params["report"] = with_pictures(report, lambda values: overlay(seen, values, signed=entry.signed))
    saliency = entry.load()(loaded, image, index, **params)
    return Explanation(saliency, saliency.class_index, saliency.layer, probabilities, time.perf_counter() - started)


def compare(
    cells: Sequence[tuple[str | Entry, str, int | None]],
    image: np.ndarray,
    columns: int,
    report: Report | None = None,
) -> list[Explanation | ReasonedError]:
    """Explanations of one image by several networks, methods and classes, all else being the default.

    A cell is `(network, method, class_index)`; one that cannot be explained holds the reason. Steps are left out, and
    the seconds of a fast method are those of its second run, when all is compiled. `report(step, steps, picture)` is
    called before and after every cell, and at every report of a slow method; `picture` shows the cells that are done
    in rows of `columns` (JPEG).
    """
    report_grid: Report = with_pictures(report, _tiled) if report else lambda *_: None
    grid = np.full((-(-len(cells) // columns), columns, TILE, TILE, 3), 0.5, np.float32)
    small = images.resize(image, TILE - 2 * RIM, TILE - 2 * RIM)
    results: list[Explanation | ReasonedError] = []
    for place, (network, name, class_index) in enumerate(cells):
        report_grid(place, len(cells), grid)
        method, report_cell = attribution.find(name), partial(_report_cell, report_grid, place, len(cells))
        try:
            if not method.slow:
                explain(network, name, image, class_index)
            explanation = explain(network, name, image, class_index, report=report_cell)
        except ReasonedError as error:
            results.append(error)
            continue
        results.append(replace(explanation, map=replace(explanation.map, steps={})))
        row, column = divmod(place, columns)
        grid[row, column, RIM:-RIM, RIM:-RIM] = overlay(small, explanation.map.values, signed=method.signed)
    report_grid(len(cells), len(cells), grid)
    return results


def _report_cell(report_grid: Report, place: int, cells: int, *_: Any, **__: Any) -> None:
    """Whatever a method reports within its cell, the grid is as far as that cell."""
    report_grid(place, cells)


def _tiled(grid: np.ndarray) -> np.ndarray:
    """Images `(rows, columns, h, w, 3)` as one."""
    rows, columns, height, width, colours = grid.shape
    return grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, colours)


def warm(network: str | Entry, report: Report | None = None) -> None:
    """Load a network, predict once and compile the default explanation, so that the first student does not wait."""
    size = table.find(network).input_size
    grey = np.full((size, size, 3), 0.5, np.float32)
    work: tuple[Callable[[], object], ...] = (
        lambda: load(network),
        lambda: predict(network, grey),
        lambda: explain(network, attribution.DEFAULT, grey),
    )
    for step, part in enumerate(work):
        if report:
            report(step, len(work))
        part()
