"""What a worker can be asked about channels and classes; as `core.tasks`, which says more. All raise NetworkError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from core import faces
from core.attribution import Report
from core.features import FilterPictures, Target, contact_sheet
from core.features.statistics import Statistics, of_batches, of_pictures, of_regions
from core.images import encode, from_uint8, to_uint8
from core.networks import Entry, Network, NetworkError, batch_size, load, softmax
from core.tasks import COLUMNS, knows_people, reference_captures
from core.training.data import CLASSES as DIGITS

GROUPS = ("A", "B")
CAPTURES, SEED = 192, 27
"""Captures of people that channels are looked at with, and how they are drawn."""


INK, PAPER = 2.0, 0.3
"""Length of the first step of `ink`, in pixels that turn from black to white, and the largest value at its start."""
STEP: dict[str, Any] = {
    "preset": "beautiful",
    "parameterization": "pixels",
    "robustness": "off",
    "ascent": "normalized",
}


@dataclass(frozen=True, eq=False)
class Recognised:
    """What a network takes labelled pictures for: class numbers `expected` and `predicted` `(n,)`, and the
    `probabilities` `(n,)` of the predicted ones.
    """

    expected: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray


def kinds(entry: Entry) -> tuple[str, ...]:
    """By what the answers of a network's channels can be told apart; none for a network without labelled pictures."""
    if entry.subject == "digit" and entry.classes == DIGITS:
        return ("digit",)
    return ("region", "group") if knows_people(entry) else ()


def names(entry: Entry, kind: str) -> tuple[str, ...]:
    """The classes of a kind."""
    return {"digit": entry.labels, "region": faces.REGIONS, "group": GROUPS}[kind]


def statistics(network: str | Entry, layer: str, kind: str, report: Report | None = None) -> Statistics:
    """Statistics of a layer over the `names` of a kind: digits, or face regions or groups of rendered people."""
    loaded = load(network)
    if kind not in kinds(loaded.entry):
        raise NetworkError("unknown_choice", kind="kind", name=kind, choices=", ".join(kinds(loaded.entry)))
    return of_batches(_answers(loaded, layer, kind, report))


def _answers(network: Network, layer: str, kind: str, report: Report | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Feature maps and weights of the classes, batch by batch."""
    entry, classes = network.entry, len(names(network.entry, kind))
    if kind == "digit":
        pictures, digits = reference_captures(entry)
        yield _maps(network, layer, pictures), of_pictures(digits, classes)
        return
    size = batch_size(entry)
    for start in range(0, CAPTURES, size):
        numbers, shots = range(start, min(start + size, CAPTURES)), []
        for number in numbers:
            if report:
                report(number, CAPTURES)
            shots.append(_shot(number, entry.input_size))
        maps = _maps(network, layer, from_uint8(np.stack([picture for picture, _ in shots])))
        if kind == "region":
            yield maps, of_regions(np.stack([regions for _, regions in shots]), classes, *maps.shape[1:3])
        else:
            groups = [GROUPS.index(faces.group_of(number % faces.PEOPLE)) for number in numbers]
            yield maps, of_pictures(np.array(groups), classes)


def recognise(network: str | Entry) -> Recognised:
    """What a digits network takes the digits of `reference_captures` for, none of which it learned from."""
    loaded = load(network)
    pictures, digits = reference_captures(loaded.entry)
    probabilities = loaded.predict(pictures)
    return Recognised(digits, probabilities.argmax(axis=1), probabilities.max(axis=1))


def path(network: str | Entry, image: np.ndarray) -> dict[str, np.ndarray]:
    """What a picture `(h, w, 3)` in [0, 1] becomes on its way: layer -> feature maps `(h, w, k)` or values `(k,)`, of
    all layers with feature maps or weights; in place of the last, the probabilities.
    """
    from core.layers import describe

    loaded = load(network)
    rows = [row.name for row in describe(loaded.model) if row.spatial or row.parameters]
    found = {name: loaded.run(image, name)[0] for name in rows}
    return found | {rows[-1]: softmax(found[rows[-1]])}


def ink(
    network: str | Entry,
    layer: str,
    channels: Sequence[Target],
    tv_weight: float | Sequence[float] = 0.0,
    iterations: int = 30,
    seed: int = 0,
    report: Report | None = None,
) -> FilterPictures:
    """Pictures that excite channels of a network of digits, as ink on black paper: `core.features.ascent.maximize` step
    by step, from faint noise, each picture brought back to [0, 1] after every step, which gets shorter.

    Several weights are given to the channels in turn. `report(step, steps, picture)` gets a sheet (JPEG).
    """
    from core.features.ascent import maximize

    loaded = load(network)
    costs = np.resize(tv_weight, len(channels)).tolist()
    climb = partial(maximize, loaded, layer, channels, tv_weight=costs, **STEP)
    paper = np.random.default_rng(seed).uniform(0, PAPER, loaded.model.input_shape[1:]).astype(np.float32)
    pictures, activations = np.repeat(paper[None], len(channels), axis=0), []
    for step in range(iterations):
        found = climb(start=pictures, learning_rate=INK * (1 - 0.9 * step / iterations), iterations=1)
        pictures = np.clip(found.pictures, 0, 1)
        activations.append(found.activations[:, 0])
        if report:
            sheet = contact_sheet(np.repeat(pictures, 3, axis=-1), min(len(channels), COLUMNS))
            report(step + 1, iterations, encode(sheet, "jpeg", 85))
    end = climb(start=pictures, iterations=0)
    return FilterPictures(
        images=np.repeat(pictures, 3, axis=-1),
        activations=np.stack([*activations, end.activations[:, 0]], axis=1),
        dead=end.dead,
        pictures=pictures,
    )


def _maps(network: Network, layer: str, pictures: np.ndarray) -> np.ndarray:
    """A layer's answers `(n, h, w, k)`; those of a dense layer are maps of one place."""
    outputs = network.run(pictures, layer)
    return outputs if outputs.ndim == 4 else outputs[:, None, None]


@lru_cache(maxsize=CAPTURES)
def _shot(number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A capture `(size, size, 3)`, 0 to 255, and the number of every pixel's region; kept, because rendering takes
    longer than the network.
    """
    image, regions = faces.shot(number % faces.PEOPLE, SEED, number, size)
    return to_uint8(image), faces.numbered(regions)
