"""Small masks for a whole group that were searched beforehand, and how every attacker does against them.

`scripts/smallest_masks.py` writes the file; the dashboard shows it at once, since retraining an attacker for every
point of every curve takes minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.masking.chart import GRID
from core.masking.subset_search import Trial
from core.masking.tasks import MaskSearch, OperatingPoint

FILE = Path(__file__).parents[2] / "assets" / "masks.json"
COUNT = 120
"""Test captures of each group for every mask."""

Study = Mapping[str, Mapping[str, MaskSearch]]
"""Group -> strategy -> search."""


def to_json(study: Study) -> str:
    """A study as JSON: masks as hexadecimal bits, areas with four digits; leads are left out."""
    content = {
        group: {
            strategy: {
                "trials": [
                    [trial.names, np.packbits(trial.mask > 0).tobytes().hex(), round(trial.rate, 4)]
                    for trial in search.trials
                ],
                "points": _points_to_json(search.points),
                "bars": {fill: _points_to_json(bars) for fill, bars in search.bars.items()},
                "count": search.count,
            }
            for strategy, search in searches.items()
        }
        for group, searches in study.items()
    }
    return json.dumps(content) + "\n"


def from_json(text: str) -> Study:
    """The study that `to_json` wrote, its leads being NaN."""
    content = json.loads(text)
    return {
        group: {strategy: _search_from_json(search) for strategy, search in searches.items()}
        for group, searches in content.items()
    }


@lru_cache(maxsize=1)
def stored() -> Study:
    """The study that ships with the app."""
    return from_json(FILE.read_text(encoding="utf-8"))


def _points_to_json(points: Sequence[OperatingPoint]) -> list[Any]:
    return [[round(point.area, 4), round(point.visible, 4), point.hits] for point in points]


def _search_from_json(content: dict[str, Any]) -> MaskSearch:
    points = _points_from_json(content["points"])
    trials = tuple(
        Trial(tuple(names), _mask_from_json(bits), point.area, rate, np.nan)
        for (names, bits, rate), point in zip(content["trials"], points, strict=True)
    )
    bars = {fill: _points_from_json(bars) for fill, bars in content["bars"].items()}
    return MaskSearch(trials, points, bars, content["count"])


def _points_from_json(points: list[Any]) -> tuple[OperatingPoint, ...]:
    return tuple(OperatingPoint(*values) for values in points)


def _mask_from_json(bits: str) -> np.ndarray:
    mask = np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8))
    return mask.reshape(GRID, GRID).astype(np.float32)
