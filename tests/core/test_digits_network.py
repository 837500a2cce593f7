"""The digits network as shipped: the report's layers, and what it reaches on digits that it never saw."""

import numpy as np
import pytest

from core import digits as data
from core.attribution import METHODS
from core.attribution import tasks as attribution_tasks
from core.features import ascent
from core.features import tasks as features_tasks
from core.networks.loading import load
from core.networks.table import DIGITS, NETWORKS


def test_it_is_the_report_s_network():
    model = load("Digits").model
    weights = {layer.name: layer.count_params() for layer in model.layers if layer.weights}
    assert weights == {"l1": 234, "l2": 2034, "l3": 1312, "l4": 3625, "l5": 260}
    assert model.input_shape == (None, 28, 28, 1) and model.count_params() == DIGITS.parameters
    assert DIGITS.weights.path.stat().st_size < 30_000
    assert NETWORKS["Digits"] is DIGITS


@pytest.mark.parametrize("part", ["validation", "test"])
def test_it_reads_digits_that_it_never_saw(part):
    digits = getattr(data.embedded(), part)
    right = load("Digits").predict(data.to_image(digits.images)).argmax(axis=1) == digits.labels
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
    digit = data.to_image(data.embedded().test.images[0])
    few = {param.name: param.minimum for param in method.params if param.name in ("samples", "permutations", "steps")}
    found = attribution_tasks.explain("Digits", method.name, digit, **few)
    assert np.isfinite(found.map.values).all() and np.ptp(found.map.values) > 0


@pytest.mark.parametrize("preset", ["course", "fast", "beautiful"])
def test_the_ten_outputs_climb_in_grey(preset):
    found = features_tasks.maximize("Digits", "l5", range(10), preset=preset, iterations=12, seed=1)
    assert found.images.shape == (10, 28, 28, 3) and found.inputs.shape == (10, 28, 28, 1)
    np.testing.assert_allclose(found.images[..., 0], found.images[..., 2], atol=1e-6)
    assert (found.activations[:, -1] > found.activations[:, 0]).all()
    again = features_tasks.maximize(
        "Digits", "l5", range(10), preset=preset, iterations=1, start=found.inputs, robustness="off"
    )
    np.testing.assert_allclose(again.activations[:, 0], found.activations[:, -1], rtol=0.05, atol=0.05)


def test_ink_stays_on_its_paper_and_is_read_as_its_digit():
    told = []
    found = features_tasks.maximize_ink("Digits", "l5", range(10), 1.0, report=lambda *step: told.append(step[:2]))
    assert told == [(step, 30) for step in range(1, 31)]
    assert found.images.shape == (10, 28, 28, 3) and found.images.min() == 0 and found.images.max() <= 1
    assert load("Digits").predict(found.images).argmax(axis=1).tolist() == list(range(10))
    logits = np.asarray(load("Digits").model(found.inputs, training=False))
    np.testing.assert_allclose(found.activations[:, -1], np.diag(logits), rtol=1e-4)


def test_the_first_step_of_ink_by_hand(monkeypatch):
    """The unit step of the normalized ascent, cut off at black and white."""
    monkeypatch.setattr(features_tasks, "PAPER", 0.0)
    one = features_tasks.maximize_ink("Digits", "l5", [3], iterations=1).inputs
    start = np.zeros((1, 28, 28, 1), np.float32)
    free = ascent.maximize(
        load("Digits"), "l5", [3], start=start, learning_rate=2.0, iterations=1, **features_tasks.INK_PARAMS
    )
    assert np.linalg.norm(free.inputs) == pytest.approx(2, rel=1e-4) and free.inputs.min() < 0
    np.testing.assert_allclose(one, np.clip(free.inputs, 0, 1), atol=1e-6)


def test_the_more_smoothness_weighs_the_smoother_is_the_ink():
    found = features_tasks.maximize_ink("Digits", "l5", [7] * 3, (0.125, 8, 64))
    unrest = [np.abs(np.diff(image, axis=axis)).sum() for image in found.inputs for axis in (0, 1)]
    totals = np.reshape(unrest, (3, 2)).sum(axis=1)
    assert totals[0] > totals[1] > totals[2]


def test_two_outputs_at_once_are_the_sum_of_both():
    """A climb for 4 and 9 together reaches more of their sum than the climb for either alone."""
    found = features_tasks.maximize_ink("Digits", "l5", [4, 9, (4, 9)])
    network = load("Digits")
    logits = np.asarray(network.model(found.inputs, training=False))
    assert found.activations[2, -1] == pytest.approx(logits[2, [4, 9]].sum(), rel=1e-3)
    assert logits[2, [4, 9]].sum() > max(logits[0, [4, 9]].sum(), logits[1, [4, 9]].sum())
