"""Measures the networks that differ by their training's shares; writes `assets/shares.json`, which the dashboard shows.

python scripts/shares.py [10 50 90]     # by default all; what the file has of others stays
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.populations import shares  # noqa: E402

if __name__ == "__main__":
    measured = [int(share) for share in sys.argv[1:]] or list(shares.NETWORKS)
    known = shares.stored()["networks"] if shares.FILE.exists() else {}
    content = {
        "date": date.today().isoformat(),
        "captures": shares.CAPTURES,
        "new_people": shares.NEW_PEOPLE,
        "new_captures": shares.NEW_CAPTURES,
        "rate": shares.FALSE_MATCH_RATE,
        "networks": dict(sorted((known | shares.measure(measured)).items(), key=lambda item: int(item[0]))),
    }
    shares.FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
