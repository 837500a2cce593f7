"""Class names from published files. Nothing in such a file is ever run."""

from __future__ import annotations

import json
import pickletools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.networks.files import FileError

STRINGS = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINBYTES", "BINBYTES", "SHORT_BINSTRING"}
"""Opcodes of a pickle that push a text."""


def read_labels(path: Path) -> tuple[str, ...]:
    """Class names in the order of the classes, "_" for the spaces between words as they were published.

    `.json` is Keras' ImageNet index `{"0": ["n01440764", "tench"], ...}`, `.npy` keras-vggface's array of names, and
    `.txt` one name a line. FileError: another content.
    """
    try:
        if path.suffix == ".json":
            index = json.loads(path.read_text(encoding="utf-8"))
            return tuple(str(index[str(number)][1]) for number in range(len(index)))
        if path.suffix == ".npy":
            return tuple(name.strip() for name in _names(path))
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise FileError("incomplete_file", file=path.name, problem=str(error) or type(error).__name__) from error


def normalized(text: str) -> str:
    """Letters and digits in lower case, with one space for all that is between words: the same for "Egyptian_cat" and
    "egyptian cat".
    """
    return " ".join(re.findall(r"[^\W_]+", text)).casefold()


def class_in_file_name(file_name: str, names: Sequence[str]) -> int | None:
    """The class that a file is named after, as in "African_elephant_1.jpg"; the longest name of those in it, or None.

    What stands in brackets behind a name does not count.
    """
    words = f" {normalized(Path(file_name).stem)} "
    known = [normalized(re.sub(r"\(.*\)", "", name)) for name in names]
    within = [number for number, name in enumerate(known) if name and f" {name} " in words]
    return max(within, key=lambda number: len(known[number]), default=None)


def _names(path: Path) -> list[str]:
    """The texts of a one-dimensional array, whatever the type that they were saved as."""
    with path.open("rb") as content:
        version = np.lib.format.read_magic(content)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        (count,), _, kind = header(content)
        if kind.hasobject:  # a pickle: its texts are taken from its opcodes, and it is not loaded
            texts = [text for opcode, text, _ in pickletools.genops(content) if opcode.name in STRINGS]
            if len(texts) < count:
                raise ValueError(f"{len(texts)} names instead of {count}")
            names: list[Any] = texts[len(texts) - count :]
        else:
            content.seek(0)
            names = np.load(content, allow_pickle=False).tolist()
    return [name.decode("utf-8") if isinstance(name, bytes) else name for name in names]
