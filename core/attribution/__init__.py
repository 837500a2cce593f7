"""Where does it look? One table of methods, one file a method; a method's file holds only its idea.

Importing this module imports no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from core.networks import NetworkError
from core.params import Param


@dataclass(frozen=True, eq=False)
class GradCamWalk:
    """Grad-CAM's intermediate results, in the order of the formula.

    `feature_maps` and `gradients` `(h, w, k)`, `score` the logit y_c, `weights` `(k,)` the mean gradients, `weighted`
    `(h, w)` the weighted sum of the chosen maps, `map` `(h, w)` its positive part.
    """

    feature_maps: np.ndarray
    score: float
    gradients: np.ndarray
    weights: np.ndarray
    weighted: np.ndarray
    map: np.ndarray


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """`values` `(h, w)` float32, raw and signed, at the method's own resolution; `walk` how they came about.

    `class_index` is None for a method that knows no class, `layer` for one that needs none.
    """

    values: np.ndarray
    class_index: int | None
    layer: str | None
    walk: GradCamWalk | None = None


@dataclass(frozen=True)
class Method:
    """A method of the table: its function is named like its module."""

    name: str
    title: str
    module: str
    params: tuple[Param, ...]
    needs_layer: bool
    per_class: bool
    paper: str
    link: str

    def load(self) -> Callable[..., SaliencyMap]:
        """Import the function; with it comes Keras, if it needs it."""
        return getattr(import_module(self.module), self.name)


METHODS: dict[str, Method] = {
    "grad_cam": Method(
        name="grad_cam",
        title="Grad-CAM",
        module="core.attribution.grad_cam",
        params=(),
        needs_layer=True,
        per_class=True,
        paper="Selvaraju et al. 2016, Grad-CAM: Visual explanations from deep networks via gradient-based localization",
        link="https://arxiv.org/abs/1610.02391",
    ),
}


def find(name: str) -> Method:
    """The method of this name; case and punctuation do not count ("GRADCAM", "Grad-CAM", "grad_cam")."""

    def letters(text: str) -> str:
        return "".join(filter(str.isalnum, text)).casefold()

    for method in METHODS.values():
        if letters(method.name) == letters(name):
            return method
    raise NetworkError("unknown_method", name=name, choices=", ".join(METHODS))


def top_channels(weights: np.ndarray, n: int) -> list[int]:
    """Indices of the `n` largest weights `(k,)`, largest first: the channels that speak most for the class."""
    return [int(index) for index in np.argsort(-np.asarray(weights), kind="stable")[:n]]
