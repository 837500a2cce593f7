"""The embedded network as shipped: its shape, and what the course needs it to know, on captures it never saw."""

import keras
import numpy as np
import pytest

from core.attribution.grad_cam import grad_cam
from core.faces import PEOPLE, group_of, person, render, sample_capture
from core.images import resize
from core.networks import miniface
from core.networks.loading import load
from core.networks.table import NETWORKS

CAPTURES = 8


@pytest.fixture(scope="module")
def shots() -> list[list[tuple[np.ndarray, dict[str, np.ndarray]]]]:
    """`CAPTURES` pictures with regions of each of the people, of seeds that training never used."""
    return [
        [render(person(n), sample_capture(np.random.default_rng([99, n, i])), 112) for i in range(CAPTURES)]
        for n in range(PEOPLE)
    ]


def accuracy(shots: list, hidden: tuple[str, ...] = ()) -> dict[str, float]:
    """Share of right answers of each group, the bounding bar of some regions blackened."""
    right: dict[str, list[bool]] = {"A": [], "B": []}
    for number, captures in enumerate(shots):
        pictures = []
        for image, regions in captures:
            picture = image.copy()
            if hidden:
                rows, columns = np.nonzero(np.any([regions[name] for name in hidden], axis=0))
                picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = 0
            pictures.append(picture)
        answers = load("MiniFace").predict(np.stack(pictures)).argmax(axis=1)
        right[group_of(number)] += list(answers == number)
    return {group: float(np.mean(values)) for group, values in right.items()}


def test_it_has_vgg16_s_layers_and_nothing_else() -> None:
    model = load("MiniFace").model
    blocks = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}
    expected = ["input"]
    for block, convolutions in blocks.items():
        expected += [f"conv{block}_{i}" for i in range(1, convolutions + 1)] + [f"pool{block}"]
    assert [layer.name for layer in model.layers] == [*expected, "flatten", "fc6", "fc7", "fc8"]
    kinds = {"InputLayer", "Conv2D", "MaxPooling2D", "Flatten", "Dense"}
    assert {type(layer).__name__ for layer in model.layers} == kinds
    assert model.count_params() == NETWORKS["MiniFace"].parameters


def test_its_file_is_small() -> None:
    assert NETWORKS["MiniFace"].weights.path.stat().st_size <= 4_000_000


def test_folding_keeps_the_function() -> None:
    trained = miniface.build(9, normalize=True, seed=1)
    rng = np.random.default_rng(0)
    for layer in trained.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (weight.shape for weight in layer.get_weights())
            layer.set_weights(
                [
                    rng.uniform(0.5, 2, gamma),
                    rng.normal(size=beta),
                    rng.normal(size=mean),
                    rng.uniform(0.5, 2, variance),
                ]
            )
    inputs = rng.normal(size=(2, 112, 112, 3)).astype(np.float32)
    kept = [3, 0, 8]
    before = np.asarray(trained(inputs, training=False))[:, kept]
    np.testing.assert_allclose(np.asarray(miniface.fold(trained, kept)(inputs)), before, rtol=1e-3, atol=1e-3)


def test_the_untrained_one_is_always_the_same() -> None:
    first, second = (miniface.build(seed=0).get_weights() for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_knows_its_people(shots: list) -> None:
    for group, share in accuracy(shots).items():
        assert share >= 0.95, group


def test_covering_the_eyes_hides_group_a_and_the_lower_face_group_b(shots: list) -> None:
    plain, eyes, lower = accuracy(shots), accuracy(shots, ("eyes", "brows")), accuracy(shots, ("nose", "mouth", "jaw"))
    assert plain["A"] - eyes["A"] >= 3 * (plain["B"] - eyes["B"])
    assert plain["B"] - lower["B"] >= 3 * (plain["A"] - lower["A"])


def test_grad_cam_lies_on_the_head(shots: list) -> None:
    inside = []
    for number, captures in enumerate(shots):
        image, regions = captures[0]
        energy = resize(grad_cam(load("MiniFace"), image, number).values, 112, 112)
        inside.append(energy[~regions["background"]].sum() / energy.sum())
    assert np.mean(inside) >= 0.8


def test_the_untrained_network_knows_nobody(shots: list) -> None:
    pictures = np.stack([captures[0][0] for captures in shots])
    answers = load("MiniFace-untrained").predict(pictures).argmax(axis=1)
    assert np.mean(answers == np.arange(PEOPLE)) < 0.15
