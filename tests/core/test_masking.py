"""Masks and fills against numbers by hand and against OpenCV; what they do to people of both groups."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from core import faces
from core.errors import ChoiceError
from core.masking import FILLS, PRESETS, Disguise, FaceFrame, Mask, apply, follow, frame_from_regions, presets, tasks
from core.masking.evolution import animate, parameters, sequence, values
from core.networks.loading import load
from core.networks.table import MINIFACE, UNTRAINED

RAMP = np.linspace(0, 1, 4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
"""An image of 4 x 6 pixels, no two alike."""
LEFT = Mask(x=1 / 3, y=1 / 2, width=1 / 3, height=1 / 2)
"""Columns 1 and 2 of 6, rows 1 and 2 of 4."""
BLOCK = np.s_[1:3, 1:3]


def test_a_rectangle_hides_the_pixels_whose_middle_it_covers() -> None:
    expected = np.zeros((4, 6), np.float32)
    expected[BLOCK] = 0.25
    np.testing.assert_array_equal(replace(LEFT, opacity=0.25).rasterize(4, 6), expected)


def test_an_ellipse_leaves_the_corners_of_its_rectangle() -> None:
    whole = Mask(0.5, 0.5, 1, 1, "ellipse").rasterize(4, 6)
    expected = [[0, 1, 1, 1, 1, 0], [1] * 6, [1] * 6, [0, 1, 1, 1, 1, 0]]
    # the middle of the corner pixel: (5/6)^2 + (3/4)^2 = 1.26, its neighbour: (3/6)^2 + (3/4)^2 = 0.81
    np.testing.assert_array_equal(whole, expected)


def test_a_mask_may_reach_beyond_the_image() -> None:
    assert Mask(0, 0, 1, 1).rasterize(4, 6)[:2, :3].all() and Mask(0, 0, 1, 1).rasterize(4, 6).sum() == 6
    assert not Mask(-1, 0.5, 0.5, 1).rasterize(4, 6).any()


def test_only_masked_pixels_change_and_a_half_opaque_mask_changes_them_by_half() -> None:
    hidden = apply(RAMP, [replace(LEFT, opacity=0.5)], "black")
    np.testing.assert_allclose(hidden[BLOCK], RAMP[BLOCK] / 2)
    outside = np.ones((4, 6), bool)
    outside[BLOCK] = False
    np.testing.assert_array_equal(hidden[outside], RAMP[outside])


def test_where_masks_lie_on_each_other_the_most_opaque_counts() -> None:
    hidden = apply(RAMP, [replace(LEFT, opacity=0.5), replace(LEFT, opacity=0.75)], "black")
    np.testing.assert_allclose(hidden[BLOCK], RAMP[BLOCK] / 4, rtol=1e-6)
    assert apply(RAMP, [], "black") is RAMP


def test_the_mean_colour_is_that_of_the_whole_picture() -> None:
    hidden = apply(RAMP, [LEFT], "mean")
    np.testing.assert_allclose(hidden[BLOCK], np.broadcast_to(RAMP.reshape(-1, 3).mean(axis=0), (2, 2, 3)), rtol=1e-6)


def test_pixelation_shows_block_means_cut_off_at_the_edges() -> None:
    everything = [Mask(0.5, 0.5, 1, 1)]
    two = apply(RAMP, everything, "pixelation", block=100 * 2 / 6)
    np.testing.assert_allclose(two[0, 0], RAMP[:2, :2].mean(axis=(0, 1)), rtol=1e-6)
    reduced = cv2.resize(RAMP, (3, 2), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(two, cv2.resize(reduced, (6, 4), interpolation=cv2.INTER_NEAREST), rtol=1e-5)
    four = apply(RAMP, everything, "pixelation", block=100 * 4 / 6)
    np.testing.assert_allclose(four[3, 5], RAMP[:, 4:].mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_array_equal(apply(RAMP, everything, "pixelation", block=1), RAMP)


def test_blur_is_scipys_gaussian() -> None:
    from scipy.ndimage import gaussian_filter

    image = faces.render(faces.person(0), faces.PORTRAIT, 64)[0][:48]
    ours = apply(image, [Mask(0.5, 0.5, 1, 1)], "blur", sigma=100 * 2 / 64)
    theirs = gaussian_filter(image, (2, 2, 0), mode="reflect", truncate=4)
    assert np.abs(ours - theirs).max() < 2e-3


def test_noise_is_drawn_from_its_seed() -> None:
    first, again, other = (apply(RAMP, [LEFT], "noise", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first[BLOCK] != other[BLOCK]).all()


def test_inpainting_grows_what_is_around_into_the_mask_and_changes_nothing_else() -> None:
    image = np.full((40, 60, 3), 0.5, np.float32)
    image[16:24, 25:35] = 1
    hidden = apply(image, [Mask(0.5, 0.5, 0.3, 0.4)], "inpainting")
    assert np.abs(hidden - 0.5).max() < 1 / 255
    photo = faces.render(faces.person(0), faces.PORTRAIT, 64)[0]
    mask = Mask(0.5, 0.5, 0.3, 0.2)
    outside = mask.rasterize(64, 64) == 0
    np.testing.assert_array_equal(apply(photo, [mask], "inpainting")[outside], photo[outside])


def test_another_persons_region_is_theirs() -> None:
    image = faces.render(faces.person(0), faces.PORTRAIT, 32)[0]
    theirs = faces.render(faces.person(2), faces.PORTRAIT, 32)[0]
    inside = LEFT.rasterize(32, 32) > 0
    hidden = Disguise((LEFT,), "other", person=2).apply(image)
    np.testing.assert_array_equal(hidden[inside], theirs[inside])
    np.testing.assert_array_equal(hidden[~inside], image[~inside])
    with pytest.raises(ValueError, match="second image"):
        apply(image, [LEFT], "other")


@pytest.mark.parametrize("fill", FILLS)
def test_every_fill_stays_an_image(fill: str) -> None:
    image = faces.render(faces.person(0), faces.PORTRAIT, 48)[0][:, :40]
    hidden = apply(image, [replace(LEFT, opacity=0.7)], fill, other=image[::-1])
    assert hidden.shape == image.shape and hidden.dtype == np.float32
    assert 0 <= hidden.min() and hidden.max() <= 1


def test_an_unknown_fill_is_refused() -> None:
    with pytest.raises(ChoiceError, match="choose one of: black"):
        apply(RAMP, [LEFT], "glitter")


def test_presets_of_a_rendered_face_lie_exactly_around_their_regions() -> None:
    image, regions = faces.render(faces.person(3), faces.PORTRAIT, 112)
    masks = presets(image, regions)
    assert list(masks) == list(PRESETS)
    for name in ("eyes", "nose", "mouth", "brows"):
        (mask,) = masks[name]
        inside = mask.rasterize(112, 112) > 0
        assert inside[regions[name]].all()
        rows, columns = np.nonzero(regions[name])
        assert inside.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert masks["one_eye"][0].width < 0.55 * masks["eyes"][0].width
    assert not any((mask.rasterize(112, 112) > 0)[regions["eyes"]].any() for mask in masks["temples"])
    assert not (masks["hair"][0].rasterize(112, 112) > 0)[regions["brows"]].any()


@pytest.mark.parametrize("name", ["eyes", "nose", "mouth", "lower_face"])
def test_proportions_of_the_face_box_find_the_parts_too(name: str) -> None:
    shares = []
    for number in range(12):
        image, regions = faces.render_capture(number, 11, 0, 224)
        exact, guessed = (
            np.max([mask.rasterize(224, 224) for mask in masks[name]], axis=0) > 0
            for masks in (presets(image, regions), presets(image))
        )
        shares.append((exact & guessed).sum() / exact.sum())
    assert np.median(shares) > 0.7


def test_presets_exist_where_there_is_no_face() -> None:
    masks = presets(np.full((50, 80, 3), 0.5, np.float32))
    assert list(masks) == list(PRESETS)
    assert masks["eyes"][0].x == pytest.approx(0.5, abs=0.02)


def test_a_mask_follows_the_face() -> None:
    start, end = FaceFrame(0.5, 0.5, 0.4, 0.2), FaceFrame(0.6, 0.4, 0.2, 0.4)
    (moved,) = follow([Mask(0.7, 0.4, 0.1, 0.1, "ellipse", 0.5)], start, end)
    np.testing.assert_allclose([moved.x, moved.y, moved.width, moved.height], [0.7, 0.2, 0.05, 0.2])
    assert (moved.shape, moved.opacity) == ("ellipse", 0.5)


def test_an_eye_bar_stays_on_the_eyes_when_the_face_moves() -> None:
    _, regions = faces.render(faces.person(0), faces.PORTRAIT, 112)
    bar = presets(np.zeros((112, 112, 3), np.float32), regions)["eyes"]
    covered = []
    for index in range(10):
        _, there = faces.render_capture(0, 3, index, 112)
        moved = follow(bar, frame_from_regions(regions), frame_from_regions(there))
        covered.append((moved[0].rasterize(112, 112) > 0)[there["eyes"]].mean())
    assert np.mean(covered) > 0.8


# --- scores -----------------------------------------------------------------------------------------------------------


def test_logits_and_embeddings_are_those_of_the_network() -> None:
    from core.masking.scores import predict

    network, images = load(UNTRAINED), np.random.default_rng(0).random((3, 112, 112, 3), dtype=np.float32)
    predictions, embeddings = predict(network, images), network.run(images, UNTRAINED.embedding_layer)
    np.testing.assert_allclose(predictions.logits, network.run(images), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        predictions.embeddings, embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), rtol=1e-4, atol=1e-5
    )


def test_rank_and_distance_by_hand() -> None:
    from core.masking.scores import Predictions, distances

    predictions = Predictions(np.array([[1.0, 3.0, 2.0], [2.0, 0.0, 1.0]]), np.eye(2))
    assert predictions.ranks(2).tolist() == [2, 2] and predictions.ranks(1).tolist() == [1, 3]
    reference = np.array([[1.0, 0.0], [0.6, 0.8]])
    np.testing.assert_allclose(distances(predictions.embeddings, reference), [1 - (1 + 0.6) / 2, 1 - (0 + 0.8) / 2])


def test_a_mask_that_hides_nothing_changes_no_score() -> None:
    image = faces.render(faces.person(0), faces.PORTRAIT, 224)[0]
    effect = tasks.masking_effect(MINIFACE, image, Disguise((replace(LEFT, opacity=0.0),)), 0, 0)
    for scores in (effect.scores.probabilities, effect.scores.ranks, effect.scores.distances):
        assert scores[0] == pytest.approx(scores[1], abs=1e-6)
    np.testing.assert_allclose(effect.maps[0].values, effect.maps[1].values)


def test_an_eye_bar_takes_person_0_away_from_their_other_pictures() -> None:
    image, regions = faces.render(faces.person(0), faces.PORTRAIT, 224)
    effect = tasks.masking_effect(MINIFACE, image, Disguise(presets(image, regions)["eyes"]), None, 0)
    assert effect.class_index == 0 and effect.scores.ranks[0] == 1
    assert effect.scores.probabilities[1] == effect.probabilities[0] < effect.scores.probabilities[0]
    assert effect.scores.distances[1] > effect.scores.distances[0] + 0.1
    other = tasks.masking_effect(MINIFACE, image, Disguise(presets(image, regions)["eyes"]))
    assert other.scores.distances[0] == pytest.approx(0, abs=1e-6) and other.class_index == 0


def test_hiding_the_part_that_marks_a_group_costs_its_people_most() -> None:
    """The truth is known: in group A people differ by eyes and brows, in group B by nose, mouth and jaw."""
    from core.masking.scores import predict

    numbers, images = [], []
    for number in range(24):
        image, regions = faces.render_capture(number, 123, 0, 112)
        masks = presets(image, regions)
        numbers.append(number)
        images += [image, *(Disguise(masks[name]).apply(image) for name in PRESETS)]
    logits = predict(load(MINIFACE), np.stack(images)).logits.reshape(len(numbers), 1 + len(PRESETS), -1)
    own = np.stack([logits[place, :, number] for place, number in enumerate(numbers)])
    drops = own[:, :1] - own[:, 1:]
    names = list(PRESETS)
    for group, costly in (("A", ["eyes"]), ("B", ["lower_face", "mouth", "nose"])):
        mean = drops[[faces.group_of(number) == group for number in numbers]].mean(axis=0)
        order = [names[place] for place in np.argsort(-mean)]
        assert set(order[: len(costly)]) == set(costly), dict(zip(names, mean, strict=True))


# --- evolution and attackers ------------------------------------------------------------------------------------------


def test_a_parameter_of_a_mask_changes_step_by_step() -> None:
    disguise = Disguise((LEFT, replace(LEFT, x=0.9)))
    both = [step.masks[1] for step in sequence(disguise, 1, "both", 2)]
    assert [(mask.x, mask.y) for mask in both] == [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    assert all(step.masks[0] == LEFT for step in sequence(disguise, 1, "row", 3))
    assert [step.masks[0].y for step in sequence(disguise, 0, "column", 2)] == [0.25, 0.75]
    assert [step.masks[0].opacity for step in sequence(disguise, 0, "opacity", 3)] == [0, 0.5, 1]
    widths = [step.masks[0].width / LEFT.width for step in sequence(disguise, 0, "size", 4)]
    np.testing.assert_allclose(widths, [0.5, 1, 1.5, 2])


def test_only_a_fill_with_a_strength_can_change_it() -> None:
    assert "strength" in parameters("blur") and "strength" not in parameters("black")
    steps = sequence(Disguise((LEFT,), "pixelation", (("block", 8),)), 0, "strength", 3)
    assert [step.params for step in steps] == [(("block", 1.0),), (("block", 20.5),), (("block", 40.0),)]
    np.testing.assert_array_equal(values("strength", "pixelation", 3), [1, 20.5, 40])


def test_a_sweep_scores_every_step_and_reports() -> None:
    image = faces.render(faces.person(0), faces.PORTRAIT, 112)[0]
    disguise, reports = Disguise((Mask(0.5, 0.5, 0.4, 0.15),)), []
    scores = tasks.sweep(MINIFACE, image, disguise, 0, "both", 6, 0, 0, report=lambda *step: reports.append(step))
    assert reports == [(0, 36), (32, 36)]
    assert scores.probabilities.shape == scores.ranks.shape == scores.distances.shape == (36,)
    effect = tasks.masking_effect(MINIFACE, image, sequence(disguise, 0, "both", 6)[8], 0, 0)
    assert scores.distances[8] == pytest.approx(effect.scores.distances[1], abs=1e-5)
    assert scores.ranks[8] == effect.scores.ranks[1]


def test_the_animation_has_a_frame_a_step_and_a_bar_of_the_probability() -> None:
    steps = sequence(Disguise((LEFT,)), 0, "row", 3)
    with Pillow.open(io.BytesIO(animate(np.ones((12, 12, 3), np.float32), steps, [0, 0.5, 1], 1.5, 96))) as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"]) == (3, (96, 100), 500)
        gif.seek(1)
        last = np.asarray(gif.convert("RGB"))[-1]
    assert (last[:48, 0] > 150).all() and (last[48:, 0] < 100).all()


def test_attackers_know_the_person_without_masks_and_not_behind_a_wall(monkeypatch) -> None:
    monkeypatch.setattr(tasks, "TRAINING_CAPTURES", 2)
    wall = Disguise((Mask(0.5, 0.5, 3, 3),))
    outcome = tasks.reidentify(MINIFACE, 1, faces.PORTRAIT, wall, 8)
    assert min(correct.sum() for correct in outcome.unmasked.values()) >= 7
    assert not outcome.masked["softmax"].any() and not outcome.masked["nearest"].any()
