"""How sure is a rate that was counted, or a mean, and how often does a threshold on a score err?

All intervals are of 95 %. Importing this module does not import scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest
from scipy.stats import bootstrap as scipy_bootstrap
from scipy.stats import t as student

FEWEST = 5
"""Units, such as people, below which nothing is resampled: drawing four of them again and again tells next to nothing
about a fifth."""
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; where there is too little to tell one, both its ends are NaN."""

    value: float
    low: float
    high: float


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The interval of a rate of `hits` in `count` trials (1 or more): within [0, 1], and wide where all are hits.

    Wilson 1927, Probable inference, the law of succession, and statistical inference,
    https://doi.org/10.1080/01621459.1927.10502953
    """
    interval = binomtest(hits, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over `n` repetitions of values `(n, ...)`, and the ends of its interval, `(...)` each; of one repetition
    they are the value itself.

    Student 1908, The probable error of a mean, https://doi.org/10.1093/biomet/6.1.1
    """
    count = len(values)
    mean = values.mean(axis=0)
    if count < 2:
        return mean, mean, mean
    half = student.ppf(0.975, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return mean, mean - half, mean + half


# --- bootstrap --------------------------------------------------------------------------------------------------------


def bootstrap(statistic: Callable[[np.ndarray], np.ndarray], units: int, seed: int = 0) -> list[Estimate]:
    """Values `(k,)` with intervals from a bootstrap over so many `units`, such as people (percentile method).

    `statistic` takes weights `(n, units)`, how often each unit was drawn, and gives `(n, k)`. Weights and not drawn
    units, because a rate over pairs of people is no mean over people; of a mean it is what `scipy.stats.bootstrap`
    gives. Resamples in which the statistic is undefined (NaN) are left out.
    Efron 1979, Bootstrap methods: another look at the jackknife, https://doi.org/10.1214/aos/1176344552
    """
    values = statistic(np.ones((1, units)))[0]
    if units < FEWEST:
        return [Estimate(float(value), np.nan, np.nan) for value in values]
    weights = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), RESAMPLES)
    low, high = np.nanquantile(statistic(weights.astype(float)), (0.025, 0.975), axis=0)
    return [Estimate(*map(float, ends)) for ends in zip(values, low, high, strict=True)]


def bootstrap_means(values: np.ndarray) -> list[Estimate]:
    """The mean over units of values `(units, k)`, with intervals."""
    return bootstrap(lambda weights: weights @ values / len(values), len(values))


def bootstrap_gap(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Mean of values `(units,)` of one group less that of another, with its interval: both groups are drawn anew."""
    gap = float(one.mean() - other.mean())
    if min(len(one), len(other)) < FEWEST:
        return Estimate(gap, np.nan, np.nan)
    result = scipy_bootstrap(
        (one, other),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return Estimate(gap, *map(float, result.confidence_interval))


# --- ROC --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Roc:
    """Receiver operating characteristic: the shares in [0, 1] of negatives and of positives whose score reaches each of
    the `thresholds` `(m,)`, which fall from infinity, so that the shares rise from 0 to 1.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    thresholds: np.ndarray

    def threshold_at(self, rate: float) -> float:
        """The smallest threshold that no more than a share `rate` of the negatives reaches."""
        return float(self.thresholds[np.searchsorted(self.false_positive_rate, rate, side="right") - 1])

    def equal_error(self) -> tuple[float, float]:
        """The rate at which false positives are as frequent as false negatives, and the threshold there.

        Between two of its points the curve is straight.
        """
        accepted = self.false_positive_rate
        gap = accepted - (1 - self.true_positive_rate)  # rises from -1 to 1
        after = int(np.argmax(gap >= 0))
        before = max(after - 1, 0)
        step = gap[after] - gap[before]
        share = -gap[before] / step if step > 0 else 0.0
        rate = accepted[before] + share * (accepted[after] - accepted[before])
        threshold = self.thresholds[after]
        if np.isfinite(self.thresholds[before]):
            threshold = self.thresholds[before] + share * (threshold - self.thresholds[before])
        return float(rate), float(threshold)


def roc(scores: np.ndarray, positive: np.ndarray, *, drop_intermediate: bool = False) -> Roc:
    """The ROC of scores `(n,)`, high ones for what is `positive` `(n,)`; without points where one of both kinds is
    missing. `drop_intermediate` leaves out points on a straight line between others.

    Fawcett 2006, An introduction to ROC analysis, https://doi.org/10.1016/j.patrec.2005.10.010
    """
    from sklearn.metrics import roc_curve  # slow to import

    positive = np.asarray(positive, bool)
    if not positive.any() or positive.all():
        none = np.zeros(0)
        return Roc(none, none, none)
    return Roc(*roc_curve(positive, scores, drop_intermediate=drop_intermediate))
