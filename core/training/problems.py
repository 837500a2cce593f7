"""What goes wrong when networks learn: settings that show it, and the number by which it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.training import LAYERS, Run, Settings

_SMALL = Settings(learning_rate=5e-3, samples=500, batch=32, epochs=10)
"""Few digits in small batches: a run of seconds, on MNIST and on the embedded digits alike."""
LEFT_OUT = 8
"""The class that one problem leaves out."""


@dataclass(frozen=True)
class Problem:
    """Settings that show a problem, and its symptom: `measure` of a run is above `limit`, or below it.

    The measure is a share where `percent`. A run with the problem `diverges`, or else comes to its end.
    """

    settings: Settings
    measure: Callable[[Run], float]
    limit: float
    above: bool = True
    percent: bool = False
    diverges: bool = False

    def shows(self, run: Run) -> bool:
        """Whether a run has the symptom."""
        value = self.measure(run)
        return value > self.limit if self.above else value < self.limit


def dead_share(run: Run) -> float:
    """Largest share of dead units that any layer has at the end."""
    return max(run.last(f"dead_{name}") for name in LAYERS[:-1])


def gradient_ratio(run: Run) -> float:
    """Norm of l1's gradient, in norms of l5's; the median over the run."""
    _, first = run.column("gradient_l1")
    _, last = run.column("gradient_l5")
    return float(np.median(np.array(first) / np.array(last)))


def longest_rise(run: Run) -> float:
    """For how many epochs in a row the validation loss rose at most."""
    longest = rise = 0
    for step in np.diff(run.at_epochs("validation_loss")):
        rise = rise + 1 if step > 0 else 0
        longest = max(longest, rise)
    return float(longest)


def recall_of_left_out(run: Run) -> float:
    """Share of the test digits of the missing class that are classified correctly."""
    assert run.result is not None and run.settings.without is not None
    row = run.result.confusion[run.settings.without]
    return float(row[run.settings.without] / row.sum())


PROBLEMS: dict[str, Problem] = {
    "rate_too_high": Problem(
        replace(_SMALL, activation="elu", optimizer="sgd", learning_rate=10.0),
        lambda run: float(run.diverged or 0),
        limit=0.5,
        diverges=True,
    ),
    "rate_too_low": Problem(
        replace(_SMALL, learning_rate=1e-5),
        lambda run: run.last("validation_accuracy"),
        limit=0.5,
        above=False,
        percent=True,
    ),
    "dead_relus": Problem(replace(_SMALL, learning_rate=0.1), dead_share, limit=0.6, percent=True),
    "vanishing_gradients": Problem(
        replace(_SMALL, activation="sigmoid", initialization="small", optimizer="sgd", learning_rate=0.01),
        gradient_ratio,
        limit=0.01,
        above=False,
        percent=True,
    ),
    "overfitting": Problem(replace(_SMALL, samples=200, epochs=50), longest_rise, limit=2),
    "label_noise": Problem(
        replace(_SMALL, label_noise=0.4),
        lambda run: run.last("validation_accuracy") - run.last("accuracy"),
        limit=0.15,
        percent=True,
    ),
    "class_left_out": Problem(
        replace(_SMALL, without=LEFT_OUT), recall_of_left_out, limit=0.01, above=False, percent=True
    ),
    "unnormalized": Problem(
        replace(_SMALL, normalized=False, optimizer="momentum", learning_rate=0.05),
        lambda run: run.last("validation_accuracy"),
        limit=0.5,
        above=False,
        percent=True,
    ),
}
"""Name -> problem, in the order in which the page offers them."""
