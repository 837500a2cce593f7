"""The numbers a person may turn: one table serves the sliders, the command line and the tests."""

from __future__ import annotations

import re
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


MOST_NUMBERS = 10_000
"""Length of a range that `parse_ranges` reads."""


def parse_ranges(text: str) -> list[int]:
    """ "0-3, 7" -> [0, 1, 2, 3, 7], each once, in the order in which they are named; ValueError for anything else."""
    chosen: dict[int, None] = {}  # a set that keeps the order
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < first + MOST_NUMBERS:
            raise ValueError(f"{text}: expected numbers such as 3, 0-15 or 0-3,7, no range above {MOST_NUMBERS}.")
        chosen.update(dict.fromkeys(range(first, last + 1)))
    return list(chosen)


SEED = Param("seed", default=0, minimum=0, maximum=9999, step=1)
