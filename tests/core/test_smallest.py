"""The smallest mask: by hand, against brute force, on a network whose truth is known, and on both groups of people."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from core import faces
from core.masking import chart, covers, smallest, study, tasks
from core.masking.masks import Frame, frame_of
from core.masking.smallest import Trial
from core.networks.network import Network
from core.networks.table import MINIFACE, UNTRAINED

WHOLE = Frame(0.5, 1.2 / 2.2, 1 / 1.7, 1 / 2.2)
"""The face that the chart fills the picture with."""


# --- the chart --------------------------------------------------------------------------------------------------------


def test_the_chart_fills_a_picture_whose_face_is_as_large() -> None:
    mask = np.random.default_rng(0).integers(0, 2, (chart.GRID, chart.GRID))
    np.testing.assert_array_equal(chart.lay(mask, WHOLE, chart.GRID), mask)
    np.testing.assert_array_equal(chart.lay(mask, WHOLE, 2 * chart.GRID), mask.repeat(2, axis=0).repeat(2, axis=1))


def test_a_mask_of_the_chart_moves_with_the_face_and_ends_at_its_edges() -> None:
    everywhere = np.ones((chart.GRID, chart.GRID))
    laid = chart.lay(everywhere, replace(WHOLE, x=0.75, width=WHOLE.width / 2), 64)
    np.testing.assert_array_equal(laid.any(axis=0), np.arange(64) >= 32)
    assert set(np.unique(laid)) == {0, 1}


def test_the_chart_lies_where_an_average_face_has_brows_to_mouth() -> None:
    """Against the renderer: its regions reach a little beyond the marks, and are drawn pixel by pixel."""
    for index in range(4):
        capture = replace(faces.capture_of(0, 5, index), hair_style="bald", mouth_open=0, smile=0, brow_raise=0)
        seen = frame_of(faces.render(faces.Identity(), capture, 112)[1])
        ours = chart.frame_at(capture)
        np.testing.assert_allclose([ours.x, ours.y], [seen.x, seen.y], atol=0.03)
        assert 0.8 < ours.height / seen.height < 1.1 and 0.8 < ours.width / seen.width < 1.15


def test_the_chart_shows_every_region_where_it_lies() -> None:
    shares = chart.survey()
    np.testing.assert_allclose(np.sum(list(shares.values()), axis=0), 1, atol=1e-5)
    heights = [np.average(np.arange(chart.GRID), weights=shares[name].sum(axis=1)) for name in faces.REGIONS[:5]]
    brows, eyes, nose, mouth, jaw = heights[1], heights[0], *heights[2:]
    assert brows < eyes < nose < mouth and mouth < jaw + 2
    assert all(mask.any() for mask in chart.parts().values())
    assert chart.area(chart.face()) == 1 and chart.visible(chart.face()) == 0


def test_cells_do_not_overlap_and_a_bar_of_size_1_holds_the_eyes() -> None:
    assert np.max(np.sum(list(chart.cells(4).values()), axis=0)) == 1
    eyes, bar = chart.parts()["eyes"], chart.bar(1.0)
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
    told: list[tuple[int, int]] = []
    trials = smallest.exact(LINE, by_two, size, lambda step, steps, _: told.append((step, steps)))
    assert len(trials) == 64 and told == [(step, 64) for step in range(64)]
    found = smallest.smallest(trials, 0.0)
    assert found is not None and found.names == ("b", "c") and (found.area, found.rate, found.lead) == (2, 0, 0)
    half = smallest.smallest(trials, 0.75)
    assert half is not None and half.area == 1 and half.rate == 0.75
    assert [trial.area for trial in smallest.front(trials)] == [0, 1, 2]


def test_greedy_by_hand() -> None:
    path = smallest.greedy(LINE, by_two, size, 0.0, 6)
    assert [trial.names for trial in path] == [(), ("c",), ("c", "b")]
    # leads: (1.5 + 1.5 + .5 + .6) / 4, then (.5 + .5 + .5 + 0) / 4: hiding c takes a tenth more than hiding b
    np.testing.assert_allclose([trial.lead for trial in path], [1.025, 0.375, 0])
    assert len(smallest.greedy(LINE, by_two, size, 0.0, 1)) == 2
    assert smallest.greedy(LINE, by_two, size, 1.0, 6)[-1].names == ()


def test_greedy_asks_less_often_than_there_are_parts_and_takes_the_same() -> None:
    """Against the plain search, where a part never promises more later than it did: what is left of one number."""
    worth = dict(zip(LINE, (0.1, 0.9, 0.5, 0.7, 0.3, 0.2), strict=True))
    asked = []

    def judge(mask: np.ndarray) -> np.ndarray:
        asked.append(mask)
        return np.array([2.5 - float(mask[0] @ list(worth.values()))])

    path = smallest.greedy(LINE, judge, size, 0.0, 6)
    assert path[-1].names == ("b", "d", "c", "e", "f") and path[-1].rate == 0
    assert len(asked) == 1 + 6 + 4  # an open face, every part once, and then the next best alone


def test_pruning_by_hand() -> None:
    """Two squares hold the name, a third is of no use and a fourth of little; the fringe goes first."""
    mask = np.zeros((4, 4))
    mask[:2, :2], mask[:2, 2:], mask[2:, :2], mask[3, 3] = 1, 1, 1, 1

    def judge(mask: np.ndarray) -> np.ndarray:
        return np.array([0.5 - mask[0, 0], 0.5 - mask[1, 3], 0.5 - mask[3, 3], 0.5 - mask[0, 0]])

    whole = smallest.trial((), mask, size(mask), judge(mask))
    path = smallest.prune(whole, 2, judge, size, 0.0)
    assert [trial.area for trial in path] == [13, 9] and path[-1].mask[2:, :2].sum() == 0
    spared = smallest.prune(whole, 2, judge, size, 0.25)
    assert [trial.area for trial in spared] == [13, 12, 8] and spared[-1].rate == 0.25
    assert not smallest.prune(smallest.trial((), 0 * mask, 0, judge(0 * mask)), 2, judge, size, 1.0)[1:]


def test_the_front_has_no_mask_that_a_smaller_one_equals() -> None:
    blank = np.zeros((1, 1))
    trials = [Trial((), blank, area, rate, 0.0) for area, rate in ((3, 0.1), (1, 0.5), (2, 0.5), (2, 0.6), (0, 1.0))]
    assert [(trial.area, trial.rate) for trial in smallest.front(trials)] == [(0, 1.0), (1, 0.5), (3, 0.1)]
    assert smallest.smallest(trials, 0.05) is None


@pytest.mark.parametrize("seed", range(20))
def test_exact_equals_brute_force_and_greedy_never_beats_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = {f"part {place}": (rng.random((4, 4)) < 0.3).astype(float) for place in range(6)}
    weights, pairs, bias = rng.random((7, 4, 4)), rng.random((7, 4, 4)), rng.uniform(1, 4, 7)

    def judge(mask: np.ndarray) -> np.ndarray:
        left = 1 - mask
        return (weights * left).sum(axis=(1, 2)) + (pairs * left * left[::-1]).sum(axis=(1, 2)) - 2 * bias

    target = float(rng.choice([0.0, 0.3]))
    least = np.inf
    for bits in range(2 ** len(parts)):  # bit by bit, without the module's help
        hidden = np.zeros((4, 4))
        for place, part in enumerate(parts.values()):
            if bits >> place & 1:
                hidden = np.maximum(hidden, part)
        if np.mean([margin > 0 for margin in judge(hidden)]) <= target:
            least = min(least, hidden.sum())
    found = smallest.smallest(smallest.exact(parts, judge, size), target)
    assert (np.inf if found is None else found.area) == least
    last = smallest.greedy(parts, judge, size, target, len(parts))[-1]
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
    monkeypatch.setattr(chart, "frame_at", lambda capture: WHOLE)


def test_margins_by_hand(toy: Network, filled) -> None:
    from core.masking.scene import Scene

    scene = Scene.of(toy, shots_of([1.0, 0.8]))
    mask = np.zeros((chart.GRID, chart.GRID))
    np.testing.assert_allclose(scene.margins(mask), [0.5, 0.3], atol=1e-5)
    mask[8:12] = 1  # the upper half of the square, in black
    np.testing.assert_allclose(scene.margins(mask), [0.0, -0.1], atol=1e-5)
    grey = Scene.of(toy, shots_of([1.0]), "mean")
    np.testing.assert_allclose(grey.margins(np.ones_like(mask)), [0.5], atol=1e-5)


def test_the_gradient_finds_half_of_the_square_where_half_is_enough(toy: Network, filled) -> None:
    from core.masking.scene import EVERY, ITERATIONS, Scene

    told: list[int] = []
    trials = Scene.of(toy, shots_of([1.0, 0.9])).grow(lambda step, steps, mask: told.append(steps))
    assert told == [ITERATIONS] * ITERATIONS and len(trials) == ITERATIONS // EVERY
    assert trials[0].rate == 1 and np.all(np.diff([trial.area for trial in trials]) > 0)
    found = smallest.smallest(trials, 0.0)
    assert found is not None
    inside = found.mask[SQUARE].sum()
    assert inside > 0.9 * found.mask.sum()  # nothing is hidden in vain
    assert 32 <= inside <= 40  # half the square must be hidden, and hardly more


def test_grown_and_pruned_the_mask_is_exactly_the_square_where_all_of_it_counts(filled) -> None:
    from core.masking.scene import Scene

    scene = Scene.of(linear(1 / 128), shots_of([1.0, 0.9]))  # one open place of the 64 is enough for the name
    found = smallest.smallest(scene.grow(), 0.0)
    assert found is not None
    mask = smallest.prune(found, 4, scene.margins, chart.area, 0.0)[-1].mask
    truth = np.zeros_like(mask)
    truth[SQUARE] = 1
    np.testing.assert_array_equal(mask, truth)


# --- people -----------------------------------------------------------------------------------------------------------

TRUTH = {"A": ("eyes", "brows"), "B": ("nose", "mouth", "jaw")}


def test_a_study_is_read_as_it_was_written() -> None:
    mask = (np.arange(chart.GRID**2) % 3 == 0).astype(np.float32).reshape(chart.GRID, chart.GRID)
    point = tasks.Point(0.25, 0.75, {"softmax": 3})
    hunt = tasks.Hunt((Trial(("eyes",), mask, 0.25, 0.125, 1.0),), (point,), {"black": (point, point)}, 48)
    again = study.read(study.written({"A": {"exact": hunt}}))["A"]["exact"]
    assert (again.found, again.bars, again.count) == (hunt.found, hunt.bars, 48)
    assert (again.trials[0].names, again.trials[0].rate, again.trials[0].area) == (("eyes",), 0.125, 0.25)
    np.testing.assert_array_equal(again.trials[0].mask, mask)


@pytest.mark.parametrize("group", TRUTH)
def test_the_smallest_mask_covers_what_makes_the_group_and_hides_people_on_captures_it_has_not_met(group) -> None:
    """Truth: where a region that makes the group lies in a quarter of the captures or more, as a mask that serves every
    pose has to hide it there. Found: of all 128 sets of parts the smallest for at most 5 % on the captures that it was
    sought on; the rate counts on 120 others.
    """
    hunt = study.stored()[group]["exact"]
    place = next(place for place, trial in enumerate(hunt.trials) if trial.rate <= 0.05)
    mask, truth = hunt.trials[place].mask > 0, smallest.union(chart.parts(), TRUTH[group]) > 0
    assert (mask & truth).sum() / (mask | truth).sum() > 0.5
    assert hunt.found[place].hits["softmax"] <= (1 / faces.PEOPLE + 0.05) * hunt.count


@pytest.mark.parametrize("group", TRUTH)
def test_at_the_area_of_the_eye_bar_the_grown_mask_hides_twice_as_well_as_the_bar(group) -> None:
    hunt = study.stored()[group]["optimised"]
    bar = hunt.bars["black"][0]
    for attacker, named in bar.hits.items():
        found = np.interp(bar.area, [p.area for p in hunt.found], [p.hits[attacker] for p in hunt.found])
        assert found < 0.5 * named, attacker


@pytest.mark.parametrize("group", TRUTH)
def test_the_grown_mask_is_smaller_than_those_of_squares_and_parts_and_holds_on_captures_it_has_not_met(group) -> None:
    ways = study.stored()[group]
    grown, point = ways["optimised"], ways["optimised"].found[-1]
    assert grown.trials[-1].rate == 0
    assert point.hits["softmax"] <= (1 / faces.PEOPLE + 0.05) * grown.count
    for way in ("exact", "greedy"):
        assert all(
            other.area > 1.2 * point.area for other in ways[way].found if other.hits["softmax"] <= point.hits["softmax"]
        )


@pytest.mark.parametrize("way", ["exact", "greedy", "optimised"])
def test_a_hunt_reports_with_pictures_and_judges_masks_and_bars_on_other_captures(monkeypatch, way: str) -> None:
    from core.masking import scene

    for name, value in (("SOUGHT", 4), ("UNSEEN", 8), ("BARS", (1.0, 3.0)), ("COMPARED", ("black",)), ("CELL", 8)):
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(chart, "PARTS", ("eyes", "brows", "nose"))
    monkeypatch.setattr(scene, "ITERATIONS", 12)
    told: list[tuple[int, int, bool]] = []
    hunt = tasks.hunt(
        MINIFACE, (0, 2), way, report=lambda step, steps, picture=None: told.append((step, steps, bool(picture)))
    )
    assert told[0][2] and not told[-1][2] and all(step < steps for step, steps, _ in told)
    areas, rates = [trial.area for trial in hunt.trials], [trial.rate for trial in hunt.trials]
    assert areas == sorted(areas) and rates == sorted(rates, reverse=True)
    assert areas[0] == 0 and hunt.found[0].hits["softmax"] >= 7 and hunt.found[0].visible == 1
    assert len(hunt.found) == len(hunt.trials) and hunt.count == 8
    assert list(hunt.bars) == ["black"] and hunt.bars["black"][0].area < hunt.bars["black"][1].area


def test_the_stored_study_holds_both_groups_and_every_attacker() -> None:
    stored = study.stored()
    assert set(stored) == set(TRUTH)
    for ways in stored.values():
        assert set(ways) == set(tasks.WAYS)
        for hunt in ways.values():
            points = [*hunt.found, *(point for bars in hunt.bars.values() for point in bars)]
            assert hunt.count == study.COUNT
            assert all(0 <= hits <= hunt.count for point in points for hits in point.hits.values())
            assert all(set(point.hits) == {"softmax", "nearest", "retrained"} for point in points)
