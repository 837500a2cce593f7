import { ARROWS, clamp, element } from "./shared.js";

const WHOLE = { turn: 0.6, tilt: 0.45, zoom: 1, x: 0, y: 0 };
const EYE = 3; // as far away as three times the reach of the points, which is 1
const SLACK = 0.99; // of the depth, so that rounding cuts nothing off
const FILL = 0.94; // of the screen, however the points are turned
const REACH = 12; // pixels: the mouse means a point so near
const STILL = 4; // pixels: a click moves no farther
const STEP = 0.1; // of a key, in radians or halves of the screen
const TIMES = 1.25; // of a button
const CELL = 64; // pixels of a drawn symbol

// --- geometry: rows of a matrix that carries coordinates to WebGL's x, y, depth and w --------------------------------

function projection({ solid, view: { turn, tilt, zoom, x, y }, width, height }) {
  if (!solid)
    return [
      [FILL * zoom, 0, 0, x],
      [0, FILL * zoom, 0, y],
      [0, 0, 0, 0],
      [0, 0, 0, 1],
    ];
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  const [rise, level] = [Math.sin(tilt), Math.cos(tilt)];
  const across = [cos, -sin, 0, 0];
  const up = [sin * rise, cos * rise, level, 0];
  const away = [sin * level, cos * level, -rise, 0];
  const w = away.map((part, i) => part / EYE + (i === 3 ? 1 : 0));
  const scale = FILL * Math.sqrt(1 - EYE ** -2) * zoom * Math.min(width, height); // the ball's rim seen from the eye
  const side = (axis, extent, shift) => axis.map((part, i) => (scale / extent) * part + shift * w[i]);
  const depth = w.map((part, i) => SLACK * EYE * (part - (i === 3 ? 1 - EYE ** -2 : 0)));
  return [side(across, width, x), side(up, height, y), depth, w];
}

// Where a point is seen, in pixels from the left and from the top, and how far away.
function onScreen({ coordinates, projection, width, height }, number) {
  const i = 3 * number;
  const [x, y, , w] = projection.map(
    row => row[0] * coordinates[i] + row[1] * coordinates[i + 1] + row[2] * coordinates[i + 2] + row[3],
  );
  return [((1 + x / w) * width) / 2, ((1 - y / w) * height) / 2, w];
}

// The number of the foremost point within reach of a place on the screen, or null.
function nearest(stage, x, y) {
  let closest = null;
  let least = REACH ** 2;
  for (let number = 0; number < stage.marker_of.length; number++) {
    const [across, down, w] = onScreen(stage, number);
    const distance = (across - x) ** 2 + (down - y) ** 2 + w;
    if (distance < least) [closest, least] = [number, distance];
  }
  return closest;
}

// --- drawing ---------------------------------------------------------------------------------------------------------

const VERTEX_SHADER = `
  attribute vec3 place; attribute vec3 colour; attribute float symbol, size;
  uniform mat4 projection; uniform float pixels;
  varying vec3 shade; varying float cell;
  void main() {
    gl_Position = vec4(place, 1.0) * projection;  // the rows from the left
    gl_PointSize = size * pixels / gl_Position.w;
    shade = colour;
    cell = symbol;
  }`;
const FRAGMENT_SHADER = `
  precision mediump float;
  uniform sampler2D symbols; uniform float kinds;
  varying vec3 shade; varying float cell;
  void main() {
    float cover = texture2D(symbols, vec2((cell + gl_PointCoord.x) / kinds, gl_PointCoord.y)).a;
    if (cover < 0.3) discard;
    gl_FragColor = vec4(shade, 1.0) * cover;
  }`;
// By the number of the symbol; the first is a circle.
// biome-ignore format: a symbol, a line
const OUTLINES = [
  null,
  [[8, 8], [56, 8], [56, 56], [8, 56]],
  [[32, 2], [60, 32], [32, 62], [4, 32]],
  [[23, 4], [41, 4], [41, 23], [60, 23], [60, 41], [41, 41], [41, 60], [23, 60], [23, 41], [4, 41], [4, 23], [23, 23]],
  [[4, 16], [16, 4], [32, 20], [48, 4], [60, 16], [44, 32], [60, 48], [48, 60], [32, 44], [16, 60], [4, 48], [20, 32]],
  [[32, 4], [62, 58], [2, 58]],
  star(10, 12),
  star(5, 31),
];

// Every other corner lies further inside.
function star(count, inner) {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    const radius = i % 2 ? inner : 31;
    return [32 + radius * Math.sin(angle), 33 - radius * Math.cos(angle)];
  });
}

// All symbols side by side.
function symbols() {
  const canvas = element("canvas", { width: CELL * OUTLINES.length, height: CELL });
  const pen = canvas.getContext("2d");
  OUTLINES.forEach((outline, number) => {
    pen.setTransform(1, 0, 0, 1, CELL * number, 0);
    pen.beginPath();
    if (outline) for (const corner of outline) pen.lineTo(...corner);
    else pen.arc(32, 32, 29, 0, 7);
    pen.fill();
  });
  return canvas;
}

function prepare(stage) {
  const { gl } = stage;
  const program = gl.createProgram();
  const attach = (kind, source) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  };
  attach(gl.VERTEX_SHADER, VERTEX_SHADER);
  attach(gl.FRAGMENT_SHADER, FRAGMENT_SHADER);
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, symbols());
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.uniform1f(gl.getUniformLocation(program, "kinds"), OUTLINES.length);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  stage.program = program;
  stage.buffers = {};
}

// Hand all points to WebGL.
function upload({ gl, program, buffers, coordinates, markers, marker_of }) {
  const rgb = ({ colour }) => [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const columns = {
    place: [3, coordinates],
    colour: [3, new Float32Array(marker_of.flatMap(number => rgb(markers[number])))],
    symbol: [1, new Float32Array(marker_of.map(number => markers[number].symbol))],
    size: [1, new Float32Array(marker_of.map(number => markers[number].size))],
  };
  for (const [name, [count, values]] of Object.entries(columns)) {
    buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const location = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, count, gl.FLOAT, false, 0, 0);
  }
}

function draw(stage) {
  const { gl, program, canvas } = stage;
  const pixels = Math.min(devicePixelRatio, 2);
  [stage.width, stage.height] = [canvas.clientWidth, canvas.clientHeight];
  if (!stage.width) return;
  stage.projection = projection(stage);
  const [width, height] = [Math.round(stage.width * pixels), Math.round(stage.height * pixels)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  gl.viewport(0, 0, width, height);
  gl.uniformMatrix4fv(gl.getUniformLocation(program, "projection"), false, stage.projection.flat());
  gl.uniform1f(gl.getUniformLocation(program, "pixels"), pixels);
  gl[stage.solid ? "enable" : "disable"](gl.DEPTH_TEST);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.drawArrays(gl.POINTS, 0, stage.marker_of.length);
  drawSelection(stage);
}

// A ring around the selected point, and lines to its neighbours.
function drawSelection(stage) {
  const [lines, ring] = stage.querySelectorAll(".lines > *");
  const centre = stage.selected === null ? null : onScreen(stage, stage.selected);
  const line = number => `M${centre.slice(0, 2)}L${onScreen(stage, number).slice(0, 2)}`;
  lines.setAttribute("d", centre ? stage.neighbours.map(line).join("") : "");
  ring.style.transform = centre ? `translate(${centre[0]}px, ${centre[1]}px)` : "scale(0)";
}

function drawSoon(stage) {
  stage.frame ??= requestAnimationFrame(() => {
    stage.frame = undefined;
    draw(stage);
  });
}

// --- the view --------------------------------------------------------------------------------------------------------

function turn(stage, right, down) {
  stage.view.turn += right;
  stage.view.tilt = clamp(stage.view.tilt + down, -1.5, 1.5);
  drawSoon(stage);
}

function move(stage, right, down) {
  stage.view.x += right;
  stage.view.y -= down;
  drawSoon(stage);
}

// Around a place, which stays where it is.
function enlarge(stage, times, [x, y] = [0, 0]) {
  const { view } = stage;
  const zoom = clamp(view.zoom * times, 0.5, 100);
  view.x = x + ((view.x - x) * zoom) / view.zoom;
  view.y = y + ((view.y - y) * zoom) / view.zoom;
  view.zoom = zoom;
  drawSoon(stage);
}

function showWhole(stage) {
  stage.view = { ...WHOLE };
  drawSoon(stage);
}

// --- what hands do ---------------------------------------------------------------------------------------------------

function listen(stage) {
  listenToPointers(stage);
  listenToKeys(stage);
  const actions = {
    nearer: () => enlarge(stage, TIMES),
    farther: () => enlarge(stage, 1 / TIMES),
    whole: () => showWhole(stage),
    full_screen: () => (stage.matches(":fullscreen") ? document.exitFullscreen() : stage.requestFullscreen()),
  };
  for (const [name, action] of Object.entries(actions)) stage.querySelector(`.${name}`).onclick = action;
}

function listenToPointers(stage) {
  const { canvas } = stage;
  const pointers = new Map();
  let travelled = 0;
  const middle = () =>
    ["clientX", "clientY"].map(axis => [...pointers.values()].reduce((sum, one) => sum + one[axis], 0) / pointers.size);
  const spread = () => {
    const [one, other] = pointers.values();
    return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 1;
  };
  const inView = (x, y) => {
    const box = canvas.getBoundingClientRect();
    return [(2 * (x - box.left)) / box.width - 1, 1 - (2 * (y - box.top)) / box.height];
  };
  canvas.onpointerdown = event => {
    if (!pointers.size) travelled = 0;
    pointers.set(event.pointerId, event);
    canvas.setPointerCapture(event.pointerId);
    hideTooltip(stage);
  };
  canvas.onpointermove = event => {
    if (!pointers.has(event.pointerId)) return showTooltip(stage, event);
    const [x, y] = middle();
    const apart = spread();
    pointers.set(event.pointerId, event);
    const [right, down] = [middle()[0] - x, middle()[1] - y];
    travelled += Math.abs(right) + Math.abs(down);
    if (stage.solid && pointers.size === 1 && !event.shiftKey) turn(stage, right / 150, down / 150);
    else move(stage, (2 * right) / stage.width, (2 * down) / stage.height);
    enlarge(stage, spread() / apart, inView(...middle()));
  };
  canvas.onpointerup = event => {
    const clicked = pointers.delete(event.pointerId) && travelled < STILL;
    const number = clicked ? nearest(stage, event.offsetX, event.offsetY) : null;
    if (number !== null) stage.open(number);
  };
  canvas.onpointercancel = event => pointers.delete(event.pointerId);
  canvas.onpointerleave = () => hideTooltip(stage);
  // Without a key the wheel scrolls the page; a pinched touchpad sends one.
  const onWheel = event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    enlarge(stage, Math.exp(-event.deltaY / 200), inView(event.clientX, event.clientY));
  };
  canvas.addEventListener("wheel", onWheel, { passive: false });
}

function listenToKeys(stage) {
  const actions = {
    "+": () => enlarge(stage, TIMES),
    "-": () => enlarge(stage, 1 / TIMES),
    0: () => showWhole(stage),
  };
  stage.canvas.onkeydown = event => {
    const arrow = ARROWS[event.key];
    const action = actions[event.key];
    if ((!arrow && !action) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (action) return action();
    const [right, down] = arrow.map(way => STEP * way);
    if (stage.solid && !event.shiftKey) turn(stage, right, down);
    else move(stage, right, down);
  };
}

// What the point under the mouse says, beside it.
function showTooltip(stage, event) {
  const number = nearest(stage, event.offsetX, event.offsetY);
  stage.canvas.classList.toggle("over", number !== null);
  if (number === null) return hideTooltip(stage);
  const [x, y] = onScreen(stage, number);
  const left = x < stage.width / 2;
  const tooltip = stage.querySelector(".tooltip");
  tooltip.hidden = false;
  tooltip.textContent = stage.markers[stage.marker_of[number]].text;
  Object.assign(tooltip.style, {
    top: `${clamp(y - 14, 0, stage.height - 34)}px`,
    left: left ? `${x + 16}px` : "",
    right: left ? "" : `${stage.width - x + 16}px`,
  });
}

function hideTooltip(stage) {
  stage.querySelector(".tooltip").hidden = true;
}

// --- start and data --------------------------------------------------------------------------------------------------

function start(stage) {
  stage.canvas = stage.querySelector("canvas");
  stage.gl = stage.canvas.getContext("webgl", { antialias: false }); // the sheet of symbols is smooth
  if (!stage.gl) return;
  prepare(stage);
  listen(stage);
  stage.canvas.addEventListener("webglcontextlost", event => event.preventDefault());
  stage.canvas.addEventListener("webglcontextrestored", () => {
    prepare(stage);
    upload(stage);
    drawSoon(stage);
  });
  new ResizeObserver(() => drawSoon(stage)).observe(stage.canvas);
}

// The markup has no names, as it knows no language: it shows nothing that needs one before.
function label(stage, alt, texts) {
  Object.assign(stage.canvas, { role: "img", ariaLabel: alt });
  for (const button of stage.querySelectorAll("button")) button.title = button.ariaLabel = texts[button.className];
  stage.querySelector(".buttons").hidden = false;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const stage = parentElement.querySelector(".stage");
  if (!stage.canvas) start(stage);
  label(stage, data.alt, data.texts);
  if (!stage.gl) {
    Object.assign(stage.querySelector(".missing"), { textContent: data.texts.no_webgl, hidden: false });
    return;
  }
  if (stage.layout !== data.layout) stage.view = { ...WHOLE };
  const coordinates = new Float32Array(data.coordinates);
  Object.assign(stage, data, { coordinates, open: number => setTriggerValue("opened", number) });
  upload(stage);
  drawSoon(stage);
}
