"""What a worker can be asked about what filters see; see `core.networks.tasks`, which says more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.colours import contact_sheet
from core.features import BATCH, DEFAULT_PRESET, PRESETS, FilterPictures, Patches, Target
from core.features.captures import reference_captures
from core.features.health import channel_health
from core.images import encode
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, cached_on_network
from core.progress import Report, with_pictures

if TYPE_CHECKING:
    from core.features.patches import Answers

OPTIMA = 8
"""Channels of a layer whose exciting pictures are judged."""
COLUMNS = 8
"""Pictures in a row of a sheet that fills."""
STOPS = (1, 5, 10, 20, 40, 80)
"""Iterations after which a climb is looked at."""


@dataclass(frozen=True, eq=False)
class Snapshots:
    """One climb at several moments: `images` `(n, h, w, 3)` in [0, 1] after `stops` `(n,)` iterations each, and the
    `activations` `(iterations + 1,)` on the whole way.
    """

    stops: tuple[int, ...]
    images: np.ndarray
    activations: np.ndarray


@dataclass(frozen=True, eq=False)
class Quality:
    """Layer by layer of the convolutions `layers`: share of `dead` channels and of channels that are `alike` another,
    in [0, 1], and the `selectivity` to people of each channel, `(k,)`.

    `entropy`: of the spectrum of the pictures that excite the first channels, mean, for the last layer of each size.
    `smoothness` `(k,)`: of the first layer's kernels.
    """

    layers: tuple[str, ...]
    dead: np.ndarray
    alike: np.ndarray
    selectivity: tuple[np.ndarray, ...]
    entropy: dict[str, float]
    smoothness: np.ndarray


def top_patches(
    network: str | Entry, layer: str, channel: int, count: int = 9, *, photos: np.ndarray | None = None
) -> Patches:
    """The patches of rendered captures that excite a channel most; see `core.features.patches`.

    Or those of `photos` `(n, s, s, 3)` in [0, 1], s the network's input size, of which nothing is kept.
    """
    from core.features.patches import answers
    from core.features.patches import top_patches as choose
    from core.networks.layers import check_channels

    loaded = load(network)
    (channel,) = check_channels(loaded.model, layer, [channel])
    if photos is not None:
        return choose(loaded, layer, channel, photos, answers(loaded, layer, photos), count)
    captures, _ = reference_captures(loaded.entry)
    return choose(loaded, layer, channel, captures, _answers(loaded, layer), count)


def quality(networks: Sequence[str | Entry], report: Callable[..., None] | None = None) -> list[Quality]:
    """What can be counted of the training of some networks; `report` is told of every layer."""
    layers = [len(_convolutions(load(network))) for network in networks]
    found = []
    for place, network in enumerate(networks):

        def tell(step: int, done: int = sum(layers[:place])) -> None:
            if report:
                report(done + step, sum(layers))

        counted = _counted(load(network))
        if not counted:
            counted.append(_quality(load(network), tell))
        found.append(counted[0])
    return found


@cached_on_network
def _counted(network: Network) -> list[Quality]:
    """What was counted of a network, if it was: a whole class asks for the same."""
    return []


def _quality(network: Network, tell: Callable[[int], None]) -> Quality:
    from core.features.ascent import maximize as climb
    from core.features.quality import selectivity, smoothness, spectral_entropy
    from core.networks.layers import last_of_each_size

    _, people = reference_captures(network.entry)
    layers, deep = _convolutions(network), last_of_each_size(network.model)
    dead, alike, told, entropy = [], [], [], {}
    for step, layer in enumerate(layers):
        tell(step)
        health = channel_health(network.entry, layer)
        dead.append(float(health.dead.mean()))
        alike.append(len({twin for _, twin, _ in health.duplicates}) / len(health.dead))
        told.append(selectivity(_answers(network, layer).mean, people))
        if layer in deep:
            count = min(OPTIMA, len(health.dead))
            entropy[layer] = float(spectral_entropy(climb(network, layer, range(count)).images).mean())
    first = np.asarray(network.model.get_layer(layers[0]).kernel)
    return Quality(tuple(layers), np.array(dead), np.array(alike), tuple(told), entropy, smoothness(first))


def _convolutions(network: Network) -> list[str]:
    from core.networks.layers import is_spatial, kernel_layers

    return [name for name in kernel_layers(network.model) if is_spatial(network.model.get_layer(name))]


@cached_on_network
def _answers(network: Network, layer: str) -> Answers:
    """What a layer answers to the `reference_captures`, kept: every channel of it is asked for in turn."""
    from core.features.patches import answers

    return answers(network, layer, reference_captures(network.entry)[0])


def maximize(
    network: str | Entry, layer: str, channels: Sequence[Target], report: Report | None = None, **params: Any
) -> FilterPictures:
    """Pictures that excite channels of a layer; `params` as in `core.features.ascent.maximize`.

    `report(step, steps, picture, **values)` gets the pictures in progress on one contact sheet (JPEG), at most every
    `PICTURE_EVERY` seconds and at the first and last step, and each picture's activation under its channel's number, or
    under its own, from 0, where a channel climbs more than once or jointly with others.
    """
    from core.features.ascent import maximize as climb

    preset = PRESETS.get(params.get("preset", DEFAULT_PRESET))
    steps = params.get("iterations") or (preset.iterations if preset else 0)
    show = with_pictures(report, contact_sheet) if report else None

    def tell(step: int, pictures: np.ndarray, activations: np.ndarray) -> None:
        if show:
            single = len(pictures) == len(channels) == len({str(channel) for channel in channels})
            names = (
                channels if single and all(isinstance(channel, int) for channel in channels) else range(len(pictures))
            )
            values = {str(name): float(value) for name, value in zip(names, activations, strict=True)}
            show(step, steps, pictures, **values)

    return climb(load(network), layer, channels, report=tell if report else None, **params)


def grid(
    network: str | Entry, layer: str, channels: Sequence[Target], report: Report | None = None, **params: Any
) -> FilterPictures:
    """`maximize` for many channels, some at a time: the sheet of all fills with those that are done.

    The pictures are those of `maximize`. `report(step, steps, picture)` counts the iterations of all.
    """
    from core.features.ascent import maximize as climb

    steps = params.get("iterations") or PRESETS[params.get("preset", DEFAULT_PRESET)].iterations
    parts = [channels[start : start + BATCH] for start in range(0, len(channels), BATCH)]
    show = with_pictures(report, lambda pictures: contact_sheet(pictures, COLUMNS)) if report else None
    sheet: list[np.ndarray] = []
    found: list[FilterPictures] = []

    def tell(step: int, pictures: np.ndarray, _: np.ndarray) -> None:
        if show:
            if not sheet:
                sheet.append(np.full((len(channels), *pictures.shape[1:]), 0.5, np.float32))
            first = len(found) * BATCH
            sheet[0][first : first + len(pictures)] = pictures
            show(len(found) * steps + step, len(parts) * steps, sheet[0])

    for part in parts:
        found.append(climb(load(network), layer, part, report=tell if report else None, **params))
    return FilterPictures(
        images=np.concatenate([part.images for part in found]),
        activations=np.concatenate([part.activations for part in found]),
        dead=np.concatenate([part.dead for part in found]),
        pictures=np.concatenate([part.pictures for part in found]),
        notes=tuple(note for part in found for note in part.notes),
    )


def through_iterations(
    network: str | Entry,
    layer: str,
    channel: Target,
    stops: Sequence[int] = STOPS,
    report: Report | None = None,
    **params: Any,
) -> Snapshots:
    """The picture of one climb after each of `stops` iterations, ascending: on the sheet each stays where it stops.

    An `ascent` whose steps do not shrink ("normalized", "plain") would give the same pictures in as many climbs.
    """
    from core.features.ascent import maximize as climb

    show = with_pictures(report, contact_sheet) if report else None
    shots: dict[int, np.ndarray] = {}

    def tell(step: int, pictures: np.ndarray, activations: np.ndarray) -> None:
        shots.update({stop: pictures[0] for stop in stops if step <= stop})
        if show:
            sheet = np.stack([shots[stop] for stop in stops])
            show(step, stops[-1], sheet, **{str(channel): float(activations[0])})

    found = climb(load(network), layer, [channel], iterations=stops[-1], report=tell, **params)
    return Snapshots(tuple(stops), np.stack([shots[stop] for stop in stops]), found.activations[0])


def through_depth(
    network: str | Entry, channels: Sequence[int], report: Report | None = None, **params: Any
) -> dict[str, FilterPictures]:
    """Pictures that excite the same channels of the last convolution of every size, by layer; see `maximize`."""
    from core.networks.layers import last_of_each_size

    layers = last_of_each_size(load(network).model)
    found = {}
    for place, layer in enumerate(layers):

        def tell(step: int, steps: int, picture: bytes | None = None, *, before: int = place, **values: float) -> None:
            if report:
                report(before * steps + step, len(layers) * steps, picture, **values)

        found[layer] = maximize(network, layer, channels, report=tell, **params)
    return found


INK, PAPER = 2.0, 0.3
"""Length of the first step of `ink`, in pixels that turn from black to white, and the largest value at its start."""
STEP: dict[str, Any] = {
    "preset": "beautiful",
    "parameterization": "pixels",
    "robustness": "off",
    "ascent": "normalized",
}


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
