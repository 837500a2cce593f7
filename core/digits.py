"""Handwritten digits: MNIST where it is on this machine, else the small set inside scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from core.networks import files
from core.networks.files import FileError, PublishedFile

SIDE, CLASSES = 28, 10
"""Side of a digit in pixels, and how many kinds there are."""
MNIST = PublishedFile(
    "mnist.npz",
    "datasets",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
"""The file of `keras.datasets.mnist`, where Keras looks for it too. LeCun et al. 1998, Gradient-based learning applied
to document recognition, https://doi.org/10.1109/5.726791"""


@dataclass(frozen=True)
class Dataset:
    """Files that can be fetched under one name, as those of a network can."""

    name: str
    files: tuple[PublishedFile, ...]


DATASET = Dataset("MNIST", (MNIST,))
EMBEDDED_INK, EMBEDDED_BOX = 16, 20
"""Darkest value of an embedded digit, and the side in pixels of the box that it fills, as digits of MNIST do."""
MNIST_VALIDATION, EMBEDDED_VALIDATION, EMBEDDED_TEST = 1000, 180, 360
"""Digits that are held back; MNIST brings its own test digits."""


@dataclass(frozen=True, eq=False)
class Part:
    """Digits `images` `(n, SIDE, SIDE, 1)` uint8, ink 255 on paper 0, and what they are: `labels` `(n,)` int32."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Digits:
    """Digits to learn from, to choose by (`validation`), and to judge by at the end (`test`).

    `source` is "mnist" (59,000, 1,000 and 10,000 digits) or "embedded" (1,257, 180 and 360).
    """

    source: str
    train: Part
    validation: Part
    test: Part


def available_source() -> str:
    """The `source` that `load` takes by default: "mnist" where its file is here, else "embedded"."""
    return "mnist" if MNIST.here else "embedded"


def load(source: str | None = None) -> Digits:
    """The digits of a source, by default of the one that is available; kept in this process.

    FileError: the file of MNIST is missing or damaged.
    """
    return _checked(MNIST.path) if (source or available_source()) == "mnist" else embedded()


@lru_cache(maxsize=1)
def _checked(path: Path) -> Digits:
    files.check(MNIST, path)
    return load_mnist(path)


def load_mnist(path: Path) -> Digits:
    """MNIST from a file in Keras' layout; the last of its training digits are held back. FileError: another file."""
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except (ValueError, KeyError, OSError) as error:
        raise FileError("incomplete_file", file=path.name, problem=str(error)) from error
    train, test = (_part(arrays[f"x_{name}"], arrays[f"y_{name}"]) for name in ("train", "test"))
    return Digits("mnist", _cut(train, 0, -MNIST_VALIDATION), _cut(train, -MNIST_VALIDATION, None), test)


@lru_cache(maxsize=1)
def embedded() -> Digits:
    """The 1,797 real digits of 8 x 8 pixels inside scikit-learn, enlarged to the size that they have in MNIST.

    Alpaydin and Kaynak 1998, Optical recognition of handwritten digits, https://doi.org/10.24432/C50P49. The same
    writers stand in every part, so a network looks better here than on the digits of a stranger.
    """
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    images = np.zeros((len(small), SIDE, SIDE), np.uint8)
    rim = (SIDE - EMBEDDED_BOX) // 2
    for image, values in zip(images, small.reshape(-1, 8, 8).astype(np.float32), strict=True):
        large = cv2.resize(values, (EMBEDDED_BOX, EMBEDDED_BOX), interpolation=cv2.INTER_CUBIC)
        image[rim:-rim, rim:-rim] = np.rint(np.clip(large / EMBEDDED_INK, 0, 1) * 255)
    order = np.random.default_rng(0).permutation(len(images))  # they are stored writer by writer
    whole = _part(images[order], labels[order])
    held_back = EMBEDDED_VALIDATION + EMBEDDED_TEST
    validation, test = _cut(whole, 0, EMBEDDED_VALIDATION), _cut(whole, EMBEDDED_VALIDATION, held_back)
    return Digits("embedded", _cut(whole, held_back, None), validation, test)


def to_image(digits: np.ndarray) -> np.ndarray:
    """Digits `(..., SIDE, SIDE, 1)` uint8 as colour images `(..., SIDE, SIDE, 3)` float32 in [0, 1]."""
    return np.repeat(digits, 3, axis=-1) / np.float32(255)


def _part(images: np.ndarray, labels: np.ndarray) -> Part:
    return Part(images.reshape(-1, SIDE, SIDE, 1), labels.astype(np.int32))


def _cut(part: Part, start: int, stop: int | None) -> Part:
    return Part(part.images[start:stop], part.labels[start:stop])
