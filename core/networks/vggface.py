"""VGG16, ResNet50 and SENet50 as keras-vggface builds them, on today's Keras.

keras-vggface 0.6 (https://github.com/rcmalli/keras-vggface) was written for Keras 2: it imports modules that are gone
and writes "/" into layer names, which Keras 3 refuses. Its functions run here unchanged, among stand-ins.

Parkhi et al. 2015, Deep face recognition, https://www.robots.ox.ac.uk/~vgg/publications/2015/Parkhi15/parkhi15.pdf;
Cao et al. 2018, VGGFace2, https://arxiv.org/abs/1710.08092.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

import keras

GONE = {
    "keras.engine": (),
    "keras.engine.topology": ("get_source_inputs",),
    "keras.utils.data_utils": ("get_file",),
    "keras.utils.layer_utils": (),
}
"""Modules of Keras 2 that keras-vggface imports, with the functions that it takes from them but never calls here."""
WITH_NAMES = ("Activation", "BatchNormalization", "Conv2D", "Dense")
"""Layers to which it gives names with "/"."""


def build(variant: str, *, top: bool = True) -> keras.Model:
    """Build "VGG16", "ResNet50" or "SENet50" with random weights, flat; its output are logits.

    Layer names are the original ones with "_" for "/". Without `top` it ends with the last feature maps.
    """
    with _old_modules(), _flat_names() as models:
        model = getattr(models, variant.upper())(include_top=top, weights=None, input_shape=(224, 224, 3))
    if not top:
        return model
    last = model.layers[-1]
    if isinstance(last, keras.layers.Activation):  # a softmax as a layer of its own
        return keras.Model(model.input, last.input, name=model.name)
    last.activation = keras.activations.linear
    return model


@contextmanager
def _old_modules() -> Iterator[None]:
    """Stand-ins for the modules that are gone, there only while keras-vggface is imported."""
    stands_in = {}
    for name, functions in GONE.items():
        stands_in[name] = ModuleType(name)
        for function in functions:
            setattr(stands_in[name], function, None)
    sys.modules.update(stands_in)
    try:
        yield
    finally:
        for name in stands_in:
            del sys.modules[name]


@contextmanager
def _flat_names() -> Iterator[Any]:
    """The module with keras-vggface's functions, "/" becoming "_" in the names that they give."""
    from keras_vggface import models

    original = {name: getattr(models, name) for name in WITH_NAMES}
    for name, layer in original.items():
        setattr(models, name, _renaming(layer))
    try:
        yield models
    finally:
        for name, layer in original.items():
            setattr(models, name, layer)


def _renaming(layer: type[keras.layers.Layer]) -> Callable[..., keras.layers.Layer]:
    @wraps(layer, updated=())
    def make(*args: Any, name: str | None = None, **arguments: Any) -> keras.layers.Layer:
        return layer(*args, name=name and name.replace("/", "_"), **arguments)

    return make
