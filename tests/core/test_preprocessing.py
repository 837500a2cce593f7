"""Preparing pictures, held against the libraries' own functions."""

import sys
import types

import cv2
import keras
import numpy as np
import pytest

from core.networks.preprocessing import PREPROCESSING

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3)).astype(np.float32)


@pytest.mark.parametrize("mode", ["tf", "torch", "caffe"])
def test_modes_of_keras_applications(mode):
    expected = keras.applications.imagenet_utils.preprocess_input(PICTURES.copy(), mode=mode)
    np.testing.assert_allclose(PREPROCESSING[mode](PICTURES / np.float32(255)), expected, atol=1e-5 * 255)
    assert PREPROCESSING[mode](PICTURES / np.float32(255)).dtype == np.float32


@pytest.mark.parametrize("version", [1, 2])
def test_versions_of_keras_vggface(version, monkeypatch):
    old = types.ModuleType("keras.utils.data_utils")
    old.get_file = None
    monkeypatch.setitem(sys.modules, "keras.utils.data_utils", old)
    monkeypatch.setitem(sys.modules, "keras.engine", types.ModuleType("keras.engine"))
    monkeypatch.setitem(sys.modules, "keras.engine.topology", types.ModuleType("keras.engine.topology"))
    sys.modules["keras.engine.topology"].get_source_inputs = None
    monkeypatch.setitem(sys.modules, "keras.utils.layer_utils", types.ModuleType("keras.utils.layer_utils"))
    from keras_vggface.utils import preprocess_input

    expected = preprocess_input(PICTURES.copy(), version=version, data_format="channels_last")
    np.testing.assert_allclose(
        PREPROCESSING[f"vggface{version}"](PICTURES / np.float32(255)), expected, atol=1e-5 * 255
    )


def test_grey_is_opencv_s():
    grey = PREPROCESSING["grey"](PICTURES / np.float32(255))
    assert grey.shape == (2, 5, 7, 1) and grey.dtype == np.float32
    for picture, found in zip(PICTURES / np.float32(255), grey, strict=True):
        np.testing.assert_allclose(found[..., 0], cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), atol=1e-6)
    np.testing.assert_allclose(PREPROCESSING["grey"](np.float32([0.5] * 3)), [0.5], atol=1e-6)


def test_plain_ranges():
    white = np.ones((1, 2, 3, 3), np.float32)
    assert PREPROCESSING["unit"](white).max() == 1
    assert PREPROCESSING["bytes"](white).max() == 255
