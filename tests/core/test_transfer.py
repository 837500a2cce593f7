"""Transfer: what is taken over, what learns, and what it is judged by."""

from __future__ import annotations

import numpy as np
import pytest

from core import digits, faces
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.table import MINIFACE
from core.progress import Cancelled
from core.training import STRATEGIES, TRANSFERS, network, transfer


@pytest.fixture(autouse=True)
def embedded(monkeypatch, tmp_path):
    """No MNIST on this machine."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


@pytest.fixture
def task() -> transfer.Task:
    """A tiny new task for an untrained digits network: which half has the ink?"""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(2, dtype=np.int32), 30)
    inputs = rng.random((60, 28, 28, 1), np.float32) * 0.1
    inputs[labels == 1, :14] += 0.9
    inputs[labels == 0, 14:] += 0.9
    return transfer.Task(
        network.as_network(network.build()), 2, (inputs[:40], labels[:40]), (inputs[40:], labels[40:]), steps=20
    )


@pytest.mark.parametrize("way", STRATEGIES)
def test_every_way_learns_a_simple_task_and_leaves_the_source_as_it_was(task, way):
    before = task.source.model.get_weights()
    learner = transfer.TransferLearner(task, "l2", [0, 1, 2, 3, 4], seed=0)
    told = []
    found = learner.learn(way, 10, lambda: told.append(1))
    assert (found.strategy, found.samples, found.n) == (way, 10, 20)
    assert found.hits >= 18
    assert len(told) == learner.steps(way)
    for ours, theirs in zip(before, task.source.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_frozen_layers_stay_and_fine_tuned_ones_move_a_little(task):
    learner = transfer.TransferLearner(task, "l2", None, seed=0)
    learner.learn("frozen", 10, lambda: None)
    for ours, theirs in zip(learner.trunk.get_weights(), learner.learned_weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    learner.learn("fine_tuned", 10, lambda: None)
    moved = max(np.abs(a - b).max() for a, b in zip(learner.trunk.get_weights(), learner.learned_weights, strict=True))
    assert 0 < moved < 0.05


def test_chosen_filters_alone_are_read(task):
    learner = transfer.TransferLearner(task, "l2", [2, 5], seed=0)
    np.testing.assert_array_equal(np.flatnonzero(learner.channel_mask), [2, 5])
    learner.learn("chosen", 10, lambda: None)
    kernel = learner.head.get_weights()[0].reshape(*learner.features[0].shape[1:], 2)
    start = learner.initial_head[0].reshape(kernel.shape)
    moved = np.abs(kernel - start).max(axis=(0, 1, 3)) > 1e-7
    np.testing.assert_array_equal(np.flatnonzero(moved), [2, 5])


def test_features_are_the_layer_s_maps_on_a_coarser_grid(task):
    learner = transfer.TransferLearner(task, "l1", None, seed=0)
    maps = np.asarray(task.source.model.get_layer("l1")(task.train[0][:3]))
    expected = maps.reshape(3, 7, 4, 7, 4, 9).mean(axis=(2, 4))
    np.testing.assert_allclose(learner.features[0][:3], expected, atol=1e-5)


def test_a_channel_that_is_not_there_is_refused(task):
    with pytest.raises(NetworkError, match="no channel 9"):
        transfer.TransferLearner(task, "l1", [9], seed=0)


def test_the_new_digits_are_five_to_nine_in_turn():
    new = transfer.digits(3, 0, lambda: None)
    assert new.classes == 5
    np.testing.assert_array_equal(new.train[1], np.tile(np.arange(5), 3))
    held = digits.embedded().test
    np.testing.assert_array_equal(new.test[1], held.labels[held.labels >= 5] - 5)


def test_digits_learned_before_help_with_new_ones():
    told: list[tuple[int, int]] = []
    found = transfer.transfer(
        "digits", "l2", None, ("scratch", "frozen"), (2, 10), draws=2, report=lambda *step: told.append(step)
    )
    steps = [step for step, _ in told]
    assert steps == sorted(steps) and told[-1][0] == told[-1][1]
    first, second = found[:4], found[4:]
    assert [(one.strategy, one.samples) for one in first] == [(one.strategy, one.samples) for one in second]
    assert [one.hits for one in first] != [one.hits for one in second]
    rates = {(one.strategy, one.samples): one.hits / one.n for one in found}
    assert rates["frozen", 10] > 0.85
    assert rates["frozen", 10] > rates["frozen", 2]
    assert list(rates) == [("scratch", 2), ("frozen", 2), ("scratch", 10), ("frozen", 10)]


def test_the_new_people_are_none_that_miniface_knows():
    known = {*range(faces.PEOPLE), *range(100, 400)}  # the second are those it was trained with beside its classes
    assert not known & set(transfer.NEW_PEOPLE)
    assert all(layer in {one.name for one in load(MINIFACE).model.layers} for layer in TRANSFERS["people"])


def test_people_whom_miniface_never_met_are_told_apart_by_what_it_learned():
    found = transfer.transfer("people", "conv5_3", None, ("frozen",), (5,))
    assert found[0].n == 120
    assert found[0].hits / found[0].n > 0.6  # guessing: 0.1


def test_a_cancel_is_heard_while_pictures_are_taken():
    def report(step, steps):
        raise Cancelled

    with pytest.raises(Cancelled):
        transfer.transfer("people", "conv5_3", None, ("frozen",), (1,), report=report)
