"""The smallest mask: by hand, against brute force, on a network whose truth is known, and on both groups of people."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from core import faces
from core.masking import chart, covers, study, subset_search, tasks
from core.masking.masks import FaceFrame, frame_from_regions
from core.masking.subset_search import Trial
from core.networks.network import Network
from core.networks.table import MINIFACE, UNTRAINED

WHOLE = FaceFrame(0.5, 1.2 / 2.2, 1 / 1.7, 1 / 2.2)
"""The face with which the chart fills the image."""


# --- the chart --------------------------------------------------------------------------------------------------------


def test_the_chart_fills_a_picture_whose_face_is_as_large() -> None:
    mask = np.random.default_rng(0).integers(0, 2, (chart.GRID, chart.GRID))
    np.testing.assert_array_equal(chart.project(mask, WHOLE, chart.GRID), mask)
    np.testing.assert_array_equal(chart.project(mask, WHOLE, 2 * chart.GRID), mask.repeat(2, axis=0).repeat(2, axis=1))


def test_a_mask_of_the_chart_moves_with_the_face_and_ends_at_its_edges() -> None:
    everywhere = np.ones((chart.GRID, chart.GRID))
    laid = chart.project(everywhere, replace(WHOLE, x=0.75, width=WHOLE.width / 2), 64)
    np.testing.assert_array_equal(laid.any(axis=0), np.arange(64) >= 32)
    assert set(np.unique(laid)) == {0, 1}


def test_the_chart_lies_where_an_average_face_has_brows_to_mouth() -> None:
    """Against the renderer: its regions reach a little beyond the marks, and are drawn pixel by pixel."""
    for index in range(4):
        capture = replace(faces.capture_of(0, 5, index), hair_style="bald", mouth_open=0, smile=0, brow_raise=0)
        expected = frame_from_regions(faces.render(faces.Identity(), capture, 112)[1])
        ours = chart.frame_from_capture(capture)
        np.testing.assert_allclose([ours.x, ours.y], [expected.x, expected.y], atol=0.03)
        assert 0.8 < ours.height / expected.height < 1.1 and 0.8 < ours.width / expected.width < 1.15


def test_the_chart_shows_every_region_where_it_lies() -> None:
    shares = chart.region_frequencies()
    np.testing.assert_allclose(np.sum(list(shares.values()), axis=0), 1, atol=1e-5)
    heights = [np.average(np.arange(chart.GRID), weights=shares[name].sum(axis=1)) for name in faces.REGIONS[:5]]
    brows, eyes, nose, mouth, jaw = heights[1], heights[0], *heights[2:]
    assert brows < eyes < nose < mouth and mouth < jaw + 2
    assert all(mask.any() for mask in chart.parts().values())
    assert chart.area(chart.face_mask()) == 1 and chart.visible_area(chart.face_mask()) == 0


def test_cells_do_not_overlap_and_a_bar_of_size_1_holds_the_eyes() -> None:
    assert np.max(np.sum(list(chart.cells(4).values()), axis=0)) == 1
    eyes, bar = chart.parts()["eyes"], chart.eye_bar(1.0)
    assert (bar[eyes > 0] == 1).all()
    rows, columns = np.nonzero(eyes)
    assert bar.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


# --- the search, by hand and against brute force ----------------------------------------------------------------------

LINE = {name: np.eye(6)[[place]] for place, name in enumerate("abcdef")}
"""Six places in a row, one a part."""


def by_two(mask: np.ndarray) -> np.ndarray:
    """Four captures; the name is at places 1 and 2, and either is enough for the first two captures."""
    left = 1 - mask[0]
    return np.array([left[1] + left[2] - 0.5, left[1] + left[2] - 0.5, left[1] - 0.5, left[2] + 0.1 * left[4] - 0.5])


def size(mask: np.ndarray) -> float:
    return float(mask.sum())


def test_exact_finds_the_two_places_by_hand() -> None:
    reports: list[tuple[int, int]] = []
    trials = subset_search.exact(LINE, by_two, size, lambda step, steps, _: reports.append((step, steps)))
    assert len(trials) == 64 and reports == [(step, 64) for step in range(64)]
    least = subset_search.smallest(trials, 0.0)
    assert least is not None and least.names == ("b", "c") and (least.area, least.rate, least.lead) == (2, 0, 0)
    half = subset_search.smallest(trials, 0.75)
    assert half is not None and half.area == 1 and half.rate == 0.75
    assert [trial.area for trial in subset_search.pareto_front(trials)] == [0, 1, 2]


def test_greedy_by_hand() -> None:
    path = subset_search.greedy(LINE, by_two, size, 0.0, 6)
    assert [trial.names for trial in path] == [(), ("c",), ("c", "b")]
    # leads: (1.5 + 1.5 + .5 + .6) / 4, then (.5 + .5 + .5 + 0) / 4: hiding c takes a tenth more than hiding b
    np.testing.assert_allclose([trial.lead for trial in path], [1.025, 0.375, 0])
    assert len(subset_search.greedy(LINE, by_two, size, 0.0, 1)) == 2
    assert subset_search.greedy(LINE, by_two, size, 1.0, 6)[-1].names == ()


def test_greedy_asks_less_often_than_there_are_parts_and_takes_the_same() -> None:
    """Against the plain search, where a part never promises more later than it did: what is left of one number."""
    worth = dict(zip(LINE, (0.1, 0.9, 0.5, 0.7, 0.3, 0.2), strict=True))
    calls = []

    def margins(mask: np.ndarray) -> np.ndarray:
        calls.append(mask)
        return np.array([2.5 - float(mask[0] @ list(worth.values()))])

    path = subset_search.greedy(LINE, margins, size, 0.0, 6)
    assert path[-1].names == ("b", "d", "c", "e", "f") and path[-1].rate == 0
    assert len(calls) == 1 + 6 + 4  # an open face, every part once, and then the next best alone


def test_pruning_by_hand() -> None:
    """Two squares hold the name, a third is of no use and a fourth of little; the fringe goes first."""
    mask = np.zeros((4, 4))
    mask[:2, :2], mask[:2, 2:], mask[2:, :2], mask[3, 3] = 1, 1, 1, 1

    def margins(mask: np.ndarray) -> np.ndarray:
        return np.array([0.5 - mask[0, 0], 0.5 - mask[1, 3], 0.5 - mask[3, 3], 0.5 - mask[0, 0]])

    whole = Trial.of(mask, margins, size)
    path = subset_search.prune(whole, 2, margins, size, 0.0)
    assert [trial.area for trial in path] == [13, 9] and path[-1].mask[2:, :2].sum() == 0
    spared = subset_search.prune(whole, 2, margins, size, 0.25)
    assert [trial.area for trial in spared] == [13, 12, 8] and spared[-1].rate == 0.25
    assert not subset_search.prune(Trial.of(0 * mask, margins, size), 2, margins, size, 1.0)[1:]


def test_the_front_has_no_mask_that_a_smaller_one_equals() -> None:
    blank = np.zeros((1, 1))
    trials = [Trial((), blank, area, rate, 0.0) for area, rate in ((3, 0.1), (1, 0.5), (2, 0.5), (2, 0.6), (0, 1.0))]
    assert [(trial.area, trial.rate) for trial in subset_search.pareto_front(trials)] == [(0, 1.0), (1, 0.5), (3, 0.1)]
    assert subset_search.smallest(trials, 0.05) is None


@pytest.mark.parametrize("seed", range(20))
def test_exact_equals_brute_force_and_greedy_never_beats_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = {f"part {place}": (rng.random((4, 4)) < 0.3).astype(float) for place in range(6)}
    weights, pairs, bias = rng.random((7, 4, 4)), rng.random((7, 4, 4)), rng.uniform(1, 4, 7)

    def margins(mask: np.ndarray) -> np.ndarray:
        left = 1 - mask
        return (weights * left).sum(axis=(1, 2)) + (pairs * left * left[::-1]).sum(axis=(1, 2)) - 2 * bias

    target = float(rng.choice([0.0, 0.3]))
    least = np.inf
    for bits in range(2 ** len(parts)):  # bit by bit, without the module's help
        hidden = np.zeros((4, 4))
        for place, part in enumerate(parts.values()):
            if bits >> place & 1:
                hidden = np.maximum(hidden, part)
        if np.mean([margin > 0 for margin in margins(hidden)]) <= target:
            least = min(least, hidden.sum())
    smallest = subset_search.smallest(subset_search.exact(parts, margins, size), target)
    assert (np.inf if smallest is None else smallest.area) == least
    last = subset_search.greedy(parts, margins, size, target, len(parts))[-1]
    assert last.area >= least if last.rate <= target else True


# --- a network whose truth is known -----------------------------------------------------------------------------------

SQUARE = np.s_[8:16, 12:20]
"""Rows and columns of the chart where person 1 is told from person 0."""


@pytest.fixture(scope="module")
def toy() -> Network:
    """Takes pictures of `GRID` pixels; person 1's score is the mean of the green in `SQUARE`, person 0's is 1/2."""
    return linear(0.5)


def linear(other: float) -> Network:
    """The same with another score of person 0."""
    inputs = keras.Input((chart.GRID, chart.GRID, 3))
    scores = keras.layers.Dense(2, name="scores")(keras.layers.Flatten()(inputs))
    network = Network(replace(UNTRAINED, preprocessing="unit", input_size=chart.GRID), keras.Model(inputs, scores))
    kernel = np.zeros((chart.GRID, chart.GRID, 3, 2), np.float32)
    kernel[(*SQUARE, 1, 1)] = 1 / 64
    network.model.layers[-1].set_weights([kernel.reshape(-1, 2), np.array([other, 0], np.float32)])
    return network


def shots_of(values: list[float]) -> list[covers.Shot]:
    """Captures of person 1, evenly as bright as that."""
    side = chart.GRID
    return [
        covers.Shot(1, faces.PORTRAIT, np.full((side, side, 3), round(255 * value), np.uint8), WHOLE)
        for value in values
    ]


@pytest.fixture
def filled(monkeypatch) -> None:
    """On every capture the chart fills the picture."""
    monkeypatch.setattr(chart, "frame_from_capture", lambda capture: WHOLE)


def test_margins_by_hand(toy: Network, filled) -> None:
    from core.masking.optimisation import MaskedCaptures

    captures = MaskedCaptures.of(toy, shots_of([1.0, 0.8]))
    mask = np.zeros((chart.GRID, chart.GRID))
    np.testing.assert_allclose(captures.margins(mask), [0.5, 0.3], atol=1e-5)
    mask[8:12] = 1  # the upper half of the square, in black
    np.testing.assert_allclose(captures.margins(mask), [0.0, -0.1], atol=1e-5)
    grey = MaskedCaptures.of(toy, shots_of([1.0]), "mean")
    np.testing.assert_allclose(grey.margins(np.ones_like(mask)), [0.5], atol=1e-5)


def test_the_gradient_finds_half_of_the_square_where_half_is_enough(toy: Network, filled) -> None:
    from core.masking.optimisation import ITERATIONS, TRIAL_EVERY, MaskedCaptures, grow

    reports: list[int] = []
    captures = MaskedCaptures.of(toy, shots_of([1.0, 0.9]))
    trials = grow(captures, lambda step, steps, mask: reports.append(steps))
    assert reports == [ITERATIONS] * ITERATIONS and len(trials) == ITERATIONS // TRIAL_EVERY
    assert trials[0].rate == 1 and np.all(np.diff([trial.area for trial in trials]) > 0)
    trial = subset_search.smallest(trials, 0.0)
    assert trial is not None
    inside = trial.mask[SQUARE].sum()
    assert inside > 0.9 * trial.mask.sum()  # nothing is hidden in vain
    assert 32 <= inside <= 40  # half the square must be hidden, and hardly more


def test_grown_and_pruned_the_mask_is_exactly_the_square_where_all_of_it_counts(filled) -> None:
    from core.masking.optimisation import MaskedCaptures, grow

    captures = MaskedCaptures.of(
        linear(1 / 128), shots_of([1.0, 0.9])
    )  # one open place of the 64 is enough for the name
    trial = subset_search.smallest(grow(captures), 0.0)
    assert trial is not None
    mask = subset_search.prune(trial, 4, captures.margins, chart.area, 0.0)[-1].mask
    truth = np.zeros_like(mask)
    truth[SQUARE] = 1
    np.testing.assert_array_equal(mask, truth)


# --- people -----------------------------------------------------------------------------------------------------------

TRUTH = {"A": ("eyes", "brows"), "B": ("nose", "mouth", "jaw")}


def test_a_study_is_read_as_it_was_written() -> None:
    mask = (np.arange(chart.GRID**2) % 3 == 0).astype(np.float32).reshape(chart.GRID, chart.GRID)
    point = tasks.OperatingPoint(0.25, 0.75, {"softmax": 3})
    search = tasks.MaskSearch((Trial(("eyes",), mask, 0.25, 0.125, 1.0),), (point,), {"black": (point, point)}, 48)
    again = study.from_json(study.to_json({"A": {"exact": search}}))["A"]["exact"]
    assert (again.points, again.bars, again.count) == (search.points, search.bars, 48)
    assert (again.trials[0].names, again.trials[0].rate, again.trials[0].area) == (("eyes",), 0.125, 0.25)
    np.testing.assert_array_equal(again.trials[0].mask, mask)


@pytest.mark.parametrize("group", TRUTH)
def test_the_smallest_mask_covers_what_makes_the_group_and_hides_people_on_captures_it_has_not_met(group) -> None:
    """Truth: where a region that makes the group lies in a quarter of the captures or more, as a mask that serves every
    pose has to hide it there. Result: of all 128 sets of parts the smallest for at most 5 % on the captures that it was
    sought on; the rate counts on 120 others.
    """
    search = study.stored()[group]["exact"]
    place = next(place for place, trial in enumerate(search.trials) if trial.rate <= 0.05)
    mask, truth = search.trials[place].mask > 0, subset_search.union(chart.parts(), TRUTH[group]) > 0
    assert (mask & truth).sum() / (mask | truth).sum() > 0.5
    assert search.points[place].hits["softmax"] <= (1 / faces.PEOPLE + 0.05) * search.count


@pytest.mark.parametrize("group", TRUTH)
def test_at_the_area_of_the_eye_bar_the_grown_mask_hides_twice_as_well_as_the_bar(group) -> None:
    search = study.stored()[group]["optimised"]
    bar = search.bars["black"][0]
    for attacker, named in bar.hits.items():
        grown = np.interp(bar.area, [p.area for p in search.points], [p.hits[attacker] for p in search.points])
        assert grown < 0.5 * named, attacker


@pytest.mark.parametrize("group", TRUTH)
def test_the_grown_mask_is_smaller_than_those_of_squares_and_parts_and_holds_on_captures_it_has_not_met(group) -> None:
    searches = study.stored()[group]
    grown, point = searches["optimised"], searches["optimised"].points[-1]
    assert grown.trials[-1].rate == 0
    assert point.hits["softmax"] <= (1 / faces.PEOPLE + 0.05) * grown.count
    for strategy in ("exact", "greedy"):
        others = searches[strategy].points
        assert all(other.area > 1.2 * point.area for other in others if other.hits["softmax"] <= point.hits["softmax"])


@pytest.mark.parametrize("strategy", ["exact", "greedy", "optimised"])
def test_a_search_reports_with_images_and_tests_masks_and_bars_on_other_captures(monkeypatch, strategy: str) -> None:
    from core.masking import optimisation

    for name, value in (
        ("SEARCH_CAPTURES", 4),
        ("TEST_CAPTURES", 8),
        ("BAR_SCALES", (1.0, 3.0)),
        ("BAR_FILLS", ("black",)),
        ("CELL", 8),
    ):
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(chart, "PARTS", ("eyes", "brows", "nose"))
    monkeypatch.setattr(optimisation, "ITERATIONS", 12)
    reports: list[tuple[int, int, bool]] = []
    search = tasks.search(
        MINIFACE,
        (0, 2),
        strategy,
        report=lambda step, steps, picture=None: reports.append((step, steps, bool(picture))),
    )
    assert reports[0][2] and not reports[-1][2] and all(step < steps for step, steps, _ in reports)
    areas, rates = [trial.area for trial in search.trials], [trial.rate for trial in search.trials]
    assert areas == sorted(areas) and rates == sorted(rates, reverse=True)
    assert areas[0] == 0 and search.points[0].hits["softmax"] >= 7 and search.points[0].visible == 1
    assert len(search.points) == len(search.trials) and search.count == 8
    assert list(search.bars) == ["black"] and search.bars["black"][0].area < search.bars["black"][1].area


def test_the_stored_study_holds_both_groups_and_every_attacker() -> None:
    stored = study.stored()
    assert set(stored) == set(TRUTH)
    for searches in stored.values():
        assert set(searches) == set(tasks.STRATEGIES)
        for search in searches.values():
            points = [*search.points, *(point for bars in search.bars.values() for point in bars)]
            assert search.count == study.COUNT
            assert all(0 <= hits <= search.count for point in points for hits in point.hits.values())
            assert all(set(point.hits) == {"softmax", "nearest", "retrained"} for point in points)
