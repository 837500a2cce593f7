"""Frames a second of maps of many points while they are dragged, in Chromium, which draws by WebGL.

    python -m benchmarks.points [--points 10000] [--seconds 3] [--rounds 3] [--graphics-card] [--json]

The page's own map, flat and solid, beside Plotly's of the same points, and with 100 points, which is what the canvas
alone needs, in turns. A frame counts when something was drawn in it. Without --graphics-card the browser draws in
software: the processor's time for a frame is printed too, since others may be using it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import plotly
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.components.cloud import Marker, map_data
from dashboard.neighbours import figures
from scripts.chromium import CHROMIUM, FLAGS
from scripts.component_page import render_component

WIDTH, MIDDLE, PEOPLE = 820, (410, 280), 100
FEW, SIZE = 100, 5
SCRIPT = Path(__file__).with_suffix(".js")
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def made_up_embeddings(count: int, dimensions: int) -> tuple[np.ndarray, list[Marker]]:
    """`PEOPLE` heaps of points: coordinates `(count, dimensions)`, and the marker of each."""
    rng = np.random.default_rng(0)
    people = np.arange(count) % PEOPLE
    coordinates = rng.normal(0, 4, (PEOPLE, dimensions))[people] + rng.normal(0, 0.5, (count, dimensions))
    return coordinates, [Marker(*figures.mark(int(person)), SIZE, f"Person {person}") for person in people]


def draw_own_map(page: Page, coordinates: np.ndarray, markers: list[Marker]) -> None:
    """The dashboard's component."""
    data = map_data(coordinates, markers, 0, [1, 2, 3]) | {"alt": "", "texts": {}}
    render_component(page, "cloud", data, WIDTH)


def draw_plotly_map(page: Page, coordinates: np.ndarray, markers: list[Marker]) -> None:
    """Plotly's, with its cheapest marks, a pixel for a pixel."""
    solid = coordinates.shape[1] == 3
    marker = {"color": [one.colour for one in markers], "size": SIZE, "symbol": "square" if solid else "circle"}
    marker |= {"opacity": 0.85, "line": {"width": 0}}
    trace = {"type": "scatter3d" if solid else "scattergl", "mode": "markers", "marker": marker}
    trace |= dict(zip("xyz", coordinates.T.tolist(), strict=False))
    layout = {"width": WIDTH, "height": 560, "dragmode": "orbit" if solid else "pan"}
    page.set_content("<div id='map'></div>")
    page.add_script_tag(path=PLOTLY)
    page.evaluate("figure => Plotly.newPlot('map', ...figure)", [[trace], layout, {"plotGlPixelRatio": 1}])


def measure(browser: Browser, draw: Callable[[Page], None], seconds: float) -> tuple[float, float]:
    """While the mouse goes round with its button held down: frames a second, and the processor's ms for each."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    draw(page)
    page.wait_for_timeout(1000)
    page.mouse.move(*MIDDLE)
    page.mouse.down()
    page.mouse.move(MIDDLE[0] + 5, MIDDLE[1] + 5)
    before = _processor_seconds()
    frames, passed = page.evaluate("([x, y, seconds]) => drag(x, y, seconds)", [*MIDDLE, seconds])
    work = _processor_seconds() - before
    page.mouse.up()
    page.close()
    return frames / passed, 1000 * work / max(frames, 1)


def _processor_seconds() -> float:
    """What the processor has given to the browser."""
    return sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children(recursive=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--graphics-card", action="store_true", help="draw with the machine's own, where it has one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    maps: dict[str, Callable[[Page], None]] = {}
    for shape, dimensions in (("flat", 2), ("solid", 3)):
        many, few = made_up_embeddings(options.points, dimensions), made_up_embeddings(FEW, dimensions)
        maps[f"{shape}, {options.points} points"] = partial(draw_own_map, coordinates=many[0], markers=many[1])
        maps[f"{shape}, {options.points} points, Plotly"] = partial(
            draw_plotly_map, coordinates=many[0], markers=many[1]
        )
        maps[f"{shape}, {FEW} points"] = partial(draw_own_map, coordinates=few[0], markers=few[1])
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in maps}
    flags = [flag for flag in FLAGS if flag != "--disable-gpu" or not options.graphics_card]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for _ in range(options.rounds):
            for name, draw in maps.items():
                measured[name].append(measure(browser, draw, options.seconds))
        browser.close()
    medians = {name: np.median(rounds, axis=0).round(1).tolist() for name, rounds in measured.items()}
    for name, (rate, work) in medians.items():
        print(f"{name}: {rate} frames a second, {work} ms of the processor for each (medians of {options.rounds})")
    if options.json:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()
