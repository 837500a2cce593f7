"""Filter statistics: by hand, and against pandas' groups and scikit-learn's matrix."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from core import faces
from core.errors import ChoiceError
from core.features import captures, statistics
from core.networks import table
from core.networks.loading import load
from core.networks.table import NETWORKS


def test_pictures_by_hand():
    """Two pictures of class 1 and one of class 0, maps of 1 x 2 places and two channels, in two batches."""
    maps = np.float32([[[[1, 0], [3, 0]]], [[[5, 2], [7, 2]]], [[[0, 4], [2, 8]]]])
    weights = statistics.of_pictures(np.array([1, 1, 0]), 3)
    found = statistics.of_batches([(maps[:2], weights[:2]), (maps[2:], weights[2:])])
    np.testing.assert_allclose(found.means, [[1, 6], [4, 1], [0, 0]])
    np.testing.assert_allclose(found.patterns[1], [[[3, 1], [5, 1]]])
    assert found.counts.tolist() == [1, 2, 0]
    assert statistics.ranked(found.means).tolist() == [[1, 0], [0, 1], [0, 1]]
    np.testing.assert_allclose(statistics.above_others(found.means)[0], [1 - 5 / 3, 6 - 7 / 3])


def test_regions_by_hand():
    """One map of 1 x 2 places over 2 x 4 pixels; region 1 fills half of the left place and all of the right one."""
    regions = np.array([[[0, 0, 1, 1], [1, 1, 1, 1]]])
    weights = statistics.of_regions(regions, 2, 1, 2)
    np.testing.assert_allclose(weights, [[[[0.5, 0.5], [0, 1]]]])
    found = statistics.of_batches([(np.float32([[[[8], [2]]]]), weights)])
    np.testing.assert_allclose(found.means, [[8], [(8 * 0.5 + 2) / 1.5]])
    np.testing.assert_allclose(found.patterns[1], [[[4], [2]]])


def test_means_of_classes_are_those_of_pandas():
    rng = np.random.default_rng(0)
    maps, classes = rng.random((20, 3, 5, 4), np.float32), rng.integers(0, 3, 20)
    found = statistics.of_batches([(maps, statistics.of_pictures(classes, 3))])
    expected = pd.DataFrame(maps.mean(axis=(1, 2))).groupby(classes).mean()
    np.testing.assert_allclose(found.means, expected, rtol=1e-5)
    np.testing.assert_allclose(found.patterns.mean(axis=(1, 2)), expected, rtol=1e-5)


def test_confusion_is_scikit_learn_s():
    rng = np.random.default_rng(1)
    expected, predicted = rng.integers(0, 5, (2, 200))
    counted = statistics.confusion(expected, predicted, 5)
    np.testing.assert_array_equal(counted, confusion_matrix(expected, predicted))
    assert statistics.confusion(np.array([2]), np.array([0]), 3).tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_digits_by_class():
    found = statistics.statistics("Digits", "l3", "digit")
    assert found.means.shape == (10, 16) and found.patterns.shape == (10, 7, 7, 16)
    assert found.counts.sum() == 360
    assert statistics.statistics("Digits", "l4", "digit").patterns.shape == (10, 1, 1, 25)
    logits = statistics.statistics("Digits", "l5", "digit").means
    assert logits.argmax(axis=1).tolist() == list(range(10))  # each output is highest for its own digit


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(statistics, "CAPTURES", 12)


def test_people_by_region_and_group(few):
    told = []
    regions = statistics.statistics("MiniFace", "conv4_3", "region", report=lambda *step: told.append(step))
    assert told == [(number, 12) for number in range(12)]
    assert regions.means.shape == (len(faces.REGIONS), 96) and regions.patterns.shape == (8, 14, 14, 96)
    groups = statistics.statistics("MiniFace", "conv4_3", "group")
    assert groups.counts.tolist() == [6, 6]
    whole = np.tensordot(regions.counts / 12, regions.patterns, axes=1)  # the regions share out every picture
    np.testing.assert_allclose(groups.patterns.mean(axis=0), whole, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_told_apart_is_named():
    assert statistics.kinds(NETWORKS["VGG16"]) == ()
    with pytest.raises(ChoiceError, match="region, group"):
        statistics.statistics("MiniFace", "conv4_3", "digit")


def test_the_way_of_a_picture():
    digits, _ = captures.reference_captures(NETWORKS["Digits"])
    way = statistics.path("Digits", digits[0])
    assert list(way) == ["l1", "l1_mp", "l2", "l2_mp", "l3", "l3_mp", "l4", "l5"]
    assert way["l1"].shape == (28, 28, 9) and way["l3_mp"].shape == (3, 3, 16) and way["l4"].shape == (25,)
    np.testing.assert_allclose(way["l5"], load("Digits").predict(digits[0])[0], rtol=1e-5)


def test_recognised_digits():
    found = statistics.recognise("Digits")
    assert len(found.expected) == len(found.predicted) == len(found.probabilities) == 360
    assert (found.probabilities <= 1).all() and table.find("digits").subject == "digit"
