"""Tests of explanations: each on numbers worked out by hand, and against another program where there is one."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import keras
import numpy as np
import pytest
from scipy.stats import norm, spearmanr
from sklearn.metrics import auc

from core import faces
from core.attribution import METHODS
from core.errors import ReasonedError
from core.evaluation import deletion, leaderboard, localization, randomization, similarity, stability, tasks
from core.networks import table
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED


@pytest.fixture(scope="module")
def linear() -> Network:
    """2 x 3 pixels; class 0 scores log 2 for each unit of red, weighed by its pixel's number, class 1 always 0."""
    inputs = keras.Input((2, 3, 3))
    scores = keras.layers.Dense(2, name="logits")(keras.layers.Flatten(name="flat")(inputs))
    entry = replace(UNTRAINED, name="Linear", preprocessing="unit", names=("a", "b"), classes=2)
    network = Network(entry, keras.Model(inputs, scores))
    kernel = np.zeros((2, 3, 3, 2), np.float32)
    kernel[..., 0, 0] = np.log(2) * NUMBERS
    network.model.get_layer("logits").set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    return network


NUMBERS = np.float32([[3, 0, 1], [0, 2, 0]])
RED = np.stack([np.ones((2, 3)), np.zeros((2, 3)), np.zeros((2, 3))], axis=-1).astype(np.float32)


@pytest.fixture(scope="module")
def miniface() -> Network:
    return load("MiniFace")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return faces.render_capture(4, leaderboard.SEED, 0, 112)[0]


# --- deletion and insertion -------------------------------------------------------------------------------------------


def test_deletion_by_hand(linear):
    """The score falls from 6 to 3, 1 and 0 logs of 2, and the probability is 2^s / (2^s + 1)."""
    order = deletion.ranking(NUMBERS, RED)
    assert order.tolist() == [0, 4, 2, 1, 3, 5]  # equal ones from top to bottom, from left to right
    result = deletion.curve(linear, RED, 0, order, steps=6, baseline="black")
    expected = [64 / 65, 8 / 9, 2 / 3, 1 / 2, 1 / 2, 1 / 2, 1 / 2]
    np.testing.assert_allclose(result.probabilities, expected, rtol=1e-5)
    np.testing.assert_allclose(result.shares, np.arange(7) / 6)
    assert result.area == pytest.approx((sum(expected) - (64 / 65 + 1 / 2) / 2) / 6)
    assert result.area == pytest.approx(auc(result.shares, result.probabilities))


def test_insertion_by_hand(linear):
    """Over grey every pixel keeps half of its score: from 3 on it rises by 1.5, 1 and 0.5."""
    result = deletion.curve(linear, RED, 0, deletion.ranking(NUMBERS, RED), steps=3, baseline="grey", insert=True)
    scores = 2.0 ** np.array([3, 5.5, 6, 6])  # two pixels a step: the 3 and the 2, then the 1 and a 0
    np.testing.assert_allclose(result.probabilities, scores / (scores + 1), rtol=1e-5)


def test_deletion_tells_of_every_batch_and_names_what_it_does_not_know(linear, miniface, image):
    reports = []
    order = deletion.random_ranking(image)
    deletion.curve(miniface, image, 4, order, steps=40, report=lambda *step: reports.append(step))
    assert reports == [(32, 41), (41, 41)]
    for class_index, baseline, reason in ((2, "grey", "unknown_class"), (0, "pink", "unknown_choice")):
        with pytest.raises(ReasonedError) as caught:
            deletion.curve(linear, RED, class_index, order[:6] % 6, baseline=baseline)
        assert caught.value.reason == reason


@pytest.mark.parametrize("baseline", deletion.BASELINES)
def test_pictures_on_the_way(baseline, image):
    order = deletion.random_ranking(image, seed=3)
    assert sorted(order) == list(range(112 * 112))
    behind = deletion.backdrop(image, baseline)
    assert behind.shape == image.shape and 0 <= behind.min() and behind.max() <= 1
    np.testing.assert_array_equal(deletion.changed(image, order, 0, baseline), image)
    np.testing.assert_array_equal(deletion.changed(image, order, 1, baseline), behind)
    half = deletion.changed(image, order, 0.5, baseline)
    deleted = np.isin(np.arange(112 * 112), order[: 112 * 56]).reshape(112, 112)
    np.testing.assert_array_equal(half[~deleted], image[~deleted])
    np.testing.assert_array_equal(half[deleted], behind[deleted])
    rest = deletion.changed(image, order, 0.5, baseline, insert=True)
    np.testing.assert_array_equal(rest, np.where(deleted[..., None], image, behind))


def test_deletion_of_a_map_is_faster_than_chance():
    image = faces.render(faces.person(7), faces.PORTRAIT, 112)[0]
    reports = []
    result = tasks.deletion("MiniFace", "saliency", image, 7, None, (), report=lambda *step, **_: reports.append(step))
    areas = {name: curve.area for name, curve in result.curves.items()}
    assert areas["deletion"] < areas["random_deletion"] and areas["insertion"] > areas["random_insertion"]
    assert result.curves["deletion"].probabilities[0] == pytest.approx(result.explanation.probabilities[7], rel=1e-4)
    assert [step for step, _ in reports] == sorted(step for step, _ in reports)
    assert reports[-1] == (132, 132)
    assert tasks.deletion("MiniFace", "fem", image, None, None, (), steps=2).class_index == 7  # it knows no class


# --- how alike --------------------------------------------------------------------------------------------------------


def test_rank_correlation_against_scipy():
    rng = np.random.default_rng(0)
    one, other = np.round(rng.normal(size=(2, 7, 9)), 1)  # with ties
    theirs = spearmanr(np.abs(one).ravel(), np.abs(other).ravel()).statistic
    assert similarity.rank_correlation(one, other) == pytest.approx(theirs)
    assert similarity.rank_correlation(one, -(one**3)) == pytest.approx(1)
    assert similarity.rank_correlation(one, np.ones((7, 9))) == 0


def test_structural_similarity_of_maps():
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 20, 30))
    assert similarity.structural_similarity(one, -5 * one) == pytest.approx(1)
    assert similarity.structural_similarity(one, other) < 0.2
    assert similarity.structural_similarity(one, 0 * one) < 0.1


def test_edges_by_hand():
    """A step from black to white between two columns: Sobel's 1 + 2 + 1 on either side of it."""
    image = np.repeat(np.float32([[0, 0, 0, 1, 1, 1]]), 5, axis=0)[..., None].repeat(3, axis=2)
    np.testing.assert_allclose(similarity.edges(image), np.tile([0, 0, 4, 4, 0, 0], (5, 1)), atol=1e-6)


# --- randomization ----------------------------------------------------------------------------------------------------


def weights(network: Network) -> list[np.ndarray]:
    return [values.copy() for values in network.model.get_weights()]


def test_only_a_copy_is_randomized_and_by_its_seed(miniface, image):
    before, copy = weights(miniface), randomization.copy_of(miniface)
    assert copy is not miniface and copy is randomization.copy_of(miniface)
    names = randomization.weighted_layers(miniface.model)
    assert names[:4] == ["fc8", "fc7", "fc6", "conv5_3"] and len(names) == 16
    with randomization.randomized(miniface, 3, seed=1) as result:
        assert result is copy
        first = weights(copy)
    for name in names:
        ours, theirs = (network.model.get_layer(name).get_weights()[0] for network in (copy, miniface))
        assert np.array_equal(ours, theirs) == (name not in ("fc8", "fc7", "fc6"))
        np.testing.assert_allclose(ours.std(), theirs.std(), rtol=0.05)
    for seed, same in ((2, False), (1, True)):
        with randomization.randomized(miniface, 3, seed) as result:
            again = weights(result)
        assert all(map(np.array_equal, again, first)) == same
    with randomization.randomized(miniface, 0) as result:
        np.testing.assert_array_equal(result.run(image), miniface.run(image))
    assert all(map(np.array_equal, weights(miniface), before))


def test_each_stage_adds_to_the_one_before(miniface):
    with randomization.randomized(miniface, 2, seed=5) as copy:
        two = copy.model.get_layer("fc7").get_weights()[0].copy()
    with randomization.randomized(miniface, 9, seed=5) as copy:
        np.testing.assert_array_equal(copy.model.get_layer("fc7").get_weights()[0], two)
        biases = copy.model.get_layer("fc7").get_weights()[1]
    np.testing.assert_array_equal(np.sort(biases), np.sort(miniface.model.get_layer("fc7").get_weights()[1]))


def test_guided_backpropagation_hardly_notices_what_the_gradient_does(image):
    """Dense layers and the last block are random; the paper's finding."""
    reports = []
    result = {
        name: tasks.randomization("MiniFace", name, image, 4, None, (), report=lambda *step, **_: reports.append(step))
        for name in ("guided_backpropagation", "saliency", "grad_cam")
    }
    for stages in result.values():
        assert [stage.layers for stage in stages] == list(range(17))
        assert stages[0].rank == pytest.approx(1) and stages[0].ssim == pytest.approx(1)
        assert stages[6].name == "conv5_1"
    six = {name: stages[6].rank for name, stages in result.items()}
    assert six["guided_backpropagation"] > 0.9 > six["saliency"] + 0.1
    assert six["grad_cam"] < 0.6
    assert reports[:18] == [(step, 17) for step in range(18)]


def test_nothing_is_traced_again_for_a_randomized_network(miniface, image):
    from core.attribution import gradients

    for seed in (0, 1):
        tasks.randomization("MiniFace", "saliency", image, 4, None, (), seed=seed)
    run = gradients._compiled(randomization.copy_of(miniface), gradients.unchanged)
    assert run.experimental_get_tracing_count() == 1


def test_a_head_that_was_fitted_before_is_fitted_anew(miniface, image):
    explain = METHODS["cam"].load()
    with randomization.randomized(miniface, 0) as copy:
        before = explain(copy, image, 4, captures=1).values
    with randomization.randomized(miniface, 4) as copy:
        assert explain(copy, image, 4, captures=1).calls > 1
    with randomization.randomized(miniface, 0) as copy:
        np.testing.assert_allclose(explain(copy, image, 4, captures=1).values, before)


def test_a_cancelled_cascade_leaves_the_copy_to_others(miniface, image):
    class Cancelled(Exception):
        pass

    reports = []

    def cancel(*step, **more):
        reports.append(step)
        if len(reports) == 3:  # in the midst of the first map
            raise Cancelled

    with pytest.raises(Cancelled):
        tasks.randomization("MiniFace", "occlusion", image, 4, None, (("grid", 10),), report=cancel)
    assert reports == [(0, 17)] * 3
    with randomization.randomized(miniface, 0) as copy:
        np.testing.assert_array_equal(copy.run(image), miniface.run(image))


def test_many_layers_have_no_more_than_the_stages():
    inputs = x = keras.Input((4, 4, 3))
    for _ in range(40):
        x = keras.layers.Conv2D(1, 1)(x)
    counts = randomization.layer_counts(keras.Model(inputs, x))
    assert counts[0] == 0 and counts[-1] == 40 and len(counts) == randomization.STAGES + 1


def test_there_must_be_room_for_two(miniface, monkeypatch):
    monkeypatch.setattr(randomization, "memory_for_networks", lambda: int(1.5 * miniface.entry.memory))
    with pytest.raises(NetworkError) as caught:
        randomization.copy_of(miniface)
    assert caught.value.reason == "no_room_for_copy"


# --- localization -----------------------------------------------------------------------------------------------------


def test_pointing_and_energy_by_hand():
    region = np.zeros((2, 4), bool)
    region[:, :2] = True
    values = np.float32([[3, 1, 0, 2], [-9, 0, 4, -1]])
    assert not localization.pointing_hit(values, region) and localization.pointing_hit(-values, region)
    assert localization.energy(values, region) == pytest.approx(4 / 10)
    assert localization.gain(values, region) == pytest.approx(0.8)
    assert localization.energy(-np.ones((2, 4)), region) == 0
    assert localization.energy(np.ones((2, 4)), region) == pytest.approx(0.5)
    assert not localization.pointing_hit(np.ones((2, 4)), region)


def test_a_coarse_map_is_enlarged_to_the_region():
    """`[0, 4]` enlarged to four columns is `[0, 1, 3, 4]`."""
    region = np.array([[False, False, True, False]])
    assert localization.energy(np.float32([[0, 4]]), region) == pytest.approx(3 / 8)
    assert not localization.pointing_hit(np.float32([[0, 4]]), region)


@pytest.mark.parametrize(("number", "other"), [(4, 6), (7, 9)])
def test_a_pair_differs_in_one_part_only_and_that_makes_the_person(miniface, number, other):
    capture = faces.sample_capture(np.random.default_rng(5))
    pair = localization.inpainting_pair(number, other, capture, 112)
    _, regions = faces.render(faces.person(number), capture, 112)
    names = localization.PARTS["eyes" if number == 4 else "lower"]
    np.testing.assert_array_equal(pair.part, np.any([regions[name] for name in names], axis=0))
    np.testing.assert_array_equal(pair.original[~pair.changed], pair.inpainted[~pair.changed])
    assert (np.abs(pair.original - pair.inpainted)[pair.changed].max(axis=-1) >= localization.VISIBLE).all()
    assert 0.01 < pair.changed.mean() < 0.2
    assert (pair.changed & pair.part).sum() > 0.5 * pair.changed.sum()  # the rest is where the other's part reaches
    assert pair.head[pair.part].mean() > 0.99
    before, after = miniface.run(np.stack([pair.original, pair.inpainted]))
    assert before.argmax() == number != after.argmax()


def test_the_part_that_marks_nobody_changes_little(miniface):
    capture = faces.sample_capture(np.random.default_rng(5))
    drops = {}
    for part in localization.PARTS:
        pair = localization.inpainting_pair(4, 6, capture, 112, part)
        before, after = miniface.run(np.stack([pair.original, pair.inpainted]))[:, 4]
        drops[part] = before - after
    assert drops["eyes"] > 5 * abs(drops["lower"])


def test_a_pair_takes_the_traits_of_one_part():
    mixed = localization._with_part(faces.person(4), faces.person(6), "eyes")
    for trait in fields(faces.Identity):
        source = 6 if trait.metadata["where"] == "eyes" else 4
        assert getattr(mixed, trait.name) == getattr(faces.person(source), trait.name)


def test_localization_explains_the_person(miniface):
    result = tasks.localization("MiniFace", "hires_cam", 4, "conv4_3", (), other=6)
    assert (result.explanation.class_index, result.explanation.layer) == (4, "conv4_3")
    assert result.predicted[0] == 4
    logits = miniface.run(np.stack([result.pair.original, result.pair.inpainted]))[:, 4]
    np.testing.assert_allclose(result.scores, logits, rtol=1e-4)


# --- stability --------------------------------------------------------------------------------------------------------


def test_stability_by_hand():
    first = np.float32([[1, 2, 3]])
    assert stability.similarity([first, first * 9, np.float32([[2, 1, 3]])]) == pytest.approx((1 + 0.5) / 2)


def test_noise_is_small_and_drawn_by_its_seed():
    grey = np.full((50, 60, 3), 0.5, np.float32)
    copies = list(stability.noisy(grey, 3, noise=2, seed=1))
    assert all(copy.dtype == np.float32 for copy in copies)
    np.testing.assert_allclose(np.std(copies), 0.02, rtol=0.03)
    np.testing.assert_array_equal(copies, list(stability.noisy(grey, 3, noise=2, seed=1)))
    assert not np.array_equal(copies[0], copies[1])


def test_a_method_is_asked_again_with_noise_and_with_other_seeds(image):
    reports = []
    result = tasks.stability(
        "MiniFace",
        "rise",
        image,
        4,
        None,
        (("samples", 64), ("seed", 3)),
        copies=2,
        report=lambda *step, **_: reports.append(step),
    )
    assert result.noise.shape == result.seeds.shape == (3, 112, 112)
    np.testing.assert_array_equal(result.noise[0], result.seeds[0])
    assert 0 < stability.similarity(result.seeds) < 1
    assert reports[0] == (0, 6) and reports[-1] == (6, 6)
    plain = tasks.stability("MiniFace", "saliency", image, None, None, (), copies=1)
    assert plain.seeds is None and 0.3 < stability.similarity(plain.noise) < 1


# --- leaderboard ------------------------------------------------------------------------------------------------------


def test_summary_by_hand():
    result = leaderboard.summary({"fem": [{"deletion": 0.1, "noise": 1.0}, {"deletion": 0.3}]})
    half = 12.7062 * 0.1  # Student's t(0.975, 1) times the standard error
    assert result["deletion"]["fem"]["mean"] == pytest.approx(0.2)
    np.testing.assert_allclose(result["deletion"]["fem"]["interval"], [0.2 - half, 0.2 + half], atol=1e-4)
    assert result["noise"]["fem"] == {"mean": 1.0, "interval": [1.0, 1.0], "captures": 1}
    assert result["insertion"] == {}


@pytest.mark.parametrize(("hits", "of"), [(0, 5), (3, 5), (60, 68), (68, 68), (1, 1)])
def test_intervals_of_rates_are_wilsons(hits: int, of: int):
    captures = [{"pointing_head": float(place < hits)} for place in range(of)]
    result = leaderboard.summary({"fem": captures})["pointing_head"]["fem"]
    share, z = hits / of, norm.ppf(0.975)
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    np.testing.assert_allclose(result["interval"], [middle - half, middle + half], atol=1e-4)
    assert 0 <= result["interval"][0] <= result["mean"] <= result["interval"][1] <= 1


def test_the_leaderboard_of_controls():
    reports = []
    result = tasks.rank(["edges", "random", "saliency"], 5, report=lambda *step, **_: reports.append(step))
    assert reports == [(step, 15) for step in range(15)]
    metrics = result["metrics"]
    assert metrics["randomization"]["edges"]["mean"] == 1  # they do not know that there is a network
    assert abs(metrics["randomization"]["random"]["mean"]) < 0.05
    assert metrics["energy_head"]["random"]["mean"] == pytest.approx(1, abs=0.05)
    assert metrics["energy_part"]["saliency"]["mean"] > 1.5
    assert metrics["deletion"]["saliency"]["captures"] == 5 and metrics["noise"]["saliency"]["captures"] == 2
    assert set(metrics["seeds"]) == {"random"}
    assert 0 < result["chance"]["pointing_part"] < result["chance"]["pointing_head"] < 1


def test_random_maps_are_others_for_every_picture_and_the_same_another_day():
    one, other = (leaderboard.capture(number, 32)[1].original for number in (0, 1))

    def maps():
        explain = leaderboard.explainer("random")
        return [explain(None, picture, 0, 0) for picture in (one, one, other)]

    first, again, third = maps()
    np.testing.assert_array_equal(maps(), [first, again, third])
    assert len({values.argmax() for values in (first, again, third)}) == 3


def test_captures_are_unseen_and_of_both_groups():
    numbers = [leaderboard.capture(number, 16)[0] for number in range(50)]
    assert numbers == [*range(48), 0, 1]
    assert leaderboard.SEED not in (7, 20261121)  # of the evaluation and of the training


def test_the_stored_leaderboard_is_that_of_the_program():
    content = leaderboard.stored()
    assert json.loads(leaderboard.FILE.read_text()) == content
    assert content["network"] == table.MINIFACE.name
    parameters = json.loads(json.dumps(leaderboard.parameters()))  # of those that were measured
    assert content["parameters"] == {
        row: parameters[row] for row in parameters if row in content["metrics"]["deletion"]
    }
    for name, rows in content["metrics"].items():
        seeded = {row for row in leaderboard.ROWS if leaderboard.seeded(row)}
        known = seeded if name == "seeds" else set(leaderboard.ROWS)
        assert rows.keys() <= known and len(rows) > 1  # a method may not have been measured yet
        assert all(cell["interval"][0] <= cell["mean"] <= cell["interval"][1] for cell in rows.values())
    assert content["metrics"].keys() == leaderboard.METRICS.keys()
    for name in ("pointing_head", "pointing_part"):
        assert all(
            0 <= result["interval"][0] < result["interval"][1] <= 1 for result in content["metrics"][name].values()
        )
