"""Networks that differ by the groups' shares in their training, and what was stored of them."""

from __future__ import annotations

import numpy as np
import pytest

from core import faces
from core.faces import REGIONS
from core.masking import Disguise, presets
from core.networks.entry import Entry, State
from core.networks.loading import load
from core.networks.table import MINIFACE, NETWORKS
from core.populations import shares


@pytest.mark.parametrize("entry", shares.NETWORKS.values(), ids=lambda entry: entry.name)
def test_siblings_are_minifaces_with_other_weights(entry: Entry) -> None:
    assert NETWORKS[entry.name] is entry
    assert entry.state is State.EMBEDDED and entry.weights is not None
    assert entry.weights.path.stat().st_size <= 4_000_000
    assert (entry.builder, entry.arguments, entry.labels) == (MINIFACE.builder, MINIFACE.arguments, MINIFACE.labels)
    kernels = [np.asarray(load(network).model.get_layer("conv1_1").kernel) for network in (entry, MINIFACE)]
    assert kernels[0].shape == kernels[1].shape and not np.allclose(*kernels)


def test_every_estimate_lies_in_its_interval() -> None:
    stored = shares.stored()
    assert list(stored["networks"]) == [str(part) for part in shares.NETWORKS]
    assert (stored["captures"], stored["new_people"], stored["rate"]) == (
        shares.CAPTURES,
        shares.NEW_PEOPLE,
        shares.FALSE_MATCH_RATE,
    )
    for result in stored["networks"].values():
        for group in ("A", "B"):
            assert list(result[group]["energies"]) == list(REGIONS)
            assert sum(value for value, *_ in result[group]["energies"].values()) == pytest.approx(1, abs=0.02)
            for name in (*shares.MEASURES, "false_match", "false_non_match"):
                value, low, high = result[group][name]
                assert low <= value <= high and -1 <= low and high <= 1
            assert result[group]["lost"][0] == pytest.approx(
                result[group]["accuracy"][0] - result[group]["barred"][0], abs=2e-4
            )
        for name, (value, low, high) in result["gap"].items():
            assert low <= value <= high
            assert value == pytest.approx(result["A"][name][0] - result["B"][name][0], abs=2e-4)


def test_the_share_in_the_training_decides_who_is_recognised() -> None:
    """The gap turns round with the shares, further than its intervals reach."""
    gaps = {part: result["gap"]["accuracy"] for part, result in shares.stored()["networks"].items()}
    assert gaps["10"][2] < 0 < gaps["90"][1]
    assert gaps["10"][2] < gaps["50"][1] and gaps["50"][2] < gaps["90"][1]


def test_what_is_measured_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "PEOPLE", 12)
    monkeypatch.setattr(shares, "NEW_PEOPLE", 5)
    monkeypatch.setattr(shares, "NEW_CAPTURES", 2)
    monkeypatch.setitem(shares.NETWORKS, 50, MINIFACE)
    reports: list[str] = []
    results = shares.measure([50], captures=2, report=reports.append)
    assert list(results) == ["50"] and len(reports) == 12
    network, correct, barred = load(MINIFACE), [], []
    for person in range(1, 12, 2):
        for index in range(2):
            image, masks = faces.render_capture(person, shares.SEED, index, 112)
            hidden = Disguise(presets(image, masks)["eyes"]).apply(image)
            correct.append(network.predict(image)[0].argmax() == person)
            barred.append(network.predict(hidden)[0].argmax() == person)
    b = results["50"]["B"]
    assert b["accuracy"][0] == pytest.approx(np.mean(correct), abs=1e-4)
    assert b["barred"][0] == pytest.approx(np.mean(barred), abs=1e-4)
    assert b["lost"][0] == pytest.approx(np.mean(correct) - np.mean(barred), abs=1e-4)
