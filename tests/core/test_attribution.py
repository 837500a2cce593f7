"""Every method of the table: what all have in common, each by hand with exact numbers, each against another program."""

import gc
import inspect
import itertools
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from agreement import agree

import core.attribution.cam
import core.attribution.lime
import core.attribution.rise
import core.attribution.shap
from core import attribution, faces
from core.attribution import METHODS, AttributionError, gradients, superpixels
from core.attribution.target import hide
from core.networks.entry import NetworkError
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED

SLOW = [name for name, method in METHODS.items() if method.slow]


def explain(name, *arguments, **options):
    return METHODS[name].load()(*arguments, **options)


def few(name: str) -> dict[str, float]:
    """The least that a method's parameters allow: few samples, seed 0; but a patch large enough to hide something."""
    return {param.name: 20 if param.name == "size" else param.minimum for param in METHODS[name].params}


def network_of(inputs, outputs) -> Network:
    """A network that takes pictures as they are; its default layer is "maps"."""
    entry = replace(UNTRAINED, name="Tiny", preprocessing="unit", names=("a", "b"), classes=2, default_layer="maps")
    return Network(entry, keras.Model(inputs, outputs))


@pytest.fixture(scope="module")
def miniface() -> Network:
    return load("MiniFace-untrained")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(2).random((112, 112, 3), dtype=np.float32)


# --- what all have in common ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_table_tells_what_the_function_takes(method):
    takes = inspect.signature(method.load()).parameters
    assert list(takes)[:3] == ["network", "image", "class_index"]
    own = {name: takes[name].default for name in list(takes)[3:] if name not in ("layer", "channels", "report")}
    assert own == {param.name: param.default for param in method.params}
    assert all(param.minimum <= param.default <= param.maximum for param in method.params)
    assert ("layer" in takes) == method.needs_layer
    assert ("report" in takes) == method.slow
    assert method.link.startswith("https://")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_same_map_every_time(name, miniface, image):
    saliency = explain(name, miniface, image, 1, **few(name))
    height, width = saliency.values.shape
    assert 4 <= height <= 112 and 4 <= width <= 112
    assert saliency.values.dtype == np.float32
    assert np.isfinite(saliency.values).all() and np.ptp(saliency.values) > 0
    assert saliency.class_index == (1 if METHODS[name].per_class else None)
    assert METHODS[name].signed or saliency.values.min() >= 0
    assert saliency.layer == ("conv5_3" if METHODS[name].needs_layer else None)
    assert saliency.calls > 0
    again = explain(name, miniface, image, 1, **few(name))
    np.testing.assert_array_equal(again.values, saliency.values)


@pytest.fixture(scope="module")
def small() -> Network:
    """16 x 24 pixels, everything in it the same from left to right as from right to left. Three classes: the third has
    the score of the first with the other sign.
    """
    keras.utils.set_random_seed(7)
    inputs = keras.Input((16, 24, 3))
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Conv2D(12, 3, padding="same", activation="relu", name="maps")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = network_of(inputs, keras.layers.Dense(3, name="logits")(x))
    for layer in network.model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel + kernel[:, ::-1], bias])
    kernel, bias = network.model.get_layer("logits").get_weights()
    network.model.get_layer("logits").set_weights([np.stack([*kernel.T[:2], -kernel[:, 0]], axis=1), bias])
    return network


@pytest.fixture(scope="module")
def small_picture() -> np.ndarray:
    return np.random.default_rng(5).random((16, 24, 3), dtype=np.float32)


@pytest.mark.parametrize("name", METHODS)
def test_a_map_lies_as_the_picture_does_and_is_another_one_for_another_class(name, small, small_picture):
    one, two, opposite = (explain(name, small, small_picture, index, **few(name)).values for index in range(3))
    expected = (8, 12) if METHODS[name].needs_layer and name != "guided_grad_cam" else (16, 24)
    assert one.shape == ((4, 4) if name == "occlusion" else expected)
    assert np.isfinite([one, two, opposite]).all()
    if METHODS[name].per_class:
        assert np.abs(one - two).max() > 1e-3 * np.abs(one).max()
    else:
        np.testing.assert_array_equal(one, two)
    if METHODS[name].signed:  # what speaks for a score speaks against its opposite
        np.testing.assert_allclose(opposite, -one, atol=1e-4 * np.abs(one).max())


DRAWN = ("smooth_grad", "rise", "lime", "shap")
"""What these draw at random, or divide the picture into, is not flipped with it."""


@pytest.mark.parametrize("name", [name for name in METHODS if name not in DRAWN])
def test_the_flipped_picture_has_the_flipped_map(name, small, small_picture):
    straight, flipped = (
        explain(name, small, picture, 1, **few(name)).values for picture in (small_picture, small_picture[:, ::-1])
    )
    assert np.ptp(straight) > 0
    np.testing.assert_allclose(flipped, straight[:, ::-1], atol=1e-4 * np.abs(straight).max())


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.per_class])
def test_the_first_choice_is_explained_unless_told_otherwise(name, miniface, image):
    assert explain(name, miniface, image, **few(name)).class_index == miniface.run(image)[0].argmax()
    with pytest.raises(NetworkError, match="no class 48"):
        explain(name, miniface, image, 48, **few(name))


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.needs_layer])
def test_layers_without_feature_maps_are_named(name, miniface, image):
    with pytest.raises(NetworkError) as caught:
        explain(name, miniface, image, 1, layer="fc7", **few(name))
    assert caught.value.reason == "flat_layer"


@pytest.mark.parametrize("name", SLOW)
def test_slow_methods_report_a_map_that_becomes_the_answer_and_stop_when_told(name, miniface, image):
    seen = []
    options = {**few(name), "seed": 5} if "seed" in few(name) else few(name)

    def note(step, steps, values=None, **numbers):
        seen.append((step, steps, values if values is None else values.copy(), numbers["calls"]))

    saliency = explain(name, miniface, image, 1, report=note, **options)
    steps = [step for step, *_ in seen]
    assert steps == sorted(steps) and steps[-1] == seen[-1][1]
    assert seen[-1][3] == saliency.calls
    if name != "cam":  # what takes its time there is fitting the head
        np.testing.assert_allclose(seen[-1][2], saliency.values, rtol=1e-5, atol=1e-6)

    class Cancelled(Exception):
        pass

    def cancel(*arguments, **numbers):
        raise Cancelled

    options = {**options, "seed": 6} if "seed" in options else options  # a head of CAM that was not fitted yet
    with pytest.raises(Cancelled):
        explain(name, miniface, image, 1, report=cancel, **options)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *[(method.title, name) for name, method in METHODS.items()],
        ("GRADCAM", "grad_cam"),
        ("Grad CAM", "grad_cam"),
        ("gradcam++", "grad_cam_plus_plus"),
        ("GradCAMPlusPlus", "grad_cam_plus_plus"),
        ("gradient x input", "gradient_x_input"),
        ("hires-cam", "hires_cam"),
    ],
)
def test_names_and_titles_are_found_by_their_letters(spelling, name):
    assert attribution.find(spelling) is METHODS[name]


def test_nothing_is_traced_twice(miniface, image):
    for class_index, steps in ((1, 8), (2, 40), (None, 48)):
        explain("integrated_gradients", miniface, image, class_index, steps=steps)
    assert gradients._compiled(miniface, gradients.unchanged).experimental_get_tracing_count() == 1


# --- by hand ----------------------------------------------------------------------------------------------------------

FIRST_MAP = np.float32([[0.5, 1, 0], [0, 0.5, 0]])
SECOND_MAP = np.float32([[0, 0.5, 0.5], [1, 0, 0]])
FIRST_GRADIENT = np.float32([[6, 0, 0], [0, -2, 0]])
SECOND_GRADIENT = np.float32([[0, 4, 0], [0, 0, -9]])
"""The last one stands where the map is 0 and the ReLU passes nothing back."""


@pytest.fixture(scope="module")
def tiny() -> Network:
    """2 x 3 pixels; the two feature maps are the picture's red and green, class 0 scores with the gradients above."""
    inputs = keras.Input((2, 3, 3))
    x = keras.layers.Conv2D(2, 1, activation="relu", name="maps")(inputs)
    x = keras.layers.Flatten()(x)
    network = network_of(inputs, keras.layers.Dense(2, name="logits")(x))
    network.model.get_layer("maps").set_weights([np.eye(3)[None, None, :, :2], np.zeros(2)])
    rows = np.stack([FIRST_GRADIENT, SECOND_GRADIENT], axis=-1).ravel()
    network.model.get_layer("logits").set_weights([np.stack([rows, np.zeros(12)], axis=1), np.float32([0, 1])])
    return network


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.stack([FIRST_MAP, SECOND_MAP, np.zeros((2, 3), np.float32)], axis=-1)


def softmax_of_3_and_1() -> tuple[float, float]:
    return np.exp(2) / (1 + np.exp(2)), 1 / (1 + np.exp(2))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("hires_cam", {}, [[3, 2, 0], [0, 0, 0]]),  # -2 x 0.5 is dropped
        # both maps sum to 2, so alpha is 1 / (2 + 2 g): 6 / 14 for the first map, 4 / 10 for the second
        ("grad_cam_plus_plus", {}, 3 / 7 * FIRST_MAP + 2 / 5 * SECOND_MAP),
        ("fem", {"k": 0}, np.float32([[1, 2, 1], [1, 1, 0]]) / 3),  # mean 1 / 3 in both maps
        ("fem", {"k": 1}, np.float32([[0, 1, 0], [1, 0, 0]]) / 3),  # deviation 0.37
        # through the first map 6 x 0.25 - 2 x 0.25 + 4 x 0.5 = 3, through the second 4 x 0.25 = 1
        ("score_cam", {"baseline": 0}, softmax_of_3_and_1()[0] * FIRST_MAP + softmax_of_3_and_1()[1] * SECOND_MAP),
        ("score_cam", {"baseline": 0, "maps": 1}, FIRST_MAP),
        ("saliency", {}, [[6, 4, 0], [0, 2, 0]]),
        ("gradient_x_input", {}, [[3, 2, 0], [0, -1, 0]]),
        ("smooth_grad", {"noise": 0, "samples": 3}, [[6, 4, 0], [0, 2, 0]]),
        ("integrated_gradients", {"steps": 3}, [[3, 2, 0], [0, -1, 0]]),
        ("integrated_gradients", {"steps": 2, "baseline": 1}, [[-3, -2, 0], [0, 1, 9]]),  # from white down
        ("guided_backpropagation", {}, [[6, 4, 0], [0, 0, 0]]),
        # Grad-CAM: 2 / 3 of the first map less 5 / 6 of the second
        ("guided_grad_cam", {}, [[6 / 3, 4 / 4, 0], [0, 0, 0]]),
    ],
)
def test_by_hand(name, options, expected, tiny, picture):
    np.testing.assert_allclose(explain(name, tiny, picture, 0, **options).values, expected, rtol=1e-5, atol=1e-7)


def test_what_the_steps_of_the_camera_methods_show(tiny, picture):
    maps = np.stack([FIRST_MAP, SECOND_MAP], axis=-1)
    hires, plus, fem, score = (
        explain(name, tiny, picture, 0) for name in ("hires_cam", "grad_cam_plus_plus", "fem", "score_cam")
    )
    for result in (hires, plus, fem, score):
        np.testing.assert_array_equal(result.steps["feature_maps"], maps)
    np.testing.assert_array_equal(hires.steps["weighted"], [[3, 2, 0], [0, -1, 0]])
    np.testing.assert_allclose(plus.steps["weights"], [3 / 7, 2 / 5], rtol=1e-6)
    np.testing.assert_allclose(plus.steps["alphas"][1, 1], [-1 / 2, 0])
    np.testing.assert_allclose(fem.steps["weights"], [1 / 3, 1 / 3])
    np.testing.assert_allclose(fem.steps["thresholds"], 1 / 3 + 2 * np.std(FIRST_MAP) * np.ones(2))
    assert score.steps["channels"].tolist() == [0, 1]
    assert score.steps["weights"].sum() == pytest.approx(1)


HEAD = np.float32([[2, 7], [-3, 7]])


@pytest.mark.parametrize(
    "head",
    [
        [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, name="head")],
        [keras.layers.AveragePooling2D((2, 3)), keras.layers.Flatten(), keras.layers.Dense(2, name="head")],
        [
            keras.layers.GlobalAveragePooling2D(keepdims=True),
            keras.layers.Dropout(0.5),
            keras.layers.Conv2D(2, 1, name="head"),
            keras.layers.Reshape((2,)),
        ],
    ],
)
def test_cam_reads_the_network_s_own_head(head, picture):
    inputs = keras.Input((2, 3, 3))
    x = keras.layers.Conv2D(2, 1, activation="relu", name="maps")(inputs)
    for layer in head:
        x = layer(x)
    network = network_of(inputs, x)
    network.model.get_layer("maps").set_weights([np.eye(3)[None, None, :, :2], np.zeros(2)])
    last = network.model.get_layer("head")
    last.set_weights([HEAD.reshape(last.kernel.shape), np.float32([5, 0])])
    result = explain("cam", network, picture, 0)
    np.testing.assert_allclose(result.values, 2 * FIRST_MAP - 3 * SECOND_MAP)
    assert result.values.mean() + 5 == pytest.approx(network.run(picture)[0, 0])  # with the bias it is the score
    assert result.calls == 1


def test_cam_of_a_network_that_has_no_such_head_and_no_pictures(tiny, picture):
    with pytest.raises(AttributionError) as caught:
        explain("cam", tiny, picture, 0)
    assert caught.value.reason == "no_head"


@pytest.fixture(scope="module")
def linear() -> Network:
    """4 x 6 pixels; class 0 scores the sum of red times its pixel's number, from 0 to 23."""
    inputs = keras.Input((4, 6, 3))
    network = network_of(inputs, keras.layers.Dense(2, name="logits")(keras.layers.Flatten()(inputs)))
    kernel = np.zeros((4, 6, 3, 2), np.float32)
    kernel[..., 0, 0] = NUMBERS
    network.model.get_layer("logits").set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    return network


NUMBERS = np.arange(24, dtype=np.float32).reshape(4, 6)
QUARTERS = np.kron(np.array([[0, 1], [2, 3]]), np.ones((2, 3), int))


def sums(values: np.ndarray) -> np.ndarray:
    """Sums over the quarters of 4 x 6 values: `(2, 2)`."""
    return np.bincount(QUARTERS.ravel(), values.ravel()).reshape(2, 2)


def test_occlusion_by_hand(linear):
    white = np.ones((4, 6, 3), np.float32)
    result = explain("occlusion", linear, white, 0, grid=2, size=50, baseline=0.25)
    np.testing.assert_array_equal(result.values, 0.75 * sums(NUMBERS))  # a quarter each
    assert result.calls == 5
    everything = explain("occlusion", linear, white, 0, grid=2, size=200, baseline=0.25)
    np.testing.assert_array_equal(everything.values, np.full((2, 2), 0.75 * NUMBERS.sum()))


def test_rise_by_hand(linear, monkeypatch):
    """The left half scores 120, the right half 156, and both together 138 in the mean."""
    left = np.float32([1, 1, 1, 0, 0, 0]) * np.ones((4, 1), np.float32)
    masks = iter([left, 1 - left])
    monkeypatch.setattr(core.attribution.rise, "random_mask", lambda *arguments: next(masks))
    result = explain("rise", linear, np.ones((4, 6, 3)), 0, samples=2)
    np.testing.assert_allclose(result.values, np.where(left, 120 - 138, 156 - 138))


def test_shap_by_hand(linear, monkeypatch):
    """In a linear network a Shapley value is what the superpixel itself adds."""
    monkeypatch.setattr(core.attribution.shap, "split", lambda *arguments: QUARTERS)
    image = np.random.default_rng(4).random((4, 6, 3), dtype=np.float32)
    result = explain("shap", linear, image, 0, permutations=1)
    means = (sums(image[..., 0]) / 6).ravel()[QUARTERS]
    expected = sums(NUMBERS * (image[..., 0] - means))
    np.testing.assert_allclose(result.values, expected.ravel()[QUARTERS], rtol=1e-4, atol=1e-4)
    assert result.calls == 2 * 4 + 1


def test_lime_by_hand(linear, monkeypatch):
    """The ridge regression written out, of 60 pictures with quarters hidden at random."""
    monkeypatch.setattr(core.attribution.lime, "split", lambda *arguments: QUARTERS)
    image = np.random.default_rng(4).random((4, 6, 3), dtype=np.float32)
    result = explain("lime", linear, image, 0, samples=60, seed=9)
    shown = np.random.RandomState(9).randint(0, 2, (60, 4))
    shown[0] = 1
    means = (sums(image[..., 0]) / 6).ravel()[QUARTERS]
    scores = np.array([(NUMBERS * np.where(row[QUARTERS], image[..., 0], means)).sum() for row in shown])
    cosines = shown.sum(axis=1) / np.sqrt(np.maximum(shown.sum(axis=1), 1) * 4)
    weights = np.sqrt(np.exp(-((1 - cosines) ** 2) / 0.25**2))
    centred = shown - np.average(shown, axis=0, weights=weights)
    left_side = (centred * weights[:, None]).T @ centred + np.eye(4)
    right_side = (centred * weights[:, None]).T @ (scores - np.average(scores, weights=weights))
    np.testing.assert_allclose(result.values, np.linalg.solve(left_side, right_side)[QUARTERS], rtol=1e-3, atol=1e-4)


def test_hidden_places_show_what_is_behind_them():
    image, mask = np.full((1, 2, 3), 0.8, np.float32), np.float32([[[1, 0.25]]])
    np.testing.assert_allclose(hide(image, mask, 0.4)[0, 0, :, 0], [0.8, 0.5])
    np.testing.assert_allclose(hide(image, mask, np.zeros((1, 2, 3)))[0, 0, :, 0], [0.8, 0.2])


def test_masks_of_rise_are_soft_and_show_the_share_that_was_wanted():
    rng = np.random.default_rng(0)
    masks = np.stack([core.attribution.rise.random_mask(rng, 30, 50, 6, 0.3) for _ in range(300)])
    assert masks.shape == (300, 30, 50) and masks.dtype == np.float32
    assert masks.min() == 0 and masks.max() == 1 and ((masks > 0.1) & (masks < 0.9)).mean() > 0.1
    np.testing.assert_allclose(masks.mean(), 0.3, atol=0.01)
    np.testing.assert_allclose(masks.mean(axis=0), 0.3, atol=0.12)  # the same at every place


def test_superpixels_cover_the_picture_and_keep_its_mean_colour(image):
    picture = image[:60]
    parts = superpixels.split(picture, 30)
    assert parts.shape == (60, 112) and 20 <= parts.max() + 1 <= 40
    assert set(np.unique(parts)) == set(range(parts.max() + 1))
    flat = superpixels.mean_colours(picture, parts)
    np.testing.assert_allclose(
        flat[parts == 3], np.tile(picture[parts == 3].mean(axis=0), ((parts == 3).sum(), 1)), rtol=1e-5
    )


# --- against other programs -------------------------------------------------------------------------------------------


def of_class_5():
    from tf_keras_vis.utils.scores import CategoricalScore

    return CategoricalScore(5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layer", ["conv1_2", "conv3_3", "conv5_3"])
def test_grad_cam_plus_plus_against_tf_keras_vis(layer, miniface, image):
    """There the alphas of every map are made to sum to 1, and all is multiplied by exp(y_c).

    At early layers some alpha has a denominator near 0, where rounding shows.
    """
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus

    theirs = GradcamPlusPlus(miniface.model, clone=False)(
        of_class_5(),
        miniface.inputs(image),
        penultimate_layer=layer,
        seek_penultimate_conv_layer=False,
        normalize_cam=False,
        expand_cam=False,
    )[0]
    steps = explain("grad_cam_plus_plus", miniface, image, 5, layer=layer).steps
    alphas = steps["alphas"].sum(axis=(0, 1))
    weights = np.divide(steps["weights"], alphas, out=np.zeros_like(alphas), where=alphas != 0)
    ours = np.maximum((steps["feature_maps"] * weights).sum(axis=-1), 0) * np.exp(miniface.run(image)[0, 5])
    agree(f"grad_cam_plus_plus {layer}", "tf-keras-vis", ours, theirs, 1e-4 if layer == "conv5_3" else 5e-3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("maps", [6, 16])
def test_score_cam_against_tf_keras_vis(maps, miniface, image):
    """There a weight is the probability of the class: with a second logit that is always 0, the sigmoid of the score.

    At the first layers, because maps are enlarged to other corners there.
    """
    from tf_keras_vis.scorecam import Scorecam

    logits = miniface.model.output[:, 5:6]
    two = keras.Model(miniface.model.input, keras.layers.Concatenate()([logits, 0 * logits]))
    theirs = Scorecam(two, clone=False)(
        lambda outputs: outputs[..., 0],
        miniface.inputs(image),
        penultimate_layer="conv1_2",
        seek_penultimate_conv_layer=False,
        normalize_cam=False,
        expand_cam=False,
        max_N=maps,
    )[0]
    steps = explain("score_cam", miniface, image, 5, layer="conv1_2", maps=maps).steps
    ours = (steps["feature_maps"] / (1 + np.exp(-steps["scores"]))).sum(axis=-1)
    agree(f"score_cam {maps} maps", "tf-keras-vis", ours, theirs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "samples"), [("saliency", 0), ("smooth_grad", 10)])
def test_gradients_against_tf_keras_vis(name, samples, miniface, image, monkeypatch):
    from tf_keras_vis.saliency import Saliency

    def same_noise(mean, deviation, shape):
        return np.random.default_rng(3).normal(0, np.ravel(deviation)[0], shape)

    monkeypatch.setattr(np.random, "normal", same_noise)
    theirs = Saliency(miniface.model, clone=False)(
        of_class_5(),
        miniface.inputs(image),
        smooth_samples=samples,
        smooth_noise=0.1,
        keepdims=True,
        gradient_modifier=None,
        normalize_map=False,
    )[0]
    options = {"samples": samples, "noise": 10, "seed": 3} if samples else {}
    ours = explain(name, miniface, image, 5, **options)
    # rounding flips single ReLUs, because there the copies go through the network one by one
    tolerance = 1e-2 if samples else 1e-4
    agree(f"{name}, in colour", "tf-keras-vis", ours.steps["gradients"], theirs, tolerance)
    agree(name, "tf-keras-vis", ours.values, np.abs(theirs).max(axis=-1), tolerance)


@pytest.mark.parametrize("baseline", [0.0, 0.5])
def test_integrated_gradients_are_complete(baseline, small, small_picture):
    """They sum to the score's rise from the baseline."""
    for class_index in range(3):
        ours = explain("integrated_gradients", small, small_picture, class_index, steps=256, baseline=baseline)
        scores = small.run(np.stack([small_picture, np.full_like(small_picture, baseline)]))[:, class_index]
        assert ours.values.sum() == pytest.approx(scores[0] - scores[1], rel=0.01)
        assert ours.calls == 256


def test_integrated_gradients_against_a_tape(miniface, image):
    inputs, start = tf.constant(miniface.inputs(image)), tf.fill((1, 112, 112, 3), -1.0)
    theirs = np.zeros((112, 112))
    for share in (np.arange(8) + 0.5) / 8:
        between = start + share * (inputs - start)
        with tf.GradientTape() as tape:
            tape.watch(between)
            score = miniface.model(between)[0, 5]
        theirs += np.sum((inputs - start) * tape.gradient(score, between), axis=-1)[0] / 8
    ours = explain("integrated_gradients", miniface, image, 5, steps=8)
    agree("integrated_gradients", "GradientTape", ours.values, theirs, 1e-2)  # single ReLUs, as above


def test_rise_converges(small, small_picture):
    maps = [explain("rise", small, small_picture, 0, samples=4000, seed=seed).values for seed in (0, 1)]
    assert np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1] > 0.95


def test_gradient_x_input_is_the_slope_towards_nothing(miniface, image):
    """A network without biases and with ReLUs alone is linear along the ray: the map sums to the score."""
    assert all(not np.any(layer.bias) for layer in miniface.model.layers if layer.weights)
    ours = explain("gradient_x_input", miniface, image, 5)
    _, slopes = maps_and_gradients(miniface, image, "input", 5)
    agree("gradient_x_input", "GradientTape", ours.values, (slopes * miniface.inputs(image)[0]).sum(axis=-1))
    assert ours.values.sum() == pytest.approx(miniface.run(image)[0, 5], rel=1e-3)


def maps_and_gradients(network: Network, image: np.ndarray, layer: str, class_index: int) -> tuple[np.ndarray, ...]:
    """A layer's maps and the gradients of a class by them, `(h, w, k)` each, eagerly and from the whole network."""
    both = keras.Model(network.model.input, [network.model.get_layer(layer).output, network.model.output])
    inputs = tf.constant(network.inputs(image))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        maps, logits = both(inputs)
        score = logits[0, class_index]
    return maps[0].numpy(), tape.gradient(score, maps)[0].numpy()


@pytest.mark.parametrize("layer", ["conv1_2", "conv3_3", "conv5_3"])
def test_hires_cam_against_a_tape(layer, miniface, image):
    maps, gradients = maps_and_gradients(miniface, image, layer, 5)
    theirs = sum(maps[..., k] * gradients[..., k] for k in range(maps.shape[-1]))
    ours = explain("hires_cam", miniface, image, 5, layer=layer)
    agree(f"hires_cam {layer}", "GradientTape", ours.values, np.maximum(theirs, 0))


@pytest.mark.parametrize(("layer", "k"), [("conv1_2", 1.0), ("conv3_3", 2.0), ("conv5_3", 0.5)])
def test_fem_against_its_formula_map_by_map(layer, k, miniface, image):
    maps, _ = maps_and_gradients(miniface, image, layer, 0)
    theirs = np.zeros(maps.shape[:2])
    for one in np.moveaxis(maps.astype(float), -1, 0):
        deviation = np.sqrt(((one - one.mean()) ** 2).mean())
        theirs[one >= one.mean() + k * deviation] += one.mean()
    agree(f"fem {layer}", "NumPy", explain("fem", miniface, image, layer=layer, k=k).values, theirs)


def guided_gradients(network: Network, image: np.ndarray, class_index: int) -> np.ndarray:
    """MiniFace written out with a ReLU of its own that is guided: gradients of a class `(h, w, 3)`."""

    @tf.custom_gradient
    def guided_relu(x):
        return tf.nn.relu(x), lambda upstream: upstream * tf.cast((x > 0) & (upstream > 0), tf.float32)

    weights = {layer.name: layer.get_weights() for layer in network.model.layers}
    x = start = tf.constant(network.inputs(image))
    with tf.GradientTape() as tape:
        tape.watch(start)
        for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1):
            for number in range(1, convolutions + 1):
                kernel, bias = weights[f"conv{block}_{number}"]
                x = guided_relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(x, (1, -1))
        for name in ("fc6", "fc7"):
            x = guided_relu(x @ weights[name][0] + weights[name][1])
        score = (x @ weights["fc8"][0] + weights["fc8"][1])[0, class_index]
    return tape.gradient(score, start)[0].numpy()


def test_guided_backpropagation_against_a_network_written_out(miniface, image):
    ours = explain("guided_backpropagation", miniface, image, 5).steps["gradients"]
    agree("guided_backpropagation", "a network written out", ours, guided_gradients(miniface, image, 5))


def test_guided_grad_cam_against_a_network_written_out(miniface, image):
    maps, gradients = maps_and_gradients(miniface, image, "conv4_3", 5)
    where = np.maximum(maps @ gradients.mean(axis=(0, 1)), 0)
    enlarged = tf.image.resize(where[..., None], (112, 112)).numpy()
    theirs = np.abs(enlarged * guided_gradients(miniface, image, 5)).max(axis=-1)
    ours = explain("guided_grad_cam", miniface, image, 5, layer="conv4_3")
    agree("guided_grad_cam", "a network written out", ours.values, theirs)


RECTIFIERS = [keras.layers.ReLU(), keras.layers.ReLU(6.0), keras.layers.Activation("relu")]


@pytest.mark.parametrize("rectifier", RECTIFIERS)
def test_every_kind_of_relu_is_guided_also_beside_a_branch(rectifier):
    """y = relu(x) - relu(x) on two ways: the gradient is 0, what is positive on its way back is 1."""
    inputs = keras.Input((2, 3, 3))
    minus = keras.layers.Rescaling(-1.0)(rectifier(inputs))
    both = keras.layers.Add(name="maps")([keras.layers.ReLU()(inputs), minus])
    network = network_of(inputs, keras.layers.GlobalAveragePooling2D()(both))
    image = np.full((2, 3, 3), 0.5, np.float32)
    np.testing.assert_array_equal(explain("saliency", network, image, 0).values, np.zeros((2, 3)))
    np.testing.assert_allclose(explain("guided_backpropagation", network, image, 0).values, np.full((2, 3), 1 / 6))
    np.testing.assert_array_equal(network.run(image), np.zeros((1, 3)))  # the network itself is as it was


def test_relus_of_a_network_inside_the_network_are_guided():
    inputs, inside = keras.Input((2, 3, 3)), keras.Input((2, 3, 3))
    part = keras.Model(inside, keras.layers.Rescaling(-1.0)(keras.layers.ReLU()(inside)))
    network = network_of(inputs, keras.layers.GlobalAveragePooling2D()(part(inputs)))
    image = np.full((2, 3, 3), 0.5, np.float32)
    np.testing.assert_allclose(explain("saliency", network, image, 0).values, np.full((2, 3), 1 / 6))
    np.testing.assert_array_equal(explain("guided_backpropagation", network, image, 0).values, np.zeros((2, 3)))


def test_a_network_without_relu_cannot_be_guided(linear):
    with pytest.raises(AttributionError) as caught:
        explain("guided_backpropagation", linear, np.ones((4, 6, 3)), 0)
    assert caught.value.reason == "no_relu"


@pytest.mark.parametrize("name", ["guided_backpropagation", "guided_grad_cam"])
def test_a_network_that_was_guided_goes_with_its_weights_and_all_that_was_traced(name):
    def graphs() -> int:
        gc.collect()  # models and their compiled functions hold each other
        return sum(issubclass(type(one), tf.Graph) for one in gc.get_objects())

    def guide() -> list[weakref.ref]:
        inputs = keras.Input((2, 3, 3))
        x = keras.layers.ReLU(name="maps")(keras.layers.Conv2D(2, 1)(inputs))
        network = network_of(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
        explain(name, network, np.ones((2, 3, 3)), 0)
        return [weakref.ref(one) for one in (network, network.model, *network.model.weights)]

    before = graphs()
    references = guide()
    assert graphs() == before
    assert all(reference() is None for reference in references)


def test_occlusion_against_slow_loops(miniface, image):
    result = explain("occlusion", miniface, image, 5, grid=4, size=30, baseline=0.25)
    theirs = np.zeros((4, 4))
    for row, column in itertools.product(range(4), repeat=2):
        covered = image.copy()
        for y, x in itertools.product(range(112), repeat=2):
            if max(abs(y + 0.5 - 28 * (row + 0.5)), abs(x + 0.5 - 28 * (column + 0.5))) < 0.15 * 112:
                covered[y, x] = 0.25
        theirs[row, column] = miniface.run(image)[0, 5] - miniface.run(covered)[0, 5]
    agree("occlusion", "slow loops", result.values, theirs)


def test_rise_against_slow_loops(miniface, image):
    result = explain("rise", miniface, image, 5, samples=40, cells=5, visible=40, baseline=0.5, seed=8)
    rng = np.random.default_rng(8)
    masks, scores = [], []
    for _ in range(40):
        mask = core.attribution.rise.random_mask(rng, 112, 112, 5, 0.4)
        masked = np.stack([image[..., colour] * mask + 0.5 * (1 - mask) for colour in range(3)], axis=-1)
        masks.append(mask)
        scores.append(miniface.run(masked)[0, 5])
    weighted = sum(score * mask for score, mask in zip(scores, masks, strict=True))
    agree("rise", "slow loops", result.values, weighted / np.sum(masks, axis=0) - np.mean(scores))


def test_lime_against_the_library(miniface, image):
    from lime.lime_image import LimeImageExplainer

    ours = explain("lime", miniface, image, 5, superpixels=20, samples=100, seed=4)
    theirs = LimeImageExplainer(random_state=4).explain_instance(
        image.astype(np.float64),
        lambda pictures: miniface.run(pictures)[:, 5:6],
        labels=(0,),
        top_labels=None,
        num_samples=100,
        segmentation_fn=lambda _: superpixels.split(image, 20),
        random_seed=0,
    )
    values = np.zeros((112, 112))
    for part, weight in theirs.local_exp[0]:
        values[theirs.segments == part] = weight
    agree("lime", "lime", ours.values, values)


def test_shap_against_the_library_s_sum_over_all_subsets(miniface, image):
    import shap

    parts = superpixels.split(image, 8)
    count, background = parts.max() + 1, superpixels.mean_colours(image, parts)

    def scores(shown):
        return miniface.run(hide(image, shown[:, parts], background))[:, 5]

    theirs = shap.ExactExplainer(scores, np.zeros((1, count)))(np.ones((1, count))).values[0]
    before = np.random.get_state()[1].copy()
    result = explain("shap", miniface, image, 5, superpixels=8, permutations=40)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    ours = result.steps["shapley_values"]
    agree("shap, 40 of all orders", "shap, all orders", ours, theirs, 0.2)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97
    assert ours.sum() == pytest.approx(scores(np.ones((1, count)))[0] - scores(np.zeros((1, count)))[0], abs=1e-4)


def test_cam_s_head_against_scikit_learn():
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 10)
    means = rng.random((40, 6)) * [1, 10, 100, 1, 1, 0] + labels[:, None]
    means[:, 5] = 0  # a dead channel
    scaler = StandardScaler().fit(means)
    theirs = Ridge(core.attribution.cam.RIDGE).fit(scaler.transform(means), np.eye(4)[labels]).coef_ / scaler.scale_
    agree("cam's head", "scikit-learn", core.attribution.cam.fit(means, labels, 4), theirs.T)


def test_cam_s_fitted_head_tells_people_apart_and_is_kept():
    network, people = load("MiniFace"), range(0, 48, 3)
    result = [explain("cam", network, portrait(person), person, captures=2) for person in people]
    assert [saliency.calls for saliency in result] == [1 + 2 * 48] + [1] * 15
    means = np.stack([saliency.steps["feature_maps"].mean(axis=(0, 1)) for saliency in result])
    weights = np.stack([saliency.steps["weights"] for saliency in result])
    assert ((means @ weights.T).argmax(axis=1) == np.arange(16)).mean() > 0.4  # 1 / 16 by chance


def portrait(person: int) -> np.ndarray:
    """A capture that no head was fitted to."""
    return faces.render(faces.person(person), faces.sample_capture(np.random.default_rng([999, person])), 112)[0]
