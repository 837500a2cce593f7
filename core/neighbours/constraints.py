"""Eight constraints of real life, each an experiment: who wins, by how much, and how sure is that?

An experiment is a generator, named like its row in `CONSTRAINTS`: for each of its steps it yields what it measured,
`{(measure, head): value}`, and nothing, `{}`, whenever it only offers a place to stop. It draws everything from
`settings.seed`, so that `core.neighbours.experiment` repeats it with other seeds and gets intervals.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.neighbours import HEADS
from core.neighbours.album import LEAST_PEOPLE
from core.neighbours.collection import Collection, Settings, Split, divide
from core.neighbours.heads import ITERATIONS, Prediction, build, fit, inputs, linear, predict
from core.neighbours.index import INDEXES, unit
from core.neighbours.table import CROWD_EACH, CROWD_QUERIES, SHOTS
from core.neighbours.verification import verification_rates

Measurements = dict[tuple[str, str], float]
REPEATS = 5
"""Calls of which the median time is taken."""
LEARNERS = ("knn", "linear", "mlp")
"""Heads that learn, or store, the people of a gallery."""
ROUND = 20
"""Iterations of a linear head between two places to stop."""
STRANGERS = 0.4
"""Share of people that the experiment about strangers leaves out where the slider says nobody."""


# --- the eight experiments --------------------------------------------------------------------------------------------


def newcomer(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """A new person arrives and enrols `steps` images: time until each head knows them, and then its accuracy on their
    images and on those of the others. kNN appends rows; a head that learned has to learn again.
    """
    split = divide(collection, replace(settings, samples=_most_samples(collection), unknown=0.0, noise=0.0))
    person = split.people[-1]
    own = split.gallery[split.labels == person]
    before = split.gallery[split.labels != person]
    truth = collection.labels[split.queries]
    for shots in steps:
        gallery = np.r_[before, own[: int(shots)]]
        enlarged = replace(split, gallery=gallery, labels=collection.labels[gallery])
        predictions = {head: predict(head, collection, enlarged, settings) for head in LEARNERS}
        measurements: Measurements = {("seconds", head): predictions[head].fit_seconds for head in LEARNERS}
        measurements["seconds", "knn"] = _append_seconds(collection, enlarged, settings, len(before))
        for head, prediction in (predictions | _nearest_alone(collection, enlarged, settings)).items():
            right = prediction.labels == truth
            measurements["newcomer", head] = float(right[truth == person].mean())
            measurements["others", head] = float(right[truth != person].mean())
        yield measurements


def samples(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """Everybody enrols `steps` images: accuracy of each head, and of kNN with k = 1."""
    for count in steps:
        yield accuracies(collection, replace(settings, samples=int(count), unknown=0.0), _heads(collection))


def crowd(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
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
        vectors = unit(inputs(collection, gallery))
        truth, labels = collection.labels[queries], collection.labels[gallery]
        measurements: Measurements = {}
        for name, build_index in INDEXES.items():
            search, memory = build_index(vectors[gallery], 1)
            seconds, (_, nearest) = _timed(search, vectors[queries])
            measurements["accuracy", name] = float((labels[nearest[:, 0]] == truth).mean())
            measurements["query", name], measurements["bytes", name] = seconds / len(queries), float(memory)
        if count >= LEAST_PEOPLE:
            head = yield from trained_linear(vectors[gallery], labels)
            seconds, predicted = _timed(head.predict, vectors[queries])
            measurements["accuracy", "linear"] = float((predicted == truth).mean())
            measurements["query", "linear"] = seconds / len(queries)
            measurements["bytes", "linear"] = float(size_of(head))
        yield measurements


def strangers(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """Some people are nobody the system knows. Of the images of those it knows, the share that is let in *and* named
    right, when the share `steps` of the strangers is let in too; and where both mistakes are as frequent.

    kNN rejects by the distance of the nearest, the others by their confidence.
    """
    split = divide(collection, replace(settings, unknown=settings.unknown or STRANGERS))
    truth, curves, errors = collection.labels[split.queries], {}, {}
    for head in _heads(collection):
        prediction = predict(head, collection, split, settings)
        doubts = nearest_distances(collection, split, settings) if head == "knn" else 1 - prediction.confidence
        right = (prediction.labels == truth) & split.known
        curves[head] = doubts, right
        errors[head] = verification_rates(doubts[split.known], doubts[~split.known]).equal_error
    for alarms in steps:
        measurements: Measurements = {}
        for head, (doubts, right) in curves.items():
            limit = np.quantile(doubts[~split.known], alarms)
            measurements["identified", head] = float((right & (doubts < limit))[split.known].mean())
            measurements["equal_error", head] = errors[head]
        yield measurements


def erasure(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """One of `steps` people asks to be forgotten (GDPR, Article 17): time until it is done, and how often their images
    still get their name. kNN deletes rows; the others learn again without them; the network's own last layer stays as
    it is, since the network would have to be trained anew.
    """
    for count in steps:
        split = divide(collection, replace(settings, people=int(count), unknown=0.0, noise=0.0))
        person = split.people[0]
        remain = split.labels != person
        without = replace(split, gallery=split.gallery[remain], labels=split.labels[remain])
        theirs = collection.labels[split.queries] == person
        measurements: Measurements = {}
        for head in _heads(collection):
            prediction = predict(head, collection, without, settings)
            measurements["still_named", head] = float((prediction.labels[theirs] == person).mean())
            if head == "knn":
                stored = inputs(collection, split.gallery)[split.gallery]
                measurements["seconds", head] = _timed(stored.__getitem__, remain)[0]
            elif head in LEARNERS:
                measurements["seconds", head] = prediction.fit_seconds
        yield measurements


def noise(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """The share `steps` of the enrolled images carries a wrong name: accuracy of each head, and of kNN with k = 1."""
    for share in steps:
        yield accuracies(collection, replace(settings, noise=share, unknown=0.0), LEARNERS)


def imbalance(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """People of group A enrol as many images as they can, those of group B `steps`: accuracy in each group."""
    most = _most_samples(collection)
    for count in steps:
        unequal = replace(settings, samples=most, samples_b=int(count), unknown=0.0)
        split = divide(collection, unequal)
        truth = collection.labels[split.queries]
        groups = np.array(collection.album.groups)[truth]
        measurements: Measurements = {}
        for head in LEARNERS:
            right = predict(head, collection, split, unequal).labels == truth
            for group in ("A", "B"):
                if (groups == group).any():
                    measurements[f"accuracy_{group.lower()}", head] = float(right[groups == group].mean())
        yield measurements


def production(collection: Collection, settings: Settings, steps: Sequence[float]) -> Iterator[Measurements]:
    """What each head costs with `steps` people: time to train, time for one query alone, and bytes to ship.

    The embedding comes before all of them and is not counted.
    """
    for count in steps:
        split = divide(collection, replace(settings, people=int(count), unknown=0.0, noise=0.0))
        vectors = inputs(collection, split.gallery)
        query = vectors[split.queries[:1]]
        measurements: Measurements = {}
        for head in LEARNERS:
            classifier = build(head, settings, len(split.gallery))
            began = time.perf_counter()
            fit(classifier, vectors[split.gallery], split.labels)
            measurements["seconds", head] = time.perf_counter() - began
            measurements["query", head] = _timed(classifier.predict, query)[0]
            measurements["bytes", head] = float(size_of(classifier))
        yield measurements


# --- what they share --------------------------------------------------------------------------------------------------


def accuracies(collection: Collection, settings: Settings, heads: Sequence[str]) -> Measurements:
    """Share of the images of enrolled people that each head names right, and kNN with k = 1."""
    split = divide(collection, settings)
    truth = collection.labels[split.queries]
    predictions = {head: predict(head, collection, split, settings) for head in heads}
    predictions |= _nearest_alone(collection, split, settings)
    return {
        ("accuracy", head): float((prediction.labels == truth)[split.known].mean())
        for head, prediction in predictions.items()
    }


def trained_linear(vectors: np.ndarray, labels: np.ndarray) -> Generator[Measurements, None, Any]:
    """A linear head after its training, which takes minutes with 1,000 people: yields `{}` every `ROUND` iterations."""
    head = linear().set_params(logisticregression__warm_start=True, logisticregression__max_iter=ROUND)
    for _ in range(ITERATIONS // ROUND):
        fit(head, vectors, labels)
        if head[-1].n_iter_[0] < ROUND:
            break
        yield {}
    return head


def nearest_distances(collection: Collection, split: Split, settings: Settings) -> np.ndarray:
    """Distance of each query to the nearest enrolled image, `(q,)`."""
    vectors = inputs(collection, split.gallery)
    head = build("knn", replace(settings, k=1), len(split.gallery)).fit(vectors[split.gallery], split.labels)
    distances: np.ndarray = head.kneighbors(vectors[split.queries])[0][:, 0]
    return distances


def size_of(classifier: Any) -> int:
    """Bytes of a trained classifier, as it would be shipped (pickled)."""
    return len(pickle.dumps(classifier))


def _heads(collection: Collection) -> tuple[str, ...]:
    """The heads that can answer: the network's own only where it knows somebody."""
    return HEADS if collection.logits is not None else LEARNERS


def _most_samples(collection: Collection) -> int:
    """Most images that everybody can enrol."""
    return min(max(SHOTS), collection.most_samples)


def _nearest_alone(collection: Collection, split: Split, settings: Settings) -> dict[str, Prediction]:
    """What kNN predicts with k = 1, where a single image cannot be outvoted by those of others."""
    return {"knn_1": predict("knn", collection, split, replace(settings, k=1))}


def _append_seconds(collection: Collection, split: Split, settings: Settings, before: int) -> float:
    """Seconds to append the rows behind the first `before` to a gallery, and make it ready to be searched."""
    vectors = inputs(collection, split.gallery)[split.gallery]
    head = build("knn", settings, len(vectors))
    known, new = vectors[:before], vectors[before:]
    return _timed(lambda: head.fit(np.concatenate([known, new]), split.labels))[0]


def _timed(function: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    """Median seconds of a call over `REPEATS`, and what it returned."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        result = function(*args)
        times.append(time.perf_counter() - began)
    return float(np.median(times)), result
