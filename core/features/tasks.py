"""What a worker can be asked about what filters see; see `core.networks.tasks`, which says more.

`health.channel_health`, `recognition` and `statistics` are tasks too: each stands with its idea.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.colours import contact_sheet
from core.features import BATCH, DEFAULT_PRESET, PRESETS, FeatureVisualizations, Patches, Target
from core.features.health import channel_health
from core.features.held_out import held_out_images
from core.images import encode
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, cached_on_network
from core.progress import Report, with_pictures

if TYPE_CHECKING:
    from core.features.patches import Responses

OPTIMA = 8
"""Channels of a layer whose exciting images are judged."""
COLUMNS = 8
"""Images in a row of a sheet that fills."""
STOPS = (1, 5, 10, 20, 40, 80)
"""Iterations after which an ascent is looked at."""


# --- images that excite channels --------------------------------------------------------------------------------------


def maximize(
    network: str | Entry, layer: str, channels: Sequence[Target], report: Report | None = None, **params: Any
) -> FeatureVisualizations:
    """Images that excite channels of a layer; `params` as in `core.features.ascent.maximize`.

    `report(step, steps, picture, **values)` gets the images in progress on one contact sheet (JPEG), at most every
    `PICTURE_EVERY` seconds and at the first and last step, and each image's activation under its channel's number, or
    under its own, from 0, where a channel climbs more than once or jointly with others.
    """
    from core.features import ascent

    steps = _iterations(params)
    report_sheet = with_pictures(report, contact_sheet) if report else None
    single = all(isinstance(channel, int) for channel in channels) and len(set(channels)) == len(channels)

    def on_iteration(step: int, images: np.ndarray, activations: np.ndarray) -> None:
        if report_sheet:
            names = channels if single and len(images) == len(channels) else range(len(images))
            values = {str(name): float(value) for name, value in zip(names, activations, strict=True)}
            report_sheet(step, steps, images, **values)

    return ascent.maximize(load(network), layer, channels, report=on_iteration if report else None, **params)


def maximize_grid(
    network: str | Entry, layer: str, channels: Sequence[Target], report: Report | None = None, **params: Any
) -> FeatureVisualizations:
    """`maximize` for many channels, some at a time: the sheet of all fills with those that are done.

    The images are those of `maximize`. `report(step, steps, picture)` counts the iterations of all.
    """
    from core.features import ascent

    steps = _iterations(params)
    parts = [channels[start : start + BATCH] for start in range(0, len(channels), BATCH)]
    report_sheet = with_pictures(report, lambda images: contact_sheet(images, COLUMNS)) if report else None
    sheet = np.empty(0)
    results: list[FeatureVisualizations] = []

    def on_iteration(step: int, images: np.ndarray, _: np.ndarray) -> None:
        nonlocal sheet
        if report_sheet:
            if not sheet.size:
                sheet = np.full((len(channels), *images.shape[1:]), 0.5, np.float32)
            first = len(results) * BATCH
            sheet[first : first + len(images)] = images
            report_sheet(len(results) * steps + step, len(parts) * steps, sheet)

    for part in parts:
        results.append(ascent.maximize(load(network), layer, part, report=on_iteration if report else None, **params))
    return FeatureVisualizations(
        images=np.concatenate([result.images for result in results]),
        activations=np.concatenate([result.activations for result in results]),
        dead=np.concatenate([result.dead for result in results]),
        inputs=np.concatenate([result.inputs for result in results]),
        notes=tuple(note for result in results for note in result.notes),
    )


def _iterations(params: dict[str, Any]) -> int:
    """How many iterations an ascent with these parameters has; 0 for a preset that does not exist."""
    preset = PRESETS.get(params.get("preset", DEFAULT_PRESET))
    return params.get("iterations") or (preset.iterations if preset else 0)


@dataclass(frozen=True, eq=False)
class Snapshots:
    """One ascent at several moments: `images` `(n, h, w, 3)` in [0, 1] after `stops` `(n,)` iterations each, and the
    `activations` `(iterations + 1,)` on the whole way.
    """

    stops: tuple[int, ...]
    images: np.ndarray
    activations: np.ndarray


def maximize_with_snapshots(
    network: str | Entry,
    layer: str,
    channel: Target,
    stops: Sequence[int] = STOPS,
    report: Report | None = None,
    **params: Any,
) -> Snapshots:
    """The image of one ascent after each of `stops` iterations, ascending: on the sheet each stays where it stops.

    An `optimizer` whose steps do not shrink ("normalized", "plain") would give the same images in as many ascents.
    """
    from core.features import ascent

    report_sheet = with_pictures(report, contact_sheet) if report else None
    snapshots: dict[int, np.ndarray] = {}

    def on_iteration(step: int, images: np.ndarray, activations: np.ndarray) -> None:
        snapshots.update({stop: images[0] for stop in stops if step <= stop})
        if report_sheet:
            sheet = np.stack([snapshots[stop] for stop in stops])
            report_sheet(step, stops[-1], sheet, **{str(channel): float(activations[0])})

    result = ascent.maximize(load(network), layer, [channel], iterations=stops[-1], report=on_iteration, **params)
    return Snapshots(tuple(stops), np.stack([snapshots[stop] for stop in stops]), result.activations[0])


def maximize_through_depth(
    network: str | Entry, channels: Sequence[int], report: Report | None = None, **params: Any
) -> dict[str, FeatureVisualizations]:
    """Images that excite the same channels of the last convolution of every size, by layer; see `maximize`."""
    from core.networks.layers import last_of_each_size

    layers = last_of_each_size(load(network).model)
    results = {}
    for place, layer in enumerate(layers):

        def on_step(step: int, steps: int, picture: bytes | None, before: int = place, **values: float) -> None:
            if report:
                report(before * steps + step, len(layers) * steps, picture, **values)

        results[layer] = maximize(network, layer, channels, report=on_step, **params)
    return results


INK, PAPER = 2.0, 0.3
"""Length of the first step of `maximize_ink`, in pixels that turn from black to white, and the largest value at its
start."""
INK_PARAMS: dict[str, Any] = {
    "preset": "beautiful",
    "parameterization": "pixels",
    "robustness": "off",
    "optimizer": "normalized",
}


def maximize_ink(
    network: str | Entry,
    layer: str,
    channels: Sequence[Target],
    tv_weight: float | Sequence[float] = 0.0,
    iterations: int = 30,
    seed: int = 0,
    report: Report | None = None,
) -> FeatureVisualizations:
    """Images that excite channels of a network of digits, as ink on black paper: `core.features.ascent.maximize` step
    by step, from faint noise, each image brought back to [0, 1] after every step, which gets shorter.

    Several weights are given to the channels in turn. `report(step, steps, picture)` gets a sheet (JPEG).
    """
    from core.features import ascent

    loaded = load(network)
    weights = np.resize(tv_weight, len(channels)).tolist()
    climb = partial(ascent.maximize, loaded, layer, channels, tv_weight=weights, **INK_PARAMS)
    paper = np.random.default_rng(seed).uniform(0, PAPER, loaded.model.input_shape[1:]).astype(np.float32)
    inputs, activations = np.repeat(paper[None], len(channels), axis=0), []
    for step in range(iterations):
        result = climb(start=inputs, learning_rate=INK * (1 - 0.9 * step / iterations), iterations=1)
        inputs = np.clip(result.inputs, 0, 1)
        activations.append(result.activations[:, 0])
        if report:
            sheet = contact_sheet(np.repeat(inputs, 3, axis=-1), min(len(channels), COLUMNS))
            report(step + 1, iterations, encode(sheet, "jpeg", 85))
    end = climb(start=inputs, iterations=0)
    return FeatureVisualizations(
        images=np.repeat(inputs, 3, axis=-1),
        activations=np.stack([*activations, end.activations[:, 0]], axis=1),
        dead=end.dead,
        inputs=inputs,
    )


# --- real images ------------------------------------------------------------------------------------------------------


def top_patches(
    network: str | Entry, layer: str, channel: int, count: int = 9, *, photos: np.ndarray | None = None
) -> Patches:
    """The patches of the `held_out_images` that excite a channel most; see `core.features.patches`.

    Or those of `photos` `(n, s, s, 3)` in [0, 1], s the network's input size, of which nothing is kept.
    """
    from core.features import patches
    from core.networks.layers import check_channels

    loaded = load(network)
    (channel,) = check_channels(loaded.model, layer, [channel])
    if photos is not None:
        return patches.top_patches(loaded, layer, channel, photos, patches.responses(loaded, layer, photos), count)
    images, _ = held_out_images(loaded.entry)
    return patches.top_patches(loaded, layer, channel, images, _responses(loaded, layer), count)


@cached_on_network
def _responses(network: Network, layer: str) -> Responses:
    """Responses of a layer to the `held_out_images`, kept: every channel of it is asked for in turn."""
    from core.features.patches import responses

    return responses(network, layer, held_out_images(network.entry)[0])


# --- is it well trained? ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class TrainingQuality:
    """Layer by layer of the convolutions `layers`: share of `dead` channels and of channels that are `duplicates` of
    another, in [0, 1], and the `selectivity` to people of each channel, `(k,)`.

    `entropy`: of the spectrum of the images that excite the first channels, mean, for the last layer of each size.
    `smoothness` `(k,)`: of the first layer's kernels.
    """

    layers: tuple[str, ...]
    dead: np.ndarray
    duplicates: np.ndarray
    selectivity: tuple[np.ndarray, ...]
    entropy: dict[str, float]
    smoothness: np.ndarray


def training_quality(networks: Sequence[str | Entry], report: Report | None = None) -> list[TrainingQuality]:
    """Figures of how well some networks are trained; `report(step, steps)` counts the layers of all."""
    counts = [len(_convolutions(load(network))) for network in networks]
    qualities = []
    for place, network in enumerate(networks):

        def on_layer(step: int, before: int = sum(counts[:place])) -> None:
            if report:
                report(before + step, sum(counts))

        measured = _measured_quality(load(network))
        if not measured:
            measured.append(_measure_quality(load(network), on_layer))
        qualities += measured
    return qualities


@cached_on_network
def _measured_quality(network: Network) -> list[TrainingQuality]:
    """The quality of a network, once it was measured: a whole class asks for the same."""
    return []


def _measure_quality(network: Network, on_layer: Callable[[int], None]) -> TrainingQuality:
    from core.features.ascent import maximize
    from core.features.quality import selectivity, smoothness, spectral_entropy
    from core.networks.layers import last_of_each_size

    _, people = held_out_images(network.entry)
    layers, deep = _convolutions(network), last_of_each_size(network.model)
    dead, duplicates, selective, entropy = [], [], [], {}
    for step, layer in enumerate(layers):
        on_layer(step)
        health = channel_health(network.entry, layer)
        dead.append(float(health.dead.mean()))
        duplicates.append(len({twin for _, twin, _ in health.duplicates}) / len(health.dead))
        selective.append(selectivity(_responses(network, layer).means, people))
        if layer in deep:
            channels = range(min(OPTIMA, len(health.dead)))
            entropy[layer] = float(spectral_entropy(maximize(network, layer, channels).images).mean())
    first = np.asarray(network.model.get_layer(layers[0]).kernel)
    return TrainingQuality(
        tuple(layers), np.array(dead), np.array(duplicates), tuple(selective), entropy, smoothness(first)
    )


def _convolutions(network: Network) -> list[str]:
    from core.networks.layers import is_spatial, kernel_layers

    return [name for name in kernel_layers(network.model) if is_spatial(network.model.get_layer(name))]
