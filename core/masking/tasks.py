"""What a worker can be asked about masks; as `core.tasks`, which says more. All raise NetworkError.

The person of a picture is the class `class_index`, by default the network's first choice for the picture without masks.
`person` is the number of a rendered person whose other pictures the embedding is held against; where there is none it
is held against that of the picture without masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from core import faces, images
from core.attribution import SaliencyMap
from core.faces import Capture
from core.features.captures import reference_captures
from core.masking import chart, covers, evolution, smallest
from core.masking.covers import Cover
from core.masking.fills import Disguise
from core.masking.masks import frame_of
from core.masking.smallest import Trial
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size, cached_on_network
from core.progress import Report

if TYPE_CHECKING:
    from core.masking.attackers import Wanted
    from core.masking.scores import Answer

SEED, SOUGHT_SEED, TRAINING_SEED = 77, 78, 55
"""How the captures are drawn that the attackers are tested on, those that a mask is sought on, and those that the
retrained attacker learns from. The gallery has others again.
"""
TRAINED = 12
"""Captures of each person that the retrained attacker learns from."""
SOUGHT, SOUGHT_EACH, UNSEEN = 48, 4, 48
"""Captures that a mask is sought on, at least in all and of each person, and others that it is then judged on."""
WAYS = ("exact", "greedy", "optimised")
SEARCHED = ("black", "mean", "noise", "blur", "pixelation")
"""Fills that are the same whatever is masked, so that one filled picture serves a whole search."""
TARGETS = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.0)
"""Rates for each of which the smallest mask is kept."""
CELL, MOST_CELLS = 4, 24
"""Side of a square of the greedy search, in places of the chart, and how many squares it may set."""
COMPARED = ("black", "blur", "pixelation")
BARS = (1.0, 2.0, 3.0)
"""Fills of the bars that a found mask is compared with, and the bars' sizes, 1 being that of the eyes."""
Numbers = Sequence[tuple[str, Any]]


@dataclass(frozen=True, eq=False)
class Scores:
    """Of `n` pictures of one person: the `probabilities` and `ranks` `(n,)` of the class, and the cosine `distances`
    `(n,)` of the embedding.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Hidden:
    """A picture before (place 0) and in its disguise (place 1): `scores` of both, `maps` of Grad-CAM for the class, and
    the disguised one's probabilities of all classes `(classes,)`.
    """

    class_index: int
    scores: Scores
    maps: tuple[SaliencyMap, SaliencyMap]
    probabilities: np.ndarray


@dataclass(frozen=True, eq=False)
class Verdict:
    """Which captures of `people` `(n,)` each attacker gives the right name, `(n,)` of booleans: without masks (`plain`;
    not the one who trains on masks), and behind them.

    "softmax", "nearest" and "retrained" are told apart in `core.masking.attackers`.
    """

    people: np.ndarray
    plain: dict[str, np.ndarray]
    masked: dict[str, np.ndarray]


@dataclass(frozen=True)
class Point:
    """A mask's area and what it leaves `visible`, as shares of the face, and how many captures each attacker names."""

    area: float
    visible: float
    hits: dict[str, int]


@dataclass(frozen=True, eq=False)
class Hunt:
    """The smallest masks for each of `TARGETS`, by growing area and falling rate on the captures that they were sought
    on, and what `count` unseen captures say: under each of them, and under bars over the eyes by fill.
    """

    trials: tuple[Trial, ...]
    found: tuple[Point, ...]
    bars: dict[str, tuple[Point, ...]]
    count: int


def hide(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    class_index: int | None = None,
    person: int | None = None,
) -> Hidden:
    """What the network says of a picture `(h, w, 3)` in [0, 1] and of the same in disguise."""
    from core.attribution.grad_cam import grad_cam
    from core.masking.scores import ask

    loaded = load(network)
    pictures = loaded.stretched(np.stack([image, disguise.on(image)]))
    answer = ask(loaded, pictures)
    index = int(answer.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    scores = _scores(loaded, answer, answer.embeddings[:1], index, person)
    before, after = (grad_cam(loaded, picture, index) for picture in pictures)
    lean = replace(before, walk=None), replace(after, walk=None)
    return Hidden(index, scores, lean, answer.probabilities[1])


def _scores(network: Network, answer: Answer, unmasked: np.ndarray, class_index: int, person: int | None) -> Scores:
    from core.masking.scores import distances, embeddings_of

    reference = unmasked if person is None else embeddings_of(network, person)
    return Scores(
        answer.probabilities[:, class_index],
        answer.ranks(class_index),
        distances(answer.embeddings, reference),
    )


def sweep(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    mask: int,
    way: str,
    steps: int,
    class_index: int | None = None,
    person: int | None = None,
    report: Report | None = None,
) -> Scores:
    """The scores at every step of `core.masking.evolution.sequence`, mask number `mask` going its `way`."""
    from core.masking.scores import ask

    loaded = load(network)
    disguises = evolution.sequence(disguise, mask, way, steps)
    plain = ask(loaded, image)
    index = int(plain.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    found: list[Scores] = []
    size = batch_size(loaded.entry)
    for start in range(0, len(disguises), size):
        if report:
            report(start, len(disguises))
        pictures = np.concatenate([loaded.stretched(step.on(image)) for step in disguises[start : start + size]])
        found.append(_scores(loaded, ask(loaded, pictures), plain.embeddings, index, person))
    return Scores(
        np.concatenate([part.probabilities for part in found]),
        np.concatenate([part.ranks for part in found]),
        np.concatenate([part.distances for part in found]),
    )


def judge(
    network: str | Entry,
    person: int,
    capture: Capture,
    disguise: Disguise,
    count: int,
    everybody: bool = False,
    report: Report | None = None,
) -> Verdict:
    """Have the attackers name a person on `count` captures drawn anew, under masks that follow the face; or
    `everybody`, on `count` captures of each group.

    The masks were laid over `capture` of the person.
    """
    loaded = load(network)
    start = frame_of(faces.render(faces.person(person), capture, loaded.entry.input_size)[1])
    people = range(faces.PEOPLE) if everybody else (person,)
    return _judged(loaded, people, 2 * count if everybody else count, covers.behind(disguise, start), report)


def judge_mask(
    network: str | Entry,
    people: Sequence[int],
    mask: np.ndarray,
    fill: str,
    numbers: Numbers,
    count: int,
    report: Report | None = None,
) -> Verdict:
    """Have the attackers name people, in turn, on `count` captures under a mask of the chart `(GRID, GRID)`."""
    return _judged(load(network), people, count, covers.under(mask, fill, **dict(numbers)), report)


def _judged(network: Network, people: Sequence[int], count: int, cover: Cover, report: Report | None) -> Verdict:
    """Train the attacker on everybody behind the cover, then have all of them name people on other captures."""
    from core.masking.attackers import Attackers, retrain, see

    trained = _wanted(range(faces.PEOPLE), faces.PEOPLE * TRAINED, TRAINING_SEED)
    tested = _wanted(people, count, SEED)

    def tell(before: int) -> Callable[[int], None]:
        return lambda done: report(before + done, len(trained) + count) if report else None

    gallery, right = _gallery(network), _people(tested)
    known = see(network, trained, cover, tell(0))
    attackers = replace(Attackers(*gallery), retrained=retrain(known.embeddings, _people(trained)))
    names = attackers.names(see(network, tested, cover, tell(len(trained))))
    masked = {name: found == right for name, found in names.items()}
    return Verdict(right, _unmasked(network, tuple(people), count), masked)


@cached_on_network
def _unmasked(network: Network, people: tuple[int, ...], count: int) -> dict[str, np.ndarray]:
    """Which of the captures that are tested on the attackers name right without masks."""
    from core.masking.attackers import Attackers, see

    tested = _wanted(people, count, SEED)
    names = Attackers(*_gallery(network)).names(see(network, tested, covers.bare))
    return {name: found == _people(tested) for name, found in names.items()}


def _wanted(people: Sequence[int], count: int, seed: int) -> list[Wanted]:
    """`count` captures of people in turn."""
    return [(people[place % len(people)], seed, place // len(people)) for place in range(count)]


def _people(wanted: Sequence[Wanted]) -> np.ndarray:
    return np.array([person for person, _, _ in wanted])


@cached_on_network
def _gallery(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings `(n, k)` of captures of everybody, and who it is `(n,)`."""
    from core.masking.scores import ask

    captures, people = reference_captures(network.entry)
    return ask(network, captures).embeddings, people


# --- the smallest mask ------------------------------------------------------------------------------------------------


def hunt(
    network: str | Entry,
    people: Sequence[int],
    way: str,
    fill: str = "black",
    numbers: Numbers = (),
    report: Report | None = None,
) -> Hunt:
    """Look for small masks of the chart that keep the network's softmax from naming people, taken in turn.

    `way` is one of `WAYS`: "exact" tries every set of parts of the face, "greedy" adds one square after the other, and
    "optimised" grows a mask by gradient and opens again what can be spared. What is found on `SOUGHT` captures, or
    `SOUGHT_EACH` of each person where these are more, is held against `UNSEEN` others, beside bars over the eyes of
    growing size. `fill` is one of `SEARCHED`.
    """
    from core.masking.scene import Scene

    loaded = load(network)
    wanted = _wanted(people, max(SOUGHT, SOUGHT_EACH * len(people)), SOUGHT_SEED)
    shots = [covers.shot(*capture, loaded.entry.input_size) for capture in wanted]
    scene = Scene.of(loaded, shots, fill, **dict(numbers))

    def tell(step: int, steps: int, mask: np.ndarray) -> None:
        if report:
            report(step, steps, images.encode(covers.under(mask, fill, **dict(numbers))(shots[0]), "jpeg", 90))

    if way == "optimised":
        trials = scene.grow(tell)
        for target in reversed(TARGETS):
            if whole := smallest.smallest(trials, target):
                trials += smallest.prune(whole, CELL, scene.margins, chart.area, target, tell)
    elif way == "greedy":
        trials = smallest.greedy(chart.cells(CELL), scene.margins, chart.area, 0.0, MOST_CELLS, tell)
    else:
        trials = smallest.exact(chart.parts(), scene.margins, chart.area, tell)
    enough = [smallest.smallest(trials, target) for target in TARGETS]
    best = [trial for place, trial in enumerate(enough) if trial is not None and trial not in enough[:place]]
    shown = [(trial.mask, fill, numbers) for trial in best]
    shown += [(chart.bar(scale), name, ()) for name in COMPARED for scale in BARS]
    points = []
    for place, (mask, name, params) in enumerate(shown):
        if report:
            report(place, len(shown))
        points.append(_point(loaded, people, mask, name, params))
    of_bars = iter(points[len(best) :])
    bars = {name: tuple(islice(of_bars, len(BARS))) for name in COMPARED}
    return Hunt(tuple(best), tuple(points[: len(best)]), bars, UNSEEN)


def _point(network: Network, people: Sequence[int], mask: np.ndarray, fill: str, numbers: Numbers) -> Point:
    """The attackers that need no training, before unseen captures under a mask."""
    from core.masking.attackers import Attackers, see

    wanted = _wanted(people, UNSEEN, SEED)
    names = Attackers(*_gallery(network)).names(see(network, wanted, covers.under(mask, fill, **dict(numbers))))
    hits = {name: int((found == _people(wanted)).sum()) for name, found in names.items()}
    return Point(chart.area(mask), chart.visible(mask), hits)
