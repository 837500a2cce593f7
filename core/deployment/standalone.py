"""One HTML file with engine and network inside: a classifier that runs from the disk, with no server."""

from __future__ import annotations

import html
from base64 import b64encode
from pathlib import Path

from core.deployment import DeploymentError, file_size
from core.networks.entry import Entry

ROOT = Path(__file__).parents[2]
WEB = ROOT / "deploy" / "web"
WASM = ROOT / "assets" / "engine" / "engine.wasm"
MOST_BYTES = 128_000_000
"""What a network may take of a browser tab's memory: its weights in float32, as the engine computes with them."""


def check(entry: Entry, precision: str) -> None:
    """DeploymentError where a browser tab is no place for a network: it would wait, and then run out of memory."""
    if entry.size > MOST_BYTES:
        raise DeploymentError(
            "too_large_for_tab",
            network=entry.name,
            memory=entry.size // 10**6,
            megabytes=file_size(entry.parameters, precision) // 10**6,
            most=MOST_BYTES // 10**6,
        )


def page(network: bytes, title: str) -> bytes:
    """The file, of a flat file. It may load nothing from anywhere: its own policy forbids it."""
    parts = {
        "TITLE": html.escape(title),
        "ENGINE": (WEB / "engine.js").read_text(encoding="utf-8"),
        "WASM": b64encode(WASM.read_bytes()).decode(),
        "NETWORK": b64encode(network).decode(),
    }
    text = (WEB / "classifier.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"/*{name}*/", part)
    return text.encode()
