"""A map of thousands of points in two or three dimensions: turned, moved, enlarged, asked about and clicked.

WebGL draws a point as one vertex, so that ten thousand turn smoothly where no graphics card draws them, and the view
outlives what the page does next. Plotly takes 18 vertices or more for a point, twice a frame, and Streamlit builds its
charts anew when anything changes in them; `python -m benchmarks.points` holds both against each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.tiles import opener
from dashboard.shared.text import t

SCRIPT = Path(__file__).with_name("cloud.js")
WORDS = ("nearer", "farther", "whole", "full_screen", "no_webgl")


@dataclass(frozen=True)
class Point:
    """How a point looks, its mark one of `embedding_figures.SYMBOLS` by number, and what it says under the mouse."""

    colour: str
    mark: int
    size: float
    text: str


def show(
    places: np.ndarray,
    points: Sequence[Point],
    chosen: int | None,
    near: Sequence[int],
    alt: str,
    key: str,
    on_open: Callable[[int], None],
) -> None:
    """The `points` at `places` `(n, 2)` or `(n, 3)`, each axis filled; `on_open` gets the number of a clicked one.

    Of the point number `chosen` lines lead to those of numbers `near`. How the map is turned and enlarged lasts as long
    as the places stay.
    """
    words = {name: t(f"cloud.{name}") for name in WORDS}
    data = content(places, points, chosen, near) | {"alt": alt, "words": words}
    _stage()(data=data, key=key, on_opened_change=opener(key, on_open))


def content(places: np.ndarray, points: Sequence[Point], chosen: int | None, near: Sequence[int]) -> dict[str, Any]:
    """What the browser is told: places, and each look once, however many points have it.

    A flat map fills the square [-1, 1] at height 0; a solid one, which is turned, the ball with radius 1.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = 2 * (places - low) / np.where(high > low, high - low, 1) - 1
    solid = places.shape[1] == 3
    if solid:
        scaled = scaled / max(np.linalg.norm(scaled, axis=1).max(), 1e-9)
    looks = {look: number for number, look in enumerate(dict.fromkeys(points))}
    return {
        "solid": solid,
        "places": np.pad(scaled.round(5), ((0, 0), (0, 3 - scaled.shape[1]))).ravel().tolist(),
        "map": zlib.crc32(scaled.tobytes()),
        "looks": [vars(look) for look in looks],
        "look": [looks[point] for point in points],
        "chosen": chosen,
        "near": list(near),
    }


@st.cache_resource(show_spinner=False)
def _stage() -> Any:
    return st.components.v2.component("cloud", html=HTML, css=CSS, js=SCRIPT.read_text(encoding="utf-8"))


ICONS = {
    "nearer": "M8 3v10M3 8h10",
    "farther": "M3 8h10",
    "whole": "M2.5 8 8 3l5.5 5M4.5 7v6h7V7",
    "full_screen": "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
}
_BUTTONS = "".join(
    f'<button class="{name}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="{icon}" /></svg></button>'
    for name, icon in ICONS.items()
)
HTML = f"""
<div class="stage">
  <canvas role="img" tabindex="0"></canvas>
  <svg class="drawn" aria-hidden="true"><path /><circle r="10" /></svg>
  <p class="said" hidden></p>
  <div class="buttons">{_BUTTONS}</div>
  <p class="missing" role="alert" hidden></p>
</div>
"""
CSS = """
.stage { position: relative; height: clamp(340px, 62vh, min(640px, 110vw)); overflow: hidden; border-radius: 8px;
         color: var(--st-text-color); background: var(--st-background-color); font-size: 15px; }
.stage:fullscreen { height: 100%; border-radius: 0; }
canvas { display: block; width: 100%; height: 100%; cursor: grab; touch-action: pan-y; }
canvas:active { cursor: grabbing; }
canvas.over { cursor: pointer; }
canvas:focus-visible, button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: -3px; }
.drawn { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; fill: none;
         stroke: currentColor; stroke-width: 2; }
.drawn circle { stroke-width: 3; }
.said { position: absolute; margin: 0; padding: 4px 9px; border-radius: 6px; pointer-events: none; max-width: 60%;
        background: var(--st-text-color); color: var(--st-background-color); }
.buttons { position: absolute; top: 8px; right: 8px; display: flex; gap: 6px; }
button { width: 34px; height: 34px; padding: 7px; border: 1px solid var(--st-border-color); border-radius: 8px;
         background: var(--st-background-color); color: inherit; cursor: pointer; }
button:hover { border-color: var(--st-primary-color); }
button svg { display: block; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; }
.missing { margin: 40px; }
[hidden] { display: none; }
"""
