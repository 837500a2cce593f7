"""A component that runs in the browser: its HTML, CSS and JavaScript stand beside its module, under the same name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import [^;]+ from "([^"]+)";$', re.MULTILINE)


class Sources(NamedTuple):
    """What the browser gets of a component."""

    html: str
    css: str
    js: str


def sources(name: str) -> Sources:
    """The files of the component `name`. Streamlit takes one script: what it imports takes the place of the import."""
    html, css, js = ((FOLDER / f"{name}.{kind}").read_text(encoding="utf-8") for kind in Sources._fields)
    return Sources(html, css, IMPORT.sub(lambda line: (FOLDER / line[1]).read_text(encoding="utf-8"), js))


def mount(name: str, data: Any, key: str, event: str, on_event: Callable[[Any], None]) -> None:
    """Place the component `name` with `data` for its script; `on_event` gets what the script sends as `event`."""

    def changed() -> None:
        value = st.session_state[key][event]
        if value is not None:
            on_event(value)

    callbacks: dict[str, Any] = {f"on_{event}_change": changed}
    _renderer(name)(data=data, key=key, **callbacks)


@st.cache_resource(show_spinner=False)
def _renderer(name: str) -> ComponentRenderer:
    return st.components.v2.component(name, **sources(name)._asdict())
