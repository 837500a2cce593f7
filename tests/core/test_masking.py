"""Masks and fills against numbers by hand and against OpenCV; what they do to people whose identity's place is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core import faces
from core.masking import FILLS, PRESETS, Disguise, Frame, Mask, apply, follow, frame_of, presets
from core.networks import NetworkError

RAMP = np.linspace(0, 1, 4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
"""A picture of 4 x 6 pixels, no two alike."""
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


def test_a_mask_may_reach_beyond_the_picture() -> None:
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
    hidden = Disguise((LEFT,), "other", person=2).on(image)
    np.testing.assert_array_equal(hidden[inside], theirs[inside])
    np.testing.assert_array_equal(hidden[~inside], image[~inside])
    with pytest.raises(ValueError, match="second picture"):
        apply(image, [LEFT], "other")


@pytest.mark.parametrize("fill", FILLS)
def test_every_fill_stays_a_picture(fill: str) -> None:
    image = faces.render(faces.person(0), faces.PORTRAIT, 48)[0][:, :40]
    hidden = apply(image, [replace(LEFT, opacity=0.7)], fill, other=image[::-1])
    assert hidden.shape == image.shape and hidden.dtype == np.float32
    assert 0 <= hidden.min() and hidden.max() <= 1


def test_an_unknown_fill_is_refused() -> None:
    with pytest.raises(NetworkError, match="choose one of: black"):
        apply(RAMP, [LEFT], "glitter")


def test_presets_of_a_rendered_face_lie_exactly_around_their_regions() -> None:
    image, regions = faces.render(faces.person(3), faces.PORTRAIT, 112)
    found = presets(image, regions)
    assert list(found) == list(PRESETS)
    for name in ("eyes", "nose", "mouth", "brows"):
        (mask,) = found[name]
        inside = mask.rasterize(112, 112) > 0
        assert inside[regions[name]].all()
        rows, columns = np.nonzero(regions[name])
        assert inside.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert found["one_eye"][0].width < 0.55 * found["eyes"][0].width
    assert not any((mask.rasterize(112, 112) > 0)[regions["eyes"]].any() for mask in found["temples"])
    assert not (found["hair"][0].rasterize(112, 112) > 0)[regions["brows"]].any()


@pytest.mark.parametrize("name", ["eyes", "nose", "mouth", "lower_face"])
def test_proportions_of_the_face_box_find_the_parts_too(name: str) -> None:
    shares = []
    for number in range(12):
        image, regions = faces.shot(number, 11, 0, 224)
        exact, guessed = (
            np.max([mask.rasterize(224, 224) for mask in found[name]], axis=0) > 0
            for found in (presets(image, regions), presets(image))
        )
        shares.append((exact & guessed).sum() / exact.sum())
    assert np.median(shares) > 0.7


def test_presets_exist_where_there_is_no_face() -> None:
    found = presets(np.full((50, 80, 3), 0.5, np.float32))
    assert list(found) == list(PRESETS)
    assert found["eyes"][0].x == pytest.approx(0.5, abs=0.02)


def test_a_mask_follows_the_face() -> None:
    start, end = Frame(0.5, 0.5, 0.4, 0.2), Frame(0.6, 0.4, 0.2, 0.4)
    (moved,) = follow([Mask(0.7, 0.4, 0.1, 0.1, "ellipse", 0.5)], start, end)
    np.testing.assert_allclose([moved.x, moved.y, moved.width, moved.height], [0.7, 0.2, 0.05, 0.2])
    assert (moved.shape, moved.opacity) == ("ellipse", 0.5)


def test_an_eye_bar_stays_on_the_eyes_when_the_face_moves() -> None:
    _, regions = faces.render(faces.person(0), faces.PORTRAIT, 112)
    bar = presets(np.zeros((112, 112, 3), np.float32), regions)["eyes"]
    covered = []
    for index in range(10):
        _, there = faces.shot(0, 3, index, 112)
        moved = follow(bar, frame_of(regions), frame_of(there))
        covered.append((moved[0].rasterize(112, 112) > 0)[there["eyes"]].mean())
    assert np.mean(covered) > 0.8
