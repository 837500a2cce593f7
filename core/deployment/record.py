"""The figures that this repository recorded with `scripts/deployment.py`: for what is not here, or takes too long."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "assets" / "deployment.json"


@lru_cache(maxsize=1)
def stored() -> dict[str, Any]:
    """What was recorded: `date`, `machine`, `network`, `runs`; `measured` by precision and runtime, times in
    milliseconds (`first`, `p50`, `p95`), `cold` in seconds, `size` and `memory` in bytes; `compared` by precision and
    format, over `pictures`; and `platforms`, what was really run where and by whom.
    """
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content
