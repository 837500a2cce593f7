"""Puts every method to every test on captures of MiniFace; writes `assets/leaderboard.json`, which the dashboard shows.

    python scripts/leaderboard.py [--captures 480] [--rows grad_cam,rise] [--budget MINUTES]

What was measured stands line by line in `build/leaderboard.jsonl`: started again, it goes on from there. Captures are
the outer loop, so that what is there after any time is a fair comparison. Only captures that all rows have count.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.evaluation import leaderboard as board  # noqa: E402
from core.networks.loading import load  # noqa: E402
from core.networks.table import MINIFACE  # noqa: E402

LINES = ROOT / "build" / "leaderboard.jsonl"


def measured() -> dict[str, dict[int, dict[str, float]]]:
    """What stands in the file: row -> capture -> one number a test."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for line in LINES.read_text().splitlines() if LINES.exists() else []:
        entry = json.loads(line)
        found.setdefault(entry["row"], {})[entry["capture"]] = entry["found"]
    return found


def write(rows: list[str]) -> None:
    """Means and intervals over the captures that all rows have -> `assets/leaderboard.json`."""
    known = measured()
    captures = sorted(set.intersection(*(set(known.get(row, {})) for row in rows)))
    if not captures:
        return
    pairs = (board.capture(number, MINIFACE.input_size)[1] for number in captures)
    content = {
        "date": date.today().isoformat(),
        "network": MINIFACE.name,
        "captures": len(captures),
        "seed": board.SEED,
        "steps": board.STEPS,
        "baseline": board.BASELINE,
        "noise": board.NOISE,
        "forgotten": board.FORGOTTEN,
        "repeated": board.REPEATED,
        "parameters": board.parameters(),
        "chance": {name: round(share, 4) for name, share in board.chances(pairs).items()},
        "metrics": board.summary({row: [known[row][number] for number in captures] for row in rows}),
    }
    board.FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"{len(captures)} captures -> {board.FILE.relative_to(ROOT)}", flush=True)


def main() -> None:
    """Measure what is missing, capture by capture, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=board.CAPTURES)
    parser.add_argument("--rows", default=",".join(board.ROWS), help="names with commas; by default all")
    parser.add_argument("--budget", type=float, default=float("inf"), help="minutes, after which it writes and ends")
    given = parser.parse_args()
    rows = given.rows.split(",")
    LINES.parent.mkdir(exist_ok=True)
    known, network, began = measured(), load(MINIFACE), time.perf_counter()
    with LINES.open("a") as lines:
        for number in range(given.captures):
            missing = [row for row in rows if number not in known.get(row, {})]
            if missing:
                person, pair = board.capture(number, MINIFACE.input_size)
            for row in missing:
                start = time.perf_counter()
                found = board.measure(network, row, person, pair, board.lot(number))
                seconds = round(time.perf_counter() - start, 3)
                lines.write(json.dumps({"capture": number, "row": row, "seconds": seconds, "found": found}) + "\n")
                lines.flush()
            if missing and number % 12 == 11:
                print(f"capture {number + 1}: {(time.perf_counter() - began) / 60:.1f} minutes", flush=True)
            if time.perf_counter() - began > 60 * given.budget:
                break
    write(rows)


if __name__ == "__main__":
    main()
