"""What a worker can be asked about the truth of explanations; see `core.networks.tasks`, which says more.

A question begins with what `core.attribution.tasks.explain` takes: network, method, image, class (by default the
predicted one), layer, and the method's own numbers as `(name, value)` pairs. All raise the errors of `explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import attribution, faces
from core.attribution.tasks import Explanation, explain
from core.evaluation import Stage, leaderboard
from core.evaluation.deletion import Curve, curve, random_ranking, ranking
from core.evaluation.localization import Pair, inpainting_pair
from core.evaluation.stability import over_noise, over_seeds
from core.faces import Capture
from core.networks import table
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network
from core.params import SEED
from core.progress import Report

Params = Sequence[tuple[str, Any]]


@dataclass(frozen=True, eq=False)
class Deletion:
    """What deleting and inserting pixels does to the probability of `class_index`.

    `order` and `random_order` `(h w,)` number the pixels of the network's image by the map and at random; `curves` are
    named "deletion", "insertion", "random_deletion" and "random_insertion".
    """

    explanation: Explanation
    class_index: int
    order: np.ndarray
    random_order: np.ndarray
    curves: dict[str, Curve]


@dataclass(frozen=True, eq=False)
class Localization:
    """The map of a person, and of both images of the `pair` the person's logits and the `predicted` classes."""

    explanation: Explanation
    pair: Pair
    scores: tuple[float, float]
    predicted: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Stability:
    """Maps `(n, h, w)` over small noise and over other seeds, raw, the first being the map itself.

    `seeds` is None for a method without random numbers.
    """

    noise: np.ndarray
    seeds: np.ndarray | None


def deletion(
    network: str | Entry,
    method: str,
    image: np.ndarray,
    class_index: int | None,
    layer: str | None,
    params: Params,
    *,
    steps: int = 32,
    baseline: str = "grey",
    report: Report | None = None,
) -> Deletion:
    """Explain an image `(h, w, 3)` in [0, 1], then delete and insert its pixels in the map's order and at random.

    See `core.evaluation.deletion`.
    """
    loaded = load(network)
    explanation = explain(network, method, image, class_index, layer, report, **dict(params))
    index = explanation.class_index
    if index is None:  # the method knows none
        index = int(explanation.probabilities.argmax())
    resized = loaded.resized(image)[0]
    order, random_order = ranking(explanation.map.values, resized), random_ranking(resized)
    curves: dict[str, Curve] = {}
    for pixels, prefix in ((order, ""), (random_order, "random_")):
        for name in ("deletion", "insertion"):
            curves[prefix + name] = curve(
                loaded,
                resized,
                index,
                pixels,
                steps=steps,
                baseline=baseline,
                insert=name == "insertion",
                report=_report_part(report, len(curves), 4, explanation.map.calls),
            )
    return Deletion(explanation, index, order, random_order, curves)


def _report_part(report: Report | None, part: int, parts: int, calls: int) -> Report | None:
    """Report the steps of one of several equally long parts as steps of the whole, each a call after `calls` others."""
    if report is None:
        return None
    return lambda step, steps: report(part * steps + step, parts * steps, calls=calls + part * steps + step)


def randomization(
    network: str | Entry,
    method: str,
    image: np.ndarray,
    class_index: int | None,
    layer: str | None,
    params: Params,
    *,
    seed: int = 0,
    report: Report | None = None,
) -> list[Stage]:
    """The maps of a network whose layers become random one by one; see `core.evaluation.randomization`."""
    from core.evaluation.randomization import cascade, layer_counts

    loaded = load(network)
    resized = loaded.resized(image)[0]
    steps = len(layer_counts(loaded.model))
    stages: list[Stage] = []

    def report_stages(*_: Any, **__: Any) -> None:
        if report:
            report(len(stages), steps)

    explain = _explainer(loaded, resized, method, class_index, layer, params, report_stages)
    report_stages()
    for stage in cascade(loaded, resized, lambda network: explain(network, resized), seed=seed):
        stages.append(stage)
        report_stages()
    return stages


def _explainer(
    network: Network,
    image: np.ndarray,
    method: str,
    class_index: int | None,
    layer: str | None,
    params: Params,
    report: Report,
) -> Callable[..., np.ndarray]:
    """`explain(network, image, **more)`: the raw map of one method and class for other networks or images.

    The class is by default that predicted for this image; `report` is called by a slow method.
    """
    entry = attribution.find(method)
    index = int(network.predict(image)[0].argmax()) if class_index is None else network.check_class(class_index)
    options = dict(params)
    if entry.needs_layer:
        options["layer"] = layer or network.entry.default_layer
    if entry.slow:
        options["report"] = report

    def explain(network: Network, image: np.ndarray, **more: Any) -> np.ndarray:
        values: np.ndarray = entry.load()(network, image, index, **options | more).values
        return values

    return explain


def localization(
    network: str | Entry,
    method: str,
    person: int,
    layer: str | None,
    params: Params,
    *,
    other: int,
    part: str | None = None,
    capture: Capture = faces.PORTRAIT,
    report: Report | None = None,
) -> Localization:
    """Explain the class of a rendered person, and see what it changes when a part of the face is person `other`'s.

    See `core.evaluation.localization.inpainting_pair`.
    """
    loaded = load(network)
    pair = inpainting_pair(person, other, capture, loaded.entry.input_size, part)
    explanation = explain(network, method, pair.original, person, layer, report, **dict(params))
    logits = loaded.run(np.stack([pair.original, pair.inpainted]))
    first, second = (int(index) for index in logits.argmax(axis=1))
    return Localization(explanation, pair, (float(logits[0, person]), float(logits[1, person])), (first, second))


def stability(
    network: str | Entry,
    method: str,
    image: np.ndarray,
    class_index: int | None,
    layer: str | None,
    params: Params,
    *,
    copies: int = 4,
    noise: float = 2,
    report: Report | None = None,
) -> Stability:
    """The maps of `copies` noisy images, and those of as many other seeds; see `core.evaluation.stability`."""
    loaded = load(network)
    resized = loaded.resized(image)[0]
    seeded = attribution.find(method).seeded
    maps: list[np.ndarray] = []

    def report_maps(*_: Any, **__: Any) -> None:
        if report:
            report(len(maps), (copies + 1) * (1 + seeded))

    def collect(new: Iterable[np.ndarray]) -> np.ndarray:
        start = len(maps)
        for values in new:
            maps.append(values)
            report_maps()
        return np.stack(maps[start:])

    explain = _explainer(loaded, resized, method, class_index, layer, params, report_maps)
    noisy = collect(over_noise(lambda image: explain(loaded, image), resized, copies=copies, noise=noise))
    if not seeded:
        return Stability(noisy, None)
    first = int(dict(params).get("seed", SEED.default))
    seeds = range(first, first + copies + 1)
    return Stability(noisy, collect(over_seeds(lambda seed: explain(loaded, resized, seed=seed), seeds)))


def rank(rows: Sequence[str], captures: int, report: Report | None = None) -> dict[str, Any]:
    """The leaderboard of some of its rows on its first captures of MiniFace; see `core.evaluation.leaderboard`.

    As it is stored: `captures`, `chance`, and `metrics`.
    """
    network = load(table.MINIFACE)
    measured: dict[str, list[dict[str, float]]] = {row: [] for row in rows}
    pairs = []
    for number in range(captures):
        person, pair = leaderboard.capture(number, network.entry.input_size)
        pairs.append(pair)
        for place, row in enumerate(rows):
            if report:
                report(number * len(rows) + place, captures * len(rows))
            measured[row].append(leaderboard.measure(network, row, person, pair, leaderboard.seed_of(number)))
    return {
        "captures": captures,
        "chance": leaderboard.chance_rates(pairs),
        "metrics": leaderboard.summary(measured),
    }
