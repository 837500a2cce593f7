"""The filter notebook: what a student calls the channels of a network, and its file.

A file is JSON and comes from anybody: it is measured, checked key by key, and nothing else in it is read.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from core.errors import ReasonedError

Labels = dict[tuple[str, str, int], str]
"""(network, layer, channel) -> what the student calls it."""

MAX_BYTES = 200_000
MAX_LABELS = 2000
MAX_LETTERS = 60
MAX_CHANNEL = 1 << 16
KIND = "glassbox filter notebook"
_KEYS = {"network": str, "layer": str, "channel": int, "label": str}


class NotebookError(ReasonedError):
    """A file that is no notebook."""

    reasons: ClassVar[dict[str, str]] = {
        "notebook_bytes": "The file has {kilobytes} kB, a notebook has at most {most}; choose the file that was "
        "exported here.",
        "notebook_kind": "This is no filter notebook; choose a .json file that was exported here.",
        "notebook_many": "The notebook holds {received} labels, at most {most} are read; split it.",
        "notebook_row": "Label {place} of the notebook is not as it should be: expected network, layer, channel (a "
        "number from 0) and a label of 1 to {most} letters; mend it or take it out.",
    }


def clean_label(label: str) -> str:
    """A label as it is kept: one line of printable letters, at most `MAX_LETTERS`."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in label).split())[:MAX_LETTERS].strip()


def write_notebook(labels: Labels) -> str:
    """The file of a notebook, in the order of networks, layers and channels."""
    rows = [dict(zip(_KEYS, (*place, label), strict=True)) for place, label in sorted(labels.items())]
    return json.dumps({"kind": KIND, "labels": rows}, ensure_ascii=False, indent=1)


def read_notebook(data: bytes) -> Labels:
    """The labels in a file of `write_notebook`; NotebookError for any other file."""
    if len(data) > MAX_BYTES:
        raise NotebookError("notebook_bytes", kilobytes=len(data) // 1000, most=MAX_BYTES // 1000)
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotebookError("notebook_kind") from None
    rows = content.get("labels") if isinstance(content, dict) and content.get("kind") == KIND else None
    if not isinstance(rows, list):
        raise NotebookError("notebook_kind")
    if len(rows) > MAX_LABELS:
        raise NotebookError("notebook_many", received=len(rows), most=MAX_LABELS)
    return dict(_read_row(row, place) for place, row in enumerate(rows, start=1))


def _read_row(row: Any, place: int) -> tuple[tuple[str, str, int], str]:
    complete = isinstance(row, dict) and row.keys() == _KEYS.keys()
    if complete and all(type(row[key]) is kind for key, kind in _KEYS.items()):
        network, layer, label = (clean_label(row[key]) for key in ("network", "layer", "label"))
        if network and layer and label and 0 <= row["channel"] <= MAX_CHANNEL:
            return (network, layer, row["channel"]), label
    raise NotebookError("notebook_row", place=place, most=MAX_LETTERS)
