"""Finds small masks for both groups in every way, and puts every attacker before them: `assets/masks.json`.

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
from core.masking.tasks import Hunt, Point, Verdict  # noqa: E402
from core.networks.table import MINIFACE  # noqa: E402

GROUPS = {name: tuple(n for n in range(faces.PEOPLE) if faces.group_of(n) == name) for name in ("A", "B")}


def point(mask: np.ndarray, verdict: Verdict, group: str) -> Point:
    """How many captures of a group each attacker named."""
    inside = np.isin(verdict.people, GROUPS[group])
    hits = {name: int(right[inside].sum()) for name, right in verdict.masked.items()}
    return Point(chart.area(mask), chart.visible(mask), hits)


def judged(group: str, way: str, hunt: Hunt, began: float) -> Hunt:
    """What every attacker makes of the masks that were found, on captures of the group."""
    points = []
    for trial in hunt.trials:
        verdict = tasks.judge_mask(MINIFACE, GROUPS[group], trial.mask, "black", (), study.COUNT)
        points.append(point(trial.mask, verdict, group))
        told(began, f"group {group}, {way} {' '.join(trial.names)}, sought: {trial.rate:.3f}", points[-1])
    return replace(hunt, found=tuple(points), count=study.COUNT)


def main() -> None:
    """Judge the bars once for everybody, then hunt and judge group by group."""
    began = time.perf_counter()
    bars: dict[str, dict[str, list[Point]]] = {group: {fill: [] for fill in tasks.COMPARED} for group in GROUPS}
    for fill in tasks.COMPARED:
        for scale in tasks.BARS:
            mask = chart.bar(scale)
            verdict = tasks.judge_mask(MINIFACE, range(faces.PEOPLE), mask, fill, (), 2 * study.COUNT)
            for group in GROUPS:
                bars[group][fill].append(point(mask, verdict, group))
                told(began, f"group {group}, {fill} bar x {scale}", bars[group][fill][-1])
    hunts: dict[str, dict[str, Hunt]] = {group: {} for group in GROUPS}
    for way in tasks.WAYS:
        for group, people in GROUPS.items():
            hunt = judged(group, way, tasks.hunt(MINIFACE, people, way), began)
            hunts[group][way] = replace(hunt, bars={fill: tuple(found) for fill, found in bars[group].items()})
            study.FILE.write_text(study.written(hunts), encoding="utf-8")


def told(began: float, name: str, found: Point) -> None:
    """One line for a mask that was judged."""
    rates = ", ".join(
        f"{attacker} {100 * hits / study.COUNT:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        for attacker, hits in found.hits.items()
        for low, high in [wilson(hits, study.COUNT)]
    )
    print(f"{time.perf_counter() - began:5.0f} s  {name}: area {found.area:.3f}, {rates}", flush=True)


if __name__ == "__main__":
    main()
