"""Do two groups differ anywhere on a map?

People are permuted, never images: images of one person are alike, and count as little more than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.stats import permutation_test

from core.intervals import FEWEST, RESAMPLES

SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Difference:
    """Mean map of one group less that of the other, `values` `(h, w)`, and the corrected `p` `(h, w)` of each place.

    From so many `permutations` of the people into two groups, all that there are where it is `exact`. `p` is NaN where
    there were too few people.
    """

    values: np.ndarray
    p: np.ndarray
    permutations: int
    exact: bool

    @property
    def significant(self) -> np.ndarray:
        """Where the groups differ at 5 %, corrected for all places at once: `(h, w)`."""
        return self.p <= SIGNIFICANCE_LEVEL


def difference(
    one: np.ndarray, other: np.ndarray, *, resamples: int = RESAMPLES, seed: int = 0, fewest: int = FEWEST
) -> Difference:
    """Where do two groups of maps `(people, h, w)`, one for each person, differ?

    If the groups were one, any other permutation of the people into them would do as well. For each the largest |t| of
    all places is noted, and a place's `p` is the share of permutations whose largest is at least its own |t|: the
    chance that any place at all gets a smaller `p` than 5 % is then 5 %, however many there are and however alike
    neighbours are. Nichols and Holmes 2002, Nonparametric permutation tests for functional neuroimaging,
    https://doi.org/10.1002/hbm.1058. With few people all permutations are taken, else `resamples` random ones.
    """
    values = one.mean(axis=0) - other.mean(axis=0)
    if min(len(one), len(other)) < fewest:
        return Difference(values, np.full(values.shape, np.nan), 0, False)
    maps = np.concatenate([one, other]).reshape(len(one) + len(other), -1).astype(float)
    maps -= maps.mean(axis=0)  # the sums of squares below then lose no digits
    squares = (maps**2).sum(axis=0)

    def absolute_t(members: np.ndarray) -> np.ndarray:
        """|t| of every place where the rows `members` `(n, k)` are the first group: `(n, places)`."""
        first = np.zeros((len(members), len(maps)))
        np.put_along_axis(first, members, 1, axis=1)
        inside, count = first @ maps, members.shape[1]
        rest = len(maps) - count
        between = inside**2 * (1 / count + 1 / rest)  # the sum of all is 0: that of the others is minus this one's
        within = np.maximum(squares - between, 0)
        standard_error = np.sqrt(within / (len(maps) - 2) * (1 / count + 1 / rest))
        gap = np.abs(inside) * (1 / count + 1 / rest)
        return np.divide(
            gap, standard_error, out=np.zeros_like(gap), where=standard_error > 1e-9 * np.sqrt(squares.max())
        )

    def largest_t(members: np.ndarray, _: np.ndarray, axis: int) -> np.ndarray:
        return absolute_t(members.astype(int).reshape(-1, len(one))).max(axis=1).reshape(members.shape[:-1])

    rows = np.arange(len(maps))
    test = permutation_test(
        (rows[: len(one)], rows[len(one) :]),
        largest_t,
        vectorized=True,
        n_resamples=resamples,
        batch=100,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    null = np.sort(test.null_distribution)
    exact = comb(len(maps), len(one)) <= resamples  # then scipy takes all permutations
    own = absolute_t(rows[None, : len(one)])[0]
    reached = len(null) - np.searchsorted(null, own * (1 - 1e-9))
    p = reached / len(null) if exact else (reached + 1) / (len(null) + 1)
    return Difference(values, p.reshape(values.shape), len(null), exact)
