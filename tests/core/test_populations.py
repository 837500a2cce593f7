"""Two groups: alignment, energies, intervals, tests and error rates by hand, and what MiniFace does to both."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from core import faces, images
from core.evaluation import pointing
from core.faces import REGIONS
from core.images import ImageError
from core.intervals import FEWEST, Estimate, wilson
from core.networks.loading import load
from core.networks.table import MINIFACE
from core.populations import aligned, difference, energies, error_rates, verification, verify
from core.populations.alignment import FRAME, SIDE, typical_regions
from core.populations.energy import areas, labelled
from core.populations.groups import PHOTO_SIDE, Drawn, Photos, people_of, read_face
from core.populations.tasks import compare, look
from core.populations.verification import Verification, together

UPPER, LOWER = ("eyes", "brows"), ("nose", "mouth", "jaw")


# --- faces in one frame -----------------------------------------------------------------------------------------------


def test_landmarks_lie_on_the_eyes_and_the_mouth() -> None:
    on = []
    for number in range(24):
        capture = faces.sample_capture(np.random.default_rng([3, number]))
        _, masks = faces.render(faces.person(number), capture, 112)
        points = faces.landmarks(faces.person(number), capture)
        assert points[0, 0] < points[2, 0] < points[1, 0] and points[:2, 1].max() < points[2, 1]
        columns, rows = (points * 112).astype(int).T
        on += [masks["eyes"][rows[0], columns[0]], masks["eyes"][rows[1], columns[1]]]
        on.append(masks["mouth"][rows[2], columns[2]])
    assert np.mean(on) > 0.95


def test_a_turned_and_shrunken_copy_is_aligned_to_the_same() -> None:
    """Three points of a picture go to the frame, however the picture was turned, scaled and shifted."""
    from skimage.transform import SimilarityTransform

    image = faces.render(faces.person(4), faces.PORTRAIT, 160)[0]
    points = faces.landmarks(faces.person(4), faces.PORTRAIT)
    turn = SimilarityTransform(scale=0.5, rotation=0.3, translation=(60, 20))
    import cv2

    moved = cv2.warpAffine(image, turn.params[:2], (200, 140), flags=cv2.INTER_AREA)
    there = (turn(points * 160 - 0.5) + 0.5) / (200, 140)
    one, other = aligned(image, points, 80), aligned(moved, there, 80)
    inner = np.s_[20:64, 16:64]
    assert np.abs(one[inner] - other[inner]).mean() < 0.03


def test_points_come_to_lie_in_the_frame() -> None:
    """A picture with a dot at each point: a triangle of the frame's own shape is met exactly."""
    points = 0.1 + 0.5 * FRAME
    dots = np.zeros((200, 200), np.float32)
    for x, y in points * 200:
        dots[int(y), int(x)] = 1
    found = aligned(dots, points, 100)
    for x, y in FRAME * 100 - 0.5:
        row, column = round(y), round(x)
        assert found[row - 1 : row + 2, column - 1 : column + 2].max() > 0
    assert found[:30].max() == 0


def test_beyond_the_picture_a_map_is_empty_and_an_image_goes_on() -> None:
    points = 1.5 * FRAME  # the picture fills the upper left two thirds of the aligned one
    for values, beyond in ((np.ones((60, 60), np.float32), 0), (np.ones((60, 60, 3), np.float32), 1)):
        found = aligned(values, points, 90)
        assert (found[:58, :58] == 1).all() and (found[62:, 62:] == beyond).all()


def test_labels_are_taken_over_and_not_mixed() -> None:
    labels = np.array([[0, 7], [7, 0]], np.uint8).repeat(40, axis=0).repeat(40, axis=1)
    assert set(np.unique(aligned(labels, FRAME, 30, labels=True))) == {0, 7}


def test_typical_regions_are_a_face() -> None:
    regions = typical_regions()
    assert regions.shape == (SIDE, SIDE)
    for (x, y), name in zip(FRAME, ("eyes", "eyes", "mouth"), strict=True):
        assert REGIONS[regions[int(y * SIDE), int(x * SIDE)]] == name
    assert set(regions.ravel()) == set(range(len(REGIONS)))


# --- energy -----------------------------------------------------------------------------------------------------------


def test_energies_by_hand() -> None:
    values, labels = np.array([[1.0, 3.0], [4.0, -9.0]]), np.array([[0, 2], [2, 4]], np.uint8)
    np.testing.assert_allclose(energies(values, labels), [1 / 8, 0, 7 / 8, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(areas(labels), [1 / 4, 0, 1 / 2, 0, 1 / 4, 0, 0, 0])
    np.testing.assert_array_equal(energies(-np.ones((2, 2)), labels), np.zeros(8))


def test_energies_are_those_of_the_pointing_game() -> None:
    _, masks = faces.render(faces.person(1), faces.PORTRAIT, 60)
    values = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    expected = [pointing.energy(values, masks[name]) for name in REGIONS]
    np.testing.assert_allclose(energies(values, labelled(masks)), expected, atol=1e-6)


# --- do two groups differ? --------------------------------------------------------------------------------------------


def test_too_few_people_get_no_test() -> None:
    few = np.random.default_rng(0).random((FEWEST - 1, 1, 2))
    found = difference(few, np.ones((30, 1, 2)))
    assert np.isnan(found.p).all() and not found.significant.any() and found.arrangements == 0


def test_the_permutation_test_by_full_enumeration() -> None:
    """3 and 4 people with maps of 1 x 2 places: all 35 sharings, |t| by scipy, the larger place of each."""
    rng = np.random.default_rng(4)
    one, other = rng.normal(1.5, 1, (3, 1, 2)), rng.normal(0, 1, (4, 1, 2))
    everybody = np.concatenate([one, other]).reshape(7, 2)

    def sizes(chosen: tuple[int, ...]) -> np.ndarray:
        rest = [place for place in range(7) if place not in chosen]
        return np.abs(stats.ttest_ind(everybody[list(chosen)], everybody[rest]).statistic)

    own = sizes((0, 1, 2))
    largest = np.array([sizes(chosen).max() for chosen in combinations(range(7), 3)])
    expected = [(largest >= value - 1e-9).mean() for value in own]
    found = difference(one, other, fewest=3)
    assert (found.arrangements, found.exact) == (35, True)
    np.testing.assert_allclose(found.p.ravel(), expected)
    np.testing.assert_allclose(found.values, one.mean(axis=0) - other.mean(axis=0))


def test_with_many_people_sharings_are_drawn_by_lot() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(12, 4, 5)), rng.normal(size=(10, 4, 5))
    one[:, 1, 2] += 9
    found = difference(one, other, resamples=400)
    assert (found.arrangements, found.exact) == (400, False)
    assert found.p[1, 2] == pytest.approx(1 / 401)
    assert found.significant[1, 2] and found.significant.sum() == 1
    again = difference(one, other, resamples=400)
    np.testing.assert_array_equal(found.p, again.p)


def test_a_place_where_nobody_differs_says_nothing() -> None:
    one, other = np.ones((6, 2, 2)), np.ones((6, 2, 2))
    one[:, 0, 0] = np.arange(6)
    other[:, 0, 0] = np.arange(6) + 20
    found = difference(one, other)
    assert found.exact and found.arrangements == 924
    assert found.p[0, 0] == pytest.approx(2 / 924) and (found.p.ravel()[1:] == 1).all()


# --- the same person or not -------------------------------------------------------------------------------------------


def test_roc_thresholds_and_errors_of_four_pairs() -> None:
    pairs = np.array([[0, 0], [0, 1], [1, 1], [0, 1]])
    found = verification._with_roc(np.array([0.9, 0.7, 0.6, 0.2]), pairs, 2)
    np.testing.assert_allclose(found.roc.thresholds[1:], [0.9, 0.7, 0.6, 0.2])
    np.testing.assert_allclose(found.roc.false_positive_rate, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(found.roc.true_positive_rate, [0, 0.5, 0.5, 1, 1])
    assert [found.roc.threshold_at(rate) for rate in (0, 0.49, 0.5, 1)] == [0.9, 0.9, 0.6, 0.2]
    for threshold, rates in ((0.9, [0, 0.5]), (0.65, [0.5, 0.5]), (0.6, [0.5, 0]), (0.1, [1, 0])):
        assert [rate.value for rate in error_rates(found, threshold)] == rates


def test_all_pairs_of_a_group_are_compared() -> None:
    turns = np.deg2rad([0, 10, 40, 90])
    found = verify(np.stack([np.cos(turns), np.sin(turns)], axis=1), np.array(["b", "b", "a", "a"]))
    expected = {(True, 10), (True, 50), (False, 40), (False, 90), (False, 30), (False, 80)}
    degrees = np.rint(np.rad2deg(np.arccos(found.scores))).astype(int)
    assert set(zip(found.genuine.tolist(), degrees.tolist(), strict=True)) == expected
    assert found.count == 2 and found.complete


def test_without_pairs_of_both_kinds_there_is_no_roc() -> None:
    assert not verify(np.eye(3), np.array([1, 2, 3])).complete
    assert not verify(np.eye(3), np.array([1, 1, 1])).complete


def test_groups_together_keep_their_people_apart() -> None:
    one, other = (verify(np.eye(4), np.array([0, 0, 1, 1])) for _ in range(2))
    both = together([one, other])
    assert both.count == 4 and len(both.scores) == 12 and both.people.max() == 3
    assert both.genuine.sum() == 4


def test_a_resample_of_people_brings_their_pairs_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weighted rates against a loop over the pairs of the people who were drawn."""
    rng = np.random.default_rng(6)
    people = np.repeat(np.arange(6), 3)
    vectors = rng.normal(size=(18, 5)) + np.repeat(rng.normal(size=(6, 5)), 3, axis=0)
    found: Verification = verify(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), people)
    asked = []
    monkeypatch.setattr(verification, "bootstrap", lambda statistic, count: asked.append(statistic) or [])
    error_rates(found, 0.4)
    for _ in range(5):
        drawn = rng.integers(6, size=6)
        weights = np.bincount(drawn, minlength=6)
        outcomes: dict[bool, list[bool]] = {True: [], False: []}
        for score, genuine, (first, second) in zip(found.scores, found.genuine, found.people, strict=True):
            times = weights[first] if genuine else weights[first] * weights[second]
            outcomes[bool(genuine)] += [score < 0.4 if genuine else score >= 0.4] * times
        expected = [np.mean(outcomes[False]), np.mean(outcomes[True])]
        np.testing.assert_allclose(asked[0](weights[None].astype(float))[0], expected)


def test_where_nobody_errs_the_interval_is_not_empty() -> None:
    found = verify(np.repeat(np.eye(6), 2, axis=0), np.repeat(np.arange(6), 2))
    for rate in error_rates(found, 0.5):
        assert (rate.value, rate.low, rate.high) == (0, *wilson(0, 6))
    assert error_rates(found, -1.0)[0] == Estimate(1.0, *wilson(6, 6))


# --- where groups come from -------------------------------------------------------------------------------------------


def test_rendered_groups() -> None:
    known, new = Drawn("B", 3, 2), Drawn("A", 2, 2, known=False)
    assert (known.numbers(), new.numbers()) == ([1, 3, 5], [faces.NEW_PEOPLE, faces.NEW_PEOPLE + 2])
    assert known.count == 6
    seen = list(new.faces(64))
    assert [face.person for face in seen] == [5000, 5000, 5002, 5002]
    assert all(face.image.shape == (64, 64, 3) and face.class_index is None for face in seen)
    assert [face.class_index for face in Drawn("B", 1, 1).faces(64)] == [1]


def test_who_is_on_a_file() -> None:
    assert people_of(["anna_1.jpg", "anna_2.png", "Bo (3).jpg", "7.png", "9.png"]) == ("anna", "anna", "Bo", "7", "9")
    assert people_of(["g/s1/1.jpg", "g/s1/2.jpg", "g/s2/1.jpg"]) == ("g/s1", "g/s1", "g/s2")
    assert people_of(["g/anna_1.jpg", "g/bo_1.jpg"]) == ("anna", "bo")
    assert people_of([]) == ()


def test_a_file_gives_its_face_with_its_points() -> None:
    off = []
    for number in range(8):
        image = faces.render(faces.person(number), faces.PORTRAIT, 200)[0]
        wide = np.full((260, 420, 3), 0.5, np.float32)
        wide[30:230, 120:320] = image
        face, points = read_face(images.encode(wide, "png"), "a.png")
        assert face.shape == (PHOTO_SIDE, PHOTO_SIDE, 3) and face.dtype == np.uint8
        there = faces.landmarks(faces.person(number), faces.PORTRAIT) * 200 + (120, 30)
        box = images.face_box(images.read(images.encode(wide, "png")))
        off.append(np.abs(points - (there - (box.left, box.top)) / box.size).max())
    assert np.median(off) < 0.05


def test_a_file_without_a_face_is_refused() -> None:
    with pytest.raises(ImageError) as caught:
        read_face(images.encode(np.full((90, 90, 3), 0.4, np.float32), "png"), "wall.png")
    assert caught.value.reason == "no_face"


# --- what MiniFace makes of them --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    """Everybody that MiniFace knows, two captures each at conv4_3, and what was reported meanwhile."""
    told: list[tuple[int, int]] = []
    sources = {group: Drawn(group, 24, 2) for group in ("A", "B")}
    return compare(MINIFACE, sources, layer="conv4_3", report=lambda *step: told.append(step)), told


def test_groups_are_counted_and_every_picture_is_reported(found) -> None:
    comparison, told = found
    assert told == [(step, 96) for step in range(96)]
    for group in comparison.groups.values():
        assert (group.people, group.pictures, group.named) == (24, 48, 48)
        assert group.right >= 44 and group.maps.shape == (24, SIDE, SIDE)
        assert sum(found.value for found in group.energies) == pytest.approx(1)
        assert group.verification.genuine.sum() == 24 and len(group.verification.scores) == 48 * 47 / 2
        assert group.confidence.low < group.confidence.value < group.confidence.high


def test_energy_lies_where_each_group_differs(found) -> None:
    """The truth is known: in A people differ by eyes and brows, in B by nose, mouth and jaw."""
    comparison, _ = found
    a, b = (dict(zip(REGIONS, group.energies, strict=True)) for group in comparison.groups.values())
    assert all(a[name].low > b[name].high for name in UPPER)
    assert all(b[name].value > 1.2 * a[name].value for name in LOWER)


def test_mean_maps_differ_where_they_should(found) -> None:
    comparison, _ = found
    apart, regions = comparison.difference, comparison.regions
    upper, lower = (np.isin(regions, [REGIONS.index(name) for name in names]) for names in (UPPER, LOWER))
    assert apart.values[upper].mean() > 0 > apart.values[lower].mean()
    assert (apart.significant & (apart.values > 0))[upper].any()
    assert not (apart.significant & (apart.values < 0))[upper].any()
    assert not (apart.significant & (apart.values > 0))[lower].any()


def test_two_samples_of_one_group_rarely_differ() -> None:
    """The test is calibrated: 40 people of one group dealt to two halves at random, 100 times over."""
    group = look(load(MINIFACE), Drawn("A", 40, 2, known=False), None, None, True, lambda step: None)
    maps, rng, alarms = group.maps[:, ::2, ::2], np.random.default_rng(0), 0  # fewer places: a quarter of the time
    for _ in range(100):
        order = rng.permutation(40)
        halves = maps[order[:20]], maps[order[20:]]
        alarms += difference(*halves, resamples=300, seed=int(rng.integers(2**31))).significant.any()
    print(f"alarms in 100 draws: {alarms}")
    assert alarms <= 7


def test_photos_are_compared_by_average_proportions() -> None:
    def photos(group: str) -> Photos:
        seen = list(Drawn(group, 2, 2).faces(112))
        return Photos(
            np.stack([images.to_uint8(face.image) for face in seen]),
            np.stack([face.points for face in seen]),
            tuple(str(face.person) for face in seen),
            (None, 0, None, None),
        )

    comparison = compare(MINIFACE, {group: photos(group) for group in ("A", "B")}, layer="conv4_3", channels=[1, 5])
    group = comparison.groups["A"]
    assert (group.people, group.pictures, group.named) == (2, 4, 1)
    assert 0 < sum(found.value for found in group.energies) <= 1 + 1e-9  # a map of two channels may be empty
    np.testing.assert_allclose(group.areas, areas(typical_regions()))
    assert not comparison.difference.significant.any()


def test_eyes_and_mouth_are_found_on_pictures_that_nobody_labelled() -> None:
    from core.populations import landmarks

    off = []
    for number in range(5):
        capture = faces.sample_capture(np.random.default_rng(number))
        image = faces.render(faces.person(number), capture, PHOTO_SIDE)[0]
        found = landmarks.find(images.to_uint8(image))
        assert found is not None
        off.append(np.abs(found - faces.landmarks(faces.person(number), capture)).max())
    assert np.median(off) < 0.03
    assert landmarks.find(np.full((90, 90, 3), 99, np.uint8)) is None
