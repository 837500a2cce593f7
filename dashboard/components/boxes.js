import { ARROWS, clamp, element, fill } from "./shared.js";

const SMALLEST = 2; // percent of the image
const STEP = 0.5; // percent of the image
const PAUSE = 100; // milliseconds between two reports
const CORNERS = [
  [-1, -1],
  [1, -1],
  [-1, 1],
  [1, 1],
];

export default function ({ data, parentElement, setTriggerValue }) {
  const stage = parentElement.querySelector(".stage");
  stage.send = setTriggerValue;
  stage.label = data.label;
  Object.assign(stage.querySelector("img"), { src: data.image, alt: data.alt });
  parentElement.querySelector(".help").textContent = data.help;
  // The answer to an earlier change would take back what was done since, reported or not.
  if (data.revision < stage.revision) return;
  stage.revision = data.revision;
  stage.selected = data.selected;
  stage.shapes = data.masks.map(mask => mask.shape);
  stage.boxes = data.masks.map(({ x, y, width, height }) => [x, y, width, height].map(share => 100 * share));
  const buttons = () => [...stage.querySelectorAll("button")];
  while (buttons().length > stage.boxes.length) buttons().pop().remove();
  while (buttons().length < stage.boxes.length) stage.append(createBox(stage, buttons().length));
  draw(stage);
}

function draw(stage) {
  stage.querySelectorAll("button").forEach((button, number) => {
    const [x, y, width, height] = stage.boxes[number];
    const selected = number === stage.selected;
    Object.assign(button.style, {
      left: `${x - width / 2}%`,
      top: `${y - height / 2}%`,
      width: `${width}%`,
      height: `${height}%`,
      zIndex: selected ? 2 : 1,
    });
    button.className = stage.shapes[number] + (selected ? " selected" : "");
    const [left, top, wide, high] = stage.boxes[number].map(Math.round);
    button.ariaLabel = fill(stage.label, { number: number + 1, x: left, y: top, width: wide, height: high });
  });
}

function createBox(stage, number) {
  const button = element("button");
  button.append(...CORNERS.map(createCorner));
  let drag = null;
  button.onpointerdown = event => {
    drag = { x: event.clientX, y: event.clientY, box: stage.boxes[number], corner: event.target.dataset };
    button.setPointerCapture(event.pointerId);
    stage.revision += 1;
    stage.selected = number;
    draw(stage);
  };
  button.onpointermove = event => {
    if (!drag) return;
    const { width, height } = stage.getBoundingClientRect();
    const right = (100 * (event.clientX - drag.x)) / width;
    const down = (100 * (event.clientY - drag.y)) / height;
    change(stage, number, drag.corner.x ? resized(drag, right, down) : moved(drag.box, right, down));
  };
  button.onpointerup = button.onpointercancel = () => {
    if (drag) report(stage);
    drag = null;
  };
  button.onfocus = () => {
    if (stage.selected === number) return;
    stage.selected = number;
    draw(stage);
  };
  button.onkeydown = event => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    const [right, down] = ARROWS[event.key];
    const [x, y, width, height] = stage.boxes[number];
    const bigger = [x, y, snapped(width + right, SMALLEST), snapped(height + down, SMALLEST)];
    change(stage, number, event.shiftKey ? bigger : moved(stage.boxes[number], right, down));
  };
  return button;
}

function createCorner([x, y]) {
  const corner = element("span", { className: "corner" });
  Object.assign(corner.dataset, { x, y });
  corner.style[x < 0 ? "left" : "right"] = corner.style[y < 0 ? "top" : "bottom"] = "-14px";
  corner.style.cursor = x === y ? "nwse-resize" : "nesw-resize";
  return corner;
}

function snapped(value, smallest = 0) {
  return clamp(Math.round(value / STEP) * STEP, smallest, 100);
}

function moved([x, y, width, height], right, down) {
  return [snapped(x + right), snapped(y + down), width, height];
}

// The corner follows the mouse, and the opposite one stays where it is.
function resized({ box: [x, y, width, height], corner }, right, down) {
  const wide = snapped(width + corner.x * right, SMALLEST);
  const high = snapped(height + corner.y * down, SMALLEST);
  return [x + (corner.x * (wide - width)) / 2, y + (corner.y * (high - height)) / 2, wide, high];
}

function change(stage, number, box) {
  stage.revision += 1;
  stage.boxes[number] = box;
  draw(stage);
  // At once if the last report was long enough ago, else when the pause is over: the latest is always reported.
  const wait = PAUSE - (performance.now() - (stage.reported ?? -PAUSE));
  if (wait <= 0) report(stage);
  else stage.timer ??= setTimeout(() => report(stage), wait);
}

function report(stage) {
  clearTimeout(stage.timer);
  stage.timer = undefined;
  stage.reported = performance.now();
  stage.send("moved", { boxes: stage.boxes, selected: stage.selected, revision: stage.revision });
}
