"""Frames a second of maps of many points while they are dragged, in Chromium, which draws by WebGL.

    python -m benchmarks.points [--points 10000] [--seconds 3] [--rounds 3] [--graphics-card] [--json]

The page's own map, flat and solid, beside Plotly's of the same points, and with 100 points, which is what the canvas
alone needs, in turns. A frame counts when something was drawn in it. Without --graphics-card the browser draws in
software: the processor's time for a frame is told too, since others may be using it.
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

from dashboard.components import cloud
from dashboard.components.cloud import Point
from dashboard.neighbours import figures
from scripts.chromium import CHROMIUM, FLAGS, alone

WIDTH, MIDDLE, PEOPLE = 820, (410, 280), 100
FEW, SIZE = 100, 5
COUNTING = """() => {
    let drawn = false, frames = 0;
    const held = { buttons: 1, bubbles: true, view: window, pointerId: 1, pointerType: "mouse", isPrimary: true };
    for (const kind of [WebGLRenderingContext, WebGL2RenderingContext])
        for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
            const draw = kind.prototype[name];
            if (draw) kind.prototype[name] = function (...given) { drawn = true; return draw.apply(this, given); };
        }
    window.drag = (x, y, seconds) => new Promise(done => {
        const map = document.elementFromPoint(x, y), began = performance.now();
        let angle = 0;
        const frame = () => {
            frames += drawn;
            drawn = false;
            angle += 0.1;
            const at = { clientX: x + 100 * Math.sin(angle), clientY: y + 60 * Math.cos(angle) };
            for (const [kind, name] of [[PointerEvent, "pointermove"], [MouseEvent, "mousemove"]])
                map.dispatchEvent(new kind(name, { ...at, ...held }));
            const passed = (performance.now() - began) / 1000;
            passed < seconds ? requestAnimationFrame(frame) : done([frames, passed]);
        };
        requestAnimationFrame(frame);
    });
}"""
"""Makes `drag`, which moves the mouse once a frame and counts the frames in which WebGL was asked to draw."""


def points(count: int, dimensions: int) -> tuple[np.ndarray, list[Point]]:
    """Made-up embeddings, `PEOPLE` heaps of them: places `(count, dimensions)`, and how each looks."""
    rng = np.random.default_rng(0)
    whose = np.arange(count) % PEOPLE
    places = rng.normal(0, 4, (PEOPLE, dimensions))[whose] + rng.normal(0, 0.5, (count, dimensions))
    marks = [figures.mark(int(person)) for person in whose]
    return places, [Point(*mark, SIZE, f"Person {person}") for mark, person in zip(marks, whose, strict=True)]


def ours(page: Page, places: np.ndarray, looks: list[Point]) -> None:
    """The page's own map."""
    alone(page, cloud, cloud.content(places, looks, 0, [1, 2, 3]) | {"alt": "", "words": {}}, WIDTH)


def plotly_map(page: Page, places: np.ndarray, looks: list[Point]) -> None:
    """Plotly's, with its cheapest marks, a pixel for a pixel."""
    solid = places.shape[1] == 3
    marker = {"color": [look.colour for look in looks], "size": SIZE, "symbol": "square" if solid else "circle"}
    marker |= {"opacity": 0.85, "line": {"width": 0}}
    trace = {"type": "scatter3d" if solid else "scattergl", "mode": "markers", "marker": marker}
    trace |= dict(zip("xyz", places.T.tolist(), strict=False))
    layout = {"width": WIDTH, "height": 560, "dragmode": "orbit" if solid else "pan"}
    page.set_content("<div id='map'></div>")
    page.add_script_tag(path=Path(plotly.__file__).parent / "package_data" / "plotly.min.js")
    page.evaluate("given => Plotly.newPlot('map', ...given)", [[trace], layout, {"plotGlPixelRatio": 1}])


def frames(browser: Browser, show: Callable[[Page], None], seconds: float) -> tuple[float, float]:
    """While the mouse goes round with its button held down: frames a second, and the processor's ms for each."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.evaluate(COUNTING)
    show(page)
    page.wait_for_timeout(1000)
    page.mouse.move(*MIDDLE)
    page.mouse.down()
    page.mouse.move(MIDDLE[0] + 5, MIDDLE[1] + 5)
    before = _worked()
    count, passed = page.evaluate("([x, y, seconds]) => drag(x, y, seconds)", [*MIDDLE, seconds])
    worked = _worked() - before
    page.mouse.up()
    page.close()
    return count / passed, 1000 * worked / max(count, 1)


def _worked() -> float:
    """Seconds that the processor has given to the browser."""
    return sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children(recursive=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--graphics-card", action="store_true", help="draw with the machine's own, where it has one")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    kinds: dict[str, Callable[[Page], None]] = {}
    for shape, dimensions in (("flat", 2), ("solid", 3)):
        many, few = points(asked.points, dimensions), points(FEW, dimensions)
        kinds[f"{shape}, {asked.points} points"] = partial(ours, places=many[0], looks=many[1])
        kinds[f"{shape}, {asked.points} points, Plotly"] = partial(plotly_map, places=many[0], looks=many[1])
        kinds[f"{shape}, {FEW} points"] = partial(ours, places=few[0], looks=few[1])
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    flags = [flag for flag in FLAGS if flag != "--disable-gpu" or not asked.graphics_card]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for _ in range(asked.rounds):
            for kind, show in kinds.items():
                found[kind].append(frames(browser, show, asked.seconds))
        browser.close()
    medians = {kind: np.median(each, axis=0).round(1).tolist() for kind, each in found.items()}
    for kind, (rate, work) in medians.items():
        print(f"{kind}: {rate} frames a second, {work} ms of the processor for each (medians of {asked.rounds})")
    if asked.json:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()
