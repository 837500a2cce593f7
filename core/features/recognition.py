"""What a network predicts for images whose class is known: rendered people, or digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core import faces
from core.features.held_out import held_out_images
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import knows_people
from core.params import SEED, Param

SIDE = 112
"""Side in pixels of the people of `recognise_people`."""
PARAMS = (Param("captures", default=12, minimum=4, maximum=48, step=4), SEED)
"""The numbers of `recognise_people`."""


@dataclass(frozen=True, eq=False)
class Recognition:
    """Class numbers `expected` and `predicted` `(n,)` of labelled images, and the `probabilities` `(n,)` of the
    predicted classes.
    """

    expected: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray


def recognise_people(network: str | Entry, captures: int = 12, seed: int = 0) -> tuple[np.ndarray, Recognition]:
    """Images `(captures, SIDE, SIDE, 3)` in [0, 1] of rendered people in random order, and whom the network recognises.

    ValueError where the network does not know them.
    """
    loaded = load(network)
    if not knows_people(loaded.entry):
        raise ValueError(f"{loaded.entry.name} does not know the rendered people; choose MiniFace.")
    rng = np.random.default_rng(seed)
    people = np.concatenate([rng.permutation(faces.PEOPLE) for _ in range(-(-captures // faces.PEOPLE))])[:captures]
    images = faces.render_portraits(people, rng, SIDE)
    return images, _recognise(loaded, images, people)


def recognise_digits(network: str | Entry) -> Recognition:
    """What a network of digits predicts for the `held_out_images`, none of which it learned from."""
    loaded = load(network)
    return _recognise(loaded, *held_out_images(loaded.entry))


def _recognise(network: Network, images: np.ndarray, expected: np.ndarray) -> Recognition:
    probabilities = network.predict(images)
    return Recognition(expected, probabilities.argmax(axis=1), probabilities.max(axis=1))
