"""What networks take labelled images for."""

from __future__ import annotations

import numpy as np

from core.features.held_out import held_out_images
from core.features.recognition import SIDE, recognise_digits, recognise_people
from core.networks.table import NETWORKS


def test_people_are_recognised_as_far_as_the_network_learned_them() -> None:
    images, trained = recognise_people("MiniFace", 12, seed=3)
    same, untrained = recognise_people("MiniFace-untrained", 12, seed=3)
    assert images.shape == (12, SIDE, SIDE, 3)
    np.testing.assert_array_equal(images, same)
    np.testing.assert_array_equal(trained.expected, untrained.expected)
    assert (trained.expected == trained.predicted).mean() > 0.8
    assert (untrained.expected == untrained.predicted).mean() < 0.3
    assert ((trained.probabilities > 0) & (trained.probabilities <= 1)).all()


def test_digits_are_recognised() -> None:
    digits = recognise_digits("Digits")
    np.testing.assert_array_equal(digits.expected, held_out_images(NETWORKS["Digits"])[1])
    assert len(digits.predicted) == len(digits.probabilities) == 360
    assert (digits.expected == digits.predicted).mean() > 0.9
    assert ((digits.probabilities > 0.1) & (digits.probabilities <= 1)).all()
