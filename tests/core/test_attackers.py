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
    from core.masking.scores import Predictions

    gallery = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    attackers = Attackers(gallery, np.array([4, 7, 5]))
    predictions = Predictions(np.array([[0.1, 2.0, 0.3], [3.0, 1.0, 2.0]]), np.array([[0.8, 0.6], [0.0, 1.0]]))
    # cosines of (0.8, 0.6): 0.8 to person 4, 0.6 to person 7, 0.96 to person 5
    assert {attacker: list(people) for attacker, people in attackers.identify(predictions).items()} == {
        "softmax": [1, 0],
        "nearest": [5, 7],
    }


def test_the_retrained_attacker_learns_what_is_left_and_nothing_from_noise() -> None:
    from core.masking.attackers import retrain

    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 12)
    features = rng.normal(size=(120, 30))
    features[:, 3] += 4 * people  # one number that was left open
    classify = retrain(features, people)
    fresh = rng.normal(size=(120, 30))
    assert (classify(fresh) == people).mean() < 0.25
    fresh[:, 3] += 4 * people
    assert (classify(fresh) == people).mean() > 0.5


def test_a_cover_lies_on_the_same_part_of_every_capture() -> None:
    bar = chart.eye_bar(1.0)
    for index in range(6):
        shot = covers.render_shot(3, 1, index, 112)
        eyes = faces.render_capture(3, 1, index, 112)[1]["eyes"]
        black = (covers.cover_from_mask(bar)(shot) == 0).all(axis=-1)
        assert black[eyes].mean() > 0.75
        image = faces.render_capture(3, 1, index, 112)[0]
        np.testing.assert_allclose(covers.uncovered(shot), image, atol=0.5 / 255 + 1e-6)
    hidden = covers.cover_from_disguise(Disguise((Mask(0.5, 0.5, 3, 3),)), shot.frame)(shot)
    assert not hidden.any()


@pytest.fixture(scope="module")
def eye_bar() -> tasks.Reidentification:
    """Everybody behind the black bar over the eyes of person 0's portrait."""
    image, regions = faces.render(faces.person(0), faces.PORTRAIT, 224)
    bar = presets(image, regions)["eyes"]
    return tasks.reidentify(MINIFACE, 0, faces.PORTRAIT, Disguise(bar), 96, everybody=True)


@pytest.mark.slow
@pytest.mark.parametrize("group", ["A", "B"])
def test_an_eye_bar_does_not_hide_people_from_who_trains_on_eye_bars(eye_bar, group) -> None:
    inside = np.array([faces.group_of(int(person)) == group for person in eye_bar.people])
    assert inside.sum() == 96
    rates = {name: right[inside].mean() for name, right in eye_bar.masked.items()}
    for name, right in eye_bar.masked.items():
        low, high = wilson(int(right[inside].sum()), 96)
        print(f"eye bar, group {group}, {name}: {rates[name]:.3f} ({low:.3f} to {high:.3f}), n = 96, chance 0.021")
    assert min(right[inside].mean() for right in eye_bar.unmasked.values()) > 0.85
    low, _ = wilson(int(eye_bar.masked["retrained"][inside].sum()), 96)
    if group == "A":  # the bar hides what they differ by, and surprises the network that never met it
        assert rates["retrained"] > rates["softmax"] and low > 0.25
    else:  # it hides hardly anything of what they differ by, from nobody
        assert min(rates.values()) > 0.75 and low > 0.75


def test_every_batch_of_an_attack_is_reported(monkeypatch) -> None:
    monkeypatch.setattr(tasks, "TRAINING_CAPTURES", 2)
    reports: list[tuple[int, int]] = []
    everything = np.ones((chart.GRID, chart.GRID), np.float32)
    outcome = tasks.reidentify_behind_mask(
        MINIFACE, (1, 3), everything, "black", (), 40, lambda *step: reports.append(step)
    )
    assert outcome.people.tolist() == [1, 3] * 20
    assert set(outcome.unmasked) == {"softmax", "nearest"} and set(outcome.masked) == {
        "softmax",
        "nearest",
        "retrained",
    }
    assert reports == [(n, 96 + 40) for n in (0, 32, 64, 96, 128)]
    assert outcome.unmasked["softmax"].mean() > 0.9 and outcome.masked["softmax"].mean() < 0.2
