"""How an image of a synthetic person was taken: all that must not give the person away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

HAIR_STYLES = ("bald", "buzz", "short", "side", "fringe", "bob", "long", "curly")
BACKGROUNDS = ("gradient", "blur", "bokeh", "stripes", "wall", "window")


def _number(default: float, low: float, high: float, unit: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "unit": unit})


def _choice(default: str, choices: tuple[str, ...]) -> Any:
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True)
class Capture:
    """One way to take an image; the defaults are a plain portrait (`PORTRAIT`).

    Every number carries its `range` and `unit` in the field's metadata, every word its `choices`.
    """

    yaw: float = _number(0.0, -25.0, 25.0, "degrees")
    pitch: float = _number(0.0, -14.0, 14.0, "degrees")
    roll: float = _number(0.0, -14.0, 14.0, "degrees")
    scale: float = _number(0.75, 0.66, 0.84, "share of the picture's height")
    shift_x: float = _number(0.0, -0.1, 0.1, "share of the picture's width")
    shift_y: float = _number(0.0, -0.06, 0.06, "share of the picture's height")

    light_x: float = _number(-25.0, -60.0, 60.0, "degrees")
    light_y: float = _number(25.0, -10.0, 55.0, "degrees")
    ambient: float = _number(0.5, 0.3, 0.75, "share of the light")
    exposure: float = _number(1.0, 0.75, 1.2, "factor")
    warmth: float = _number(0.0, -1.0, 1.0, "share")

    smile: float = _number(0.15, -0.4, 1.0, "share")
    mouth_open: float = _number(0.0, 0.0, 1.0, "share")
    brow_raise: float = _number(0.0, -0.5, 1.0, "share")
    blink: float = _number(0.0, 0.0, 0.6, "share")
    gaze_x: float = _number(0.0, -1.0, 1.0, "share")
    gaze_y: float = _number(0.0, -1.0, 1.0, "share")

    skin_tone: float = _number(0.3, 0.0, 1.0, "from light to dark")
    skin_redness: float = _number(0.35, 0.0, 1.0, "share")
    age: float = _number(0.25, 0.0, 1.0, "share")
    freckles: float = _number(0.0, 0.0, 1.0, "share")
    makeup: float = _number(0.0, 0.0, 1.0, "share")
    beard: float = _number(0.0, 0.0, 1.0, "share")
    glasses: float = _number(0.0, 0.0, 1.0, "share; worn above 0.5")
    head_width: float = _number(1.0, 0.94, 1.06, "factor")

    hair_style: str = _choice("short", HAIR_STYLES)
    hair_colour: float = _number(0.35, 0.0, 1.0, "from black over brown, red and blond to grey")
    background: str = _choice("gradient", BACKGROUNDS)
    background_hue: float = _number(0.58, 0.0, 1.0, "turns of the colour wheel")
    clothes_hue: float = _number(0.6, 0.0, 1.0, "turns of the colour wheel")

    blur: float = _number(0.0, 0.0, 1.0, "hundredths of the picture's width")
    noise: float = _number(0.01, 0.0, 0.05, "standard deviation of a pixel")
    compression: float = _number(0.0, 0.0, 1.0, "share; 0 none, 1 JPEG quality 35")
    texture: int = field(default=0, metadata={"unit": "seed of hair strands, mottles, background and noise"})


PORTRAIT = Capture()


def sample_capture(rng: np.random.Generator) -> Capture:
    """Draw a capture from `rng`; the distribution is the same for everybody, so it says nothing about who it is."""

    def bell(middle: float, spread: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(middle, spread), low, high))

    def sometimes(chance: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < chance else 0.0

    return Capture(
        yaw=bell(0, 11, -25, 25),
        pitch=bell(0, 6, -14, 14),
        roll=bell(0, 5, -14, 14),
        scale=float(rng.uniform(0.67, 0.83)),
        shift_x=bell(0, 0.035, -0.1, 0.1),
        shift_y=bell(0, 0.025, -0.06, 0.06),
        light_x=float(rng.uniform(-60, 60)),
        light_y=float(rng.uniform(-10, 55)),
        ambient=float(rng.uniform(0.35, 0.75)),
        exposure=float(rng.uniform(0.8, 1.15)),
        warmth=bell(0, 0.4, -1, 1),
        smile=bell(0.2, 0.35, -0.4, 1),
        mouth_open=sometimes(0.3, 0.1, 1.0),
        brow_raise=bell(0, 0.25, -0.5, 1),
        blink=sometimes(0.15, 0.1, 0.6),
        gaze_x=bell(0, 0.4, -1, 1),
        gaze_y=bell(0, 0.3, -1, 1),
        skin_tone=float(rng.random()),
        skin_redness=float(rng.random()),
        age=float(rng.random()),
        freckles=sometimes(0.2, 0.2, 1.0),
        makeup=sometimes(0.25, 0.2, 1.0),
        beard=sometimes(0.25, 0.2, 1.0),
        glasses=float(rng.random() < 0.22),
        head_width=float(rng.uniform(0.94, 1.06)),
        hair_style=str(rng.choice(HAIR_STYLES)),
        hair_colour=float(rng.random()),
        background=str(rng.choice(BACKGROUNDS)),
        background_hue=float(rng.random()),
        clothes_hue=float(rng.random()),
        blur=sometimes(0.3, 0.1, 0.9),
        noise=float(rng.uniform(0.0, 0.035)),
        compression=sometimes(0.4, 0.1, 1.0),
        texture=int(rng.integers(2**31)),
    )
