"""The course's experiment with filters."""

from __future__ import annotations

from dashboard.shared.presets import Preset

PRESETS: dict[str, Preset] = {
    "report": {
        "network": "VGGFace-VGG16",
        "layer": "conv4_3",
        "show": "grid",
        "preset": "course",
        "set": "0-63",
        "size": 180,
        "iterations": 30,
        "learning_rate": 10.0,
        "seed": 0,
    },
}
