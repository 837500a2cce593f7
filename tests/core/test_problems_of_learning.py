"""Every problem really shows its symptom, and the same run without its cause does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import digits
from core.training import LAYERS, Run, Settings, loop
from core.training.problems import LEFT_OUT, PROBLEMS


def run_of(settings: Settings) -> Run:
    return Run(settings, "embedded").extended(loop.train(settings, digits=digits.embedded()))


class Runs(dict[str, Run]):
    """One run of every problem, made when it is looked at."""

    def __missing__(self, name: str) -> Run:
        self[name] = run_of(PROBLEMS[name].settings)
        return self[name]


@pytest.fixture(scope="module")
def shown() -> Runs:
    return Runs()


@pytest.fixture(scope="module")
def healthy() -> Run:
    """The same digits and epochs without any problem."""
    return run_of(Settings(samples=1000, batch=32, epochs=12))


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_shows_its_symptom(shown, name):
    assert PROBLEMS[name].shows(shown[name]), PROBLEMS[name].measure(shown[name])


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in ("class_left_out", "overfitting")])
def test_a_healthy_run_has_no_symptom(healthy, name):
    assert not PROBLEMS[name].shows(healthy), PROBLEMS[name].measure(healthy)


def test_a_rate_too_high_diverges_and_is_named(shown):
    run = shown["rate_too_high"]
    assert run.diverged is not None and run.result is None and run.over
    assert all(np.isfinite(point["loss"]) for point in run.points)


def test_a_rate_too_low_goes_the_right_way_and_nowhere(shown, healthy):
    loss = shown["rate_too_low"].at_epochs("validation_loss")
    assert (np.diff(loss) < 0).all() and loss[-1] > 2 > healthy.at_epochs("validation_loss")[-1]


def test_dead_relus_are_more_than_60_percent_and_answer_nothing(shown, healthy):
    run = shown["dead_relus"]
    assert max(run.last(f"dead_{name}") for name in LAYERS[:-1]) > 0.6
    assert run.result.accuracy < 0.3 < healthy.result.accuracy


def test_gradients_vanish_layer_by_layer(shown):
    run = shown["vanishing_gradients"]
    norms = [np.median(run.column(f"gradient_{name}")[1]) for name in LAYERS]
    assert norms[0] < 0.01 * norms[-1]
    assert norms == sorted(norms)
    assert run.result.accuracy < 0.3


def test_overfitting_lets_the_validation_loss_rise_for_three_epochs_while_training_goes_to_zero(shown):
    run = shown["overfitting"]
    loss = run.at_epochs("validation_loss")
    assert any((np.diff(loss)[start : start + 3] > 0).all() for start in range(len(loss) - 3))
    assert loss[-1] > 1.05 * loss.min()
    assert run.last("loss") < 0.05 and run.last("accuracy") > 0.99 > run.last("validation_accuracy")


def test_under_wrong_labels_training_looks_worse_than_validation(shown):
    run = shown["label_noise"]
    assert run.last("validation_accuracy") - run.last("accuracy") > 0.15
    assert run.last("accuracy") < 0.75


def test_a_class_left_out_is_never_named_and_the_others_are(shown):
    matrix = shown["class_left_out"].result.confusion
    assert matrix[:, LEFT_OUT].sum() == 0 and matrix[LEFT_OUT].sum() > 20
    others = np.delete(np.arange(10), LEFT_OUT)
    assert matrix[others, others].sum() > 0.9 * matrix[others].sum()


def test_unnormalized_input_makes_the_first_layers_gradient_leap(shown):
    run = shown["unnormalized"]
    mended = run_of(replace(run.settings, normalized=True))
    assert mended.result.accuracy > 0.6 > 0.5 > run.last("validation_accuracy")
