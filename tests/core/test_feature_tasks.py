"""What a worker can be asked about what filters see."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from core.features import tasks
from core.features.health import channel_health
from core.features.held_out import held_out_images
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.tasks import feature_maps

NAME = "MiniFace-untrained"


def test_patches_come_from_the_held_out_images():
    patches = tasks.top_patches(NAME, "conv2_1", 3)
    captures, people = held_out_images(load(NAME).entry)
    assert len(captures) == len(people) == 4 * 48
    maps = feature_maps(NAME, "conv2_1", captures[patches.sources[0]])
    assert patches.activations[0] == pytest.approx(maps[..., 3].max(), rel=1e-5)
    assert patches.images.shape == (9, 96, 96, 3)
    with pytest.raises(NetworkError, match="0 to 31"):
        tasks.top_patches(NAME, "conv2_1", 32)


def test_patches_of_own_photos_leave_nothing_behind():
    entry = load(NAME).entry
    captures, _ = held_out_images(entry)
    known = tasks.top_patches(NAME, "conv2_1", 3)
    own = tasks.top_patches(NAME, "conv2_1", 3, photos=captures[known.sources[:4]][::-1])
    assert own.searched == 4 and own.images.shape == (4, 96, 96, 3)  # one of each photo, fewer than nine
    assert own.sources.tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(own.activations, known.activations[:4], rtol=1e-4)
    np.testing.assert_array_equal(own.images, known.images[:4])
    assert tasks.top_patches(NAME, "conv2_1", 3).searched == known.searched


def test_quality_counts_layer_by_layer():
    steps = []
    one, again = tasks.training_quality(["Digits", "Digits"], report=lambda *step, **values: steps.append(step))
    assert one.layers == ("l1", "l2", "l3")
    assert steps == [(step, 6) for step in range(3)]  # the second time nothing is counted again
    assert again is one
    assert one.dead[1] == channel_health("Digits", "l2").dead.mean()
    assert all(((0 <= values) & (values <= 1)).all() for values in one.selectivity)
    assert list(one.entropy) == ["l1", "l2", "l3"]
    assert all(0 < value < 1 for value in one.entropy.values())
    assert one.smoothness.shape == (9,)


def test_maximize_reports_images_and_activations():
    reports = []
    result = tasks.maximize(
        NAME, "conv1_2", [2, 5], iterations=4, report=lambda *args, **values: reports.append((*args, values))
    )
    assert [(step, steps) for step, steps, _, _ in reports] == [(i, 4) for i in range(5)]
    assert [set(values) for *_, values in reports] == [{"2", "5"}] * 5
    assert reports[-1][3]["5"] == pytest.approx(result.activations[1, -1])
    for _, _, data, _ in (reports[0], reports[-1]):
        assert Image.open(io.BytesIO(data)).size == (2 * 112 + 4, 112)


def test_a_grid_fills_and_has_the_images_of_one_ascent():
    reports, channels = [], [0, 2, 3, 4, 5, 6, 7, 9, 11, 15]
    result = tasks.maximize_grid(
        NAME, "conv1_2", channels, iterations=3, report=lambda *steps, **values: reports.append(steps)
    )
    together = tasks.maximize(NAME, "conv1_2", channels, iterations=3)
    for name in ("images", "activations", "dead", "inputs"):
        np.testing.assert_array_equal(getattr(result, name), getattr(together, name))
    assert [step for step, _, _ in reports] == [0, 1, 2, 3, 3, 4, 5, 6]  # ten channels: eight, then two
    assert {steps for _, steps, _ in reports} == {6}
    assert Image.open(io.BytesIO(reports[0][2])).size == (8 * 116 - 4, 2 * 116 - 4)


def test_snapshots_of_one_ascent_are_as_many_ascents():
    result = tasks.maximize_with_snapshots(NAME, "conv1_2", 3, (1, 2, 5), preset="course", seed=4)
    assert result.images.shape == (3, 112, 112, 3)
    for stop, image in zip(result.stops, result.images, strict=True):
        alone = tasks.maximize(NAME, "conv1_2", [3], iterations=stop, preset="course", seed=4)
        np.testing.assert_allclose(image, alone.images[0], atol=1e-6)
        np.testing.assert_allclose(result.activations[: stop + 1], alone.activations[0], rtol=1e-6)


def test_maximize_stops_when_its_report_raises():
    class Cancelled(Exception):
        pass

    def report(step, steps, picture=None, **values):
        raise Cancelled

    with pytest.raises(Cancelled):
        tasks.maximize(NAME, "conv1_2", [0], report=report)


def test_visualizations_travel_between_processes():
    result = tasks.maximize(NAME, "conv1_1", [0], iterations=1)
    arrived = pickle.loads(pickle.dumps(result))
    for name in ("images", "activations", "dead", "inputs"):
        np.testing.assert_array_equal(getattr(arrived, name), getattr(result, name))
