"""How sure is a mean over people, and do two groups differ anywhere on a map?

Both draw people, never pictures: pictures of one person resemble each other, and count as little more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.stats import bootstrap, permutation_test

FEWEST = 5
"""People of a group below which no interval is drawn and nothing is tested: resampling four people again and again
tells next to nothing about a fifth."""
RESAMPLES = 2000
LEVEL = 0.05


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; where there are too few people for one, both its ends are NaN."""

    value: float
    low: float
    high: float


def estimate(statistic: Callable[[np.ndarray], np.ndarray], people: int, seed: int = 0) -> list[Estimate]:
    """Values `(k,)` with 95 % intervals from a bootstrap over so many `people` (percentile method).

    `statistic` takes weights `(n, people)`, how often each person was drawn, and gives `(n, k)`. Weights and not drawn
    people, because a rate over pairs of people is no mean over people; of a mean it is what `scipy.stats.bootstrap`
    gives. Resamples in which the statistic is undefined (NaN) are left out.
    Efron 1979, Bootstrap methods: another look at the jackknife, https://doi.org/10.1214/aos/1176344552
    """
    values = statistic(np.ones((1, people)))[0]
    if people < FEWEST:
        return [Estimate(float(value), np.nan, np.nan) for value in values]
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), RESAMPLES)
    low, high = np.nanquantile(statistic(drawn.astype(float)), (0.025, 0.975), axis=0)
    return [Estimate(*map(float, ends)) for ends in zip(values, low, high, strict=True)]


def means(values: np.ndarray) -> list[Estimate]:
    """The mean over people of values `(people, k)`, one for each person, with intervals."""
    return estimate(lambda weights: weights @ values / len(values), len(values))


def gap(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Mean of values `(people,)` of one group less that of another, with its interval: both groups are drawn anew."""
    if min(len(one), len(other)) < FEWEST:
        return Estimate(float(one.mean() - other.mean()), np.nan, np.nan)
    found = bootstrap(
        (one, other),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return Estimate(float(one.mean() - other.mean()), *map(float, found.confidence_interval))


@dataclass(frozen=True, eq=False)
class Difference:
    """Mean map of one group less that of the other, `values` `(h, w)`, and the corrected `p` `(h, w)` of each place.

    From so many `arrangements` of the people in two groups, all that there are where it is `exact`. `p` is NaN where
    there were too few people.
    """

    values: np.ndarray
    p: np.ndarray
    arrangements: int
    exact: bool

    @property
    def significant(self) -> np.ndarray:
        """Where the groups differ at 5 %, corrected for all places at once: `(h, w)`."""
        return self.p <= LEVEL


def difference(
    one: np.ndarray, other: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0, fewest: int = FEWEST
) -> Difference:
    """Where do two groups of maps `(people, h, w)`, one for each person, differ?

    If the groups were one, any other sharing out of the people would do as well. For each of them the largest |t| of
    all places is noted, and a place's `p` is the share of sharings whose largest is at least its own |t|: the chance
    that any place at all gets a smaller `p` than 5 % is then 5 %, however many there are and however alike neighbours
    are. Nichols and Holmes 2002, Nonparametric permutation tests for functional neuroimaging,
    https://doi.org/10.1002/hbm.1058. With few people all sharings are taken, else `resamples` drawn by lot.
    """
    values = one.mean(axis=0) - other.mean(axis=0)
    if min(len(one), len(other)) < fewest:
        return Difference(values, np.full(values.shape, np.nan), 0, False)
    maps = np.concatenate([one, other]).reshape(len(one) + len(other), -1).astype(float)
    maps -= maps.mean(axis=0)  # the sums of squares below then lose no digits
    squares = (maps**2).sum(axis=0)

    def sizes(members: np.ndarray) -> np.ndarray:
        """|t| of every place where the rows `members` `(n, k)` are the first group: `(n, places)`."""
        first = np.zeros((len(members), len(maps)))
        np.put_along_axis(first, members, 1, axis=1)
        inside, count = first @ maps, members.shape[1]
        rest = len(maps) - count
        between = inside**2 * (1 / count + 1 / rest)  # the sum of all is 0: that of the others is minus this one's
        within = np.maximum(squares - between, 0)
        spread = np.sqrt(within / (len(maps) - 2) * (1 / count + 1 / rest))
        apart = np.abs(inside) * (1 / count + 1 / rest)
        return np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 1e-9 * np.sqrt(squares.max()))

    def largest(members: np.ndarray, _: np.ndarray, axis: int) -> np.ndarray:
        return sizes(members.astype(int).reshape(-1, len(one))).max(axis=1).reshape(members.shape[:-1])

    rows = np.arange(len(maps))
    test = permutation_test(
        (rows[: len(one)], rows[len(one) :]),
        largest,
        vectorized=True,
        n_resamples=resamples,
        batch=100,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    null = np.sort(test.null_distribution)
    exact = comb(len(maps), len(one)) <= resamples  # then scipy takes all sharings
    own = sizes(rows[None, : len(one)])[0]
    reached = len(null) - np.searchsorted(null, own * (1 - 1e-9))
    p = reached / len(null) if exact else (reached + 1) / (len(null) + 1)
    return Difference(values, p.reshape(values.shape), len(null), exact)
