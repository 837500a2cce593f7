"""Networks that differ by the groups' shares in their training, and what was stored of them."""

from __future__ import annotations

import numpy as np
import pytest

from core import faces
from core.faces import REGIONS
from core.masking import Disguise, presets
from core.networks.entry import State
from core.networks.loading import load
from core.networks.table import MINIFACE, NETWORKS
from core.populations import shares


@pytest.mark.parametrize("name", shares.NETWORKS.values())
def test_siblings_are_minifaces_with_other_weights(name: str) -> None:
    entry = NETWORKS[name]
    assert entry.state is State.EMBEDDED and entry.weights is not None
    assert entry.weights.path.stat().st_size <= 4_000_000
    assert (entry.builder, entry.arguments, entry.labels) == (MINIFACE.builder, MINIFACE.arguments, MINIFACE.labels)
    kernels = [np.asarray(load(network).model.get_layer("conv1_1").kernel) for network in (name, "MiniFace")]
    assert kernels[0].shape == kernels[1].shape and not np.allclose(*kernels)


def test_every_estimate_lies_in_its_interval() -> None:
    stored = shares.stored()
    assert list(stored["networks"]) == [str(part) for part in shares.NETWORKS]
    assert (stored["captures"], stored["met"], stored["rate"]) == (shares.CAPTURES, shares.MET, shares.RATE)
    for found in stored["networks"].values():
        for group in ("A", "B"):
            assert list(found[group]["energies"]) == list(REGIONS)
            assert sum(value for value, *_ in found[group]["energies"].values()) == pytest.approx(1, abs=0.02)
            for name in (*shares.MEASURES, "false_match", "false_non_match"):
                value, low, high = found[group][name]
                assert low <= value <= high and -1 <= low and high <= 1
            assert found[group]["lost"][0] == pytest.approx(
                found[group]["accuracy"][0] - found[group]["barred"][0], abs=2e-4
            )
        for name, (value, low, high) in found["gap"].items():
            assert low <= value <= high
            assert value == pytest.approx(found["A"][name][0] - found["B"][name][0], abs=2e-4)


def test_the_share_in_the_training_decides_who_is_recognised() -> None:
    """The gap turns round with the shares, further than its intervals reach."""
    gaps = {part: found["gap"]["accuracy"] for part, found in shares.stored()["networks"].items()}
    assert gaps["10"][2] < 0 < gaps["90"][1]
    assert gaps["10"][2] < gaps["50"][1] and gaps["50"][2] < gaps["90"][1]


def test_what_is_measured_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "PEOPLE", 12)
    monkeypatch.setattr(shares, "MET", 5)
    monkeypatch.setattr(shares, "MET_CAPTURES", 2)
    monkeypatch.setitem(shares.NETWORKS, 50, "MiniFace")
    told: list[str] = []
    found = shares.measure([50], captures=2, report=told.append)
    assert list(found) == ["50"] and len(told) == 12
    network, right, barred = load("MiniFace"), [], []
    for person in range(1, 12, 2):
        for index in range(2):
            image, masks = faces.shot(person, shares.SEED, index, 112)
            hidden = Disguise(presets(image, masks)["eyes"]).apply(image)
            right.append(network.predict(image)[0].argmax() == person)
            barred.append(network.predict(hidden)[0].argmax() == person)
    b = found["50"]["B"]
    assert b["accuracy"][0] == pytest.approx(np.mean(right), abs=1e-4)
    assert b["barred"][0] == pytest.approx(np.mean(barred), abs=1e-4)
    assert b["lost"][0] == pytest.approx(np.mean(right) - np.mean(barred), abs=1e-4)
