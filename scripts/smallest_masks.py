"""Searches small masks for both groups with every strategy, and tests every attacker on them: `assets/masks.json`.

    python scripts/smallest_masks.py

The attacker that trains on masks is trained anew for each of them, and for every bar that they are compared with.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core import faces  # noqa: E402
from core.intervals import wilson  # noqa: E402
from core.masking import chart, study, tasks  # noqa: E402
from core.masking.tasks import MaskSearch, OperatingPoint, Reidentification  # noqa: E402
from core.networks.table import MINIFACE  # noqa: E402


def operating_point(mask: np.ndarray, outcome: Reidentification, group: faces.Group) -> OperatingPoint:
    """How many captures of a group each attacker named."""
    inside = np.isin(outcome.people, faces.members(group))
    hits = {attacker: int(correct[inside].sum()) for attacker, correct in outcome.masked.items()}
    return OperatingPoint(chart.area(mask), chart.visible_area(mask), hits)


def tested(group: faces.Group, strategy: str, search: MaskSearch, began: float) -> MaskSearch:
    """The search with the operating points of all attackers, on captures of the group."""
    points = []
    for trial in search.trials:
        outcome = tasks.reidentify_behind_mask(MINIFACE, faces.members(group), trial.mask, "black", (), study.COUNT)
        points.append(operating_point(trial.mask, outcome, group))
        log(began, f"group {group}, {strategy} {' '.join(trial.names)}, in the search: {trial.rate:.3f}", points[-1])
    return replace(search, points=tuple(points), count=study.COUNT)


def main() -> None:
    """Test the bars once on everybody, then search and test group by group."""
    began = time.perf_counter()
    bars: dict[str, dict[str, list[OperatingPoint]]] = {
        group: {fill: [] for fill in tasks.BAR_FILLS} for group in faces.GROUPS
    }
    for fill in tasks.BAR_FILLS:
        for scale in tasks.BAR_SCALES:
            mask = chart.eye_bar(scale)
            outcome = tasks.reidentify_behind_mask(MINIFACE, range(faces.PEOPLE), mask, fill, (), 2 * study.COUNT)
            for group in faces.GROUPS:
                bars[group][fill].append(operating_point(mask, outcome, group))
                log(began, f"group {group}, {fill} bar x {scale}", bars[group][fill][-1])
    searches: dict[str, dict[str, MaskSearch]] = {group: {} for group in faces.GROUPS}
    for strategy in tasks.STRATEGIES:
        for group in faces.GROUPS:
            search = tasks.search(MINIFACE, faces.members(group), strategy)
            search = replace(search, bars={fill: tuple(points) for fill, points in bars[group].items()})
            searches[group][strategy] = tested(group, strategy, search, began)
            study.FILE.write_text(study.to_json(searches), encoding="utf-8")


def log(began: float, name: str, point: OperatingPoint) -> None:
    """Print one line for a mask that was tested."""
    rates = ", ".join(
        f"{attacker} {100 * hits / study.COUNT:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        for attacker, hits in point.hits.items()
        for low, high in [wilson(hits, study.COUNT)]
    )
    print(f"{time.perf_counter() - began:5.0f} s  {name}: area {point.area:.3f}, {rates}", flush=True)


if __name__ == "__main__":
    main()
