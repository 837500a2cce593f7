"""Small masks for a whole group that were found beforehand, and what every attacker makes of them.

`scripts/smallest_masks.py` writes the file; the dashboard shows it at once, since retraining an attacker for every
point of every curve takes minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.masking.chart import GRID
from core.masking.smallest import Trial
from core.masking.tasks import Hunt, Point

FILE = Path(__file__).parents[2] / "assets" / "masks.json"
COUNT = 120
"""Unseen captures of each group that a mask is judged on."""


def written(hunts: Mapping[str, Mapping[str, Hunt]]) -> str:
    """Hunts by group and way as JSON: masks as hexadecimal bits, areas with four digits."""

    def points(found: tuple[Point, ...]) -> list[Any]:
        return [[round(point.area, 4), round(point.visible, 4), point.hits] for point in found]

    content = {
        group: {
            way: {
                "trials": [
                    [trial.names, np.packbits(trial.mask > 0).tobytes().hex(), round(trial.rate, 4)]
                    for trial in hunt.trials
                ],
                "found": points(hunt.found),
                "bars": {fill: points(bars) for fill, bars in hunt.bars.items()},
                "count": hunt.count,
            }
            for way, hunt in ways.items()
        }
        for group, ways in hunts.items()
    }
    return json.dumps(content) + "\n"


def read(text: str) -> dict[str, dict[str, Hunt]]:
    """What `written` wrote; leads are not kept."""

    def points(found: list[Any]) -> tuple[Point, ...]:
        return tuple(Point(*values) for values in found)

    def hunt(stored: dict[str, Any]) -> Hunt:
        found = points(stored["found"])
        trials = tuple(
            Trial(tuple(names), _mask(bits), point.area, rate, np.nan)
            for (names, bits, rate), point in zip(stored["trials"], found, strict=True)
        )
        return Hunt(trials, found, {fill: points(bars) for fill, bars in stored["bars"].items()}, stored["count"])

    content = json.loads(text)
    return {group: {way: hunt(found) for way, found in ways.items()} for group, ways in content.items()}


def _mask(bits: str) -> np.ndarray:
    found = np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8))
    return found.reshape(GRID, GRID).astype(np.float32)


@lru_cache(maxsize=1)
def stored() -> dict[str, dict[str, Hunt]]:
    """The study that ships with the app: group -> way -> hunt."""
    return read(FILE.read_text(encoding="utf-8"))
