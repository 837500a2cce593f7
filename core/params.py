"""The numbers a person may turn: one table serves the sliders, the command line and the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Param:
    """One adjustable number of a method.

    `default`, `minimum`, `maximum` and `step` are in `unit` (empty when the number has none); `scale` says whether
    its slider is divided evenly ("linear") or by powers of ten ("log", for numbers that span decades).
    """

    name: str
    default: float
    minimum: float
    maximum: float
    step: float
    unit: str = ""
    scale: Literal["linear", "log"] = "linear"

    @property
    def whole(self) -> bool:
        """Whether it counts something."""
        return all(float(value).is_integer() for value in (self.default, self.minimum, self.maximum, self.step))
