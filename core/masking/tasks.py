"""What a worker can be asked about masks. All raise NetworkError.

The person on an image is the class `class_index`, by default the network's first choice for the image without masks.
`person` is the number of a rendered person with whose other captures the embedding is compared; where there is none it
is compared with that of the image without masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core import faces, images
from core.attribution import SaliencyMap
from core.faces import Capture
from core.features.held_out import held_out_images
from core.masking import chart, covers, evolution, subset_search
from core.masking.covers import CaptureKey, Cover
from core.masking.fills import FILLS, Disguise
from core.masking.masks import frame_from_regions
from core.masking.subset_search import ReportMask, Trial
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size, cached_on_network
from core.progress import Report

if TYPE_CHECKING:
    from core.masking.optimisation import MaskedCaptures
    from core.masking.scores import Predictions

TEST_SEED, SEARCH_SEED, TRAINING_SEED = 77, 78, 55
"""How the captures are drawn on which the attackers are tested, those of a search, and those that the retrained
attacker learns from. The gallery has others again.
"""
TRAINING_CAPTURES = 12
"""Captures of each person that the retrained attacker learns from."""
SEARCH_CAPTURES, SEARCH_CAPTURES_EACH, TEST_CAPTURES = 48, 4, 48
"""Captures of a search, at least in all and of each person, and others on which its masks are then tested."""
STRATEGIES = ("exact", "greedy", "optimised")
SEARCH_FILLS = tuple(name for name, fill in FILLS.items() if fill.function and not fill.depends_on_mask)
"""Fills with which one filled image serves a whole search."""
TARGETS = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.0)
"""Rates for each of which the smallest mask is kept."""
CELL, MAX_CELLS = 4, 24
"""Side of a square of the greedy search, in places of the chart, and how many squares it may set."""
BAR_FILLS = ("black", "blur", "pixelation")
BAR_SCALES = (1.0, 2.0, 3.0)
"""Fills of the bars with which a mask is compared, and the bars' sizes, 1 being that of the eyes."""
Params = Sequence[tuple[str, Any]]


@dataclass(frozen=True, eq=False)
class Scores:
    """Of `n` images of one person: the `probabilities` and `ranks` `(n,)` of the class, and the cosine `distances`
    `(n,)` of the embedding.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class MaskingEffect:
    """An image before (index 0) and in its disguise (index 1): `scores` of both, `maps` of Grad-CAM for the class, and
    the disguised one's probabilities of all classes `(classes,)`.
    """

    class_index: int
    scores: Scores
    maps: tuple[SaliencyMap, SaliencyMap]
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Reidentification:
    """Which captures of `people` `(n,)` each attacker names correctly, `(n,)` of booleans: without masks (`unmasked`;
    not the attacker who trains on masks), and behind them. The attackers are those of `core.masking.attackers`.
    """

    people: np.ndarray
    unmasked: dict[str, np.ndarray]
    masked: dict[str, np.ndarray]


@dataclass(frozen=True)
class OperatingPoint:
    """A mask's area and what it leaves `visible`, as shares of the face, and how many captures each attacker names."""

    area: float
    visible: float
    hits: dict[str, int]


@dataclass(frozen=True, eq=False)
class MaskSearch:
    """The smallest masks for each of `TARGETS`, by growing area and falling rate on the captures of the search, and
    the operating `points` on `count` test captures: of each mask, and of bars over the eyes by fill.
    """

    trials: tuple[Trial, ...]
    points: tuple[OperatingPoint, ...]
    bars: dict[str, tuple[OperatingPoint, ...]]
    count: int


# --- one image --------------------------------------------------------------------------------------------------------


def masking_effect(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    class_index: int | None = None,
    person: int | None = None,
) -> MaskingEffect:
    """What a network makes of an image `(h, w, 3)` in [0, 1] and of the same in disguise."""
    from core.attribution.grad_cam import grad_cam
    from core.masking.scores import predict

    loaded = load(network)
    both = loaded.resized(np.stack([image, disguise.apply(image)]))
    predictions = predict(loaded, both)
    index = int(predictions.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    scores = _scores(loaded, predictions, predictions.embeddings[:1], index, person)
    before, after = (replace(grad_cam(loaded, one, index), steps={}) for one in both)
    return MaskingEffect(index, scores, (before, after), predictions.probabilities[1])


def sweep(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    mask: int,
    parameter: str,
    steps: int,
    class_index: int | None = None,
    person: int | None = None,
    report: Report | None = None,
) -> Scores:
    """The scores at every step of `core.masking.evolution.sequence`, with a `parameter` of mask number `mask` changing.

    `report` is called before every batch.
    """
    from core.masking.scores import predict

    loaded = load(network)
    disguises = evolution.sequence(disguise, mask, parameter, steps)
    unmasked = predict(loaded, image)
    index = int(unmasked.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    batches: list[Scores] = []
    size = batch_size(loaded.entry)
    for start in range(0, len(disguises), size):
        if report:
            report(start, len(disguises))
        masked = np.concatenate([loaded.resized(step.apply(image)) for step in disguises[start : start + size]])
        batches.append(_scores(loaded, predict(loaded, masked), unmasked.embeddings, index, person))
    return Scores(
        np.concatenate([batch.probabilities for batch in batches]),
        np.concatenate([batch.ranks for batch in batches]),
        np.concatenate([batch.distances for batch in batches]),
    )


def _scores(
    network: Network, predictions: Predictions, unmasked: np.ndarray, class_index: int, person: int | None
) -> Scores:
    from core.masking.scores import distances, reference_embeddings

    reference = unmasked if person is None else reference_embeddings(network, person)
    return Scores(
        predictions.probabilities[:, class_index],
        predictions.ranks(class_index),
        distances(predictions.embeddings, reference),
    )


# --- attackers --------------------------------------------------------------------------------------------------------


def reidentify(
    network: str | Entry,
    person: int,
    capture: Capture,
    disguise: Disguise,
    count: int,
    everybody: bool = False,
    report: Report | None = None,
) -> Reidentification:
    """Have the attackers name a person on `count` captures drawn anew, under masks that follow the face; or
    `everybody`, on `count` captures of each group.

    The masks were laid over `capture` of the person.
    """
    loaded = load(network)
    start = frame_from_regions(faces.render(faces.person(person), capture, loaded.entry.input_size)[1])
    people = range(faces.PEOPLE) if everybody else (person,)
    cover = covers.cover_from_disguise(disguise, start)
    return _attack(loaded, people, 2 * count if everybody else count, cover, report)


def reidentify_behind_mask(
    network: str | Entry,
    people: Sequence[int],
    mask: np.ndarray,
    fill: str,
    params: Params,
    count: int,
    report: Report | None = None,
) -> Reidentification:
    """Have the attackers name people, in turn, on `count` captures under a mask of the chart `(GRID, GRID)`."""
    return _attack(load(network), people, count, covers.cover_from_mask(mask, fill, **dict(params)), report)


def _attack(
    network: Network, people: Sequence[int], count: int, cover: Cover, report: Report | None
) -> Reidentification:
    """Train the attacker on everybody behind the cover, then have all of them name people on other captures."""
    from core.masking.attackers import Attackers, predict_covered, retrain

    training = _captures(range(faces.PEOPLE), faces.PEOPLE * TRAINING_CAPTURES, TRAINING_SEED)
    test = _captures(people, count, TEST_SEED)

    def report_after(before: int) -> Callable[[int], None]:
        return lambda done: report(before + done, len(training) + count) if report else None

    (gallery, gallery_people), truth = _gallery(network), _people(test)
    known = predict_covered(network, training, cover, report_after(0))
    attackers = Attackers(gallery, gallery_people, retrain(known.embeddings, _people(training)))
    identities = attackers.identify(predict_covered(network, test, cover, report_after(len(training))))
    masked = {attacker: named == truth for attacker, named in identities.items()}
    return Reidentification(truth, _unmasked(network, tuple(people), count), masked)


@cached_on_network
def _unmasked(network: Network, people: tuple[int, ...], count: int) -> dict[str, np.ndarray]:
    """Which of the test captures the attackers name correctly without masks."""
    return _untrained_attack(network, people, count, covers.uncovered)


def _untrained_attack(network: Network, people: Sequence[int], count: int, cover: Cover) -> dict[str, np.ndarray]:
    """Which of the test captures behind a cover are named correctly by the attackers that need no training."""
    from core.masking.attackers import Attackers, predict_covered

    test = _captures(people, count, TEST_SEED)
    identities = Attackers(*_gallery(network)).identify(predict_covered(network, test, cover))
    return {attacker: named == _people(test) for attacker, named in identities.items()}


def _captures(people: Sequence[int], count: int, seed: int) -> list[CaptureKey]:
    """`count` captures of people in turn."""
    return [(people[place % len(people)], seed, place // len(people)) for place in range(count)]


def _people(captures: Sequence[CaptureKey]) -> np.ndarray:
    return np.array([person for person, _, _ in captures])


@cached_on_network
def _gallery(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings `(n, k)` of captures of everybody, and who it is `(n,)`."""
    from core.masking.scores import predict

    captures, people = held_out_images(network.entry)
    return predict(network, captures).embeddings, people


# --- the smallest mask ------------------------------------------------------------------------------------------------


def search(
    network: str | Entry,
    people: Sequence[int],
    strategy: str,
    fill: str = "black",
    params: Params = (),
    report: Report | None = None,
) -> MaskSearch:
    """Search small masks of the chart that keep the network's softmax from naming people, taken in turn.

    `strategy` is one of `STRATEGIES`: "exact" tries every set of parts of the face, "greedy" adds one square after the
    other, and "optimised" grows a mask by gradient and opens again what can be spared. Masks are searched on
    `SEARCH_CAPTURES` captures, or `SEARCH_CAPTURES_EACH` of each person where these are more, and then tested on
    `TEST_CAPTURES` others, beside bars over the eyes of growing size. `fill` is one of `SEARCH_FILLS`.
    """
    from core.masking.optimisation import MaskedCaptures

    loaded = load(network)
    keys = _captures(people, max(SEARCH_CAPTURES, SEARCH_CAPTURES_EACH * len(people)), SEARCH_SEED)
    shots = [covers.render_shot(*key, loaded.entry.input_size) for key in keys]

    def report_mask(step: int, steps: int, mask: np.ndarray) -> None:
        if report:
            covered = covers.cover_from_mask(mask, fill, **dict(params))(shots[0])
            report(step, steps, images.encode(covered, "jpeg", 90))

    trials = _search_trials(MaskedCaptures.of(loaded, shots, fill, **dict(params)), strategy, report_mask)
    smallest = [subset_search.smallest(trials, target) for target in TARGETS]
    best = [trial for place, trial in enumerate(smallest) if trial is not None and trial not in smallest[:place]]
    tested: list[tuple[np.ndarray, str, Params]] = [(trial.mask, fill, params) for trial in best]
    tested += [(chart.eye_bar(scale), bar_fill, ()) for bar_fill in BAR_FILLS for scale in BAR_SCALES]
    points = []
    for step, (mask, mask_fill, mask_params) in enumerate(tested):
        if report:
            report(step, len(tested))
        points.append(_operating_point(loaded, people, mask, mask_fill, mask_params))
    bars = iter(points[len(best) :])
    by_fill = {bar_fill: tuple(next(bars) for _ in BAR_SCALES) for bar_fill in BAR_FILLS}
    return MaskSearch(tuple(best), tuple(points[: len(best)]), by_fill, TEST_CAPTURES)


def _search_trials(captures: MaskedCaptures, strategy: str, report: ReportMask) -> list[Trial]:
    """All masks that a strategy tries."""
    from core.masking.optimisation import grow

    if strategy == "exact":
        return subset_search.exact(chart.parts(), captures.margins, chart.area, report)
    if strategy == "greedy":
        return subset_search.greedy(chart.cells(CELL), captures.margins, chart.area, 0.0, MAX_CELLS, report)
    trials = grow(captures, report)
    for target in reversed(TARGETS):
        if whole := subset_search.smallest(trials, target):
            trials += subset_search.prune(whole, CELL, captures.margins, chart.area, target, report)
    return trials


def _operating_point(
    network: Network, people: Sequence[int], mask: np.ndarray, fill: str, params: Params
) -> OperatingPoint:
    """The attackers that need no training against a mask, on test captures."""
    named = _untrained_attack(network, people, TEST_CAPTURES, covers.cover_from_mask(mask, fill, **dict(params)))
    hits = {attacker: int(correct.sum()) for attacker, correct in named.items()}
    return OperatingPoint(chart.area(mask), chart.visible_area(mask), hits)
