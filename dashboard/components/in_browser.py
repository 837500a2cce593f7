"""The network in the student's own browser: the engine as WebAssembly, an image or the webcam, no request anywhere.

Other libraries come only where somebody asks for them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from streamlit.components.v1 import declare_component

from core import images
from core.deployment import libraries
from core.deployment.standalone import WASM, WEB
from dashboard.components.component import mount
from dashboard.shared.text import language, t

TEXTS = (
    "loading", "seen", "top", "speed", "run_100", "running", "cancel", "webcam", "webcam_stop", "no_webcam", "frames",
    "private", "failed", "library",
)  # fmt: skip
PLACEHOLDERS = ("first", "cold", "p50", "p95", "runs", "rate", "ms", "problem", "title")


def classify(
    files: Mapping[str, bytes],
    labels: Sequence[str],
    request: str,
    pixels: np.ndarray,
    key: str,
    on_report: Callable[[dict[str, Any]], None],
) -> None:
    """Run `pixels` `(s, s, 3)` uint8 through a network in the browser, and its webcam on demand.

    `files` hold the network by format: a flat file is run by our engine, and only with an ONNX file the `LIBRARIES` are
    loaded. `request` names network and image. `on_report` gets it back with `runtimes`: by name, "engine" and those of
    `LIBRARIES`, milliseconds of the `first` call and of more `times`, `cold` (milliseconds from bytes to the first
    answer), `memory` (None where it does not tell) and `size` in bytes, and the `logits`; or the `problem`.
    """
    data = {
        "request": request,
        "engine": _base64(WASM.read_bytes()),
        "files": {format: _base64(file) for format, file in files.items()},
        "labels": list(labels),
        "image": _base64(images.encode(images.from_uint8(pixels), "png")),
        "texts": texts(),
        "language": language(),
        "worker": (WEB / "worker.js").read_text(encoding="utf-8"),
        "libraries": _libraries(files) if "onnx" in files else [],
    }
    mount("in_browser", data, key, "report", on_report)


def texts() -> dict[str, str]:
    """What the browser says, in the session's language; it fills the numbers in itself."""
    return {name: t(f"browser.{name}", **{field: f"{{{field}}}" for field in PLACEHOLDERS}) for name in TEXTS}


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


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
