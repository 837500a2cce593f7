"""Training in stretches: what a step does, what is told of it, and whose it is."""

from __future__ import annotations

import csv
import io
import threading
import time
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from core import digits as data
from core import training
from core.attribution.grad_cam import grad_cam
from core.networks.network import feature_maps
from core.progress import Cancelled
from core.training import DEFAULTS, LAYERS, Run, Settings, loop, network, tasks

QUICK = Settings(samples=96, batch=32, epochs=2)


@pytest.fixture(autouse=True)
def embedded(monkeypatch, tmp_path):
    """No MNIST on this machine."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def trained() -> Run:
    """The run that the page begins with, on the embedded digits."""
    settings = DEFAULTS["embedded"]
    return Run(settings, "embedded").extended(loop.train(settings, digits=data.embedded()))


def test_the_page_s_first_run_reaches_97_percent(trained):
    assert trained.over and trained.diverged is None
    assert trained.result.n == 360
    assert trained.result.accuracy >= 0.97
    assert trained.last("validation_accuracy") > 0.95
    np.testing.assert_array_equal(trained.result.confusion.sum(axis=1), np.bincount(data.embedded().test.labels))


def test_there_is_a_point_at_the_end_of_every_epoch_and_weights_at_some(trained):
    epochs = trained.settings.epochs
    assert len(trained.at_epochs("loss")) == epochs
    assert trained.last("batches") == trained.steps == epochs * 40
    assert sorted(trained.snapshots) == list(range(epochs + 1))
    assert trained.snapshots[0][0].dtype == np.float16
    np.testing.assert_allclose(trained.snapshots[epochs][0], trained.state.weights[0], atol=1e-2)


def test_weights_are_kept_at_the_start_the_end_and_evenly_between():
    assert training.snapshot_epochs(3) == {0, 1, 2, 3}
    assert training.snapshot_epochs(100) == set(range(0, 101, 5))


@pytest.mark.parametrize("optimizer", training.OPTIMIZERS)
def test_a_step_is_that_of_keras(optimizer):
    """The same weights after three steps of `train_on_batch` as after three steps at a trainer."""
    settings = replace(QUICK, samples=32, epochs=3, optimizer=optimizer, learning_rate=0.01)
    theirs = loop.Configuration.of(settings).build(settings.seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile(loop.OPTIMIZERS[optimizer](), loss)
    theirs.optimizer.learning_rate = 0.01
    places, labels = loop.training_examples(settings, data.embedded())
    inputs = data.embedded().train.images[places] / np.float32(255)
    expected = [float(theirs.train_on_batch(inputs, labels)) for _ in range(3)]
    part = loop.train(settings)
    np.testing.assert_allclose([point["loss"] for point in part.points], expected, rtol=1e-3)
    for ours, other in zip(part.state.weights, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(ours, np.asarray(other), atol=2e-4)


def test_gradient_norms_are_those_of_each_layer():
    settings = replace(QUICK, samples=32, epochs=1)
    model = loop.Configuration.of(settings).build(settings.seed)
    places, labels = loop.training_examples(settings, data.embedded())
    with tf.GradientTape() as tape:
        logits = model(data.embedded().train.images[places] / np.float32(255))
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    gradients = tape.gradient(loss, [model.get_layer(name).kernel.value for name in LAYERS])
    (point,) = loop.train(settings).points
    for name, gradient in zip(LAYERS[:-1], gradients, strict=False):
        assert point[f"gradient_{name}"] >= float(tf.norm(gradient)) * (1 - 1e-4)  # the bias adds to the kernel
    expected = tf.nn.softmax(logits) - tf.one_hot(labels, 10)
    last = np.sqrt(float(tf.norm(gradients[-1])) ** 2 + float(tf.norm(tf.reduce_mean(expected, axis=0))) ** 2)
    assert point["gradient_l5"] == pytest.approx(last, rel=1e-3)


def test_dead_units_are_counted_in_every_layer():
    with loop.trainer(QUICK) as trainer:
        trainer.restore(QUICK, None)
        bias = np.zeros(9, np.float32)
        bias[:3] = -100
        trainer.model.get_layer("l2").bias.assign(bias)
        trainer.model.get_layer("l4").bias.assign(np.full(25, -1e6, np.float32))
        part = data.embedded().validation
        _, dead, taken = trainer.test_step(part.images, part.labels)
        assert dead.numpy()[1] >= 3 / 9 and dead.numpy()[3] == 1
        assert len(set(taken.numpy())) == 1  # all digits look alike behind a dead layer


def test_a_run_in_pieces_is_the_run_in_one_piece():
    whole = loop.train(QUICK)
    state, points = None, []
    for _ in range(6):
        part = loop.train(QUICK, state, seconds=0)
        state = part.state
        points += part.points
    assert part.result is not None and state.step == whole.state.step == 6
    for ours, theirs in zip(state.weights, whole.state.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert points[-1]["validation_loss"] == pytest.approx(whole.points[-1]["validation_loss"], rel=1e-5)


def test_two_students_never_share_a_network_and_the_next_one_need_not_compile():
    with loop.trainer(QUICK) as first, loop.trainer(QUICK) as second:
        assert first is not second and first.model is not second.model
    with loop.trainer(QUICK) as third:
        assert third in (first, second)
    assert third.train_step.experimental_get_tracing_count() <= 1


def test_no_student_finds_another_s_weights(trained):
    loop.train(DEFAULTS["embedded"], seconds=0)
    fresh = network.weights_of(loop.Configuration.of(DEFAULTS["embedded"]).build(0))
    with loop.trainer(DEFAULTS["embedded"]) as trainer:
        state = trainer.restore(DEFAULTS["embedded"], None)
    np.testing.assert_array_equal(state.weights[0], fresh[0])
    assert float(np.abs(state.optimizer[-1]).max()) == 0


def test_few_networks_wait_in_a_worker_and_the_eldest_goes(monkeypatch):
    monkeypatch.setattr(loop, "MOST_IDLE", 2)
    for width in (1, 2, 4):
        with loop.trainer(replace(QUICK, widths=(width, 2, 2))):
            pass
    assert [configuration.widths[0] for configuration in loop._idle] == [2, 4]


def test_a_cancel_acts_within_half_a_second_and_keeps_what_was_reached():
    wanted, began = threading.Event(), threading.Event()
    settings = replace(DEFAULTS["embedded"], epochs=100, batch=256, widths=(24, 24, 24))

    def report(step, *given, **values):
        if step:
            began.set()
        if wanted.is_set():
            raise Cancelled

    parts = []
    thread = threading.Thread(target=lambda: parts.append(loop.train(settings, report=report)))
    thread.start()
    assert began.wait(60)
    time.sleep(0.2)
    wanted.set()
    cancelled = time.perf_counter()
    thread.join()
    assert time.perf_counter() - cancelled < 0.5
    assert 0 < parts[0].state.step < parts[0].steps and parts[0].result is None


def test_at_least_two_points_a_second_are_told(monkeypatch):
    told = []
    began = time.perf_counter()

    def report(step, steps, picture, **point):
        told.append((picture, point))
        if time.perf_counter() - began > 2.5:
            raise Cancelled

    settings = replace(DEFAULTS["embedded"], epochs=100, batch=16)
    part = loop.train(settings, report=report)
    seconds = part.state.seconds
    assert len(part.points) >= 2 * seconds - 1
    pictures = [picture for picture, _ in told if picture]
    assert pictures[0][:2] == b"\xff\xd8" and len(pictures) >= 2
    known = {"epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "left", "gradient_l5", "dead_l4"}
    assert known <= told[-1][1].keys()


def test_a_loss_that_is_no_number_ends_the_run():
    part = loop.train(replace(QUICK, optimizer="sgd", learning_rate=1e30, epochs=5))
    assert part.diverged is not None and part.diverged <= 15 and part.result is None


def test_the_digits_of_a_run_are_those_of_its_settings():
    digits = data.embedded()
    places, labels = loop.training_examples(replace(QUICK, samples=5000, without=8), digits)
    assert len(places) == (digits.train.labels != 8).sum() and 8 not in labels
    np.testing.assert_array_equal(labels, digits.train.labels[places])
    places, labels = loop.training_examples(replace(QUICK, samples=1000, label_noise=0.4), digits)
    assert len(set(places)) == len(places) == 1000
    assert 0.35 < (labels != digits.train.labels[places]).mean() < 0.45
    again, other = (loop.training_examples(replace(QUICK, seed=seed), digits)[0] for seed in (0, 1))
    np.testing.assert_array_equal(again, loop.training_examples(QUICK, digits)[0])
    assert set(again) != set(other)


def test_names_of_choices_are_those_that_can_be_built():
    assert set(training.INITIALIZATIONS) == set(network.INITIALIZATIONS)
    assert set(training.OPTIMIZERS) == set(loop.OPTIMIZERS)
    assert all(callable(keras.activations.get(name)) for name in training.ACTIVATIONS)


def test_a_moment_of_a_run_shows_what_the_network_then_did(trained):
    digit = data.embedded().test.images[5]
    picture = data.to_image(digit)
    weights = [values.astype(np.float32) for values in trained.snapshots[20]]
    found = tasks.inspect(trained.settings, weights, digit)
    model = loop.Configuration.of(trained.settings).build(3)
    for variable, value in zip(model.trainable_variables, weights, strict=True):
        variable.assign(value)
    asked = network.as_network(model)
    np.testing.assert_allclose(found.probabilities, asked.predict(picture)[0], atol=1e-5)
    np.testing.assert_allclose(found.feature_maps["l2"], feature_maps(asked, picture, "l2")[0], atol=1e-5)
    np.testing.assert_allclose(found.grad_cam, grad_cam(asked, picture, layer="l3").values, atol=1e-4)
    np.testing.assert_array_equal(found.kernels, weights[0][:, :, 0])
    assert abs(found.confusion.trace() - trained.result.hits) <= 2  # half precision
    before = tasks.inspect(trained.settings, [v.astype(np.float32) for v in trained.snapshots[0]], digit)
    assert before.confusion.trace() < 120


def test_the_file_holds_the_network(trained, tmp_path):
    path = tmp_path / "digits.keras"
    path.write_bytes(tasks.export(trained.settings, trained.state.weights))
    model = keras.models.load_model(path)
    digits = data.embedded().test
    taken = np.asarray(model(digits.images / np.float32(255))).argmax(axis=1)
    assert (taken == digits.labels).sum() == trained.result.hits


def test_every_point_is_a_line_of_the_file(trained):
    rows = list(csv.DictReader(io.StringIO(training.to_csv({"1 · as at first": trained}))))
    assert len(rows) == len(trained.points)
    assert rows[-1]["run"] == "1 · as at first"
    assert float(rows[-1]["validation_loss"]) == trained.last("validation_loss")


def test_a_sweep_has_a_run_for_every_value():
    steps = []
    found = tasks.sweep(QUICK, "filters", (1, 4), report=lambda *step: steps.append(step))
    assert [one.value for one in found] == [1, 4]
    assert found[0].parameters == 26 + 26 + 10 + (9 * 25 + 25) + (25 * 10 + 10)
    assert steps[-1] == (12, 12)
    rates = tasks.sweep(QUICK, "learning_rate", (1e-3, 1e30))
    assert [one.diverged for one in rates] == [False, True] and rates[1].hits == 0


def test_a_cancelled_sweep_ends():
    def report(step, steps):
        if step > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        tasks.sweep(QUICK, "filters", (1, 2, 4), report=report)


def test_facts_count_the_digits_of_a_source():
    assert data.available_source() == "embedded"
    assert tasks.dataset_facts("embedded") == tasks.DatasetFacts("embedded", 1257, 180, 360)
    assert tasks.examples("embedded", 2).shape == (10, 2, 28, 28, 1)
