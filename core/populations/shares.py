"""Cause and effect: networks that differ by the groups' shares in their training, put to the same images.

`scripts/shares.py` measures them once; the dashboard shows what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from core import faces
from core.faces import GROUPS, REGIONS, Group
from core.intervals import Estimate, bootstrap_gap, bootstrap_means
from core.masking import Disguise, presets
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import MINIFACE, SIBLINGS
from core.populations.energy import energies
from core.populations.groups import Face, RenderedGroup
from core.populations.verification import error_rates, pool, verify

FILE = Path(__file__).parents[2] / "assets" / "shares.json"
NETWORKS = dict(sorted(SIBLINGS.items()))
"""Percent of group A in the training -> the network."""
CAPTURES = 12
"""Captures of each person that the networks know."""
NEW_PEOPLE, NEW_CAPTURES = 40, 6
"""People of each group on whom no network was trained, and captures of each."""
SEED = 65
SIZE = MINIFACE.input_size
FALSE_MATCH_RATE = 0.01
"""Of both groups together: the rate for which the one threshold is set."""
MEASURES = ("accuracy", "barred", "lost")
"""Share of captures named correctly, the same behind a black bar over the eyes, and how much less that is."""


def stored() -> dict[str, Any]:
    """What `scripts/shares.py` measured: its `date` and settings, and under "networks" by the percent of A and the
    group `[value, low, high]` of every one of `MEASURES`, of the energy in each region and of the errors on new people;
    under "gap" those of A less B.
    """
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def measure(shares: Sequence[int], captures: int = CAPTURES, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Put the networks of some `shares`, percents of group A, to the same captures of everybody that they know and of
    new people; as `stored` under "networks".
    """
    networks = {share: load(NETWORKS[share]) for share in shares}
    values: dict[int, dict[Group, dict[str, list[Any]]]] = {share: {group: {} for group in GROUPS} for share in shares}
    for person in range(faces.PEOPLE):
        images = _captures_of(person, captures)
        for share, network in networks.items():
            for name, value in _measure_person(network, person, *images).items():
                values[share][faces.group_of(person)].setdefault(name, []).append(value)
        report(f"person {person + 1} of {faces.PEOPLE}")
    new = {group: list(RenderedGroup(group, NEW_PEOPLE, NEW_CAPTURES, known=False).faces(SIZE)) for group in GROUPS}
    results: dict[str, Any] = {}
    for share, network in networks.items():
        by_person = {group: {name: np.array(rows) for name, rows in values[share][group].items()} for group in GROUPS}
        errors = _errors(network, new)
        one, other = by_person.values()
        results[str(share)] = {group: _summary(by_person[group]) | errors[group] for group in GROUPS}
        results[str(share)]["gap"] = {name: _rounded(bootstrap_gap(one[name], other[name])) for name in MEASURES}
    return results


def _captures_of(person: int, captures: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Captures of a person, the same with a black bar over the eyes, and the numbers of their regions."""
    plain, barred, regions = [], [], []
    for index in range(captures):
        image, masks = faces.render_capture(person, SEED, index, SIZE)
        plain.append(image)
        barred.append(Disguise(presets(image, masks)["eyes"]).apply(image))
        regions.append(faces.label_map(masks))
    return np.stack(plain), np.stack(barred), regions


def _measure_person(
    network: Network, person: int, plain: np.ndarray, barred: np.ndarray, regions: list[np.ndarray]
) -> dict[str, Any]:
    """A network's results on a person: one number for each of `MEASURES`, and the mean energies `(8,)`."""
    from core.attribution.grad_cam import grad_cam

    correct, correct_barred = (
        float((network.run(images).argmax(axis=1) == person).mean()) for images in (plain, barred)
    )
    maps = [grad_cam(network, image, person).values for image in plain]
    energy = np.mean([energies(values, labels) for values, labels in zip(maps, regions, strict=True)], axis=0)
    return {"accuracy": correct, "barred": correct_barred, "lost": correct - correct_barred, "energies": energy}


def _summary(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Estimates over the people of a group."""
    measures = bootstrap_means(np.stack([values[name] for name in MEASURES], axis=1))
    regions = bootstrap_means(values["energies"])
    return {
        **{name: _rounded(estimate) for name, estimate in zip(MEASURES, measures, strict=True)},
        "energies": {name: _rounded(estimate) for name, estimate in zip(REGIONS, regions, strict=True)},
    }


def _errors(network: Network, new: dict[Group, list[Face]]) -> dict[Group, dict[str, list[float]]]:
    """Verification of new people, both groups at the one threshold that `FALSE_MATCH_RATE` sets."""
    from core.masking.scores import predict

    pairs = {
        group: verify(
            predict(network, np.stack([face.image for face in members])).embeddings,
            np.array([face.person for face in members]),
        )
        for group, members in new.items()
    }
    threshold = pool(list(pairs.values())).roc.threshold_at(FALSE_MATCH_RATE)
    return {
        group: dict(zip(("false_match", "false_non_match"), map(_rounded, error_rates(own, threshold)), strict=True))
        for group, own in pairs.items()
    }


def _rounded(estimate: Estimate) -> list[float]:
    return [round(value, 4) for value in astuple(estimate)]
