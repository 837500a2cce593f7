"""Intervals and ROC: by hand, by their formulas, and against scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from core.intervals import (
    FEWEST,
    Estimate,
    Roc,
    bootstrap,
    bootstrap_gap,
    bootstrap_means,
    mean_interval,
    roc,
    wilson,
)


@pytest.mark.parametrize(("hits", "count"), [(0, 24), (8, 10), (24, 24)])
def test_wilsons_interval_by_its_formula(hits: int, count: int) -> None:
    z, rate = 1.959964, hits / count
    middle = (rate + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(rate * (1 - rate) / count + z**2 / (4 * count**2))
    np.testing.assert_allclose(wilson(hits, count), (middle - half, middle + half), atol=1e-6)


def test_students_interval_by_hand() -> None:
    """t(0.975, 1) is 12.7062, the standard error of the first column 1."""
    mean, low, high = mean_interval(np.array([[1.0, 4.0], [3.0, 4.0]]))
    assert mean.tolist() == [2, 4] and high[1] == low[1] == 4
    assert high[0] - 2 == pytest.approx(12.7062, abs=1e-4) == 2 - low[0]
    assert mean_interval(np.array([1.0, 3.0]))[1] == low[0]
    assert mean_interval(np.array([[0.5]])) == ([0.5], [0.5], [0.5])


def test_students_interval_holds_the_truth_in_95_of_100_cases() -> None:
    values = np.random.default_rng(0).normal(3, 2, (4, 20_000))
    _, low, high = mean_interval(values)
    assert ((low < 3) & (3 < high)).mean() == pytest.approx(0.95, abs=0.005)


# --- bootstrap --------------------------------------------------------------------------------------------------------


def test_the_bootstrap_of_ones_and_zeros_is_binomial() -> None:
    """10 of 20 people: the mean of a resample is binomial with one half, whose 2.5 % and 97.5 % lie at 6 and 14."""
    (found,) = bootstrap_means(np.repeat([0.0, 1.0], 10)[:, None])
    assert stats.binom(20, 0.5).ppf([0.025, 0.975]).tolist() == [6, 14]
    assert (found.value, found.low, found.high) == (0.5, pytest.approx(0.3), pytest.approx(0.7))


def test_intervals_are_scipys() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=(24, 3))
    found = bootstrap_means(values)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=5, n_resamples=9999).confidence_interval
    for place, one in enumerate(found):
        assert one.value == pytest.approx(values[:, place].mean())
        width = theirs.high[place] - theirs.low[place]
        assert abs(one.low - theirs.low[place]) < 0.06 * width and abs(one.high - theirs.high[place]) < 0.06 * width


def test_more_pictures_of_the_same_people_do_not_shorten_an_interval() -> None:
    people = np.random.default_rng(2).normal(size=(8, 1))
    (once,), (again,) = bootstrap_means(people), bootstrap_means(np.repeat(people[:, None], 50, axis=1).mean(axis=1))
    assert (once.low, once.high) == pytest.approx((again.low, again.high))


def test_a_gap_between_groups() -> None:
    found = bootstrap_gap(np.full(9, 0.75), np.full(6, 0.5))
    assert (found.value, found.low, found.high) == (0.25, 0.25, 0.25)
    rng = np.random.default_rng(3)
    one, other = rng.normal(1, 1, 40), rng.normal(0, 2, 30)
    spread = np.sqrt(one.var() / 40 + other.var() / 30)
    found = bootstrap_gap(one, other)
    assert found.low == pytest.approx(found.value - 1.96 * spread, abs=0.15 * spread)
    assert found.high == pytest.approx(found.value + 1.96 * spread, abs=0.15 * spread)


def test_too_few_units_get_no_interval() -> None:
    few = np.random.default_rng(0).random((FEWEST - 1, 2))
    assert all(np.isnan([found.low, found.high]).all() for found in bootstrap_means(few))
    assert np.isnan(bootstrap_gap(few[:, 0], few[:, 1]).low)


def test_resamples_in_which_a_rate_is_undefined_are_left_out() -> None:
    found = bootstrap(lambda weights: np.where(weights[:, :1] > 0, 1.0, np.nan), FEWEST)
    assert found == [Estimate(1.0, 1.0, 1.0)]


# --- ROC --------------------------------------------------------------------------------------------------------------


def test_roc_by_hand() -> None:
    """Genuine 0.9 and 0.6, impostors 0.7 and 0.2."""
    curve = roc(np.array([0.9, 0.7, 0.6, 0.2]), np.array([True, False, True, False]))
    np.testing.assert_allclose(curve.thresholds, [np.inf, 0.9, 0.7, 0.6, 0.2])
    np.testing.assert_allclose(curve.false_positive_rate, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(curve.true_positive_rate, [0, 0.5, 0.5, 1, 1])
    assert [curve.threshold_at(rate) for rate in (0, 0.49, 0.5, 1)] == [0.9, 0.9, 0.6, 0.2]
    assert curve.equal_error() == (0.5, 0.7)


def test_equal_error_lies_between_two_points_of_the_curve() -> None:
    """The gap goes from -0.2 to 1: a sixth of the way."""
    curve = Roc(np.array([0, 0.2, 1]), np.array([0, 0.6, 1]), np.array([np.inf, 4, 0]))
    rate, threshold = curve.equal_error()
    assert rate == pytest.approx(0.2 + 0.8 / 6) and threshold == pytest.approx(4 - 4 / 6)


@pytest.mark.parametrize("drop_intermediate", [False, True])
def test_roc_of_two_bells(drop_intermediate: bool) -> None:
    """Scores of variance 1 around 0 and 2 err equally often at 1, where either is one deviation away."""
    rng, positive = np.random.default_rng(0), np.repeat([False, True], 20_000)
    scores = rng.normal(size=40_000) + 2 * positive
    curve = roc(scores, positive, drop_intermediate=drop_intermediate)
    rate, threshold = curve.equal_error()
    assert rate == pytest.approx(stats.norm.cdf(-1), abs=0.005) and threshold == pytest.approx(1, abs=0.02)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert area == pytest.approx(roc_auc_score(positive, scores))
    assert curve.threshold_at(0.01) == pytest.approx(stats.norm.ppf(0.99), abs=0.05)


@pytest.mark.parametrize("positive", [[True, True], [False, False]])
def test_without_both_kinds_there_is_no_roc(positive: list[bool]) -> None:
    assert roc(np.array([0.1, 0.2]), np.array(positive)).thresholds.size == 0
