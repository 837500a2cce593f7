"""Who names a person behind a cover: attackers by hand, and the strong one against the eye bar in both groups."""

from __future__ import annotations

import numpy as np
import pytest

from core import faces
from core.intervals import wilson
from core.masking import Disguise, Mask, chart, covers, presets, tasks
from core.networks.table import MINIFACE


def test_softmax_and_nearest_by_hand() -> None:
    from core.masking.attackers import Attackers
    from core.masking.scores import Answer

    gallery = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    attackers = Attackers(gallery, np.array([4, 7, 5]))
    answer = Answer(np.array([[0.1, 2.0, 0.3], [3.0, 1.0, 2.0]]), np.array([[0.8, 0.6], [0.0, 1.0]]))
    # cosines of (0.8, 0.6): 0.8 to person 4, 0.6 to person 7, 0.96 to person 5
    assert {name: list(found) for name, found in attackers.names(answer).items()} == {
        "softmax": [1, 0],
        "nearest": [5, 7],
    }


def test_the_retrained_attacker_learns_what_is_left_and_nothing_from_noise() -> None:
    from core.masking.attackers import retrain

    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 12)
    features = rng.normal(size=(120, 30))
    features[:, 3] += 4 * people  # one number that was left open
    left = retrain(features, people)
    fresh = rng.normal(size=(120, 30))
    assert (left(fresh) == people).mean() < 0.25
    fresh[:, 3] += 4 * people
    assert (left(fresh) == people).mean() > 0.5


def test_a_cover_lies_on_the_same_part_of_every_capture() -> None:
    bar = chart.bar(1.0)
    for index in range(6):
        taken = covers.shot(3, 1, index, 112)
        eyes = faces.shot(3, 1, index, 112)[1]["eyes"]
        black = (covers.under(bar)(taken) == 0).all(axis=-1)
        assert black[eyes].mean() > 0.75
        np.testing.assert_allclose(covers.bare(taken), faces.shot(3, 1, index, 112)[0], atol=0.5 / 255 + 1e-6)
    hidden = covers.behind(Disguise((Mask(0.5, 0.5, 3, 3),)), taken.frame)(taken)
    assert not hidden.any()


@pytest.fixture(scope="module")
def eye_bar() -> tasks.Verdict:
    """Everybody behind the black bar over the eyes of person 0's portrait."""
    image, regions = faces.render(faces.person(0), faces.PORTRAIT, 224)
    bar = presets(image, regions)["eyes"]
    return tasks.judge(MINIFACE, 0, faces.PORTRAIT, Disguise(bar), 96, everybody=True)


@pytest.mark.parametrize("group", ["A", "B"])
def test_an_eye_bar_does_not_hide_people_from_who_trains_on_eye_bars(eye_bar, group) -> None:
    inside = np.array([faces.group_of(int(person)) == group for person in eye_bar.people])
    assert inside.sum() == 96
    rates = {name: right[inside].mean() for name, right in eye_bar.masked.items()}
    for name, right in eye_bar.masked.items():
        low, high = wilson(int(right[inside].sum()), 96)
        print(f"eye bar, group {group}, {name}: {rates[name]:.3f} ({low:.3f} to {high:.3f}), n = 96, chance 0.021")
    assert min(right[inside].mean() for right in eye_bar.plain.values()) > 0.85
    low, _ = wilson(int(eye_bar.masked["retrained"][inside].sum()), 96)
    if group == "A":  # the bar hides what they differ by, and surprises the network that never met it
        assert rates["retrained"] > rates["softmax"] and low > 0.25
    else:  # it hides hardly anything of what they differ by, from nobody
        assert min(rates.values()) > 0.75 and low > 0.75


def test_the_judge_counts_every_batch_of_its_work(monkeypatch) -> None:
    monkeypatch.setattr(tasks, "TRAINED", 2)
    told: list[tuple[int, int]] = []
    everything = np.ones((chart.GRID, chart.GRID), np.float32)
    found = tasks.judge_mask(MINIFACE, (1, 3), everything, "black", (), 40, lambda *step: told.append(step))
    assert found.people.tolist() == [1, 3] * 20
    assert set(found.plain) == {"softmax", "nearest"} and set(found.masked) == {"softmax", "nearest", "retrained"}
    assert told == [(n, 96 + 40) for n in (0, 32, 64, 96, 128)]
    assert found.plain["softmax"].mean() > 0.9 and found.masked["softmax"].mean() < 0.2
