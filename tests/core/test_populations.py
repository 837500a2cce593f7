"""Two groups: alignment, energies, intervals, tests and error rates by hand, and what MiniFace does to both."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from core import faces, images
from core.evaluation import localization
from core.faces import REGIONS
from core.images import ImageError
from core.intervals import FEWEST, Estimate, wilson
from core.networks.loading import load
from core.networks.table import MINIFACE
from core.populations import align, difference, energies, error_rates, verification, verify
from core.populations.alignment import REFERENCE_LANDMARKS, SIDE, typical_regions
from core.populations.energy import areas
from core.populations.groups import PHOTO_SIDE, PhotoGroup, RenderedGroup, people_from_names, read_face
from core.populations.tasks import analyse_group, compare
from core.populations.verification import Verification, pool

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
    """Three points of an image go to the frame, however the image was turned, scaled and shifted."""
    from skimage.transform import SimilarityTransform

    image = faces.render(faces.person(4), faces.PORTRAIT, 160)[0]
    points = faces.landmarks(faces.person(4), faces.PORTRAIT)
    turn = SimilarityTransform(scale=0.5, rotation=0.3, translation=(60, 20))
    import cv2

    moved = cv2.warpAffine(image, turn.params[:2], (200, 140), flags=cv2.INTER_AREA)
    there = (turn(points * 160 - 0.5) + 0.5) / (200, 140)
    one, other = align(image, points, 80), align(moved, there, 80)
    inner = np.s_[20:64, 16:64]
    assert np.abs(one[inner] - other[inner]).mean() < 0.03


def test_points_come_to_lie_in_the_frame() -> None:
    """An image with a dot at each point: a triangle of the shape of the reference landmarks is met exactly."""
    points = 0.1 + 0.5 * REFERENCE_LANDMARKS
    dots = np.zeros((200, 200), np.float32)
    for x, y in points * 200:
        dots[int(y), int(x)] = 1
    aligned = align(dots, points, 100)
    for x, y in REFERENCE_LANDMARKS * 100 - 0.5:
        row, column = round(y), round(x)
        assert aligned[row - 1 : row + 2, column - 1 : column + 2].max() > 0
    assert aligned[:30].max() == 0


def test_beyond_the_image_a_map_is_empty_and_an_image_goes_on() -> None:
    points = 1.5 * REFERENCE_LANDMARKS  # the image fills the upper left two thirds of the aligned one
    for values, beyond in ((np.ones((60, 60), np.float32), 0), (np.ones((60, 60, 3), np.float32), 1)):
        aligned = align(values, points, 90)
        assert (aligned[:58, :58] == 1).all() and (aligned[62:, 62:] == beyond).all()


def test_labels_are_taken_over_and_not_mixed() -> None:
    labels = np.array([[0, 7], [7, 0]], np.uint8).repeat(40, axis=0).repeat(40, axis=1)
    assert set(np.unique(align(labels, REFERENCE_LANDMARKS, 30, labels=True))) == {0, 7}


def test_typical_regions_are_a_face() -> None:
    regions = typical_regions()
    assert regions.shape == (SIDE, SIDE)
    for (x, y), name in zip(REFERENCE_LANDMARKS, ("eyes", "eyes", "mouth"), strict=True):
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
    expected = [localization.energy(values, masks[name]) for name in REGIONS]
    np.testing.assert_allclose(energies(values, faces.label_map(masks)), expected, atol=1e-6)


# --- do two groups differ? --------------------------------------------------------------------------------------------


def test_too_few_people_get_no_test() -> None:
    few = np.random.default_rng(0).random((FEWEST - 1, 1, 2))
    result = difference(few, np.ones((30, 1, 2)))
    assert np.isnan(result.p).all() and not result.significant.any() and result.permutations == 0


def test_the_permutation_test_by_full_enumeration() -> None:
    """3 and 4 people with maps of 1 x 2 places: all 35 permutations, |t| by scipy, the larger place of each."""
    rng = np.random.default_rng(4)
    one, other = rng.normal(1.5, 1, (3, 1, 2)), rng.normal(0, 1, (4, 1, 2))
    everybody = np.concatenate([one, other]).reshape(7, 2)

    def sizes(chosen: tuple[int, ...]) -> np.ndarray:
        rest = [place for place in range(7) if place not in chosen]
        return np.abs(stats.ttest_ind(everybody[list(chosen)], everybody[rest]).statistic)

    own = sizes((0, 1, 2))
    largest = np.array([sizes(chosen).max() for chosen in combinations(range(7), 3)])
    expected = [(largest >= value - 1e-9).mean() for value in own]
    result = difference(one, other, fewest=3)
    assert (result.permutations, result.exact) == (35, True)
    np.testing.assert_allclose(result.p.ravel(), expected)
    np.testing.assert_allclose(result.values, one.mean(axis=0) - other.mean(axis=0))


def test_with_many_people_permutations_are_drawn_at_random() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(12, 4, 5)), rng.normal(size=(10, 4, 5))
    one[:, 1, 2] += 9
    result = difference(one, other, resamples=400)
    assert (result.permutations, result.exact) == (400, False)
    assert result.p[1, 2] == pytest.approx(1 / 401)
    assert result.significant[1, 2] and result.significant.sum() == 1
    again = difference(one, other, resamples=400)
    np.testing.assert_array_equal(result.p, again.p)


def test_a_place_where_nobody_differs_says_nothing() -> None:
    one, other = np.ones((6, 2, 2)), np.ones((6, 2, 2))
    one[:, 0, 0] = np.arange(6)
    other[:, 0, 0] = np.arange(6) + 20
    result = difference(one, other)
    assert result.exact and result.permutations == 924
    assert result.p[0, 0] == pytest.approx(2 / 924) and (result.p.ravel()[1:] == 1).all()


# --- the same person or not -------------------------------------------------------------------------------------------


def test_roc_thresholds_and_errors_of_four_pairs() -> None:
    pairs = np.array([[0, 0], [0, 1], [1, 1], [0, 1]])
    result = verification._with_roc(np.array([0.9, 0.7, 0.6, 0.2]), pairs, 2)
    np.testing.assert_allclose(result.roc.thresholds[1:], [0.9, 0.7, 0.6, 0.2])
    np.testing.assert_allclose(result.roc.false_positive_rate, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(result.roc.true_positive_rate, [0, 0.5, 0.5, 1, 1])
    assert [result.roc.threshold_at(rate) for rate in (0, 0.49, 0.5, 1)] == [0.9, 0.9, 0.6, 0.2]
    for threshold, rates in ((0.9, [0, 0.5]), (0.65, [0.5, 0.5]), (0.6, [0.5, 0]), (0.1, [1, 0])):
        assert [rate.value for rate in error_rates(result, threshold)] == rates


def test_all_pairs_of_a_group_are_compared() -> None:
    turns = np.deg2rad([0, 10, 40, 90])
    result = verify(np.stack([np.cos(turns), np.sin(turns)], axis=1), np.array(["b", "b", "a", "a"]))
    expected = {(True, 10), (True, 50), (False, 40), (False, 90), (False, 30), (False, 80)}
    degrees = np.rint(np.rad2deg(np.arccos(result.scores))).astype(int)
    assert set(zip(result.genuine.tolist(), degrees.tolist(), strict=True)) == expected
    assert result.count == 2 and result.complete


def test_without_pairs_of_both_kinds_there_is_no_roc() -> None:
    assert not verify(np.eye(3), np.array([1, 2, 3])).complete
    assert not verify(np.eye(3), np.array([1, 1, 1])).complete


def test_pooled_groups_keep_their_people_apart() -> None:
    one, other = (verify(np.eye(4), np.array([0, 0, 1, 1])) for _ in range(2))
    both = pool([one, other])
    assert both.count == 4 and len(both.scores) == 12 and both.people.max() == 3
    assert both.genuine.sum() == 4


def test_a_resample_of_people_brings_their_pairs_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weighted rates against a loop over the pairs of the people who were drawn."""
    rng = np.random.default_rng(6)
    people = np.repeat(np.arange(6), 3)
    vectors = rng.normal(size=(18, 5)) + np.repeat(rng.normal(size=(6, 5)), 3, axis=0)
    result: Verification = verify(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), people)
    asked = []
    monkeypatch.setattr(verification, "bootstrap", lambda statistic, count: asked.append(statistic) or [])
    error_rates(result, 0.4)
    for _ in range(5):
        drawn = rng.integers(6, size=6)
        weights = np.bincount(drawn, minlength=6)
        outcomes: dict[bool, list[bool]] = {True: [], False: []}
        for score, genuine, (first, second) in zip(result.scores, result.genuine, result.people, strict=True):
            times = weights[first] if genuine else weights[first] * weights[second]
            outcomes[bool(genuine)] += [score < 0.4 if genuine else score >= 0.4] * times
        expected = [np.mean(outcomes[False]), np.mean(outcomes[True])]
        np.testing.assert_allclose(asked[0](weights[None].astype(float))[0], expected)


def test_where_nobody_errs_the_interval_is_not_empty() -> None:
    result = verify(np.repeat(np.eye(6), 2, axis=0), np.repeat(np.arange(6), 2))
    for rate in error_rates(result, 0.5):
        assert (rate.value, rate.low, rate.high) == (0, *wilson(0, 6))
    assert error_rates(result, -1.0)[0] == Estimate(1.0, *wilson(6, 6))


# --- where groups come from -------------------------------------------------------------------------------------------


def test_rendered_groups() -> None:
    known, new = RenderedGroup("B", 3, 2), RenderedGroup("A", 2, 2, known=False)
    assert (known.person_numbers(), new.person_numbers()) == ([1, 3, 5], [faces.NEW_PEOPLE, faces.NEW_PEOPLE + 2])
    assert known.count == 6
    members = list(new.faces(64))
    assert [face.person for face in members] == [5000, 5000, 5002, 5002]
    assert all(face.image.shape == (64, 64, 3) and face.class_index is None for face in members)
    assert [face.class_index for face in RenderedGroup("B", 1, 1).faces(64)] == [1]


def test_who_is_on_a_file() -> None:
    assert people_from_names(["anna_1.jpg", "anna_2.png", "Bo (3).jpg", "7.png", "9.png"]) == (
        "anna",
        "anna",
        "Bo",
        "7",
        "9",
    )
    assert people_from_names(["g/s1/1.jpg", "g/s1/2.jpg", "g/s2/1.jpg"]) == ("g/s1", "g/s1", "g/s2")
    assert people_from_names(["g/anna_1.jpg", "g/bo_1.jpg"]) == ("anna", "bo")
    assert people_from_names([]) == ()


def test_a_file_gives_its_face_with_its_points() -> None:
    off = []
    for number in range(8):
        image = faces.render(faces.person(number), faces.PORTRAIT, 200)[0]
        wide = np.full((260, 420, 3), 0.5, np.float32)
        wide[30:230, 120:320] = image
        face, points = read_face(images.encode(wide, "png"), "a.png")
        assert face.shape == (PHOTO_SIDE, PHOTO_SIDE, 3) and face.dtype == np.uint8
        there = faces.landmarks(faces.person(number), faces.PORTRAIT) * 200 + (120, 30)
        box = images.face_box(images.decode(images.encode(wide, "png")))
        off.append(np.abs(points - (there - (box.left, box.top)) / box.size).max())
    assert np.median(off) < 0.05


def test_a_file_without_a_face_is_refused() -> None:
    with pytest.raises(ImageError) as caught:
        read_face(images.encode(np.full((90, 90, 3), 0.4, np.float32), "png"), "wall.png")
    assert caught.value.reason == "no_face"


# --- what MiniFace makes of them --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared():
    """Everybody that MiniFace knows, two captures each at conv4_3, and what was reported meanwhile."""
    reports: list[tuple[int, int]] = []
    sources = {group: RenderedGroup(group, 24, 2) for group in ("A", "B")}
    return compare(MINIFACE, sources, layer="conv4_3", report=lambda *step: reports.append(step)), reports


def test_groups_are_counted_and_every_image_is_reported(compared) -> None:
    comparison, reports = compared
    assert reports == [(step, 96) for step in range(96)]
    for group in comparison.groups.values():
        assert (group.people, group.images, group.labelled) == (24, 48, 48)
        assert group.correct >= 44 and group.maps.shape == (24, SIDE, SIDE)
        assert sum(energy.value for energy in group.energies) == pytest.approx(1)
        assert group.verification.genuine.sum() == 24 and len(group.verification.scores) == 48 * 47 / 2
        assert group.confidence.low < group.confidence.value < group.confidence.high


def test_energy_lies_where_each_group_differs(compared) -> None:
    """The truth is known: in A people differ by eyes and brows, in B by nose, mouth and jaw."""
    comparison, _ = compared
    a, b = (dict(zip(REGIONS, group.energies, strict=True)) for group in comparison.groups.values())
    assert all(a[name].low > b[name].high for name in UPPER)
    assert all(b[name].value > 1.2 * a[name].value for name in LOWER)


def test_mean_maps_differ_where_they_should(compared) -> None:
    comparison, _ = compared
    apart, regions = comparison.difference, comparison.regions
    upper, lower = (np.isin(regions, [REGIONS.index(name) for name in names]) for names in (UPPER, LOWER))
    assert apart.values[upper].mean() > 0 > apart.values[lower].mean()
    assert (apart.significant & (apart.values > 0))[upper].any()
    assert not (apart.significant & (apart.values < 0))[upper].any()
    assert not (apart.significant & (apart.values > 0))[lower].any()


def test_two_samples_of_one_group_rarely_differ() -> None:
    """The test is calibrated: 40 people of one group dealt to two halves at random, 100 times over."""
    group = analyse_group(load(MINIFACE), RenderedGroup("A", 40, 2, known=False), None, None, True, lambda step: None)
    maps, rng, alarms = group.maps[:, ::2, ::2], np.random.default_rng(0), 0  # fewer places: a quarter of the time
    for _ in range(100):
        order = rng.permutation(40)
        halves = maps[order[:20]], maps[order[20:]]
        alarms += difference(*halves, resamples=300, seed=int(rng.integers(2**31))).significant.any()
    print(f"alarms in 100 draws: {alarms}")
    assert alarms <= 7


def test_photos_are_compared_by_average_proportions() -> None:
    def photos(group: str) -> PhotoGroup:
        members = list(RenderedGroup(group, 2, 2).faces(112))
        return PhotoGroup(
            np.stack([images.to_uint8(face.image) for face in members]),
            np.stack([face.landmarks for face in members]),
            tuple(str(face.person) for face in members),
            (None, 0, None, None),
        )

    comparison = compare(MINIFACE, {group: photos(group) for group in ("A", "B")}, layer="conv4_3", channels=[1, 5])
    group = comparison.groups["A"]
    assert (group.people, group.images, group.labelled) == (2, 4, 1)
    assert 0 < sum(energy.value for energy in group.energies) <= 1 + 1e-9  # a map of two channels may be empty
    np.testing.assert_allclose(group.areas, areas(typical_regions()))
    assert not comparison.difference.significant.any()


def test_eyes_and_mouth_are_detected_on_images_without_labels() -> None:
    from core.populations import landmarks

    off = []
    for number in range(5):
        capture = faces.sample_capture(np.random.default_rng(number))
        image = faces.render(faces.person(number), capture, PHOTO_SIDE)[0]
        detected = landmarks.detect(images.to_uint8(image))
        assert detected is not None
        off.append(np.abs(detected - faces.landmarks(faces.person(number), capture)).max())
    assert np.median(off) < 0.03
    assert landmarks.detect(np.full((90, 90, 3), 99, np.uint8)) is None
