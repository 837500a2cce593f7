"""Boxes on a picture, moved and resized with the mouse, a finger or the arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from core.masking import Mask


def show(
    picture: str,
    alt: str,
    masks: Sequence[Mask],
    chosen: int,
    about: tuple[str, str],
    key: str,
    on_move: Callable[[list[list[float]], int], None],
) -> None:
    """The picture at the address `picture` with a box a mask, the `chosen` one with a stronger rim.

    `on_move` gets centre and size of all boxes in percent of the picture, `[x, y, width, height]`, and which one was
    moved: about ten times a second during a drag, and when it is released. Changes are counted where they happen: an
    answer that comes from before the latest one is left alone. `about` says what a box is, with
    {number}, {x}, {y}, {width} and {height} in it, and how it is moved.
    """
    count = f"{key}_count"

    def moved() -> None:
        found = st.session_state[key].moved
        if found is not None:
            st.session_state[count] = found["count"]
            on_move(found["boxes"], int(found["chosen"]))

    data: dict[str, Any] = {
        "picture": picture,
        "alt": alt,
        "masks": [asdict(mask) for mask in masks],
        "chosen": chosen,
        "count": st.session_state.get(count, 0),
        "label": about[0],
        "help": about[1],
    }
    _stage()(data=data, key=key, on_moved_change=moved)


@st.cache_resource(show_spinner=False)
def _stage() -> Any:
    html = '<div class="stage"><img draggable="false"></div><p class="help"></p>'
    return st.components.v2.component("boxes", html=html, css=_CSS, js=_JS)


_CSS = """
.stage { position: relative; overflow: hidden; border-radius: 8px; user-select: none; }
img { display: block; width: 100%; aspect-ratio: 1; }
.help { margin: 6px 0 0; font-size: 14px; color: var(--st-text-color); }
button { position: absolute; padding: 0; border: 2px dashed #ffffff; outline: 2px solid #1c2733; background: none;
         cursor: move; touch-action: none; box-sizing: border-box; }
button.chosen { border-style: solid; border-color: #ffcc33; }
button.ellipse { border-radius: 50%; }
button:focus-visible { outline: 4px solid #ffcc33; outline-offset: 2px; }
.corner { position: absolute; width: 26px; height: 26px; touch-action: none; display: none; }
.chosen .corner { display: block; }
.corner::after { content: ""; position: absolute; inset: 7px; background: #ffcc33; border: 1px solid #1c2733; }
"""
_JS = """
const LEAST = 2, STEP = 0.5, PAUSE = 100;  // percent, percent, milliseconds
const CORNERS = [[-1, -1], [1, -1], [-1, 1], [1, 1]];
const within = (value, low, high) => Math.min(Math.max(Math.round(value / STEP) * STEP, low), high);

export default function ({ data, parentElement, setTriggerValue }) {
  const stage = parentElement.querySelector(".stage");
  stage.send = setTriggerValue;
  stage.label = data.label;
  const image = stage.querySelector("img");
  image.src = data.picture;
  image.alt = data.alt;
  parentElement.querySelector(".help").textContent = data.help;
  // The answer to an earlier change would take back what was done since, told or not.
  if (stage.count !== undefined && data.count < stage.count) return;
  stage.count = data.count;
  stage.chosen = data.chosen;
  stage.shapes = data.masks.map(mask => mask.shape);
  stage.boxes = data.masks.map(({ x, y, width, height }) => [x, y, width, height].map(share => 100 * share));
  const buttons = () => [...stage.querySelectorAll("button")];
  while (buttons().length > stage.boxes.length) buttons().pop().remove();
  while (buttons().length < stage.boxes.length) stage.append(made(stage, buttons().length));
  place(stage);
}

function place(stage) {
  stage.querySelectorAll("button").forEach((button, number) => {
    const [x, y, width, height] = stage.boxes[number];
    Object.assign(button.style, {
      left: `${x - width / 2}%`, top: `${y - height / 2}%`, width: `${width}%`, height: `${height}%`,
      zIndex: number === stage.chosen ? 2 : 1,
    });
    button.className = stage.shapes[number] + (number === stage.chosen ? " chosen" : "");
    const said = { number: number + 1, x, y, width, height };
    button.setAttribute("aria-label", stage.label.replace(/{(\\w+)}/g, (_, name) => Math.round(said[name])));
  });
}

function made(stage, number) {
  const button = document.createElement("button");
  for (const [x, y] of CORNERS) {
    const corner = Object.assign(document.createElement("span"), { className: "corner" });
    corner.dataset.x = x;
    corner.dataset.y = y;
    corner.style[x < 0 ? "left" : "right"] = corner.style[y < 0 ? "top" : "bottom"] = "-14px";
    corner.style.cursor = x === y ? "nwse-resize" : "nesw-resize";
    button.append(corner);
  }
  let drag = null;
  button.onpointerdown = event => {
    drag = { x: event.clientX, y: event.clientY, box: [...stage.boxes[number]], corner: event.target.dataset };
    button.setPointerCapture(event.pointerId);
    stage.count += 1;
    stage.chosen = number;
    place(stage);
  };
  button.onpointermove = event => {
    if (!drag) return;
    const { width, height } = stage.getBoundingClientRect();
    const right = 100 * (event.clientX - drag.x) / width, down = 100 * (event.clientY - drag.y) / height;
    const [x, y, wide, high] = drag.box, { x: across, y: upright } = drag.corner;
    if (across) {  // the opposite corner stays where it is
      const w = within(wide + across * right, LEAST, 100), h = within(high + upright * down, LEAST, 100);
      change(stage, number, [x + across * (w - wide) / 2, y + upright * (h - high) / 2, w, h]);
    } else {
      change(stage, number, [within(x + right, 0, 100), within(y + down, 0, 100), wide, high]);
    }
  };
  button.onpointerup = button.onpointercancel = () => {
    if (drag) tell(stage);
    drag = null;
  };
  button.onfocus = () => {
    if (stage.chosen === number) return;
    stage.chosen = number;
    place(stage);
  };
  button.onkeydown = event => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const [x, y, width, height] = stage.boxes[number];
    change(stage, number, event.shiftKey
      ? [x, y, within(width + way[0], LEAST, 100), within(height + way[1], LEAST, 100)]
      : [within(x + way[0], 0, 100), within(y + way[1], 0, 100), width, height]);
  };
  return button;
}

function change(stage, number, box) {
  stage.count += 1;
  stage.boxes[number] = box;
  place(stage);
  // At once if the last was long enough ago, else when the pause is over: the latest is always told.
  const wait = PAUSE - (performance.now() - (stage.told ?? -PAUSE));
  if (wait <= 0) tell(stage);
  else stage.timer ??= setTimeout(() => tell(stage), wait);
}

function tell(stage) {
  clearTimeout(stage.timer);
  stage.timer = undefined;
  stage.told = performance.now();
  stage.send("moved", { boxes: stage.boxes, chosen: stage.chosen, count: stage.count });
}
"""
