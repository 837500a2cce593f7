"""How a long task reports where it is, as a job, and how it may end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from core import images

Report = Callable[..., None]
"""`report(step, steps, picture=None, **values)`: how far a task is, a picture in progress, and named numbers. What it
raises ends the task."""
PICTURE_EVERY = 0.1
"""Seconds between two pictures in progress: more are not seen, and encoding them takes longer than a step."""


class Cancelled(Exception):
    """The job was cancelled."""


class WorkerLost(RuntimeError):
    """The worker died, and once more when the task was tried again; or it stopped answering and was replaced."""

    def __init__(self) -> None:
        super().__init__("The worker that computed this was lost; ask again, with less at once.")


class WorkerLate(RuntimeError):
    """The worker did not answer a short task within its deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The worker did not answer within {seconds:g} s; ask again in a moment.")


@dataclass(frozen=True)
class Progress:
    """Where a job is: `step` of `steps`, an encoded picture in progress, and named numbers."""

    step: int
    steps: int
    picture: bytes | None = None
    values: dict[str, float] = field(default_factory=dict)


class Job(Protocol):
    """A long task that is waiting, running or over. Only `result` waits; nothing else raises."""

    def progress(self) -> Progress | None:
        """The latest that the task reported, if anything. Renews the job's lease."""

    def position(self) -> int:
        """How many jobs come before it; 0 when it is its turn."""

    def done(self) -> bool:
        """Whether it is over: finished, failed or cancelled. Renews the job's lease."""

    def result(self) -> Any:
        """What the task returned; waits for it, and no lease ends meanwhile.

        Raises what the task raised, `Cancelled` or `WorkerLost`, each time it is asked.
        """

    def cancel(self) -> None:
        """Stop it at its next report, or take it out of the queue."""


def with_pictures(report: Report, draw: Callable[[np.ndarray], np.ndarray]) -> Report:
    """Report what `draw` makes of an array as a JPEG, or no picture where the last one is younger than
    `PICTURE_EVERY` seconds; the first and the last step always have one.
    """
    last = -PICTURE_EVERY

    def report_drawn(step: int, steps: int, state: np.ndarray | None = None, **values: float) -> None:
        nonlocal last
        now, picture = time.perf_counter(), None
        if state is not None and (step in (0, steps) or now - last >= PICTURE_EVERY):
            last, picture = now, images.encode(draw(state), "jpeg", 85)
        report(step, steps, picture, **values)

    return report_drawn
