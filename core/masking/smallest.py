"""What has to be hidden at least? Masks that are tried one after the other, and the smallest of them that is enough.

A `Judge` says how far the right name is ahead under a mask; whether a network, a person or a formula does so is all the
same here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

Judge = Callable[[np.ndarray], np.ndarray]
"""From a mask `(g, g)` to the margins `(n,)` of the captures under it: the right person's score less the best other's.
A capture is named where its margin is above 0.
"""
Area = Callable[[np.ndarray], float]
"""What a mask `(g, g)` costs."""
Tell = Callable[[int, int, np.ndarray], None]
"""Is told before every trial which one it is, of how many at most, and the mask."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A mask `(g, g)` that was tried: the `names` of its parts, its area, the share of captures that are still named,
    and how far the right name is ahead, mean over the captures, those that are behind counting 0.
    """

    names: tuple[str, ...]
    mask: np.ndarray
    area: float
    rate: float
    lead: float


def trial(names: tuple[str, ...], mask: np.ndarray, area: float, margins: np.ndarray) -> Trial:
    """What the margins `(n,)` under a mask say of it."""
    return Trial(names, mask, area, float((margins > 0).mean()), float(np.maximum(margins, 0).mean()))


def union(parts: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """The mask over all the parts of these names."""
    return np.max([np.zeros_like(next(iter(parts.values()))), *(parts[name] for name in names)], axis=0)


def exact(parts: Mapping[str, np.ndarray], judge: Judge, area: Area, tell: Tell | None = None) -> list[Trial]:
    """Try every set of parts, `2**len(parts)` of them: nothing made of these parts can be smaller."""
    sets = list(chain.from_iterable(combinations(parts, count) for count in range(len(parts) + 1)))
    found = []
    for place, names in enumerate(sets):
        mask = union(parts, names)
        if tell:
            tell(place, len(sets), mask)
        found.append(trial(names, mask, area(mask), judge(mask)))
    return found


def greedy(
    parts: Mapping[str, np.ndarray],
    judge: Judge,
    area: Area,
    target: float,
    most: int,
    tell: Tell | None = None,
) -> list[Trial]:
    """Add the part that lowers the lead most for its area, until the rate is at most `target` or `most` parts are set.

    Returns the masks on the way, each within the next. A part is never taken away again: two that hide the person only
    together are found late, and so the last mask can be larger than the smallest.

    A part is asked about again only while what it promised in an earlier step is more than the best of this step holds
    (Minoux 1978, Accelerated greedy algorithms, https://doi.org/10.1007/BFb0006528): a part that grew more useful
    meanwhile waits until the others have grown less.
    """
    bare = union(parts, ())
    path = [trial((), bare, area(bare), judge(bare))]
    promised = dict.fromkeys(parts, np.inf)
    while promised and len(path) <= most and path[-1].rate > target:
        here, tried = path[-1], dict[str, Trial]()
        while (name := max(promised, key=promised.__getitem__)) not in tried:
            names = (*here.names, name)
            mask = union(parts, names)
            if tell:
                tell(len(path) - 1, min(most, len(parts)), mask)
            tried[name] = found = trial(names, mask, area(mask), judge(mask))
            promised[name] = (here.lead - found.lead) / max(found.area - here.area, 1e-9)
        path.append(tried[name])
        del promised[name]
    return path


def prune(whole: Trial, side: int, judge: Judge, area: Area, target: float, tell: Tell | None = None) -> list[Trial]:
    """Open squares of `side` x `side` places of a mask again where the rate stays at most `target`: first those of
    which it covers least, the fringes. Returns the masks on the way, the whole one first, each within the one before.

    To open first what costs least on these captures makes smaller masks, which hold less well on others.
    """
    tops = range(0, len(whole.mask), side)
    squares = [np.s_[top : top + side, left : left + side] for top in tops for left in tops]
    squares = sorted((square for square in squares if whole.mask[square].any()), key=lambda s: whole.mask[s].sum())
    path = [whole]
    for place, square in enumerate(squares):
        mask = path[-1].mask.copy()
        mask[square] = 0
        if tell:
            tell(place, len(squares), mask)
        found = trial((), mask, area(mask), judge(mask))
        if found.rate <= target:
            path.append(found)
    return path


def front(trials: list[Trial]) -> list[Trial]:
    """Those that no smaller one equals: by growing area and falling rate."""
    best: list[Trial] = []
    for one in sorted(trials, key=lambda trial: (trial.area, trial.rate, trial.lead)):
        if not best or one.rate < best[-1].rate:
            best.append(one)
    return best


def smallest(trials: list[Trial], target: float) -> Trial | None:
    """The smallest mask under which at most the share `target` of the captures is named; None where there is none."""
    return next((trial for trial in front(trials) if trial.rate <= target), None)
