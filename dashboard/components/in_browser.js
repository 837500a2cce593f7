import { open, quantile, top, withoutAlpha } from "../../deploy/web/engine.js";
import { element, fill } from "./shared.js";

const FIRST_RUNS = 20;
const MANY_RUNS = 100;
const FRAMES = 30; // whose mean is the rate of the webcam

let language = "en";

export default function ({ data, parentElement, setStateValue }) {
  const stage = parentElement.querySelector(".classifier");
  const find = name => stage.querySelector(name);
  language = data.language;
  stage.texts = data.texts;
  stage.send = report => setStateValue("report", report);
  Object.assign(find("canvas"), { role: "img", ariaLabel: data.texts.seen });
  find("progress").ariaLabel = data.texts.running;
  find("ol").ariaLabel = data.texts.top;
  find(".private").textContent = data.texts.private;
  find(".many").onclick = () => {
    if (stage.running) stage.running = false;
    else runMany(stage);
  };
  find(".webcam").onclick = () => (stage.stream ? stopWebcam(stage) : startWebcam(stage));
  updateButtons(stage);
  find(".actions").hidden = !data.files.flat; // what is repeated and filmed is our engine's
  if (stage.request !== data.request) {
    stage.request = data.request;
    begin(stage, data);
  }
}

function updateButtons(stage) {
  const [many, webcam] = [stage.querySelector(".many"), stage.querySelector(".webcam")];
  many.textContent = stage.running ? stage.texts.cancel : stage.texts.run_100;
  webcam.textContent = stage.stream ? stage.texts.webcam_stop : stage.texts.webcam;
  many.disabled = !stage.runtimes?.engine || Boolean(stage.stream);
  webcam.disabled = !stage.network;
}

// The image through every runtime, one after the other.
async function begin(stage, data) {
  const status = stage.querySelector(".status");
  const canvas = stage.querySelector("canvas");
  const isCurrent = () => stage.request === data.request;
  if (stage.stream) stopWebcam(stage);
  stage.running = false;
  stage.network = stage.runtimes = null;
  stage.querySelector(".speed").textContent = "";
  status.textContent = stage.texts.loading;
  updateButtons(stage);
  await nextTask();
  try {
    // From a blob: Chromium counts a fetch of a data address as a request.
    const blob = new Blob([decode(data.image)], { type: "image/png" });
    const image = await createImageBitmap(blob, { colorSpaceConversion: "none" });
    if (!isCurrent()) return;
    Object.assign(canvas, { width: image.width, height: image.height });
    const pen = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
    pen.drawImage(image, 0, 0);
    const pixels = withoutAlpha(pen.getImageData(0, 0, canvas.width, canvas.height).data);
    Object.assign(stage, { pen, image, pixels, labels: data.labels, runtimes: {} });
    if (data.files.flat) await runEngine(stage, data, isCurrent);
    for (const library of data.libraries) if (isCurrent()) await runLibrary(stage, data, library, isCurrent);
    if (isCurrent()) status.textContent = "";
  } catch (problem) {
    status.textContent = fill(stage.texts.failed, { problem: problem.message });
  }
  updateButtons(stage);
}

// What was measured so far, for the page's server.
function report(stage) {
  stage.send({ request: stage.request, agent: navigator.userAgent, runtimes: { ...stage.runtimes } });
}

// --- our own engine, which runs the webcam too -----------------------------------------------------------------------

// From bytes to the first answer, which is the cold start; then some more runs for the response time.
async function runEngine(stage, data, isCurrent) {
  const engine = decode(data.engine);
  const file = decode(data.files.flat);
  const started = performance.now();
  const network = await open(engine, file);
  if (!isCurrent()) return;
  const { milliseconds: first, logits, probabilities } = network.run(stage.pixels);
  const cold = performance.now() - started;
  const size = engine.length + file.length;
  stage.network = network;
  stage.runtimes.engine = { first, cold, logits: [...logits], times: [], memory: network.memory(), size };
  stage.querySelector(".status").textContent = "";
  listTop(stage, probabilities);
  await repeat(stage, FIRST_RUNS, () => isCurrent() && stage.network === network);
  updateButtons(stage);
}

async function runMany(stage) {
  const bar = stage.querySelector("progress");
  stage.running = true;
  updateButtons(stage);
  bar.hidden = false;
  await repeat(stage, MANY_RUNS, done => {
    bar.value = done;
    return stage.running;
  });
  bar.hidden = true;
  stage.running = false;
  updateButtons(stage);
}

// Run the image again and again, with a pause between for the page, and report how long it took.
async function repeat(stage, runs, goesOn) {
  const { network } = stage;
  const { engine } = stage.runtimes;
  const times = [];
  for (let done = 0; done < runs; done += 1) {
    if (!goesOn(done)) return;
    times.push(network.run(stage.pixels).milliseconds);
    await nextTask();
  }
  engine.times = times;
  stage.querySelector(".speed").textContent = fill(stage.texts.speed, {
    first: format(engine.first),
    cold: format(engine.cold, 0),
    p50: format(quantile(times, 0.5)),
    p95: format(quantile(times, 0.95)),
    runs,
  });
  report(stage);
}

function listTop(stage, probabilities) {
  const rows = top(stage.labels, probabilities).map(([label, probability]) => {
    const bar = element("div", { className: "bar" });
    bar.style.width = `${100 * probability}%`;
    const row = element("li");
    row.append(element("span", { textContent: `${format(100 * probability)} %` }), label, bar);
    return row;
  });
  stage.querySelector("ol").replaceChildren(...rows);
}

// --- libraries that have to be loaded first --------------------------------------------------------------------------

async function runLibrary(stage, data, library, isCurrent) {
  stage.querySelector(".status").textContent = fill(stage.texts.library, library);
  const { width, height } = stage.image;
  const network = decode(data.files[library.format]);
  const input = { network, rgb: stage.pixels, width, height, runs: MANY_RUNS };
  const result = await runInWorker(data.worker, library, input).catch(problem => ({ problem: problem.message }));
  if (!isCurrent()) return;
  stage.runtimes[library.name] = result;
  if (!stage.network && result.probabilities) listTop(stage, result.probabilities);
  report(stage);
}

// In a worker of its own; none of the library's files is run whose digest is another.
async function runInWorker(script, { name, files }, input) {
  const parts = await Promise.all(files.map(download));
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module" });
  const size = parts.reduce((sum, file) => sum + file.length, input.network.length);
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve({ ...data, size });
      worker.onerror = event => reject(new Error(event.message));
      worker.postMessage({ library: name, files: parts, ...input });
    });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(address);
  }
}

async function download([address, integrity]) {
  const answer = await fetch(new URL(address, document.baseURI), { integrity });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// --- the webcam ------------------------------------------------------------------------------------------------------

// Frame by frame: the middle square of what it films goes through the network, and nowhere else.
async function startWebcam(stage) {
  const status = stage.querySelector(".status");
  try {
    stage.stream = await navigator.mediaDevices.getUserMedia({ video: true });
  } catch (problem) {
    status.textContent = fill(stage.texts.no_webcam, { problem: problem.message });
    return;
  }
  status.textContent = "";
  updateButtons(stage);
  const { stream, network, pen } = stage;
  const { width, height } = pen.canvas;
  const video = element("video", { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  const times = [];
  const classifyFrame = () => {
    if (stage.stream !== stream) return;
    if (!stage.isConnected) return stopWebcam(stage);
    const side = Math.min(video.videoWidth, video.videoHeight);
    const [left, above] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
    pen.drawImage(video, left, above, side, side, 0, 0, width, height);
    const { probabilities, milliseconds } = network.run(withoutAlpha(pen.getImageData(0, 0, width, height).data));
    listTop(stage, probabilities);
    times.push(performance.now());
    if (times.length > FRAMES) times.shift();
    if (times.length > 1) {
      const rate = (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
      const numbers = { rate: format(rate, 0), ms: format(milliseconds) };
      stage.querySelector(".speed").textContent = fill(stage.texts.frames, numbers);
    }
    requestAnimationFrame(classifyFrame);
  };
  classifyFrame();
}

function stopWebcam(stage) {
  for (const track of stage.stream.getTracks()) track.stop();
  stage.stream = null;
  stage.pen.drawImage(stage.image, 0, 0);
  listTop(stage, stage.network.run(stage.pixels).probabilities);
  stage.querySelector(".speed").textContent = "";
  updateButtons(stage);
}

// --- small tools -----------------------------------------------------------------------------------------------------

function decode(base64) {
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
}

// Lets the page draw and answer in between.
function nextTask() {
  return new Promise(resolve => setTimeout(resolve));
}

function format(value, digits = 1) {
  return value.toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
