"""Cause and effect: networks that differ by the groups' shares in their training, put to the same pictures.

`scripts/shares.py` measures them once; the dashboard shows what it stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from core import faces
from core.faces import REGIONS
from core.faces.identity import Group
from core.intervals import Estimate, bootstrap_gap, bootstrap_means
from core.masking import Disguise, presets
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import MINIFACE
from core.populations.energy import energies, labelled
from core.populations.groups import Drawn, Face
from core.populations.verification import error_rates, together, verify

FILE = Path(__file__).parents[2] / "assets" / "shares.json"
NETWORKS = {10: "MiniFace-A10", 50: "MiniFace-A50", 90: "MiniFace-A90"}
"""Percent of group A in the training -> the network."""
CAPTURES = 12
"""Captures of each person that the networks know."""
MET, MET_CAPTURES = 40, 6
"""People of each group that nobody ever met, and captures of each."""
SEED = 65
SIZE = MINIFACE.input_size
GROUPS: tuple[Group, ...] = ("A", "B")
RATE = 0.01
"""False match rate of both groups together for which the one threshold is set."""


def stored() -> dict[str, Any]:
    """What `scripts/shares.py` found: its `date` and numbers, and under "networks" by the percent of A and the group
    `[value, low, high]` of every one of `MEASURES`, of the energy in each region and of the errors on people never met;
    under "gap" those of A less B.
    """
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


MEASURES = ("accuracy", "barred", "lost")
"""Share of captures named rightly, the same behind a black bar over the eyes, and how much less that is."""


def measure(parts: Sequence[int], captures: int = CAPTURES, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Put the networks of some `parts`, percents of group A, to the same captures of everybody that they know and of
    people whom they never met; as `stored` under "networks".
    """
    networks = {part: load(NETWORKS[part]) for part in parts}
    found: dict[int, dict[str, dict[str, list[Any]]]] = {part: {"A": {}, "B": {}} for part in parts}
    for person in range(faces.PEOPLE):
        pictures = _photographed(person, captures)
        for part, network in networks.items():
            for name, value in _answered(network, person, *pictures).items():
                found[part][faces.group_of(person)].setdefault(name, []).append(value)
        report(f"person {person + 1} of {faces.PEOPLE}")
    met = {group: list(Drawn(group, MET, MET_CAPTURES, known=False).faces(SIZE)) for group in GROUPS}
    results: dict[str, Any] = {}
    for part, network in networks.items():
        rows = {group: {name: np.array(values) for name, values in found[part][group].items()} for group in GROUPS}
        errors = _errors(network, met)
        results[str(part)] = {group: _summary(rows[group]) | errors[group] for group in GROUPS}
        results[str(part)]["gap"] = {
            name: _rounded(bootstrap_gap(rows["A"][name], rows["B"][name])) for name in MEASURES
        }
    return results


def _photographed(person: int, captures: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Captures of a person, the same with a black bar over the eyes, and the numbers of their regions."""
    plain, barred, labels = [], [], []
    for index in range(captures):
        image, masks = faces.shot(person, SEED, index, SIZE)
        plain.append(image)
        barred.append(Disguise(presets(image, masks)["eyes"]).apply(image))
        labels.append(labelled(masks))
    return np.stack(plain), np.stack(barred), labels


def _answered(
    network: Network, person: int, plain: np.ndarray, barred: np.ndarray, labels: list[np.ndarray]
) -> dict[str, Any]:
    """What a network makes of a person: one number for each of `MEASURES`, and the mean energies `(8,)`."""
    from core.attribution.grad_cam import grad_cam

    right, hidden = (float((network.run(images).argmax(axis=1) == person).mean()) for images in (plain, barred))
    maps = [grad_cam(network, image, person).values for image in plain]
    shares = np.mean([energies(values, regions) for values, regions in zip(maps, labels, strict=True)], axis=0)
    return {"accuracy": right, "barred": hidden, "lost": right - hidden, "energies": shares}


def _summary(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Estimates over the people of a group."""
    measures = bootstrap_means(np.stack([values[name] for name in MEASURES], axis=1))
    regions = bootstrap_means(values["energies"])
    return {
        **{name: _rounded(estimate) for name, estimate in zip(MEASURES, measures, strict=True)},
        "energies": {name: _rounded(estimate) for name, estimate in zip(REGIONS, regions, strict=True)},
    }


def _errors(network: Network, met: dict[Group, list[Face]]) -> dict[Group, dict[str, list[float]]]:
    """Verification of people whom the network never met, both groups at the one threshold that `RATE` sets."""
    from core.masking.scores import predict

    checks = {
        group: verify(
            predict(network, np.stack([face.image for face in drawn])).embeddings,
            np.array([face.person for face in drawn]),
        )
        for group, drawn in met.items()
    }
    threshold = together(list(checks.values())).roc.threshold_at(RATE)
    return {
        group: dict(zip(("false_match", "false_non_match"), map(_rounded, error_rates(check, threshold)), strict=True))
        for group, check in checks.items()
    }


def _rounded(estimate: Estimate) -> list[float]:
    return [round(value, 4) for value in astuple(estimate)]
