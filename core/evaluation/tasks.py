"""What a worker can be asked about the truth of explanations; see `core.networks.tasks`, which says more.

A question begins with what `core.attribution.tasks.explain` takes: network, method, class (by default the network's
first choice), layer, and the method's own numbers as `(name, value)` pairs. All raise NetworkError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import attribution, faces, params
from core.attribution.tasks import Explanation, explain
from core.evaluation import deletion, leaderboard, stability
from core.evaluation.deletion import Curve
from core.evaluation.pointing import Pair, pair
from core.faces import Capture
from core.networks import table
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network
from core.progress import Report

if TYPE_CHECKING:
    from core.evaluation.randomization import Stage

Numbers = Sequence[tuple[str, Any]]


@dataclass(frozen=True, eq=False)
class Deletion:
    """What deleting and inserting pixels does to the probability of `class_index`.

    `order` and `lots` `(h w,)` number the pixels of the network's picture by the map and at random; `curves` are named
    "deletion", "insertion", "random_deletion" and "random_insertion".
    """

    explanation: Explanation
    class_index: int
    order: np.ndarray
    lots: np.ndarray
    curves: dict[str, Curve]


@dataclass(frozen=True, eq=False)
class Landing:
    """Where the map of a person landed, the person's logits for both pictures of the `pair`, and the network's first
    choices for them.
    """

    explanation: Explanation
    pair: Pair
    scores: tuple[float, float]
    taken_for: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Repeated:
    """Maps `(n, h, w)` of noisy pictures and of other seeds, the first being the map itself; without lots no `seeds`.

    `noise` and `seeds` are raw, as the method gives them.
    """

    noise: np.ndarray
    seeds: np.ndarray | None


def delete(
    network: str | Entry,
    method: str,
    class_index: int | None,
    layer: str | None,
    numbers: Numbers,
    image: np.ndarray,
    *,
    steps: int = 32,
    baseline: str = "grey",
    report: Report | None = None,
) -> Deletion:
    """Explain a picture `(h, w, 3)` in [0, 1], then delete and insert its pixels in the map's order and at random.

    See `core.evaluation.deletion`.
    """
    loaded = load(network)
    explanation = explain(network, method, image, class_index, layer, report, **dict(numbers))
    index = explanation.class_index
    if index is None:  # the method knows none
        index = int(explanation.probabilities.argmax())
    seen = loaded.stretched(image)[0]
    order, lots = deletion.ranking(explanation.map.values, seen), deletion.random_ranking(seen)
    curves: dict[str, Curve] = {}
    for ranking, name in ((order, ""), (lots, "random_")):
        for way in ("deletion", "insertion"):
            curves[name + way] = deletion.curve(
                loaded,
                seen,
                index,
                ranking,
                steps=steps,
                baseline=baseline,
                insert=way == "insertion",
                report=_part_of(report, len(curves), 4, explanation.map.calls),
            )
    return Deletion(explanation, index, order, lots, curves)


def _part_of(report: Report | None, part: int, parts: int, calls: int) -> Report | None:
    """Report the steps of one of several equally long parts as steps of the whole, each a call after `calls` others."""
    if report is None:
        return None
    return lambda step, steps: report(part * steps + step, parts * steps, calls=calls + part * steps + step)


def forget(
    network: str | Entry,
    method: str,
    class_index: int | None,
    layer: str | None,
    numbers: Numbers,
    image: np.ndarray,
    *,
    seed: int = 0,
    report: Report | None = None,
) -> list[Stage]:
    """The maps of a network that forgets layer by layer, from the answer down; see `core.evaluation.randomization`."""
    from core.evaluation.randomization import cascade, counts

    loaded = load(network)
    seen = loaded.stretched(image)[0]
    steps = len(counts(loaded.model))
    found: list[Stage] = []

    def tell(*given: Any, **values: Any) -> None:
        if report:
            report(len(found), steps)

    explainer = _explainer(loaded, seen, method, class_index, layer, numbers, tell)
    tell()
    for stage in cascade(loaded, seen, lambda network: explainer(network, seen), seed=seed):
        found.append(stage)
        tell()
    return found


def _explainer(
    network: Network,
    image: np.ndarray,
    method: str,
    class_index: int | None,
    layer: str | None,
    numbers: Numbers,
    tell: Callable[..., None],
) -> Callable[..., np.ndarray]:
    """`explain(network, image, **more)`: the raw map of one and the same question about other networks or pictures.

    The class is the network's first choice for this picture, unless given; `tell` is called by a slow method.
    """
    entry = attribution.find(method)
    index = int(network.predict(image)[0].argmax()) if class_index is None else network.check_class(class_index)
    options = dict(numbers)
    if entry.needs_layer:
        options["layer"] = layer or network.entry.default_layer
    if entry.slow:
        options["report"] = tell

    def explain(network: Network, image: np.ndarray, **more: Any) -> np.ndarray:
        values: np.ndarray = entry.load()(network, image, index, **options | more).values
        return values

    return explain


def land(
    network: str | Entry,
    method: str,
    person: int,
    layer: str | None,
    numbers: Numbers,
    *,
    other: int,
    part: str | None = None,
    capture: Capture = faces.PORTRAIT,
    report: Report | None = None,
) -> Landing:
    """Explain why a person is the one on a capture, and ask what a part of person `other` in their face changes.

    See `core.evaluation.pointing.pair`.
    """
    loaded = load(network)
    pictures = pair(person, other, capture, loaded.entry.input_size, part)
    explanation = explain(network, method, pictures.original, person, layer, report, **dict(numbers))
    logits = loaded.run(np.stack([pictures.original, pictures.inpainted]))
    first, second = (int(index) for index in logits.argmax(axis=1))
    return Landing(explanation, pictures, (float(logits[0, person]), float(logits[1, person])), (first, second))


def repeat(
    network: str | Entry,
    method: str,
    class_index: int | None,
    layer: str | None,
    numbers: Numbers,
    image: np.ndarray,
    *,
    copies: int = 4,
    noise: float = 2,
    report: Report | None = None,
) -> Repeated:
    """The maps of `copies` noisy pictures, and those of as many other seeds; see `core.evaluation.stability`."""
    loaded = load(network)
    seen = loaded.stretched(image)[0]
    seeded = attribution.find(method).seeded
    maps: list[np.ndarray] = []

    def tell(*given: Any, **values: Any) -> None:
        if report:
            report(len(maps), (copies + 1) * (1 + seeded))

    def collected(found: Iterable[np.ndarray]) -> np.ndarray:
        start = len(maps)
        for values in found:
            maps.append(values)
            tell()
        return np.stack(maps[start:])

    explainer = _explainer(loaded, seen, method, class_index, layer, numbers, tell)
    noisy = collected(
        stability.over_noise(lambda picture: explainer(loaded, picture), seen, copies=copies, noise=noise)
    )
    if not seeded:
        return Repeated(noisy, None)
    first = int(dict(numbers).get("seed", params.SEED.default))
    seeds = range(first, first + copies + 1)
    return Repeated(noisy, collected(stability.over_seeds(lambda seed: explainer(loaded, seen, seed=seed), seeds)))


def rank(rows: Sequence[str], captures: int, report: Report | None = None) -> dict[str, Any]:
    """The leaderboard of some of its rows on its first captures of MiniFace; see `core.evaluation.leaderboard`.

    As it is stored: `captures`, `chance`, and `metrics`.
    """
    network = load(table.MINIFACE)
    measured: dict[str, list[dict[str, float]]] = {row: [] for row in rows}
    pairs = []
    for number in range(captures):
        person, pictures = leaderboard.capture(number, network.entry.input_size)
        pairs.append(pictures)
        for place, row in enumerate(rows):
            if report:
                report(number * len(rows) + place, captures * len(rows))
            measured[row].append(leaderboard.measure(network, row, person, pictures, leaderboard.lot(number)))
    return {
        "captures": captures,
        "chance": leaderboard.chances(pairs),
        "metrics": leaderboard.summary(measured),
    }
