"""Eight constraints of real life, each an experiment: who wins, by how much, and how sure is that?

An experiment is a generator: for each of its steps it yields what it measured, `{(measure, head): value}`, and nothing,
`{}`, whenever it only wants to be asked whether to go on. It draws everything from `settings.seed`, so that `run`
repeats it with other seeds and gets intervals.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.neighbours import HEADS, NeighbourError
from core.neighbours.album import LEAST_PEOPLE
from core.neighbours.collection import QUERIES_EACH, Collection, Settings, Split, divide
from core.neighbours.findings import Result
from core.neighbours.heads import ITERATIONS, Said, answer, fitted, linear, make, space
from core.neighbours.index import INDEXES, unit
from core.neighbours.verification import rated
from core.progress import Report

Measured = dict[tuple[str, str], float]
SEEDS, REPEATS = 5, 5
"""Draws of an experiment, and calls of which the median time is taken."""
LEARNERS = ("knn", "linear", "mlp")
"""Heads that learn, or store, the people of a gallery."""
SHOTS = (1, 2, 3, 5, 7, 10)
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
ALARMS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""Shares of the strangers that are let in."""
SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
"""Embeddings in a gallery."""
CROWD_EACH, CROWD_QUERIES = 10, 200
"""Pictures that everybody of a crowd enrols, and how many are asked about."""
ROUND = 20
"""Iterations of a linear head between two questions whether to go on."""
STRANGERS = 0.4
"""Share of people that the experiment about strangers leaves out where the slider says nobody."""


# --- the eight experiments --------------------------------------------------------------------------------------------


def newcomer(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """A new person arrives and enrols `steps` pictures: time until each head knows them, and then its accuracy on
    their pictures and on those of the others. kNN appends rows; a head that learned has to learn again.
    """
    split = divide(collection, replace(settings, samples=_enough(collection, settings), unknown=0.0, noise=0.0))
    person = split.people[-1]
    own = split.gallery[split.labels == person]
    before = split.gallery[split.labels != person]
    for shots in steps:
        gallery = np.r_[before, own[: int(shots)]]
        enlarged = replace(split, gallery=gallery, labels=collection.labels[gallery])
        truth = collection.labels[split.queries]
        measured: Measured = {}
        said = {head: answer(head, collection, enlarged, settings) for head in LEARNERS}
        for head, answered in (said | _single(collection, enlarged, settings)).items():
            right = answered.labels == truth
            measured["newcomer", head] = float(right[truth == person].mean())
            measured["others", head] = float(right[truth != person].mean())
        for head in LEARNERS:
            measured["seconds", head] = said[head].fit_seconds
        measured["seconds", "knn"] = _append(collection, enlarged, settings, len(before))
        yield measured


def samples(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """Everybody enrols `steps` pictures: accuracy of each head, and of kNN with k = 1."""
    for count in steps:
        yield accuracies(collection, replace(settings, samples=int(count), unknown=0.0), _heads(collection))


def crowd(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """`steps` embeddings are enrolled, `CROWD_EACH` of each person: accuracy of the nearest one, time of a query and
    bytes for brute force, a tree, an approximate index, and a linear head.

    All search vectors of length 1: there Euclidean and cosine distance rank alike.
    """
    rng = np.random.default_rng(settings.seed)
    people = rng.permutation(len(collection.album.names))
    rows = [rng.permutation(np.flatnonzero(collection.labels == person)) for person in people]
    for size in steps:
        count = max(int(size) // CROWD_EACH, 1)
        gallery = np.concatenate([own[:CROWD_EACH] for own in rows[:count]])
        queries = rng.permutation(np.concatenate([own[CROWD_EACH:] for own in rows[:count]]))[:CROWD_QUERIES]
        vectors = unit(space(collection, gallery))
        truth, labels = collection.labels[queries], collection.labels[gallery]
        measured: Measured = {}
        for name, build in INDEXES.items():
            ask, needed = build(vectors[gallery], 1)
            seconds, (_, places) = _timed(ask, vectors[queries])
            measured["accuracy", name] = float((labels[places[:, 0]] == truth).mean())
            measured["query", name], measured["bytes", name] = seconds / len(queries), float(needed)
        if count >= LEAST_PEOPLE:
            head = yield from learned(vectors[gallery], labels)
            seconds, named = _timed(head.predict, vectors[queries])
            measured["accuracy", "linear"] = float((named == truth).mean())
            measured["query", "linear"], measured["bytes", "linear"] = seconds / len(queries), float(size_of(head))
        yield measured


def learned(vectors: np.ndarray, labels: np.ndarray) -> Generator[Measured, None, Any]:
    """A linear head after its training, which takes minutes with 1,000 people: yields `{}` every `ROUND` iterations."""
    head = linear().set_params(logisticregression__warm_start=True, logisticregression__max_iter=ROUND)
    for _ in range(ITERATIONS // ROUND):
        fitted(head, vectors, labels)
        if head[-1].n_iter_[0] < ROUND:
            break
        yield {}
    return head


def strangers(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """Some people are nobody the system knows. Of the pictures of those it knows, the share that is let in *and* named
    right, when the share `steps` of the strangers is let in too; and where both mistakes are as frequent.

    kNN rejects by the distance of the nearest, the others by their confidence.
    """
    split = divide(collection, replace(settings, unknown=settings.unknown or STRANGERS))
    truth, curves, errors = collection.labels[split.queries], {}, {}
    for head in _heads(collection):
        said = answer(head, collection, split, settings)
        doubts = nearest(collection, split, settings) if head == "knn" else 1 - said.confidence
        right = (said.labels == truth) & split.known
        curves[head] = doubts, right
        errors[head] = rated(doubts[split.known], doubts[~split.known]).equal_error
    for alarms in steps:
        measured: Measured = {}
        for head, (doubts, right) in curves.items():
            limit = np.quantile(doubts[~split.known], alarms)
            measured["found", head] = float((right & (doubts < limit))[split.known].mean())
            measured["equal_error", head] = errors[head]
        yield measured


def erasure(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """One of `steps` people asks to be forgotten (GDPR, Article 17): time until it is done, and how often their
    pictures still get their name. kNN deletes rows; the others learn again without them; the network's own last layer
    stays as it is, since the network would have to be trained anew.
    """
    for count in steps:
        split = divide(collection, replace(settings, people=int(count), unknown=0.0, noise=0.0))
        person = split.people[0]
        left = split.labels != person
        without = replace(split, gallery=split.gallery[left], labels=split.labels[left])
        asked = collection.labels[split.queries] == person
        measured: Measured = {}
        for head in _heads(collection):
            said = answer(head, collection, without, settings)
            measured["still_named", head] = float((said.labels[asked] == person).mean())
            if head == "knn":
                stored = space(collection, split.gallery)[split.gallery]
                measured["seconds", head] = _timed(stored.__getitem__, left)[0]
            elif head != "softmax":
                measured["seconds", head] = said.fit_seconds
        yield measured


def noise(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """The share `steps` of the enrolled pictures carries a wrong name: accuracy of each head, and of kNN with k = 1."""
    for share in steps:
        yield accuracies(collection, replace(settings, noise=share, unknown=0.0), LEARNERS)


def imbalance(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """People of group A enrol as many pictures as they can, those of group B `steps`: accuracy in each group."""
    most = _enough(collection, settings)
    for count in steps:
        changed = replace(settings, samples=most, samples_b=int(count), unknown=0.0)
        split = divide(collection, changed)
        truth = collection.labels[split.queries]
        groups = np.array(collection.album.groups)[truth]
        measured: Measured = {}
        for head in LEARNERS:
            right = answer(head, collection, split, changed).labels == truth
            for group in ("A", "B"):
                if (groups == group).any():
                    measured[f"accuracy_{group.lower()}", head] = float(right[groups == group].mean())
        yield measured


def production(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measured]:
    """What each head costs with `steps` people: time to train, time for one query alone, and bytes to ship.

    The embedding comes before all of them and is not counted.
    """
    for count in steps:
        split = divide(collection, replace(settings, people=int(count), unknown=0.0, noise=0.0))
        vectors = space(collection, split.gallery)
        one = vectors[split.queries[:1]]
        measured: Measured = {}
        for head in LEARNERS:
            classifier = make(head, settings, len(split.gallery))
            began = time.perf_counter()
            fitted(classifier, vectors[split.gallery], split.labels)
            measured["seconds", head] = time.perf_counter() - began
            measured["query", head] = _timed(classifier.predict, one)[0]
            measured["bytes", head] = float(size_of(classifier))
        yield measured


# --- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """A constraint's generator and its steps for a collection; `measures` that it gives, the first one first."""

    generate: Callable[[Collection, Settings, Sequence[float]], Iterator[Measured]]
    steps: Callable[[Collection, Settings], Sequence[float]]
    measures: tuple[str, ...]
    seeds: int = SEEDS


def _shots(collection: Collection, settings: Settings) -> list[float]:
    return [float(count) for count in SHOTS if count <= collection.most_samples]


def _crowds(collection: Collection, settings: Settings) -> list[float]:
    most = CROWD_EACH * len(collection.album.names)
    return [float(size) for size in SIZES if size <= most]


def _people(collection: Collection, settings: Settings) -> list[float]:
    most = min(settings.people, len(collection.album.names))
    return [float(count) for count in sorted({max(round(most * share), 3) for share in (0.25, 0.5, 0.75, 1)})]


EXPERIMENTS: dict[str, Experiment] = {
    "newcomer": Experiment(newcomer, _shots, ("newcomer", "seconds", "others")),
    "samples": Experiment(samples, _shots, ("accuracy",)),
    "crowd": Experiment(crowd, _crowds, ("accuracy", "query", "bytes"), seeds=3),
    "strangers": Experiment(strangers, lambda *_: ALARMS, ("found", "equal_error")),
    "erasure": Experiment(erasure, _people, ("seconds", "still_named")),
    "noise": Experiment(noise, lambda *_: NOISES, ("accuracy",)),
    "imbalance": Experiment(imbalance, _shots, ("accuracy_b", "accuracy_a")),
    "production": Experiment(production, _people, ("query", "bytes", "seconds")),
}


def run(
    name: str, collection: Collection, settings: Settings, seeds: int | None = None, report: Report | None = None
) -> Result:
    """An experiment of `EXPERIMENTS` with so many seeds from `settings.seed` on; reports after every step.

    NeighbourError where the collection has too few pictures or people for it.
    """
    experiment = EXPERIMENTS[name]
    x, seeds = experiment.steps(collection, settings), seeds or experiment.seeds
    if name == "crowd" and collection.most_samples < CROWD_EACH:
        raise NeighbourError("few_pictures", found=collection.most_samples + 1, least=CROWD_EACH + 1)
    found: list[list[Measured]] = []
    for seed in range(seeds):
        found.append([])
        for measured in experiment.generate(collection, replace(settings, seed=settings.seed + seed), x):
            if measured:
                found[-1].append(measured)
            if report:
                report(seed * len(x) + len(found[-1]), seeds * len(x))
    keys = dict.fromkeys(key for row in found for measured in row for key in measured)
    measures: dict[str, dict[str, np.ndarray]] = {measure: {} for measure in experiment.measures}
    for measure, head in keys:
        values = [[cell.get((measure, head), np.nan) for cell in row] for row in found]
        measures[measure][head] = np.array(values)
    people = min(settings.people, len(collection.album.names))
    queries = CROWD_QUERIES if name == "crowd" else people * QUERIES_EACH
    return Result(name, np.array(x), {name: heads for name, heads in measures.items() if heads}, queries)


# --- what they share --------------------------------------------------------------------------------------------------


def accuracies(collection: Collection, settings: Settings, heads: Sequence[str]) -> Measured:
    """Share of the pictures of enrolled people that each head names right, and kNN with k = 1."""
    split = divide(collection, settings)
    truth = collection.labels[split.queries]
    said = {head: answer(head, collection, split, settings) for head in heads} | _single(collection, split, settings)
    return {("accuracy", head): float((own.labels == truth)[split.known].mean()) for head, own in said.items()}


def _single(collection: Collection, split: Split, settings: Settings) -> dict[str, Said]:
    """What kNN says with k = 1, where a single picture cannot be outvoted by those of others."""
    return {"knn_1": answer("knn", collection, split, replace(settings, k=1))}


def nearest(collection: Collection, split: Split, settings: Settings) -> np.ndarray:
    """Distance of each query to the nearest enrolled picture, `(q,)`."""
    vectors = space(collection, split.gallery)
    head = make("knn", replace(settings, k=1), len(split.gallery)).fit(vectors[split.gallery], split.labels)
    found: np.ndarray = head.kneighbors(vectors[split.queries])[0][:, 0]
    return found


def size_of(classifier: Any) -> int:
    """Bytes of a trained classifier, as it would be shipped (pickled)."""
    return len(pickle.dumps(classifier))


def _heads(collection: Collection) -> tuple[str, ...]:
    """The heads that can answer: the network's own only where it knows somebody."""
    return HEADS if collection.logits is not None else LEARNERS


def _enough(collection: Collection, settings: Settings) -> int:
    """Most pictures that everybody can enrol."""
    return min(max(SHOTS), collection.most_samples)


def _append(collection: Collection, split: Split, settings: Settings, before: int) -> float:
    """Seconds to append the rows behind the first `before` to a gallery, and make it ready to be asked."""
    vectors = space(collection, split.gallery)[split.gallery]
    head = make("knn", settings, len(vectors))
    known, new = vectors[:before], vectors[before:]
    return _timed(lambda: head.fit(np.concatenate([known, new]), split.labels))[0]


def _timed(function: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    """Median seconds of a call over `REPEATS`, and what it returned."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = function(*args)
        times.append(time.perf_counter() - began)
    return float(np.median(times)), found
