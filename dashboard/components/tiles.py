"""Pictures as buttons: many small ones in rows, each opened by a click or from the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import streamlit as st


@dataclass(frozen=True)
class Tile:
    """A picture: its number, address, alternative text, what stands under it, and how it is marked."""

    number: int
    picture: str
    alt: str
    note: str
    mark: Literal["", "twin", "dead"] = ""


def show(tiles: Sequence[Tile], key: str, on_open: Callable[[int], None]) -> None:
    """The tiles in rows; `on_open` gets the number of one that was pressed."""
    data: list[dict[str, Any]] = [asdict(tile) for tile in tiles]
    _grid()(data=data, key=key, on_opened_change=opener(key, on_open))


def opener(key: str, on_open: Callable[[int], None]) -> Callable[[], None]:
    """What is called when the component under `key` tells by "opened" the number of what was pressed in it."""

    def opened() -> None:
        number = st.session_state[key].opened
        if number is not None:
            on_open(int(number))

    return opened


@st.cache_resource(show_spinner=False)
def _grid() -> Any:
    return st.components.v2.component("tiles", html='<div class="tiles"></div>', css=_CSS, js=_JS)


_CSS = """
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(max(76px, 11%), 1fr)); gap: 6px; }
button { padding: 0; border: 3px solid transparent; border-radius: 8px; background: none; cursor: pointer;
         font: inherit; font-size: 14px; color: var(--st-text-color); text-align: left; overflow: hidden; }
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
button.twin { border-color: #d9822b; }
.seen { position: relative; display: block; }
img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px; }
.dead img { opacity: 0.45; }
.dead .seen::after { content: ""; position: absolute; inset: 0;
    background: linear-gradient(to top right, transparent 49%, #d9822b 49% 51%, transparent 51%),
                linear-gradient(to bottom right, transparent 49%, #d9822b 49% 51%, transparent 51%); }
.note { display: block; padding: 2px 4px; line-height: 1.25; }
"""
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const tiles = data.map(({ number, picture, alt, note, mark }) => {
    const button = document.createElement("button");
    button.className = mark;
    button.onclick = () => setTriggerValue("opened", number);
    const image = Object.assign(document.createElement("img"), { src: picture, alt });
    const seen = Object.assign(document.createElement("span"), { className: "seen" });
    seen.append(image);
    const text = Object.assign(document.createElement("span"), { className: "note", textContent: note });
    button.append(seen, text);
    return button;
  });
  parentElement.querySelector(".tiles").replaceChildren(...tiles);
}
"""
