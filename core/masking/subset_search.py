"""What has to be hidden at least? Sets of parts that are tried one after the other, and the smallest that is enough.

Whether a network, a person or a formula says how far the right name leads under a mask is all the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

Margins = Callable[[np.ndarray], np.ndarray]
"""From a mask `(g, g)` to the margins `(n,)` of the captures under it: the right person's score less the best other's.
A capture is named where its margin is above 0.
"""
Area = Callable[[np.ndarray], float]
"""From a mask `(g, g)` to what it costs."""
ReportMask = Callable[[int, int, np.ndarray], None]
"""`report(step, steps, mask)`, called before every trial: which one it is, of how many at most, and the mask."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A mask `(g, g)` that was tried: the `names` of its parts, its area, the share of captures that are still named,
    and how far the right name leads, mean over the captures, those that are behind counting 0.
    """

    names: tuple[str, ...]
    mask: np.ndarray
    area: float
    rate: float
    lead: float

    @classmethod
    def of(cls, mask: np.ndarray, margins: Margins, area: Area, names: tuple[str, ...] = ()) -> Trial:
        """Try a mask."""
        values = margins(mask)
        return cls(names, mask, area(mask), float((values > 0).mean()), float(np.maximum(values, 0).mean()))


def union(parts: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """The mask over all the parts of these names."""
    return np.max([np.zeros_like(next(iter(parts.values()))), *(parts[name] for name in names)], axis=0)


def exact(
    parts: Mapping[str, np.ndarray], margins: Margins, area: Area, report: ReportMask | None = None
) -> list[Trial]:
    """Try every set of parts, `2**len(parts)` of them: nothing made of these parts can be smaller."""
    sets = list(chain.from_iterable(combinations(parts, count) for count in range(len(parts) + 1)))
    trials = []
    for step, names in enumerate(sets):
        mask = union(parts, names)
        if report:
            report(step, len(sets), mask)
        trials.append(Trial.of(mask, margins, area, names))
    return trials


def greedy(
    parts: Mapping[str, np.ndarray],
    margins: Margins,
    area: Area,
    target: float,
    max_parts: int,
    report: ReportMask | None = None,
) -> list[Trial]:
    """Add the part that lowers the lead most for its area, until the rate is at most `target` or `max_parts` are set.

    Returns the masks on the way, each within the next. A part is never taken away again: two that hide the person only
    together are found late, and so the last mask can be larger than the smallest.

    A part is tried again only while its gain in an earlier step is more than the best gain of this step (the lazy
    evaluation of Minoux 1978, Accelerated greedy algorithms, https://doi.org/10.1007/BFb0006528): a part that became
    more useful meanwhile waits until the others have become less so.
    """
    path = [Trial.of(union(parts, ()), margins, area)]
    gains = dict.fromkeys(parts, np.inf)
    while gains and len(path) <= max_parts and path[-1].rate > target:
        current, tried = path[-1], dict[str, Trial]()
        while (name := max(gains, key=gains.__getitem__)) not in tried:
            names = (*current.names, name)
            mask = union(parts, names)
            if report:
                report(len(path) - 1, min(max_parts, len(parts)), mask)
            tried[name] = trial = Trial.of(mask, margins, area, names)
            gains[name] = (current.lead - trial.lead) / max(trial.area - current.area, 1e-9)
        path.append(tried[name])
        del gains[name]
    return path


def prune(
    whole: Trial, side: int, margins: Margins, area: Area, target: float, report: ReportMask | None = None
) -> list[Trial]:
    """Open squares of `side` x `side` places of a mask again where the rate stays at most `target`: first those of
    which it covers least, the fringes. Returns the masks on the way, the whole one first, each within the one before.

    To open first what costs least on these captures makes smaller masks, which hold less well on others.
    """
    tops = range(0, len(whole.mask), side)
    squares = [np.s_[top : top + side, left : left + side] for top in tops for left in tops]
    squares = sorted((square for square in squares if whole.mask[square].any()), key=lambda s: whole.mask[s].sum())
    path = [whole]
    for step, square in enumerate(squares):
        mask = path[-1].mask.copy()
        mask[square] = 0
        if report:
            report(step, len(squares), mask)
        trial = Trial.of(mask, margins, area)
        if trial.rate <= target:
            path.append(trial)
    return path


def pareto_front(trials: list[Trial]) -> list[Trial]:
    """The trials that no smaller one equals: by growing area and falling rate."""
    front: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: (trial.area, trial.rate, trial.lead)):
        if not front or trial.rate < front[-1].rate:
            front.append(trial)
    return front


def smallest(trials: list[Trial], target: float) -> Trial | None:
    """The smallest mask under which at most the share `target` of the captures is named; None where there is none."""
    return next((trial for trial in pareto_front(trials) if trial.rate <= target), None)
