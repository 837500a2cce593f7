"""What a worker can be asked: names and values come in, arrays and plain dataclasses go out.

Importing this module imports no Keras; its functions do, in the process where they run. All of them raise
`core.networks.NetworkError` for a network, layer, channel or class that does not exist.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core import attribution, faces, images, networks
from core.attribution import Report, SaliencyMap
from core.attribution.overlay import overlay
from core.features import BATCH, DEFAULT_PRESET, PRESETS, FilterPictures, Patches, Target, contact_sheet
from core.networks import SMALL_BATCH, Entry, Guest, LayerRow, Network, NetworkError, batch_size, kept, load
from core.params import Param
from core.training import data as digits

if TYPE_CHECKING:
    from core.features.patches import Answers

HEALTH_CAPTURES, FEW_HEALTH_CAPTURES, HEALTH_SEED = 64, 8, 42
"""Captures that channels are judged by: many for a small network, few for a large one, so that both take a second."""
REFERENCE_CAPTURES = 4
"""Captures of each person among which the patches are looked for that excite a channel most."""
OPTIMA = 8
"""Channels of a layer whose exciting pictures are judged."""
ALIKE = 0.95
"""Cosine similarity from which on two channels count as duplicates."""
COLUMNS = 8
"""Pictures in a row of a sheet that fills."""
STOPS = (1, 5, 10, 20, 40, 80)
"""Iterations after which a climb is looked at."""
TILE, RIM = 160, 2
"""Side in pixels of a cell in a grid that is being filled, and how far its map stays away from the cell's edge."""
SHOWN = 112
"""Side in pixels of a person of `recognise`."""
RECOGNISED = (Param("captures", default=12, minimum=4, maximum=48, step=4), attribution.SEED)
"""The numbers of `recognise`."""
PICTURE_EVERY = 0.1
"""Seconds between two pictures in progress: more are not seen, and encoding them takes longer than a step."""


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


@dataclass(frozen=True, eq=False)
class Recognition:
    """People, as they were taken and who they were taken for.

    `pictures` `(n, SHOWN, SHOWN, 3)` in [0, 1], class numbers `expected` and `predicted` `(n,)`, and the
    `probabilities` `(n,)` of the predicted ones.
    """

    pictures: np.ndarray
    expected: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class ChannelHealth:
    """`dead` `(k,)`: channels that answer 0 everywhere; `duplicates`: `(a, b, cosine)`, `a < b`, most alike first.

    The evidence: of so many `captures`, the number `fired` `(k,)` in which a channel is above 0 somewhere, its
    `largest` `(k,)` value, and the `cosines` `(k, k)` of each channel with each.
    """

    dead: np.ndarray
    duplicates: list[tuple[int, int, float]]
    captures: int
    fired: np.ndarray
    largest: np.ndarray
    cosines: np.ndarray


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


def predict(network: str | Entry, images: np.ndarray) -> np.ndarray:
    """Probabilities `(n, classes)` for pictures `(n, h, w, 3)` in [0, 1]."""
    return load(network).predict(images)


def describe(network: str | Entry) -> list[LayerRow]:
    """One row a layer, from picture to logits."""
    from core import layers

    return layers.describe(load(network).model)


def inspect(path: str) -> Guest:
    """What a `.keras` file says of its network; NetworkError where it cannot be used."""
    from core.networks import guests

    return guests.inspect(path)


def explain(
    network: str | Entry,
    method: str,
    image: np.ndarray,
    class_index: int | None = None,
    layer: str | None = None,
    report: Report | None = None,
    **params: Any,
) -> Explanation:
    """Explain the score of a class, by default the network's first choice, with a method of `core.attribution.METHODS`.

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
        seen = loaded.stretched(image)[0]
        params["report"] = _with_pictures(report, lambda values: overlay(seen, values, signed=entry.signed))
    saliency = entry.load()(loaded, image, index, **params)
    return Explanation(saliency, saliency.class_index, saliency.layer, probabilities, time.perf_counter() - started)


def compare(
    cells: Sequence[tuple[str | Entry, str, int | None]],
    image: np.ndarray,
    columns: int,
    report: Report | None = None,
) -> list[Explanation | NetworkError]:
    """Explanations of one picture by several networks, methods and classes, all else being the default.

    A cell is `(network, method, class_index)`; one that cannot be explained holds the reason. Steps are left out, and
    the seconds of a fast method are those of its second run, when all is compiled. `report(step, steps, picture)` is
    called before and after every cell, and at every report of a slow method; `picture` shows the cells that are done
    in rows of `columns` (JPEG).
    """
    tell = _with_pictures(report, _tiled) if report else lambda *given: None
    grid = np.full((-(-len(cells) // columns), columns, TILE, TILE, 3), 0.5, np.float32)
    small = images.resize(image, TILE - 2 * RIM, TILE - 2 * RIM)
    found: list[Explanation | NetworkError] = []
    for network, name, class_index in cells:
        method, done = attribution.find(name), len(found)
        tell(done, len(cells), grid)
        try:
            if not method.slow:
                explain(network, name, image, class_index)
            explanation = explain(
                network, name, image, class_index, report=lambda *given, done=done, **values: tell(done, len(cells))
            )
        except NetworkError as error:
            found.append(error)
            continue
        found.append(replace(explanation, map=replace(explanation.map, steps={}, walk=None)))
        grid[divmod(done, columns)][RIM:-RIM, RIM:-RIM] = overlay(small, explanation.map.values, signed=method.signed)
    tell(len(cells), len(cells), grid)
    return found


def _tiled(grid: np.ndarray) -> np.ndarray:
    """Pictures `(rows, columns, h, w, 3)` as one."""
    rows, columns, height, width, colours = grid.shape
    return grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, colours)


def knows_people(entry: Entry) -> bool:
    """Whether the classes of a network are the rendered people."""
    return entry.names == networks.MINIFACE.names


def recognise(network: str | Entry, captures: int = 12, seed: int = 0) -> Recognition:
    """Whom the network takes rendered people for: `captures` pictures of people in random order.

    ValueError where the network does not know them.
    """
    loaded = load(network)
    if not knows_people(loaded.entry):
        raise ValueError(f"{loaded.entry.name} does not know the rendered people; choose MiniFace.")
    rng = np.random.default_rng(seed)
    expected = np.concatenate([rng.permutation(faces.PEOPLE) for _ in range(-(-captures // faces.PEOPLE))])[:captures]
    pictures = faces.portraits(expected, rng, SHOWN)
    probabilities = loaded.predict(pictures)
    return Recognition(pictures, expected, probabilities.argmax(axis=1), probabilities.max(axis=1))


def feature_maps(network: str | Entry, layer: str, image: np.ndarray) -> np.ndarray:
    """Feature maps `(h, w, k)` of a layer, after its activation, for a picture `(h, w, 3)` in [0, 1]."""
    from core import layers

    return layers.feature_maps(load(network), image, layer)[0]


def kernels(network: str | Entry, layer: str) -> np.ndarray:
    """Kernels `(kh, kw, cin, cout)` of a convolution."""
    from core.layers import kernel_layers, layer_of

    model = load(network).model
    convolution = layer_of(model, layer)
    if layer not in kernel_layers(model):
        raise NetworkError("no_kernels", name=layer, choices=", ".join(kernel_layers(model)))
    return np.asarray(convolution.kernel)


def channel_health(network: str | Entry, layer: str) -> ChannelHealth:
    """Dead and duplicate channels of a layer on the `health_captures`, always the same ones.

    Dead: never above 0, at no place of no capture. Duplicates: the feature maps of two channels, all places of all
    captures in one vector each, have a cosine above `ALIKE`. A dead channel is nobody's duplicate. A unit of a dense
    layer counts as a map of one place.
    """
    from core.layers import layer_of

    loaded = load(network)
    layer_of(loaded.model, layer)
    captures, size = health_captures(loaded.entry), batch_size(loaded.entry)
    parts, peaks = [], []
    for start in range(0, len(captures), size):  # all maps of an early layer at once would not fit a small machine
        maps = loaded.run(captures[start : start + size], layer)
        columns = maps.reshape(-1, maps.shape[-1])
        parts.append(columns.T @ columns)
        peaks.append(maps.reshape(len(maps), -1, maps.shape[-1]).max(axis=1))
    products = np.sum(parts, axis=0, dtype=np.float64)
    lengths = np.sqrt(np.diag(products))
    cosines = products / np.maximum(np.outer(lengths, lengths), np.finfo(np.float32).tiny)
    pairs = np.argwhere(np.triu(cosines > ALIKE, k=1))
    duplicates = [(int(a), int(b), float(cosines[a, b])) for a, b in pairs]
    peak = np.concatenate(peaks)
    return ChannelHealth(
        dead=peak.max(axis=0) <= 0,
        duplicates=sorted(duplicates, key=lambda pair: -pair[2]),
        captures=len(captures),
        fired=(peak > 0).sum(axis=0),
        largest=peak.max(axis=0),
        cosines=cosines.astype(np.float32),
    )


def top_patches(
    network: str | Entry, layer: str, channel: int, count: int = 9, *, photos: np.ndarray | None = None
) -> Patches:
    """The patches of rendered captures that excite a channel most; see `core.features.patches`.

    Or those of `photos` `(n, s, s, 3)` in [0, 1], s the network's input size, of which nothing is kept.
    """
    from core.features.patches import answers
    from core.features.patches import top_patches as choose
    from core.layers import check_channels

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


@kept
def _counted(network: Network) -> list[Quality]:
    """What was counted of a network, if it was: a whole class asks for the same."""
    return []


def _quality(network: Network, tell: Callable[[int], None]) -> Quality:
    from core.features.ascent import maximize as climb
    from core.features.quality import selectivity, smoothness, spectral_entropy
    from core.layers import last_of_each_size

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
    from core.layers import is_spatial, kernel_layers

    return [name for name in kernel_layers(network.model) if is_spatial(network.model.get_layer(name))]


@kept
def _answers(network: Network, layer: str) -> Answers:
    """What a layer answers to the `reference_captures`, kept: every channel of it is asked for in turn."""
    from core.features.patches import answers

    return answers(network, layer, reference_captures(network.entry)[0])


def reference_captures(entry: Entry) -> tuple[np.ndarray, np.ndarray]:
    """Captures `(n, size, size, 3)` of every person, and who is on them `(n,)`; one each for a large network.

    For a network of digits, the digits that it is judged by, and what they are.
    """
    if entry.subject == "digit":
        held_out = digits.embedded().test
        return digits.picture(held_out.images), held_out.labels
    each = REFERENCE_CAPTURES if batch_size(entry) == SMALL_BATCH else 1
    return _references(each, entry.input_size), np.repeat(np.arange(faces.PEOPLE), each)


@lru_cache(maxsize=2)
def _references(each: int, size: int) -> np.ndarray:
    return np.stack([faces.shot(n, HEALTH_SEED, k, size)[0] for n in range(faces.PEOPLE) for k in range(each)])


def health_captures(entry: Entry) -> np.ndarray:
    """The pictures of `channel_health`, `(n, size, size, 3)`: people in turn, each taken in another way, or digits."""
    if entry.subject == "digit":
        return reference_captures(entry)[0]
    count = HEALTH_CAPTURES if batch_size(entry) == SMALL_BATCH else FEW_HEALTH_CAPTURES
    return _captures(count, entry.input_size)


@lru_cache(maxsize=3)
def _captures(count: int, size: int) -> np.ndarray:
    people = (number % faces.PEOPLE for number in range(count))
    return faces.portraits(people, np.random.default_rng(HEALTH_SEED), size)


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
    show = _with_pictures(report, contact_sheet) if report else None

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
    show = _with_pictures(report, lambda pictures: contact_sheet(pictures, COLUMNS)) if report else None
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

    show = _with_pictures(report, contact_sheet) if report else None
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
    from core.layers import last_of_each_size

    layers = last_of_each_size(load(network).model)
    found = {}
    for place, layer in enumerate(layers):

        def tell(step: int, steps: int, picture: bytes | None = None, *, before: int = place, **values: float) -> None:
            if report:
                report(before * steps + step, len(layers) * steps, picture, **values)

        found[layer] = maximize(network, layer, channels, report=tell, **params)
    return found


def _with_pictures(report: Report, draw: Callable[[np.ndarray], np.ndarray]) -> Report:
    """Report what `draw` makes of an array as a JPEG, or no picture where the last one is younger than
    `PICTURE_EVERY` seconds; the first and the last step always have one.
    """
    shown = -PICTURE_EVERY

    def tell(step: int, steps: int, state: np.ndarray | None = None, **values: float) -> None:
        nonlocal shown
        now, picture = time.perf_counter(), None
        if state is not None and (step in (0, steps) or now - shown >= PICTURE_EVERY):
            shown, picture = now, images.encode(draw(state), "jpeg", 85)
        report(step, steps, picture, **values)

    return tell


def warm(network: str | Entry, report: Report | None = None) -> None:
    """Load a network, predict once and compile the default Grad-CAM, so that the first student does not wait."""
    size = networks.find(network).input_size
    grey = np.full((size, size, 3), 0.5, np.float32)
    work: tuple[Callable[[], object], ...] = (
        lambda: load(network),
        lambda: predict(network, grey),
        lambda: explain(network, "grad_cam", grey),
    )
    for step, part in enumerate(work):
        if report:
            report(step, len(work))
        part()


def is_resident(network: str | Entry) -> bool:
    """Whether the network is loaded."""
    return networks.is_resident(network)
