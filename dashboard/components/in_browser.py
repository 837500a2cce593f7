"""The network in the student's own browser: the engine as WebAssembly, a picture or the webcam, no request anywhere.

Other libraries come only where somebody asks for them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.components.v1 import declare_component

from core import images
from core.deployment import libraries
from core.deployment.standalone import WASM, WEB
from dashboard.shared.text import language, t

WORDS = (
    "loading", "seen", "top", "speed", "run_100", "running", "cancel", "webcam", "webcam_stop", "no_webcam", "frames",
    "private", "failed", "library",
)  # fmt: skip

NUMBERS = ("first", "cold", "p50", "p95", "runs", "rate", "ms", "problem", "title")


def show(
    files: Mapping[str, bytes],
    labels: Sequence[str],
    known_as: str,
    pixels: Any,
    key: str,
    on_found: Callable[[dict[str, Any]], None],
) -> None:
    """Run `pixels` `(s, s, 3)` uint8 through a network in the browser, and its webcam on demand.

    `files` hold the network by format: a flat file is run by our engine, and only with an ONNX file the `LIBRARIES` are
    loaded. `known_as` names network and picture. `on_found` gets that as `known`, and `runtimes`: by name, "engine" and
    those of `LIBRARIES`, milliseconds of the `first` call and of more `times`, `cold` (milliseconds from bytes to the
    first answer), `memory` (None where it does not tell) and `size` in bytes, and the `logits`; or the `problem`.
    """

    def told() -> None:
        found = st.session_state[key].found
        if found is not None:
            on_found(found)

    picture = images.encode(images.from_uint8(pixels), "png")
    data = {
        "known": known_as,
        "engine": b64encode(WASM.read_bytes()).decode(),
        "files": {format: b64encode(file).decode() for format, file in files.items()},
        "labels": list(labels),
        "picture": f"data:image/png;base64,{b64encode(picture).decode()}",
        "words": words(),
        "language": language(),
        "worker": (WEB / "worker.js").read_text(encoding="utf-8"),
        "libraries": _libraries(files) if "onnx" in files else [],
    }
    _stage()(data=data, key=key, on_found_change=told)


def _libraries(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The libraries that can run one of the files: from this server where npm brought them here."""
    address = libraries.delivered
    if libraries.here():
        served = declare_component("libraries", path=libraries.MODULES).name  # as any folder of files

        def address(path: str) -> str:
            return f"component/{served}/{path}"

    return [
        {
            "name": name,
            "title": library.title,
            "format": library.format,
            "files": [[address(path), f"sha384-{digest}"] for path, digest in library.files.items()],
        }
        for name, library in libraries.LIBRARIES.items()
        if library.format in files
    ]


def words() -> dict[str, str]:
    """What the browser says, in the session's language; it fills the numbers in itself."""
    return {name: t(f"browser.{name}", **{number: f"{{{number}}}" for number in NUMBERS}) for name in WORDS}


@st.cache_resource(show_spinner=False)
def _stage() -> Any:
    script = (WEB / "engine.js").read_text(encoding="utf-8") + _JS
    return st.components.v2.component("in_browser", html=_HTML, css=_CSS, js=script)


_HTML = """
<div class="ship">
  <div class="seen"><canvas role="img"></canvas></div>
  <div class="said">
    <p class="status" role="status"></p>
    <ol></ol>
    <p class="speed"></p>
    <progress max="100" value="0" hidden></progress>
    <p class="actions"><button class="many"></button><button class="webcam"></button></p>
    <p class="private"></p>
  </div>
</div>
"""
_CSS = """
.ship { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr)); gap: 24px;
        color: var(--st-text-color); font-size: 16px; line-height: 1.5; }
canvas { display: block; width: 100%; max-width: 420px; aspect-ratio: 1; border-radius: 8px;
         image-rendering: pixelated; background: var(--st-secondary-background-color); }
p { margin: 0 0 10px; }
.status:empty { display: none; }
ol { list-style: none; margin: 0 0 12px; padding: 0; min-height: 215px; }
li { margin: 0 0 9px; }
li span { float: right; font-variant-numeric: tabular-nums; }
.bar { height: 9px; min-width: 2px; border-radius: 4px; background: #2b7bba; }
.speed { font-variant-numeric: tabular-nums; min-height: 48px; }
progress { width: 100%; margin-bottom: 10px; accent-color: var(--st-primary-color); }
.actions { display: flex; flex-wrap: wrap; gap: 10px; }
.actions[hidden] { display: none; }
button { padding: 7px 14px; border: 1px solid var(--st-border-color); border-radius: 8px; font: inherit;
         cursor: pointer; background: var(--st-background-color); color: var(--st-text-color); }
button:hover { border-color: var(--st-primary-color); }
button:disabled { opacity: 0.5; cursor: default; }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.private { font-size: 15px; }
"""
_JS = """
const FIRST_RUNS = 20, MANY_RUNS = 100, FRAMES = 30;
const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const said = (text, values) => text.replace(/{(\\w+)}/g, (_, name) => values[name]);
const breath = () => new Promise(resolve => setTimeout(resolve));
let language = "en";
const written = (value, digits = 1) =>
  value.toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits });

export default function ({ data, parentElement, setStateValue }) {
  const stage = parentElement.querySelector(".ship");
  stage.words = data.words;
  language = data.language;
  stage.tell = found => setStateValue("found", found);
  const find = name => stage.querySelector(name);
  find("canvas").setAttribute("aria-label", data.words.seen);
  find("progress").setAttribute("aria-label", data.words.running);
  find(".actions").hidden = !data.files.flat;  // what is repeated and filmed is our engine's
  find(".private").textContent = data.words.private;
  find(".many").onclick = () => (stage.running ? (stage.running = false) : many(stage));
  find(".webcam").onclick = () => (stage.stream ? stop(stage) : film(stage));
  name(stage);
  if (stage.known !== data.known) {
    stage.known = data.known;
    begin(stage, data);
  }
}

function name(stage) {
  const { words } = stage;
  stage.querySelector(".many").textContent = stage.running ? words.cancel : words.run_100;
  stage.querySelector(".webcam").textContent = stage.stream ? words.webcam_stop : words.webcam;
  stage.querySelector(".many").disabled = !stage.runtimes?.engine || Boolean(stage.stream);
  stage.querySelector(".webcam").disabled = !stage.network;
}

// From bytes to the first answer, which is the cold start; then some more runs for the response time.
async function begin(stage, data) {
  const status = stage.querySelector(".status"), canvas = stage.querySelector("canvas");
  const mine = () => stage.known === data.known;
  if (stage.stream) stop(stage);
  stage.running = false;
  stage.network = stage.runtimes = null;
  stage.querySelector(".speed").textContent = "";
  status.textContent = stage.words.loading;
  name(stage);
  await breath();
  try {
    const image = await createImageBitmap(await blobOf(data.picture), { colorSpaceConversion: "none" });
    if (!mine()) return;
    Object.assign(canvas, { width: image.width, height: image.height });
    const pen = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
    pen.drawImage(image, 0, 0);
    const pixels = withoutAlpha(pen.getImageData(0, 0, canvas.width, canvas.height).data);
    Object.assign(stage, { pen, image, pixels, labels: data.labels, runtimes: {} });
    if (data.files.flat) await ours(stage, data, mine);
    for (const library of data.libraries) if (mine()) await loaded(stage, data, library, mine);
    if (mine()) status.textContent = "";
  } catch (problem) {
    status.textContent = said(stage.words.failed, { problem: problem.message });
  }
  name(stage);
}

// Our own engine, with which the webcam is shown too.
async function ours(stage, data, mine) {
  const engine = bytes(data.engine), file = bytes(data.files.flat), begun = performance.now();
  const network = await open(engine, file);
  if (!mine()) return;
  const { milliseconds: first, logits, probabilities } = network.run(stage.pixels);
  const cold = performance.now() - begun, size = engine.length + file.length;
  stage.network = network;
  stage.runtimes.engine = { first, cold, logits: [...logits], times: [], memory: network.memory(), size };
  stage.querySelector(".status").textContent = "";
  show(stage, probabilities);
  await repeat(stage, FIRST_RUNS, () => mine() && stage.network === network);
  name(stage);
}

// What was found, for the page's server.
function tell(stage) {
  stage.tell({ known: stage.known, agent: navigator.userAgent, runtimes: { ...stage.runtimes } });
}

// A picture inside an address, without asking for it: Chromium counts a fetch of a data address as a request.
async function blobOf(address) {
  return new Blob([bytes(address.split(",")[1])], { type: "image/png" });
}

// The same picture by a library that has to be loaded first.
async function loaded(stage, data, library, mine) {
  stage.querySelector(".status").textContent = said(stage.words.library, library);
  const { pixels: rgb, image: { width, height } } = stage;
  const given = { network: bytes(data.files[library.format]), rgb, width, height, runs: MANY_RUNS };
  const found = await elsewhere(data.worker, library, given).catch(problem => ({ problem: problem.message }));
  if (!mine()) return;
  stage.runtimes[library.name] = found;
  if (!stage.network && found.probabilities) show(stage, found.probabilities);
  tell(stage);
}

// A library in a worker of its own; none of its files is run whose digest is another.
async function elsewhere(worker, { name, files }, given) {
  const parts = await Promise.all(files.map(async ([address, integrity]) => {
    const answer = await fetch(new URL(address, document.baseURI), { integrity });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }));
  const place = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
  const working = new Worker(place, { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      working.onmessage = ({ data }) =>
        resolve({ ...data, size: parts.reduce((sum, file) => sum + file.length, given.network.length) });
      working.onerror = event => reject(new Error(event.message));
      working.postMessage({ library: name, files: parts, ...given });
    });
  } finally {
    working.terminate();
    URL.revokeObjectURL(place);
  }
}

async function many(stage) {
  stage.running = true;
  name(stage);
  const bar = stage.querySelector("progress");
  bar.hidden = false;
  await repeat(stage, MANY_RUNS, done => ((bar.value = done), stage.running));
  bar.hidden = true;
  stage.running = false;
  name(stage);
}

// Run the picture again and again, with a breath between for the page, and tell the page's server how long it took.
async function repeat(stage, runs, goesOn) {
  const { network, runtimes: { engine } } = stage, times = [];
  for (let done = 0; done < runs; done += 1) {
    if (!goesOn(done)) return;
    times.push(network.run(stage.pixels).milliseconds);
    await breath();
  }
  engine.times = times;
  const values = { p50: written(quantile(times, 0.5)), p95: written(quantile(times, 0.95)), runs };
  stage.querySelector(".speed").textContent =
    said(stage.words.speed, { first: written(engine.first), cold: written(engine.cold, 0), ...values });
  tell(stage);
}

function show(stage, probabilities) {
  const rows = top(stage.labels, probabilities).map(([label, probability]) => {
    const share = Object.assign(document.createElement("span"), { textContent: `${written(100 * probability)} %` });
    const bar = Object.assign(document.createElement("div"), { className: "bar" });
    bar.style.width = `${100 * probability}%`;
    const row = document.createElement("li");
    row.append(share, label, bar);
    return row;
  });
  const list = stage.querySelector("ol");
  list.setAttribute("aria-label", stage.words.top);
  list.replaceChildren(...rows);
}

// The webcam, frame by frame: the middle square of what it films goes through the network, and nowhere else.
async function film(stage) {
  const status = stage.querySelector(".status"), speed = stage.querySelector(".speed");
  try {
    stage.stream = await navigator.mediaDevices.getUserMedia({ video: true });
  } catch (problem) {
    status.textContent = said(stage.words.no_webcam, { problem: problem.message });
    return;
  }
  status.textContent = "";
  name(stage);
  const { stream, network, pen } = stage, size = [pen.canvas.width, pen.canvas.height], frames = [];
  const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  const next = () => {
    if (stage.stream !== stream) return;
    if (!stage.isConnected) return stop(stage);
    const side = Math.min(video.videoWidth, video.videoHeight);
    pen.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, ...size);
    const found = network.run(withoutAlpha(pen.getImageData(0, 0, ...size).data));
    show(stage, found.probabilities);
    frames.push(performance.now());
    if (frames.length > FRAMES) frames.shift();
    if (frames.length > 1) {
      const rate = 1000 * (frames.length - 1) / (frames.at(-1) - frames[0]);
      speed.textContent = said(stage.words.frames, { rate: written(rate, 0), ms: written(found.milliseconds) });
    }
    requestAnimationFrame(next);
  };
  next();
}

function stop(stage) {
  stage.stream.getTracks().forEach(track => track.stop());
  stage.stream = null;
  stage.pen.drawImage(stage.image, 0, 0);
  show(stage, stage.network.run(stage.pixels).probabilities);
  stage.querySelector(".speed").textContent = "";
  name(stage);
}
"""
