"""The network in the student's own browser: the engine as WebAssembly, a picture or the webcam, no request anywhere.

Other libraries come only where somebody asks for them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.components.v1 import declare_component

from core import images
from core.deployment import libraries
from core.deployment.standalone import WASM, WEB
from dashboard.text import language, t

WORDS = (
    "loading", "seen", "top", "speed", "run_100", "running", "cancel", "webcam", "webcam_stop", "no_webcam", "frames",
    "private", "failed", "library",
)  # fmt: skip

NUMBERS = ("first", "cold", "p50", "p95", "runs", "rate", "ms", "problem", "title")


def show(
    network: bytes,
    known_as: str,
    pixels: Any,
    key: str,
    on_found: Callable[[dict[str, Any]], None],
    onnx: bytes | None = None,
) -> None:
    """Run `pixels` `(s, s, 3)` uint8 through the flat file `network` in the browser, and its webcam on demand.

    `known_as` names files and picture. `on_found` gets milliseconds of the `first` call and of more `times`, `cold`
    (milliseconds from bytes to the first answer), `memory` in bytes, the `logits` and the browser's own name (`agent`).
    With the same network as `onnx` file it also gets, in `others`, the same of every one of `LIBRARIES` with the
    `size` of its files in bytes, or the `problem` that it met.
    """

    def told() -> None:
        found = st.session_state[key].found
        if found is not None:
            on_found(found)

    picture = images.encode(images.from_uint8(pixels), "png")
    data = {
        "known": known_as,
        "engine": b64encode(WASM.read_bytes()).decode(),
        "network": b64encode(network).decode(),
        "picture": f"data:image/png;base64,{b64encode(picture).decode()}",
        "words": words(),
        "language": language(),
        "others": _others(network, onnx) if onnx else None,
    }
    _stage()(data=data, key=key, on_found_change=told)


def _others(network: bytes, onnx: bytes) -> dict[str, Any]:
    """What the browser needs to run libraries that it has to load: from this server where npm brought them here."""
    address = libraries.delivered
    if libraries.here():
        served = declare_component("libraries", path=libraries.MODULES).name  # as any folder of files

        def address(path: str) -> str:
            return f"component/{served}/{path}"

    return {
        "worker": (WEB / "worker.js").read_text(encoding="utf-8"),
        "files": {"onnx": b64encode(onnx).decode(), "flat": b64encode(network).decode()},
        "libraries": [
            {
                "name": name,
                "title": library.title,
                "format": library.format,
                "files": [[address(path), f"sha384-{digest}"] for path, digest in library.files.items()],
            }
            for name, library in libraries.LIBRARIES.items()
        ],
    }


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
  stage.querySelector(".many").disabled = !stage.found || Boolean(stage.stream);
  stage.querySelector(".webcam").disabled = !stage.network;
}

// From bytes to the first answer, which is the cold start; then some more runs for the response time.
async function begin(stage, data) {
  const status = stage.querySelector(".status"), canvas = stage.querySelector("canvas");
  const mine = () => stage.known === data.known;
  if (stage.stream) stop(stage);
  stage.running = false;
  stage.found = null;
  status.textContent = stage.words.loading;
  name(stage);
  await breath();
  try {
    const image = await createImageBitmap(await blobOf(data.picture), { colorSpaceConversion: "none" });
    const begun = performance.now();
    const network = await open(bytes(data.engine), bytes(data.network));
    if (!mine()) return;
    Object.assign(canvas, { width: network.width, height: network.height });
    const pen = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
    pen.drawImage(image, 0, 0);
    stage.pixels = withoutAlpha(pen.getImageData(0, 0, canvas.width, canvas.height).data);
    const first = network.run(stage.pixels);
    Object.assign(stage, { network, pen, image });
    stage.found = {
      known: data.known,
      cold: performance.now() - begun,
      first: first.milliseconds,
      logits: [...first.logits],
      times: [],
      memory: network.memory(),
      agent: navigator.userAgent,
    };
    status.textContent = "";
    show(stage, first);
    await repeat(stage, FIRST_RUNS, () => mine() && stage.network === network);
    if (data.others) await others(stage, data.others, mine);
  } catch (problem) {
    status.textContent = said(stage.words.failed, { problem: problem.message });
  }
  name(stage);
}

// A picture inside an address, without asking for it: Chromium counts a fetch of a data address as a request.
async function blobOf(address) {
  return new Blob([bytes(address.split(",")[1])], { type: "image/png" });
}

// The same picture by libraries that have to be loaded first, one after the other.
async function others(stage, { worker, files, libraries }, mine) {
  const status = stage.querySelector(".status"), found = {};
  for (const library of libraries) {
    if (!mine()) return;
    status.textContent = said(stage.words.library, library);
    const picture = { rgb: stage.pixels, height: stage.pen.canvas.height, width: stage.pen.canvas.width };
    const given = { network: bytes(files[library.format]), ...picture, runs: MANY_RUNS };
    found[library.name] = await elsewhere(worker, library, given).catch(problem => ({ problem: problem.message }));
  }
  if (!mine()) return;
  status.textContent = "";
  stage.found = { ...stage.found, others: found };
  stage.tell(stage.found);
}

// A library in a worker of its own; none of its files is run whose digest is another.
async function elsewhere(worker, { name, files }, given) {
  const loaded = await Promise.all(files.map(async ([address, integrity]) => {
    const answer = await fetch(new URL(address, document.baseURI), { integrity });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }));
  const place = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
  const working = new Worker(place, { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      working.onmessage = ({ data }) =>
        resolve({ ...data, size: loaded.reduce((sum, file) => sum + file.length, given.network.length) });
      working.onerror = event => reject(new Error(event.message));
      working.postMessage({ library: name, files: loaded, ...given });
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
  const { network, found } = stage, times = [];
  for (let done = 0; done < runs; done += 1) {
    if (!goesOn(done)) return;
    times.push(network.run(stage.pixels).milliseconds);
    await breath();
  }
  stage.found = { ...found, times };
  const values = { p50: written(quantile(times, 0.5)), p95: written(quantile(times, 0.95)), runs };
  stage.querySelector(".speed").textContent =
    said(stage.words.speed, { first: written(found.first), cold: written(found.cold, 0), ...values });
  stage.tell(stage.found);
}

function show(stage, { probabilities }) {
  const rows = top(stage.network.metadata.labels, probabilities).map(([label, probability]) => {
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
    show(stage, found);
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
  show(stage, stage.network.run(stage.pixels));
  stage.querySelector(".speed").textContent = "";
  name(stage);
}
"""
