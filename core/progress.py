"""How a long task tells where it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from core import images

Report = Callable[..., None]
"""`report(step, steps, picture=None, **values)`: how far a task is, a picture in progress, and named numbers. What it
raises ends the task."""
PICTURE_EVERY = 0.1
"""Seconds between two pictures in progress: more are not seen, and encoding them takes longer than a step."""


def with_pictures(report: Report, draw: Callable[[np.ndarray], np.ndarray]) -> Report:
    """Report what `draw` makes of an array as a JPEG, or no picture where the last one is younger than
    `PICTURE_EVERY` seconds; the first and the last step always have one.
    """
    shown = -PICTURE_EVERY

    def tell(step: int, steps: int, state: np.ndarray | None = None, **values: float) -> None:
        nonlocal shown
        now, picture = time.perf_counter(), None
        if state is not None and (step in (0, steps) or now - shown >= PICTURE_EVERY):
            shown, picture = now, images.encode(draw(state), "jpeg", 85)
        report(step, steps, picture, **values)

    return tell
