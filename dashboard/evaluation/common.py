"""What the tests share: the control of the method, the arguments of their tasks, and how images are placed."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import colours, images
from core.networks.entry import Entry
from dashboard.explain.request import Request, choose_explanation
from dashboard.shared import pictures
from dashboard.shared.selected import SelectedImage

SIDE = 336


def choose_method(
    image: SelectedImage, network: Entry, class_index: int | None = None
) -> tuple[Request, DeltaGenerator]:
    """The method with its numbers, and the column beside it for those of the test."""
    method, aside = st.columns([2, 3], gap="large")
    with method:
        return choose_explanation(image, network, aside, class_index, layer_aside=True), aside


def arguments(image: SelectedImage, request: Request) -> tuple[Any, ...]:
    """How the tasks of `core.evaluation` that test the map of an image begin."""
    network = request.network
    return (
        network,
        request.method.name,
        image.at(network.input_size),
        request.class_index,
        request.layer,
        request.params,
    )


def resized(image: SelectedImage, network: Entry) -> np.ndarray:
    """The image at the network's input size."""
    return images.resize(image.image, network.input_size, network.input_size)


def overlay(image: np.ndarray, values: np.ndarray, request: Request) -> np.ndarray:
    """A map over an image."""
    return colours.overlay(image, values, signed=request.method.signed, side=SIDE)


def place(column: DeltaGenerator, image: np.ndarray, caption: str) -> None:
    """An image with its caption; the pixels of a small one stay visible."""
    column.image(
        pictures.encode_drawing(image if image.shape[0] >= SIDE else pictures.enlarge_pixels(image, SIDE)),
        width="stretch",
        alt=caption,
        caption=caption,
    )
