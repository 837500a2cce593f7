"""Filter statistics: by hand, and against pandas' groups and scikit-learn's matrix."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from core import faces
from core.errors import ChoiceError
from core.features import held_out, statistics
from core.networks.loading import load
from core.networks.table import NETWORKS


def test_pictures_by_hand():
    """Two pictures of class 1 and one of class 0, maps of 1 x 2 places and two channels, in two batches."""
    maps = np.float32([[[[1, 0], [3, 0]]], [[[5, 2], [7, 2]]], [[[0, 4], [2, 8]]]])
    weights = statistics.image_weights(np.array([1, 1, 0]), 3)
    result = statistics.from_batches([(maps[:2], weights[:2]), (maps[2:], weights[2:])])
    np.testing.assert_allclose(result.means, [[1, 6], [4, 1], [0, 0]])
    np.testing.assert_allclose(result.patterns[1], [[[3, 1], [5, 1]]])
    assert result.counts.tolist() == [1, 2, 0]
    assert statistics.rank_channels(result.means).tolist() == [[1, 0], [0, 1], [0, 1]]
    np.testing.assert_allclose(statistics.relative_to_mean(result.means)[0], [1 - 5 / 3, 6 - 7 / 3])


def test_regions_by_hand():
    """One map of 1 x 2 places over 2 x 4 pixels; region 1 fills half of the left place and all of the right one."""
    regions = np.array([[[0, 0, 1, 1], [1, 1, 1, 1]]])
    weights = statistics.region_weights(regions, 2, 1, 2)
    np.testing.assert_allclose(weights, [[[[0.5, 0.5], [0, 1]]]])
    result = statistics.from_batches([(np.float32([[[[8], [2]]]]), weights)])
    np.testing.assert_allclose(result.means, [[8], [(8 * 0.5 + 2) / 1.5]])
    np.testing.assert_allclose(result.patterns[1], [[[4], [2]]])


def test_means_of_classes_are_those_of_pandas():
    rng = np.random.default_rng(0)
    maps, classes = rng.random((20, 3, 5, 4), np.float32), rng.integers(0, 3, 20)
    result = statistics.from_batches([(maps, statistics.image_weights(classes, 3))])
    expected = pd.DataFrame(maps.mean(axis=(1, 2))).groupby(classes).mean()
    np.testing.assert_allclose(result.means, expected, rtol=1e-5)
    np.testing.assert_allclose(result.patterns.mean(axis=(1, 2)), expected, rtol=1e-5)


def test_confusion_is_scikit_learn_s():
    rng = np.random.default_rng(1)
    expected, predicted = rng.integers(0, 5, (2, 200))
    counted = statistics.confusion_matrix(expected, predicted, 5)
    np.testing.assert_array_equal(counted, confusion_matrix(expected, predicted))
    assert statistics.confusion_matrix(np.array([2]), np.array([0]), 3).tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_digits_by_class():
    result = statistics.class_statistics("Digits", "l3", "digit")
    assert result.means.shape == (10, 16) and result.patterns.shape == (10, 7, 7, 16)
    assert result.counts.sum() == 360
    assert statistics.class_statistics("Digits", "l4", "digit").patterns.shape == (10, 1, 1, 25)
    logits = statistics.class_statistics("Digits", "l5", "digit").means
    assert logits.argmax(axis=1).tolist() == list(range(10))  # each output is highest for its own digit


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(statistics, "CAPTURES", 12)


def test_people_by_region_and_group(few):
    steps = []
    regions = statistics.class_statistics("MiniFace", "conv4_3", "region", report=lambda *step: steps.append(step))
    assert steps == [(number, 12) for number in range(12)]
    assert regions.means.shape == (len(faces.REGIONS), 96) and regions.patterns.shape == (8, 14, 14, 96)
    groups = statistics.class_statistics("MiniFace", "conv4_3", "group")
    assert groups.counts.tolist() == [6, 6]
    whole = np.tensordot(regions.counts / 12, regions.patterns, axes=1)  # the regions share out every picture
    np.testing.assert_allclose(groups.patterns.mean(axis=0), whole, rtol=1e-3, atol=1e-4)


def test_what_cannot_be_told_apart_is_named():
    assert statistics.class_kinds(NETWORKS["VGG16"]) == ()
    with pytest.raises(ChoiceError, match="region, group"):
        statistics.class_statistics("MiniFace", "conv4_3", "digit")


def test_the_way_of_a_picture():
    digits, _ = held_out.held_out_images(NETWORKS["Digits"])
    way = statistics.forward_pass("Digits", digits[0])
    assert list(way) == ["l1", "l1_mp", "l2", "l2_mp", "l3", "l3_mp", "l4", "l5"]
    assert way["l1"].shape == (28, 28, 9) and way["l3_mp"].shape == (3, 3, 16) and way["l4"].shape == (25,)
    np.testing.assert_allclose(way["l5"], load("Digits").predict(digits[0])[0], rtol=1e-5)
