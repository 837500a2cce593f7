"""What the masks do to the network: probability, rank and distance before and after, and Grad-CAM of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import colours
from core.masking import Disguise, tasks
from core.masking.tasks import MaskingEffect, Scores
from core.networks.entry import Entry
from dashboard.shared import figures, pictures
from dashboard.shared.names import class_names
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, significant, t
from dashboard.shared.workers import ask

SIDE = 448
"""Side of a map in pixels."""


@dataclass(frozen=True)
class MaskedFace:
    """An image in its disguise, of whose masks one is `selected`, and the effect on a network."""

    image: SelectedImage
    network: Entry
    disguise: Disguise
    selected: int
    effect: MaskingEffect

    @property
    def class_index(self) -> int:
        """The class whose score is meant."""
        return self.effect.class_index

    @property
    def class_name(self) -> str:
        """What this class is called."""
        return class_names(self.network)[self.class_index]

    @property
    def is_known(self) -> bool:
        """Whether the person is rendered, and a class of the network: others are in no attacker's gallery."""
        return self.image.person == self.class_index and self.image.capture is not None


def measure(
    image: SelectedImage, network: Entry, disguise: Disguise, selected: int, class_index: int | None
) -> MaskedFace:
    """Put the image before the network with and without its disguise."""
    effect: MaskingEffect = ask(tasks.masking_effect, network, image.keyed, disguise, class_index, image.person)
    return MaskedFace(image, network, disguise, selected, effect)


def formatted_scores(scores: Scores) -> list[tuple[str, np.ndarray, Callable[[float], str]]]:
    """Name, values and format of each kind of score."""
    return [
        ("probability", scores.probabilities, percent),
        ("rank", scores.ranks, number),
        ("distance", scores.distances, lambda value: number(value, 3)),
    ]


def place_scores(face: MaskedFace) -> None:
    """Probability, rank and distance, before and after, and the five most probable classes."""
    scores = formatted_scores(face.effect.scores)
    st.markdown(t("masks.of", label=face.class_name))
    with st.container(horizontal=True):
        for name, values, write in scores:
            st.metric(t(f"masks.{name}"), write(values[1]), help=t(f"masks.{name}_help"), border=True)
    before = ", ".join(f"{t(f'masks.{name}')} {write(values[0])}" for name, values, write in scores)
    st.caption(t("masks.before", scores=before))
    probabilities, names = face.effect.probabilities, class_names(face.network)
    top = np.argsort(-probabilities)[:5]
    labels, texts = [names[index] for index in top], [percent(value) for value in probabilities[top]]
    st.plotly_chart(
        figures.probability_bars(labels, probabilities[top].tolist(), texts, face.class_name),
        config=figures.CONFIG,
        key="mask_top",
        alt=", ".join(map(" ".join, zip(labels, texts, strict=True))),
    )


def place_maps(face: MaskedFace) -> None:
    """Grad-CAM of the same class before and after, side by side; a weak map is shown too, so each says its maximum."""
    images = ("map_before", face.image.image), ("map_after", face.disguise.apply(face.image.image))
    for column, (label, image), saliency in zip(st.columns(2, gap="large"), images, face.effect.maps, strict=True):
        high = significant(colours.colour_limit(saliency.values))
        with column:
            pictures.captioned_image(
                colours.overlay(image, saliency.values, side=SIDE),
                t(f"masks.{label}", label=face.class_name, layer=saliency.layer, high=high),
            )
