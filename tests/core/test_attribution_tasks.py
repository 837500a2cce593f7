"""What a worker can be asked about explanations."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from core.attribution import tasks
from core.attribution.grad_cam import grad_cam
from core.errors import ReasonedError
from core.networks.loading import is_resident, load
from core.networks.table import UNTRAINED

NAME = "MiniFace-untrained"


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((112, 112, 3), dtype=np.float32)


def test_explain_is_the_method_on_the_first_choice(image):
    explanation = tasks.explain(NAME, "Grad-CAM", image)
    expected = grad_cam(load(NAME), image)
    assert (
        explanation.class_index
        == explanation.map.class_index
        == explanation.probabilities.argmax()
        == expected.class_index
    )
    assert explanation.layer == "conv5_3"
    assert explanation.seconds > 0
    np.testing.assert_array_equal(explanation.map.values, expected.values)


def test_explain_passes_the_choices_on(image):
    explanation = tasks.explain(NAME, "grad_cam", image, 9, "conv3_3", channels=[1, 2])
    expected = grad_cam(load(NAME), image, 9, layer="conv3_3", channels=[1, 2])
    assert (explanation.class_index, explanation.layer) == (9, "conv3_3")
    np.testing.assert_array_equal(explanation.map.values, expected.values)


def test_an_explanation_travels_between_processes(image):
    explanation = tasks.explain(NAME, "grad_cam", image)
    arrived = pickle.loads(pickle.dumps(explanation))
    np.testing.assert_array_equal(arrived.map.values, explanation.map.values)
    assert (arrived.class_index, arrived.layer) == (explanation.class_index, explanation.layer)


def test_explain_reports_the_map_over_the_picture(image):
    reports = []
    explanation = tasks.explain(
        NAME,
        "occlusion",
        np.vstack([image, image]),
        grid=8,
        report=lambda *args, **values: reports.append((*args, values)),
    )
    assert [(step, steps) for step, steps, _, _ in reports] == [(32, 64), (64, 64)]
    assert [values for *_, values in reports] == [{"calls": 33}, {"calls": 65}]
    assert explanation.map.calls == 65
    assert Image.open(io.BytesIO(reports[-1][2])).size == (112, 112)  # as the network gets it


def test_explain_with_a_method_that_knows_no_class_and_does_not_report(image):
    explanation = tasks.explain(NAME, "fem", image, report=lambda *args, **values: pytest.fail("fem is not slow"))
    assert (explanation.class_index, explanation.layer) == (None, "conv5_3")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("deep_lift", np.zeros((112, 112, 3))), "unknown_method"),
        (("grad_cam", np.zeros((112, 112, 3)), 48), "unknown_class"),
    ],
)
def test_what_does_not_exist_is_named(arguments, reason):
    with pytest.raises(ReasonedError) as caught:
        tasks.explain(NAME, *arguments)
    assert caught.value.reason == reason


def test_warm_compiles_what_the_first_student_asks_for(image):
    """After it, a prediction and the default explanation trace nothing new."""
    steps = []
    tasks.warm(NAME, report=lambda *step: steps.append(step))
    assert steps == [(0, 3), (1, 3), (2, 3)]
    assert is_resident(UNTRAINED)
    network = load(NAME)
    compiled = {function: cached.cache_info().misses for function, cached in network.cache.items()}
    tasks.explain(NAME, "grad_cam", image)
    assert {function: cached.cache_info().misses for function, cached in network.cache.items()} == compiled
