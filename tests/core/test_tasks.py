"""What a worker can be asked."""

import io
import pickle
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from core.attribution import tasks as attribution_tasks
from core.attribution.grad_cam import grad_cam
from core.errors import ReasonedError
from core.features import captures as features_captures
from core.features import health as features_health
from core.features import tasks as features_tasks
from core.networks import tasks as networks_tasks
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED

NAME = "MiniFace-untrained"


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((112, 112, 3), dtype=np.float32)


def test_predict_gives_probabilities(image):
    probabilities = networks_tasks.predict(NAME, np.stack([image, image[::-1]]))
    assert probabilities.shape == (2, 48)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_explain_is_the_method_on_the_first_choice(image):
    found = attribution_tasks.explain(NAME, "Grad-CAM", image)
    expected = grad_cam(load(NAME), image)
    assert found.class_index == found.map.class_index == found.probabilities.argmax() == expected.class_index
    assert found.layer == "conv5_3"
    assert found.seconds > 0
    np.testing.assert_array_equal(found.map.values, expected.values)


def test_explain_passes_the_choices_on(image):
    found = attribution_tasks.explain(NAME, "grad_cam", image, 9, "conv3_3", channels=[1, 2])
    expected = grad_cam(load(NAME), image, 9, layer="conv3_3", channels=[1, 2])
    assert (found.class_index, found.layer) == (9, "conv3_3")
    np.testing.assert_array_equal(found.map.values, expected.values)


def test_answers_travel_between_processes(image):
    for answer in (
        attribution_tasks.explain(NAME, "grad_cam", image),
        networks_tasks.describe(NAME),
        features_health.channel_health(NAME, "conv1_1"),
    ):
        pickle.loads(pickle.dumps(answer))


def test_explain_reports_the_map_over_the_picture(image):
    seen = []
    found = attribution_tasks.explain(
        NAME,
        "occlusion",
        np.vstack([image, image]),
        grid=8,
        report=lambda *args, **values: seen.append((*args, values)),
    )
    assert [(step, steps) for step, steps, _, _ in seen] == [(32, 64), (64, 64)]
    assert [values for *_, values in seen] == [{"calls": 33}, {"calls": 65}]
    assert found.map.calls == 65
    assert Image.open(io.BytesIO(seen[-1][2])).size == (112, 112)  # as the network gets it


def test_explain_with_a_method_that_knows_no_class_and_does_not_report(image):
    found = attribution_tasks.explain(NAME, "fem", image, report=lambda *args, **values: pytest.fail("fem is not slow"))
    assert (found.class_index, found.layer) == (None, "conv5_3")


def test_feature_maps_are_those_of_grad_cam(image):
    maps = networks_tasks.feature_maps(NAME, "conv4_3", image)
    assert maps.shape == (14, 14, 96)
    assert maps.min() == 0
    np.testing.assert_allclose(maps, grad_cam(load(NAME), image, layer="conv4_3").steps["feature_maps"], atol=1e-5)


def test_kernels_are_the_weights():
    kernels = networks_tasks.kernels(NAME, "conv1_1")
    assert kernels.shape == (3, 3, 3, 16)
    np.testing.assert_array_equal(kernels, load(NAME).model.get_layer("conv1_1").get_weights()[0])


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (networks_tasks.describe, ("VGG20",), "unknown_network"),
        (networks_tasks.kernels, (NAME, "pool1"), "no_kernels"),
        (networks_tasks.kernels, (NAME, "conv0"), "unknown_layer"),
        (features_health.channel_health, (NAME, "fc9"), "unknown_layer"),
        (attribution_tasks.explain, (NAME, "deep_lift", np.zeros((112, 112, 3))), "unknown_method"),
        (attribution_tasks.explain, (NAME, "grad_cam", np.zeros((112, 112, 3)), 48), "unknown_class"),
    ],
)
def test_what_does_not_exist_is_named(function, arguments, reason):
    with pytest.raises(ReasonedError) as caught:
        function(*arguments)
    assert caught.value.reason == reason


def test_channel_health_counts_dead_and_duplicate_channels(monkeypatch):
    """Channels: red, red again and brighter, always below zero, green seen in one corner only."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 1, activation="relu", name="maps")(inputs)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    kernel = np.zeros((1, 1, 3, 4), np.float32)
    kernel[0, 0, 0] = [1, 3, 0, -1]
    kernel[0, 0, 1, 3] = 1
    model.get_layer("maps").set_weights([kernel, np.float32([0, 0, -0.1, 0])])
    network = Network(replace(UNTRAINED, preprocessing="unit", input_size=32), model)
    monkeypatch.setattr(features_health, "load", lambda name: network)
    health = features_health.channel_health("Tiny", "maps")
    assert health.dead.tolist() == [False, False, True, False]
    assert (health.captures, health.fired[0], health.fired[2]) == (64, 64, 0)
    assert health.largest[1] == pytest.approx(3 * health.largest[0], rel=1e-5)
    assert health.largest[2] == 0
    assert health.cosines[0, 1] == pytest.approx(1, abs=1e-5)
    ((first, second, cosine),) = health.duplicates
    assert (first, second) == (0, 1)
    assert cosine == pytest.approx(1, abs=1e-5)


def test_channel_health_is_the_same_every_time():
    first, again = features_health.channel_health(NAME, "conv5_3"), features_health.channel_health(NAME, "conv5_3")
    assert first.duplicates == again.duplicates
    assert first.dead.shape == (128,)
    assert all(a < b and 0.95 < cosine <= 1.001 for a, b, cosine in first.duplicates)
    cosines = [cosine for _, _, cosine in first.duplicates]
    assert cosines == sorted(cosines, reverse=True)


def test_patches_come_from_the_reference_captures():
    found = features_tasks.top_patches(NAME, "conv2_1", 3)
    captures, people = features_captures.reference_captures(load(NAME).entry)
    assert len(captures) == len(people) == 4 * 48
    maps = networks_tasks.feature_maps(NAME, "conv2_1", captures[found.sources[0]])
    assert found.activations[0] == pytest.approx(maps[..., 3].max(), rel=1e-5)
    assert found.images.shape == (9, 96, 96, 3)
    with pytest.raises(NetworkError, match="0 to 31"):
        features_tasks.top_patches(NAME, "conv2_1", 32)


def test_patches_of_own_photos_leave_nothing_behind():
    entry = load(NAME).entry
    captures, _ = features_captures.reference_captures(entry)
    known = features_tasks.top_patches(NAME, "conv2_1", 3)
    own = features_tasks.top_patches(NAME, "conv2_1", 3, photos=captures[known.sources[:4]][::-1])
    assert own.captures == 4 and own.images.shape == (4, 96, 96, 3)  # one of each photo, fewer than nine
    assert own.sources.tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(own.activations, known.activations[:4], rtol=1e-4)
    np.testing.assert_array_equal(own.images, known.images[:4])
    assert features_tasks.top_patches(NAME, "conv2_1", 3).captures == known.captures


def test_quality_counts_layer_by_layer():
    told = []
    one, again = features_tasks.quality(["Digits", "Digits"], report=lambda *step, **values: told.append(step))
    assert one.layers == ("l1", "l2", "l3")
    assert told == [(step, 6) for step in range(3)]  # the second time nothing is counted again
    assert again is one
    assert one.dead[1] == features_health.channel_health("Digits", "l2").dead.mean()
    assert all(((0 <= values) & (values <= 1)).all() for values in one.selectivity)
    assert list(one.entropy) == ["l1", "l2", "l3"]
    assert all(0 < value < 1 for value in one.entropy.values())
    assert one.smoothness.shape == (9,)


def test_maximize_reports_pictures_and_activations():
    seen = []
    result = features_tasks.maximize(
        NAME, "conv1_2", [2, 5], iterations=4, report=lambda *args, **values: seen.append((*args, values))
    )
    assert [(step, steps) for step, steps, _, _ in seen] == [(i, 4) for i in range(5)]
    assert [set(values) for *_, values in seen] == [{"2", "5"}] * 5
    assert seen[-1][3]["5"] == pytest.approx(result.activations[1, -1])
    for _, _, data, _ in (seen[0], seen[-1]):
        assert Image.open(io.BytesIO(data)).size == (2 * 112 + 4, 112)


def test_a_grid_fills_and_has_the_pictures_of_one_climb():
    seen, channels = [], [0, 2, 3, 4, 5, 6, 7, 9, 11, 15]
    found = features_tasks.grid(
        NAME, "conv1_2", channels, iterations=3, report=lambda *told, **values: seen.append(told)
    )
    together = features_tasks.maximize(NAME, "conv1_2", channels, iterations=3)
    for name in ("images", "activations", "dead", "pictures"):
        np.testing.assert_array_equal(getattr(found, name), getattr(together, name))
    assert [step for step, _, _ in seen] == [0, 1, 2, 3, 3, 4, 5, 6]  # ten channels: eight, then two
    assert {steps for _, steps, _ in seen} == {6}
    assert Image.open(io.BytesIO(seen[0][2])).size == (8 * 116 - 4, 2 * 116 - 4)


def test_one_climb_seen_now_and_then_is_as_many_climbs():
    found = features_tasks.through_iterations(NAME, "conv1_2", 3, (1, 2, 5), preset="course", seed=4)
    assert found.images.shape == (3, 112, 112, 3)
    for stop, image in zip(found.stops, found.images, strict=True):
        alone = features_tasks.maximize(NAME, "conv1_2", [3], iterations=stop, preset="course", seed=4)
        np.testing.assert_allclose(image, alone.images[0], atol=1e-6)
        np.testing.assert_allclose(found.activations[: stop + 1], alone.activations[0], rtol=1e-6)


def test_maximize_stops_when_told():
    class Cancelled(Exception):
        pass

    def report(step, steps, picture=None, **values):
        raise Cancelled

    with pytest.raises(Cancelled):
        features_tasks.maximize(NAME, "conv1_2", [0], report=report)


def test_warm_compiles_what_the_first_student_asks_for():
    attribution_tasks.warm(NAME)
