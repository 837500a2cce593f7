"""Builds the engine for browsers and Node: `deploy/engine` -> `assets/engine/engine.wasm`.

    pip install ziglang && python scripts/build_wasm.py

zig brings clang, a C++ library and the libraries of WebAssembly in one wheel. Beside the result stands a digest of the
sources, so that a test can tell when it is out of date.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "deploy/engine/engine.hpp", ROOT / "deploy/engine/wasm.cpp")
OUT = ROOT / "assets" / "engine"
FLAGS = "-target wasm32-wasi -mexec-model=reactor -std=c++17 -O3 -msimd128 -fno-exceptions -fno-rtti -s"


def digest() -> str:
    """SHA-256 of the sources, one after the other."""
    return hashlib.sha256(b"".join(source.read_bytes() for source in SOURCES)).hexdigest()


def main() -> None:
    """Build, and say what was built of what."""
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / "engine.wasm"
    command = [sys.executable, "-m", "ziglang", "c++", *FLAGS.split(), str(SOURCES[-1]), "-o", str(file)]
    subprocess.run(command, check=True)
    about = {"sources": digest(), "compiler": f"ziglang {importlib.metadata.version('ziglang')}", "flags": FLAGS}
    file.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
