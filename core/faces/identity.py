"""Who a synthetic person is: the geometry and marks that stay the same in every image of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

Group = Literal["A", "B"]
GROUPS: tuple[Group, ...] = ("A", "B")

PEOPLE = 48
"""People 0 to 47 are MiniFace's classes of the same index."""
TRUNK_PEOPLE = range(100, 1000)
"""People whose captures train MiniFace's trunk, beside its classes."""
NEW_PEOPLE = 5000
"""From this number up, nobody was ever trained on."""

_ELSEWHERE = 0.06
"""Share of a trait's range over which people differ in the region that does not mark their group."""


def _trait(where: Literal["eyes", "lower"], low: float, high: float, unit: str = "head half-heights") -> Any:
    return field(default=(low + high) / 2, metadata={"where": where, "range": (low, high), "unit": unit})


@dataclass(frozen=True)
class Identity:
    """Geometry and marks of one person. Lengths are in half-heights of the head, from the middle of the face.

    `where` in a field's metadata says in which half of the face the trait lies: "eyes" (eyes and brows) or "lower"
    (nose, mouth and jaw). `range` is what people differ by.
    """

    eye_spacing: float = _trait("eyes", 0.27, 0.39)
    eye_level: float = _trait("eyes", -0.05, 0.07)
    eye_width: float = _trait("eyes", 0.125, 0.195)
    eye_height: float = _trait("eyes", 0.042, 0.088)
    eye_tilt: float = _trait("eyes", -10.0, 14.0, "degrees")
    eye_depth: float = _trait("eyes", 0.0, 1.0, "share")
    lid_crease: float = _trait("eyes", 0.0, 1.0, "share")
    iris_radius: float = _trait("eyes", 0.056, 0.078)
    iris_colour: float = _trait("eyes", 0.0, 1.0, "from black-brown over hazel and green to pale blue")
    brow_gap: float = _trait("eyes", 0.105, 0.225)
    brow_thickness: float = _trait("eyes", 0.016, 0.052)
    brow_arch: float = _trait("eyes", -0.01, 0.075)
    brow_tilt: float = _trait("eyes", -14.0, 14.0, "degrees")
    brow_length: float = _trait("eyes", 0.15, 0.25)
    brow_inset: float = _trait("eyes", -0.04, 0.05)
    upper_mole_x: float = _trait("eyes", -0.55, 0.55)
    upper_mole_y: float = _trait("eyes", -0.12, 0.16)
    upper_mole_size: float = _trait("eyes", -0.046, 0.036)

    nose_length: float = _trait("lower", 0.265, 0.445)
    nose_width: float = _trait("lower", 0.08, 0.235)
    nose_height: float = _trait("lower", 0.06, 0.25)
    nose_bridge: float = _trait("lower", 0.025, 0.095)
    nose_tip: float = _trait("lower", -0.03, 0.04)
    mouth_level: float = _trait("lower", 0.545, 0.695)
    mouth_width: float = _trait("lower", 0.13, 0.36)
    upper_lip: float = _trait("lower", 0.008, 0.08)
    lower_lip: float = _trait("lower", 0.015, 0.105)
    cupid_bow: float = _trait("lower", 0.0, 1.0, "share")
    lip_redness: float = _trait("lower", 0.0, 0.9, "share")
    jaw_width: float = _trait("lower", 0.66, 1.07, "share of the cheeks' width")
    chin_width: float = _trait("lower", 0.29, 0.85, "share of the cheeks' width")
    chin_length: float = _trait("lower", 0.89, 1.13)
    chin_height: float = _trait("lower", -0.03, 0.10)
    chin_cleft: float = _trait("lower", -0.6, 1.0, "share")
    lower_mole_x: float = _trait("lower", -0.42, 0.42)
    lower_mole_y: float = _trait("lower", 0.34, 0.80)
    lower_mole_size: float = _trait("lower", -0.046, 0.036)


def group_of(number: int) -> Group:
    """Group of person `number`: even numbers are group A, odd numbers group B."""
    return "A" if number % 2 == 0 else "B"


def members(group: Group) -> tuple[int, ...]:
    """The people of a group that MiniFace knows."""
    return tuple(number for number in range(PEOPLE) if group_of(number) == group)


def person(number: int) -> Identity:
    """Person `number` (0 or more), the same for ever.

    In group A people differ in the eyes and brows and hardly elsewhere, in group B in nose, mouth and jaw.

    Raises:
        ValueError: the number is negative.
    """
    if number < 0:
        raise ValueError(f"received person {number}, expected 0 or more")
    rng = np.random.default_rng([2024, number])
    marked = "eyes" if group_of(number) == "A" else "lower"
    traits = {}
    for trait in fields(Identity):
        low, high = trait.metadata["range"]
        width = 1.0 if trait.metadata["where"] == marked else _ELSEWHERE
        traits[trait.name] = float((low + high) / 2 + (high - low) * width * (rng.random() - 0.5))
    return Identity(**traits)
