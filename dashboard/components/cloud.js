const FIRST = { turn: 0.6, tilt: 0.45, zoom: 1, x: 0, y: 0 };
const EYE = 3;  // as far away as three times the reach of the points, which is 1
const SLACK = 0.99;  // of the depth, so that rounding cuts nothing off
const FILL = 0.94;  // of the screen, however the points are turned
const REACH = 12, STILL = 4;  // pixels: the mouse means a point so near, and a click moves no farther
const STEP = 0.1, TIMES = 1.25;  // of a key, in radians or halves of the screen; of a button
const CELL = 64;  // pixels of a drawn mark
const limited = (value, low, high) => Math.min(Math.max(value, low), high);

// --- geometry: rows of a matrix that carries a place to WebGL's x, y, depth and w ------------------------------------

function rows({ solid, view: { turn, tilt, zoom, x, y }, width, height }) {
  if (!solid) return [[FILL * zoom, 0, 0, x], [0, FILL * zoom, 0, y], [0, 0, 0, 0], [0, 0, 0, 1]];
  const sin = Math.sin(turn), cos = Math.cos(turn), rise = Math.sin(tilt), level = Math.cos(tilt);
  const across = [cos, -sin, 0, 0], up = [sin * rise, cos * rise, level, 0];
  const away = [sin * level, cos * level, -rise, 0];
  const w = away.map((part, i) => part / EYE + (i === 3 ? 1 : 0));
  const scale = FILL * Math.sqrt(1 - EYE ** -2) * zoom * Math.min(width, height);  // the ball's rim seen from the eye
  const side = (axis, extent, shift) => axis.map((part, i) => scale / extent * part + shift * w[i]);
  const depth = w.map((part, i) => SLACK * EYE * (part - (i === 3 ? 1 - EYE ** -2 : 0)));
  return [side(across, width, x), side(up, height, y), depth, w];
}

function onScreen(stage, number) {
  const places = stage.places, i = 3 * number;
  const [x, y, , w] = stage.rows.map(
    row => row[0] * places[i] + row[1] * places[i + 1] + row[2] * places[i + 2] + row[3]);
  return [(1 + x / w) * stage.width / 2, (1 - y / w) * stage.height / 2, w];
}

function nearest(stage, x, y) {
  let found = null, least = REACH ** 2;
  for (let number = 0; number < stage.look.length; number++) {
    const [across, down, w] = onScreen(stage, number), far = (across - x) ** 2 + (down - y) ** 2 + w;
    if (far < least) [found, least] = [number, far];
  }
  return found;
}

// --- drawing ---------------------------------------------------------------------------------------------------------

const POINTS = `
  attribute vec3 place; attribute vec3 colour; attribute float mark, size;
  uniform mat4 view; uniform float pixels;
  varying vec3 shade; varying float cell;
  void main() {
    gl_Position = vec4(place, 1.0) * view;  // the rows from the left
    gl_PointSize = size * pixels / gl_Position.w;
    shade = colour;
    cell = mark;
  }`;
const SHAPES = `
  precision mediump float;
  uniform sampler2D shapes; uniform float kinds;
  varying vec3 shade; varying float cell;
  void main() {
    float cover = texture2D(shapes, vec2((cell + gl_PointCoord.x) / kinds, gl_PointCoord.y)).a;
    if (cover < 0.3) discard;
    gl_FragColor = vec4(shade, 1.0) * cover;
  }`;
const OUTLINES = [  // of the marks by number, as Python names them
  null,  // a circle
  [[8, 8], [56, 8], [56, 56], [8, 56]],
  [[32, 2], [60, 32], [32, 62], [4, 32]],
  [[23, 4], [41, 4], [41, 23], [60, 23], [60, 41], [41, 41], [41, 60], [23, 60], [23, 41], [4, 41], [4, 23], [23, 23]],
  [[4, 16], [16, 4], [32, 20], [48, 4], [60, 16], [44, 32], [60, 48], [48, 60], [32, 44], [16, 60], [4, 48], [20, 32]],
  [[32, 4], [62, 58], [2, 58]],
  corners(10, 12),
  corners(5, 31),
];

function corners(count, inner) {  // every other one lies further inside
  return Array.from({ length: count }, (_, i) => {
    const angle = 2 * Math.PI * i / count, far = i % 2 ? inner : 31;
    return [32 + far * Math.sin(angle), 33 - far * Math.cos(angle)];
  });
}

function sheet() {
  const canvas = Object.assign(document.createElement("canvas"), { width: CELL * OUTLINES.length, height: CELL });
  const pen = canvas.getContext("2d");
  OUTLINES.forEach((outline, number) => {
    pen.setTransform(1, 0, 0, 1, CELL * number, 0);
    pen.beginPath();
    outline ? outline.forEach(([x, y]) => pen.lineTo(x, y)) : pen.arc(32, 32, 29, 0, 7);
    pen.fill();
  });
  return canvas;
}

function prepared(stage) {
  const gl = stage.gl, program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, POINTS], [gl.FRAGMENT_SHADER, SHAPES]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet());
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.uniform1f(gl.getUniformLocation(program, "kinds"), OUTLINES.length);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  stage.program = program;
  stage.buffers = {};
}

function fill(stage) {
  const { gl, program, looks, look } = stage;
  const parts = number => [1, 3, 5].map(at => parseInt(looks[number].colour.slice(at, at + 2), 16) / 255);
  const columns = {
    place: [3, stage.places],
    colour: [3, new Float32Array(look.flatMap(parts))],
    mark: [1, new Float32Array(look.map(number => looks[number].mark))],
    size: [1, new Float32Array(look.map(number => looks[number].size))],
  };
  for (const [name, [count, values]] of Object.entries(columns)) {
    gl.bindBuffer(gl.ARRAY_BUFFER, stage.buffers[name] ??= gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, count, gl.FLOAT, false, 0, 0);
  }
}

function draw(stage) {
  const { gl, program, canvas } = stage, pixels = Math.min(devicePixelRatio, 2);
  [stage.width, stage.height] = [canvas.clientWidth, canvas.clientHeight];
  if (!stage.width) return;
  stage.rows = rows(stage);
  const [width, height] = [Math.round(stage.width * pixels), Math.round(stage.height * pixels)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  gl.viewport(0, 0, width, height);
  gl.uniformMatrix4fv(gl.getUniformLocation(program, "view"), false, stage.rows.flat());
  gl.uniform1f(gl.getUniformLocation(program, "pixels"), pixels);
  gl[stage.solid ? "enable" : "disable"](gl.DEPTH_TEST);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.drawArrays(gl.POINTS, 0, stage.look.length);
  mark(stage);
}

function mark(stage) {
  const [lines, ring] = stage.querySelectorAll(".drawn > *");
  const here = stage.chosen === null ? null : onScreen(stage, stage.chosen);
  const line = number => `M${here.slice(0, 2)}L${onScreen(stage, number).slice(0, 2)}`;
  lines.setAttribute("d", here ? stage.near.map(line).join("") : "");
  ring.style.transform = here ? `translate(${here[0]}px, ${here[1]}px)` : "scale(0)";
}

function soon(stage) {
  stage.frame ??= requestAnimationFrame(() => {
    stage.frame = undefined;
    draw(stage);
  });
}

// --- what hands do ---------------------------------------------------------------------------------------------------

function move(stage, right, down, turning) {
  const { view } = stage;
  if (turning) {
    view.turn += right;
    view.tilt = limited(view.tilt + down, -1.5, 1.5);
  } else {
    view.x += right;
    view.y -= down;
  }
  soon(stage);
}

function enlarge(stage, times, [x, y] = [0, 0]) {
  const { view } = stage, zoom = limited(view.zoom * times, 0.5, 100);
  for (const [axis, at] of [["x", x], ["y", y]]) view[axis] = at + (view[axis] - at) * zoom / view.zoom;
  view.zoom = zoom;
  soon(stage);
}

function whole(stage) {
  stage.view = { ...FIRST };
  soon(stage);
}

function hands(stage) {
  const { canvas } = stage, fingers = new Map(), said = stage.querySelector(".said");
  let travelled = 0;
  const middle = () => ["clientX", "clientY"].map(
    axis => [...fingers.values()].reduce((sum, finger) => sum + finger[axis], 0) / fingers.size);
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 1;
  };
  const at = (x, y) => {  // in WebGL's own measure
    const box = canvas.getBoundingClientRect();
    return [2 * (x - box.left) / box.width - 1, 1 - 2 * (y - box.top) / box.height];
  };
  const under = event => nearest(stage, event.offsetX, event.offsetY);
  const say = event => {
    const number = under(event);
    canvas.classList.toggle("over", number !== null);
    said.hidden = number === null;
    if (number === null) return;
    said.textContent = stage.looks[stage.look[number]].text;
    const [x, y] = onScreen(stage, number), left = x < stage.width / 2;
    Object.assign(said.style, {
      top: `${limited(y - 14, 0, stage.height - 34)}px`,
      left: left ? `${x + 16}px` : "", right: left ? "" : `${stage.width - x + 16}px`,
    });
  };
  canvas.onpointerdown = event => {
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, event);
    canvas.setPointerCapture(event.pointerId);
    said.hidden = true;
  };
  canvas.onpointermove = event => {
    if (!fingers.has(event.pointerId)) return say(event);
    const [x, y] = middle(), apart = spread();
    fingers.set(event.pointerId, event);
    const [right, down] = [middle()[0] - x, middle()[1] - y];
    travelled += Math.abs(right) + Math.abs(down);
    if (stage.solid && fingers.size === 1 && !event.shiftKey) move(stage, right / 150, down / 150, true);
    else move(stage, 2 * right / stage.width, 2 * down / stage.height, false);
    enlarge(stage, spread() / apart, at(...middle()));
  };
  canvas.onpointerup = event => {
    const number = fingers.delete(event.pointerId) && travelled < STILL ? under(event) : null;
    if (number !== null) stage.open(number);
  };
  canvas.onpointercancel = event => fingers.delete(event.pointerId);
  canvas.onpointerleave = () => { said.hidden = true; };
  canvas.addEventListener("wheel", event => {  // without a key it scrolls the page; a pinched touchpad sends one
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    enlarge(stage, Math.exp(-event.deltaY / 200), at(event.clientX, event.clientY));
  }, { passive: false });
  canvas.onkeydown = event => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const act = { "+": () => enlarge(stage, TIMES), "-": () => enlarge(stage, 1 / TIMES), "0": () => whole(stage) };
    if (!way && !act[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    way ? move(stage, STEP * way[0], STEP * way[1], stage.solid && !event.shiftKey) : act[event.key]();
  };
  const presses = {
    nearer: () => enlarge(stage, TIMES),
    farther: () => enlarge(stage, 1 / TIMES),
    whole: () => whole(stage),
    full_screen: () => (stage.matches(":fullscreen") ? document.exitFullscreen() : stage.requestFullscreen()),
  };
  for (const [name, press] of Object.entries(presses)) stage.querySelector(`.${name}`).onclick = press;
}

function begin(stage) {
  stage.canvas = stage.querySelector("canvas");
  stage.gl = stage.canvas.getContext("webgl", { antialias: false });  // the sheet of shapes is smooth
  if (!stage.gl) return;
  prepared(stage);
  hands(stage);
  stage.canvas.addEventListener("webglcontextlost", event => event.preventDefault());
  stage.canvas.addEventListener("webglcontextrestored", () => {
    prepared(stage);
    fill(stage);
    soon(stage);
  });
  new ResizeObserver(() => soon(stage)).observe(stage.canvas);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const stage = parentElement.querySelector(".stage");
  if (!stage.canvas) begin(stage);
  stage.canvas.setAttribute("aria-label", data.alt);
  for (const button of stage.querySelectorAll("button"))
    button.title = button.ariaLabel = data.words[button.className];
  if (!stage.gl) {
    const missing = stage.querySelector(".missing");
    missing.textContent = data.words.no_webgl;
    missing.hidden = false;
    return;
  }
  if (stage.map !== data.map) stage.view = { ...FIRST };
  const places = new Float32Array(data.places);
  Object.assign(stage, data, { places, open: number => setTriggerValue("opened", number) });
  fill(stage);
  soon(stage);
}
