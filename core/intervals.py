"""How sure is a rate that was counted, or a mean?"""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest
from scipy.stats import t as student


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate of `hits` in `count` trials (1 or more): within [0, 1], and wide where all are hits.

    Wilson 1927, Probable inference, the law of succession, and statistical inference,
    https://doi.org/10.1080/01621459.1927.10502953
    """
    interval = binomtest(hits, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over `n` repetitions of values `(n, m)`, and the ends of its 95 % interval, `(m,)` each.

    Student 1908, The probable error of a mean, https://doi.org/10.1093/biomet/6.1.1
    """
    count = len(values)
    mean = values.mean(axis=0)
    if count < 2:
        return mean, mean, mean
    half = student.ppf(0.975, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return mean, mean - half, mean + half
