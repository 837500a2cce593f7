"""Frames a second of maps of many points while they are dragged, in Chromium, which draws by WebGL.

    python -m benchmarks.points [--points 10000] [--seconds 3] [--rounds 3] [--graphics-card] [--json]

The page's own figure, flat and solid, beside the same in Plotly's own resolution, and with 100 points, which is what
the canvas alone needs, in turns. A frame counts when something was drawn in it. Without --graphics-card the browser
draws in software: the processor's time for a frame is told too, since others may be using it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import plotly
import psutil
from playwright.sync_api import Browser, sync_playwright

from dashboard import embedding_figures

CHROMIUM = "/usr/bin/chromium"
WIDTH, MIDDLE, PEOPLE = 820, (410, 280), 100
FEW = 100
COUNTING = """() => {
    let drawn = false, frames = 0;
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
                map.dispatchEvent(new kind(name, { ...at, buttons: 1, bubbles: true, view: window }));
            const passed = (performance.now() - began) / 1000;
            passed < seconds ? requestAnimationFrame(frame) : done([frames, passed]);
        };
        requestAnimationFrame(frame);
    });
}"""
"""Makes `drag`, which moves the mouse once a frame and counts the frames in which WebGL was asked to draw."""


def figure(count: int, dimensions: int) -> tuple[dict[str, object], dict[str, object]]:
    """The page's own map of `count` made-up embeddings, `PEOPLE` heaps of them, and what it is shown with."""
    rng = np.random.default_rng(0)
    whose = np.arange(count) % PEOPLE
    places = rng.normal(0, 4, (PEOPLE, dimensions))[whose] + rng.normal(0, 0.5, (count, dimensions))
    colours, marks = zip(*(embedding_figures.mark(int(person)) for person in whose), strict=True)
    texts = [f"Person {person} · asked about" for person in whose]
    drawn = embedding_figures.cloud(places, colours, marks, texts, range(count), whose % 2 == 0, 0, [1, 2, 3])
    drawn.layout.width = WIDTH
    return json.loads(drawn.to_json()), embedding_figures.map_config(places)


def frames(
    browser: Browser, drawn: dict[str, object], config: dict[str, object], seconds: float
) -> tuple[float, float]:
    """While the mouse goes round with its button held down: frames a second, and the processor's ms for each."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_content("<div id='map'></div>")
    page.evaluate(COUNTING)
    page.add_script_tag(path=Path(plotly.__file__).parent / "package_data" / "plotly.min.js")
    page.evaluate("([drawn, config]) => Plotly.newPlot('map', drawn.data, drawn.layout, config)", [drawn, config])
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
    kinds = {}
    for shape, dimensions in (("flat", 2), ("solid", 3)):
        (many, config), (few, _) = (figure(count, dimensions) for count in (asked.points, FEW))
        kinds[f"{shape}, {asked.points} points"] = many, config
        kinds[f"{shape}, {asked.points} points, Plotly's resolution"] = many, config | {"plotGlPixelRatio": 2}
        kinds[f"{shape}, {FEW} points"] = few, config
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    flags = ["--no-sandbox", "--disable-quic", *([] if asked.graphics_card else ["--disable-gpu"])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for _ in range(asked.rounds):
            for kind, (drawn, config) in kinds.items():
                found[kind].append(frames(browser, drawn, config, asked.seconds))
        browser.close()
    medians = {kind: np.median(each, axis=0).round(1).tolist() for kind, each in found.items()}
    for kind, (rate, work) in medians.items():
        print(f"{kind}: {rate} frames a second, {work} ms of the processor for each (medians of {asked.rounds})")
    if asked.json:
        print(json.dumps(medians))


if __name__ == "__main__":
    main()
