"""The digits network as shipped: the report's layers, and what it reaches on digits that it never saw."""

import numpy as np
import pytest

from core import tasks
from core.attribution import METHODS
from core.networks import DIGITS, NETWORKS, load
from core.training import data


def test_it_is_the_report_s_network():
    model = load("Digits").model
    weights = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert weights == {"l1": 234, "l2": 2034, "l3": 1312, "l4": 3625, "l5": 260}
    assert model.input_shape == (None, 28, 28, 1) and model.count_params() == DIGITS.parameters
    assert DIGITS.weights.path.stat().st_size < 30_000
    assert list(NETWORKS)[:3] == ["MiniFace", "MiniFace-untrained", "Digits"]


@pytest.mark.parametrize("part", ["validation", "test"])
def test_it_reads_digits_that_it_never_saw(part):
    digits = getattr(data.embedded(), part)
    right = load("Digits").predict(data.picture(digits.images)).argmax(axis=1) == digits.labels
    assert right.mean() >= 0.97


def test_a_colour_picture_is_seen_in_grey():
    network = load("Digits")
    picture = np.zeros((28, 28, 3), np.float32)
    picture[5:9, 3:20, 1] = 1
    inputs = network.inputs(picture)
    assert inputs.shape == (1, 28, 28, 1) and inputs.max() == pytest.approx(0.587)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_explainer_explains_a_digit(method):
    if method.name == "cam":
        pytest.skip("its head is no average")
    digit = data.picture(data.embedded().test.images[0])
    few = {param.name: param.minimum for param in method.params if param.name in ("samples", "permutations", "steps")}
    found = tasks.explain("Digits", method.name, digit, **few)
    assert np.isfinite(found.map.values).all() and np.ptp(found.map.values) > 0


@pytest.mark.parametrize("preset", ["course", "fast", "beautiful"])
def test_the_ten_outputs_climb_in_grey(preset):
    found = tasks.maximize("Digits", "l5", range(10), preset=preset, iterations=12, seed=1)
    assert found.images.shape == (10, 28, 28, 3) and found.pictures.shape == (10, 28, 28, 1)
    np.testing.assert_allclose(found.images[..., 0], found.images[..., 2], atol=1e-6)
    assert (found.activations[:, -1] > found.activations[:, 0]).all()
    again = tasks.maximize(
        "Digits", "l5", range(10), preset=preset, iterations=1, start=found.pictures, robustness="off"
    )
    np.testing.assert_allclose(again.activations[:, 0], found.activations[:, -1], rtol=0.05, atol=0.05)


def test_two_outputs_at_once_are_the_sum_of_both():
    """A climb for 4 and 9 together reaches more of their sum than the climb for either alone."""
    found = tasks.maximize("Digits", "l5", [4, 9, (4, 9)], preset="course", iterations=30)
    network = load("Digits")
    logits = np.asarray(network.model(found.pictures, training=False))
    assert found.activations[2, -1] == pytest.approx(logits[2, [4, 9]].sum(), rel=1e-3)
    assert logits[2, [4, 9]].sum() > max(logits[0, [4, 9]].sum(), logits[1, [4, 9]].sum())
