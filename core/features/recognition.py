"""Whom a network takes rendered people for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import faces
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.table import knows_people
from core.params import SEED, Param

SHOWN = 112
"""Side in pixels of a person of `recognise`."""
RECOGNISED = (Param("captures", default=12, minimum=4, maximum=48, step=4), SEED)
"""The numbers of `recognise`."""


@dataclass(frozen=True, eq=False)
class Recognition:
    """People, as they were taken and who they were taken for.

    `pictures` `(n, SHOWN, SHOWN, 3)` in [0, 1], class numbers `expected` and `predicted` `(n,)`, and the
    `probabilities` `(n,)` of the predicted ones.
    """

    pictures: np.ndarray
    expected: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray


def recognise(network: str | Entry, captures: int = 12, seed: int = 0) -> Recognition:
    """Whom the network takes rendered people for: `captures` pictures of people in random order.

    ValueError where the network does not know them.
    """
    loaded = load(network)
    if not knows_people(loaded.entry):
        raise ValueError(f"{loaded.entry.name} does not know the rendered people; choose MiniFace.")
    rng = np.random.default_rng(seed)
    expected = np.concatenate([rng.permutation(faces.PEOPLE) for _ in range(-(-captures // faces.PEOPLE))])[:captures]
    pictures = faces.portraits(expected, rng, SHOWN)
    probabilities = loaded.predict(pictures)
    return Recognition(pictures, expected, probabilities.argmax(axis=1), probabilities.max(axis=1))
