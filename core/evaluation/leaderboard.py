"""The leaderboard: every method in the same tests, on captures of people that MiniFace was never trained on.

Every capture gives one number a test and method; `summary` makes means and intervals of them.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import faces
from core.attribution import METHODS
from core.evaluation import deletion, localization, stability
from core.evaluation.localization import Pair
from core.evaluation.similarity import edges, random_map, rank_correlation
from core.intervals import mean_interval, wilson
from core.networks.network import Network

FILE = Path(__file__).parents[2] / "assets" / "leaderboard.json"
"""What `scripts/leaderboard.py` measured."""
CAPTURES, SEED = 480, 8
"""Captures of the stored leaderboard, people in turn, and the seed they are drawn with: not that of the training."""
REPEATED = 4
"""Randomization and stability take three more maps: they are measured on every so many captures."""
STEPS, BASELINE = 16, "grey"
"""Steps of the deletion and insertion curves, and what is seen in place of a deleted pixel."""
RANDOMIZED_LAYERS = 9
"""Layers that are random in the test of randomization: the dense ones and the last two blocks, down to conv4_1."""
NOISE = 2.0
"""Percent of white: standard deviation of the small noise."""
PARAMETERS: dict[str, dict[str, float]] = {
    "score_cam": {"maps": 64},
    "smooth_grad": {"samples": 16},
    "integrated_gradients": {"steps": 16},
    "occlusion": {"grid": 10},
    "rise": {"samples": 500},
    "lime": {"samples": 200, "superpixels": 30},
    "shap": {"permutations": 2, "superpixels": 30},
}
"""Numbers of the slow methods that are not the default, so that hundreds of captures can be explained."""
CONTROLS = ("edges", "random")
"""Rows that know nothing of the network: the edges of the image, and random values for every pixel."""
ROWS = (*METHODS, *CONTROLS)


@dataclass(frozen=True)
class Metric:
    """A test: whether a high value is the good one, the value that chance gives, where there is one, and whether a
    capture is a hit or a miss, so that the mean is a rate.
    """

    name: str
    high: bool
    chance: float | None = None
    rate: bool = False


_TABLE = (
    Metric("deletion", high=False),
    Metric("insertion", high=True),
    Metric("pointing_head", high=True, rate=True),
    Metric("pointing_part", high=True, rate=True),
    Metric("energy_head", high=True, chance=1.0),
    Metric("energy_part", high=True, chance=1.0),
    Metric("inpainting", high=True, chance=1.0),
    Metric("randomization", high=False, chance=0.0),
    Metric("noise", high=True),
    Metric("seeds", high=True),
)
METRICS = {metric.name: metric for metric in _TABLE}


def capture(number: int, size: int) -> tuple[int, Pair]:
    """Capture `number` of the leaderboard: who it is, and their image with its counterpart (see
    `localization.inpainting_pair`).

    The part is that of the next person of the same group.
    """
    person = number % faces.PEOPLE
    how = faces.capture_of(person, SEED, number // faces.PEOPLE)
    return person, localization.inpainting_pair(person, (person + 2) % faces.PEOPLE, how, size)


def seed_of(number: int) -> int | None:
    """The seed of capture `number` for `measure`; None where it does without the tests that need one."""
    return None if number % REPEATED else number


def explainer(row: str) -> Callable[[Network, np.ndarray, int, int], np.ndarray]:
    """`explain(network, image, class_index, seed)` of a row, which gives its raw map `(h, w)`."""
    if row == "edges":
        return lambda network, image, class_index, seed: edges(image)
    if row == "random":
        turns = itertools.count()  # another map every time, whatever the question
        return lambda network, image, class_index, seed: random_map(image, (zlib.crc32(image.tobytes()), next(turns)))
    method, own = METHODS[row].load(), PARAMETERS.get(row, {})

    def explain(network: Network, image: np.ndarray, class_index: int, seed: int) -> np.ndarray:
        options = own | {"seed": seed} if seeded(row) else own
        values: np.ndarray = method(network, image, class_index, **options).values
        return values

    return explain


def seeded(row: str) -> bool:
    """Whether the maps of a row depend on a seed."""
    return row == "random" or (row in METHODS and METHODS[row].seeded)


def measure(network: Network, row: str, person: int, pair: Pair, seed: int | None) -> dict[str, float]:
    """One number a test, by the names of `METRICS`, all about the class of the person, who is on the image.

    Randomization and stability are tested only with a `seed`: that of the random weights.
    """
    from core.evaluation.randomization import randomized  # imports Keras

    explain, image = explainer(row), pair.original
    values = explain(network, image, person, 0)
    order = deletion.ranking(values, image)
    curves = {
        name: deletion.curve(network, image, person, order, steps=STEPS, baseline=BASELINE, insert=name == "insertion")
        for name in ("deletion", "insertion")
    }
    metrics = {name: curve.area for name, curve in curves.items()}
    for name, region in (("head", pair.head), ("part", pair.part)):
        metrics[f"pointing_{name}"] = float(localization.pointing_hit(values, region))
        metrics[f"energy_{name}"] = localization.gain(values, region)
    metrics["inpainting"] = localization.gain(values, pair.changed)
    if seed is not None:
        with randomized(network, RANDOMIZED_LAYERS, seed) as copy:
            metrics["randomization"] = rank_correlation(values, explain(copy, image, person, 0))
        noisy = next(stability.noisy(image, 1, NOISE))
        metrics["noise"] = stability.similarity([values, explain(network, noisy, person, 0)])
        if seeded(row):
            metrics["seeds"] = stability.similarity([values, explain(network, image, person, 1)])
    return metrics


def chance_rates(pairs: Iterable[Pair]) -> dict[str, float]:
    """What a blind guess reaches in the pointing game: the mean share of the image that head and part fill."""
    shares = np.array([[pair.head.mean(), pair.part.mean()] for pair in pairs])
    return dict(zip(("pointing_head", "pointing_part"), shares.mean(axis=0).tolist(), strict=True))


def interval(values: np.ndarray, rate: bool) -> tuple[float, float]:
    """95 % interval of the mean of `values` `(n,)`: of numbers Student's, of hits and misses Wilson's."""
    if rate:
        return wilson(int(values.sum()), len(values))
    _, low, high = mean_interval(values)
    return float(low), float(high)


def summary(measured: Mapping[str, list[dict[str, float]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Metric -> row -> mean, `interval` (95 %) and number of captures."""
    result: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in METRICS}
    for row, captures in measured.items():
        for name, rows in result.items():
            values = np.array([metrics[name] for metrics in captures if name in metrics])
            if len(values):
                low, high = interval(values, METRICS[name].rate)
                ends = [round(low, 4), round(high, 4)]
                rows[row] = {"mean": round(float(values.mean()), 4), "interval": ends, "captures": len(values)}
    return result


def parameters() -> dict[str, dict[str, float]]:
    """Every method's numbers as they are used here, with the defaults; for the record."""
    return {
        name: {param.name: param.default for param in method.params} | PARAMETERS.get(name, {})
        for name, method in METHODS.items()
    }


def stored() -> dict[str, Any]:
    """The stored leaderboard: `date`, `captures`, `parameters`, `chance`, and `metrics` as in `summary`."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content
