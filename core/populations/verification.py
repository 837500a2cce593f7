"""Is it the same person on two images? A threshold on the similarity errs in two ways, and not for everybody alike.

Robinson et al. 2020, Face recognition: too bias, or not too bias?, https://arxiv.org/abs/2002.06483
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.intervals import FEWEST, Estimate, Roc, bootstrap, roc, wilson


@dataclass(frozen=True, eq=False)
class Verification:
    """All pairs of images within a group: `scores` `(m,)` cosine similarities of the embeddings, whether they are
    `genuine` `(m,)` (of one person), and the numbers of the `people` `(m, 2)` on them, of so many (`count`).

    Impostor pairs are the negatives of the `roc`, genuine ones its positives.
    """

    scores: np.ndarray
    genuine: np.ndarray
    people: np.ndarray
    count: int
    roc: Roc

    @property
    def complete(self) -> bool:
        """Whether there are pairs of both kinds."""
        return bool(self.genuine.any() and not self.genuine.all())


def verify(embeddings: np.ndarray, people: np.ndarray) -> Verification:
    """Compare every image of a group with every other: `embeddings` `(n, k)` of length 1, `people` `(n,)`."""
    names, numbers = np.unique(people, return_inverse=True)
    one, other = np.triu_indices(len(numbers), k=1)
    pairs = np.stack([numbers[one], numbers[other]], axis=1)
    scores = (embeddings @ embeddings.T)[one, other].astype(float)
    return _with_roc(scores, pairs, len(names))


def pool(groups: Sequence[Verification]) -> Verification:
    """The pairs of several groups as those of one, for which one threshold is set for everybody."""
    before = np.cumsum([0, *(group.count for group in groups)])
    pairs = [group.people + start for group, start in zip(groups, before, strict=False)]
    return _with_roc(np.concatenate([group.scores for group in groups]), np.concatenate(pairs), int(before[-1]))


def _with_roc(scores: np.ndarray, pairs: np.ndarray, count: int) -> Verification:
    genuine = pairs[:, 0] == pairs[:, 1]
    return Verification(scores, genuine, pairs, count, roc(scores, genuine))


def error_rates(group: Verification, threshold: float) -> list[Estimate]:
    """The false match rate and the false non-match rate of a group at a threshold, with intervals over its people.

    False match: two people taken for one. False non-match: one person taken for two. A score that reaches the
    threshold means "the same". Where nobody errs, or everybody, all resamples agree: there the interval is Wilson's
    with the people as trials.
    """
    first, second = group.people.T
    size = (group.count, group.count)
    wrong = np.where(group.genuine, group.scores < threshold, group.scores >= threshold)
    tables = []
    for kind in (~group.genuine, group.genuine):
        for chosen in (kind & wrong, kind):
            table = np.zeros(size)
            np.add.at(table, (first[chosen], second[chosen]), 1)
            tables.append(table)
    matched, impostors, missed, genuine = tables

    def rates(weights: np.ndarray) -> np.ndarray:
        """Each pair of people counts as often as both were drawn, each person's own pairs as often as that person."""
        pairs = [((weights @ table) * weights).sum(axis=1) for table in (matched, impostors)]
        own = [weights @ np.diag(table) for table in (missed, genuine)]
        with np.errstate(invalid="ignore"):  # a resample of one person alone has no impostors
            return np.stack([pairs[0] / pairs[1], own[0] / own[1]], axis=1)

    return [rate if 0 < rate.value < 1 else _unanimous(rate, group.count) for rate in bootstrap(rates, group.count)]


def _unanimous(rate: Estimate, people: int) -> Estimate:
    if people < FEWEST:
        return rate
    return Estimate(rate.value, *wilson(round(rate.value) * people, people))
