"""Libraries for the reader's browser: their files, where these come from, and by what a browser checks them."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass

from core.deployment.standalone import WEB

MODULES = WEB / "node_modules"
"""Where `npm ci` in `deploy/web/` puts the libraries."""
HOST = "cdn.jsdelivr.net"
"""The delivery network that hands out the files of npm's packages as they are."""


@dataclass(frozen=True)
class Library:
    """A library that runs a file of `format`; of its `files` the path inside `MODULES`, and the digest."""

    title: str
    format: str
    files: dict[str, str]


_ORT, _TF, _WASM = "onnxruntime-web/dist/", "@tensorflow/tfjs-core/dist/", "@tensorflow/tfjs-backend-wasm/dist/"
LIBRARIES: dict[str, Library] = {
    "onnx": Library(
        "ONNX Runtime Web",
        "onnx",
        {
            f"{_ORT}ort.wasm.bundle.min.mjs": "PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
            f"{_ORT}ort-wasm-simd-threaded.wasm": "vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
        },
    ),
    "tensorflow": Library(
        "TensorFlow.js",
        "flat",
        {
            f"{_TF}tf-core.min.js": "ZVckeGw84RpbmPMzx1s9LFUqIaeIsG46rmlH/HynDuJikkmGLnTDnEmT0CrKI6Yi",
            f"{_WASM}tf-backend-wasm.min.js": "8zJmraBl5B7v26aoZux6x4HhlWKyW2wD1RVC4LUkQxHS99ATPEvmsTL6D44t0Acv",
            f"{_WASM}tfjs-backend-wasm-simd.wasm": "K3GxiUF8sNsf8m8ZYuEKWXFARCxCn0erZqbTdbYOpxeDRf0k+CWFF5gZ3xbW4cez",
        },
    ),
}
"""Libraries by the names that `deploy/web/worker.js` knows them by; it takes the files in this order."""
MEGABYTES = 15
"""What they take together, as they come from npm."""


def digest(data: bytes) -> str:
    """What a browser compares a file with before it runs it: its SHA-384 (https://www.w3.org/TR/SRI/), as base64."""
    return b64encode(hashlib.sha384(data).digest()).decode()


def here() -> bool:
    """Whether `npm ci` was run, so that nothing has to be asked of a delivery network."""
    return all((MODULES / path).is_file() for library in LIBRARIES.values() for path in library.files)


def delivered(path: str) -> str:
    """The address of a file at the delivery network, in the version that `package.json` asks for."""
    packages: dict[str, str] = json.loads((WEB / "package.json").read_text(encoding="utf-8"))["dependencies"]
    name = next(name for name in packages if path.startswith(f"{name}/"))
    return f"https://{HOST}/npm/{name}@{packages[name]}{path.removeprefix(name)}"
