"""`scripts/leaderboard.py`: rows that are measured alone join the stored board; an interrupted run goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.evaluation import leaderboard as board
from scripts import leaderboard as script


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """Row and capture of every measurement; no network, no picture, and the stored board is a copy."""
    calls: list[tuple[str, int]] = []

    def measure(network: None, row: str, person: int, pair: object, seed: int | None) -> dict[str, float]:
        calls.append((row, person))
        return dict.fromkeys(board.METRICS, 0.25)

    copy = tmp_path / "leaderboard.json"
    copy.write_bytes(board.FILE.read_bytes())
    monkeypatch.setattr(board, "FILE", copy)
    monkeypatch.setattr(script, "LINES", tmp_path / "build" / "leaderboard.jsonl")
    monkeypatch.setattr(script, "load", lambda entry: None)
    monkeypatch.setattr(board, "measure", measure)
    pair = SimpleNamespace(head=np.ones((2, 4)), part=np.eye(2, 4))
    monkeypatch.setattr(board, "capture", lambda number, size: (number, pair))
    return calls


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["leaderboard.py", *arguments])
    script.main()
    return board.stored()


def change(**settings: Any) -> dict[str, Any]:
    content = board.stored() | settings
    board.FILE.write_text(json.dumps(content))
    return content


def test_a_row_alone_joins_the_stored_board(measured, monkeypatch) -> None:
    before = change(captures=8)
    after = run(monkeypatch, "--rows", "fem", "--captures", "10")
    assert [number for row, number in measured if row == "fem"] == [*range(10)] and len(measured) == 10
    for name, rows in after["metrics"].items():
        cells = {row: cell for row, cell in rows.items() if row != "fem"}
        assert cells == {row: cell for row, cell in before["metrics"][name].items() if row != "fem"}
        assert rows["fem"]["mean"] == 0.25 and rows["fem"]["captures"] == 8, "on the captures of the others"
        assert [*rows] == [row for row in board.ROWS if row in rows]
    assert {**after, "metrics": 0, "chance": 0, "date": 0} == {**before, "metrics": 0, "chance": 0, "date": 0}


def test_a_row_that_the_board_never_had_joins_it(measured, monkeypatch) -> None:
    content = change(captures=4)
    for rows in (*content["metrics"].values(), content["parameters"]):
        rows.pop("fem", None)
    change(**content)
    rows = run(monkeypatch, "--rows", "fem", "--captures", "4")["metrics"]["deletion"]
    assert "fem" in rows and [*rows] == [row for row in board.ROWS if row in rows]


def test_it_goes_on_where_it_stopped_and_writes_when_all_is_measured(measured, monkeypatch, capsys) -> None:
    before = change(captures=6)
    assert run(monkeypatch, "--rows", "fem,rise", "--captures", "2") == before
    assert "4 of its 6 captures are not measured yet" in capsys.readouterr().out
    after = run(monkeypatch, "--rows", "fem,rise", "--captures", "6")
    assert sorted(measured) == sorted((row, number) for row in ("fem", "rise") for number in range(6))
    assert after["metrics"]["noise"]["rise"]["captures"] == 6


def test_all_rows_make_a_board_of_their_own(measured, monkeypatch) -> None:
    change(captures=480, seed=board.SEED + 1)
    after = run(monkeypatch, "--captures", "3")
    assert after["captures"] == 3 and after["seed"] == board.SEED
    assert {cell["mean"] for rows in after["metrics"].values() for cell in rows.values()} == {0.25}


@pytest.mark.parametrize("settings", [{"seed": -1}, {"parameters": {}}, {"metrics": {"deletion": {"rise": {}}}}])
def test_a_board_that_was_measured_otherwise_is_left_alone(settings, measured, monkeypatch) -> None:
    before = change(**settings)
    with pytest.raises(SystemExit, match="other settings"):
        run(monkeypatch, "--rows", "fem")
    assert board.stored() == before and not measured


def test_an_unknown_row_is_said(measured, monkeypatch, capsys) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--rows", "fem,magic")
    assert "no such rows: magic" in capsys.readouterr().err and not measured
