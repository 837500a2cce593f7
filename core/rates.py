"""How sure is a rate that was counted?"""

from __future__ import annotations

from scipy.stats import binomtest


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate of `hits` in `count` trials (1 or more): within [0, 1], and wide where all are hits.

    Wilson 1927, Probable inference, the law of succession, and statistical inference,
    https://doi.org/10.1080/01621459.1927.10502953
    """
    interval = binomtest(hits, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
