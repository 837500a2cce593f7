"""Puts every method to every test on captures of MiniFace; writes `assets/leaderboard.json`, which the dashboard shows.

    python scripts/leaderboard.py [--captures 480] [--rows grad_cam,rise] [--budget MINUTES]

What was measured stands line by line in `build/leaderboard.jsonl`: started again, it goes on from there. Captures are
the outer loop, so that what is there after any time is a fair comparison. Only captures that all rows have count: rows
that are measured alone join the stored ones, on the captures of these.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.evaluation import leaderboard as board  # noqa: E402
from core.networks.loading import load  # noqa: E402
from core.networks.table import MINIFACE  # noqa: E402

LINES = ROOT / "build" / "leaderboard.jsonl"
SETTINGS: dict[str, Any] = {
    "network": MINIFACE.name,
    "seed": board.SEED,
    "steps": board.STEPS,
    "baseline": board.BASELINE,
    "noise": board.NOISE,
    "randomized_layers": board.RANDOMIZED_LAYERS,
    "repeated": board.REPEATED,
}
"""What all rows of a board have in common, beside their captures."""


def measurements() -> dict[str, dict[int, dict[str, float]]]:
    """What stands in `LINES`: row -> capture -> one number a test."""
    result: dict[str, dict[int, dict[str, float]]] = {}
    for line in LINES.read_text().splitlines() if LINES.exists() else []:
        entry = json.loads(line)
        result.setdefault(entry["row"], {})[entry["capture"]] = entry["metrics"]
    return result


def staying(rows: Sequence[str]) -> list[str]:
    """Rows of the stored board beside which `rows` are put.

    Raises SystemExit where they were measured in another way than `rows` are.
    """
    stored, parameters = board.stored(), board.parameters()
    others = [row for row in board.ROWS if row not in rows and row in stored["metrics"]["deletion"]]
    alike = (
        all(stored[name] == value for name, value in SETTINGS.items())
        and all(stored["parameters"].get(row) == parameters.get(row) for row in others)
        and stored["metrics"].keys() == board.METRICS.keys()
    )
    if others and not alike:
        raise SystemExit("the stored board was measured with other settings: measure all rows, without --rows")
    return others


def write(rows: Sequence[str]) -> None:
    """Means and intervals of `rows`, beside the rows that stay -> `assets/leaderboard.json`."""
    known, others, stored = measurements(), staying(rows), board.stored()
    captures: Iterable[int] = set.intersection(*(set(known.get(row, {})) for row in rows))
    if others:
        missing = set(range(stored["captures"])).difference(captures)
        if missing:
            print(f"the board stays as it is: {len(missing)} of its {stored['captures']} captures are not measured yet")
            return
        captures = range(stored["captures"])
    captures = sorted(captures)
    if not captures:
        return
    metrics = board.summary({row: [known[row][number] for number in captures] for row in rows})
    for name, cells in metrics.items():
        cells |= {row: cell for row, cell in stored["metrics"].get(name, {}).items() if row in others}
        metrics[name] = {row: cells[row] for row in board.ROWS if row in cells}
    pairs = (board.capture(number, MINIFACE.input_size)[1] for number in captures)
    content = {
        "date": date.today().isoformat(),
        "captures": len(captures),
        **SETTINGS,
        "parameters": {row: numbers for row, numbers in board.parameters().items() if row in (*rows, *others)},
        "chance": {name: round(share, 4) for name, share in board.chance_rates(pairs).items()},
        "metrics": metrics,
    }
    board.FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"{', '.join(rows)}: {len(captures)} captures -> {board.FILE}", flush=True)


def main() -> None:
    """Measure what is missing, capture by capture, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=board.CAPTURES)
    parser.add_argument("--rows", default=",".join(board.ROWS), help="names with commas; by default all")
    parser.add_argument("--budget", type=float, default=float("inf"), help="minutes, after which it writes and ends")
    arguments = parser.parse_args()
    rows = arguments.rows.split(",")
    if unknown := set(rows).difference(board.ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}; there are {', '.join(board.ROWS)}")
    staying(rows)  # before hours of measuring
    LINES.parent.mkdir(exist_ok=True)
    known, network, began = measurements(), load(MINIFACE), time.perf_counter()
    with LINES.open("a") as lines:
        for number in range(arguments.captures):
            missing = [row for row in rows if number not in known.get(row, {})]
            if missing:
                person, pair = board.capture(number, MINIFACE.input_size)
            for row in missing:
                start = time.perf_counter()
                metrics = board.measure(network, row, person, pair, board.seed_of(number))
                seconds = round(time.perf_counter() - start, 3)
                lines.write(json.dumps({"capture": number, "row": row, "seconds": seconds, "metrics": metrics}) + "\n")
                lines.flush()
            if missing and number % 12 == 11:
                print(f"capture {number + 1}: {(time.perf_counter() - began) / 60:.1f} minutes", flush=True)
            if time.perf_counter() - began > 60 * arguments.budget:
                break
    write(rows)


if __name__ == "__main__":
    main()
