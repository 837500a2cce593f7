"""Localization: does the map lie where the evidence is? That is known of rendered people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core import faces
from core.evaluation import tasks
from core.evaluation.localization import PARTS, distinguishing_part, gain, pointing_hit
from core.networks import table
from dashboard.evaluation import common
from dashboard.explain.explanation import draw_progress
from dashboard.explain.request import Request
from dashboard.shared import pictures, selected
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import class_names, person_name
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import job


def localization_test(frame: Frame) -> None:
    """A person, the same with a part of somebody else, and where the map of the first lies."""
    network = frame.network
    if not table.knows_people(network):
        st.info(t("network.unknown_people", name=network.name))
        return
    person, other, capture, part = _choose_pair()
    image = selected.person_image(person, capture)
    request, _ = common.choose_method(image, network, person)
    result: tasks.Localization | None = job(
        tasks.localization,
        network,
        request.method.name,
        person,
        request.layer,
        request.params,
        other=other,
        part=part,
        capture=capture,
        draw=partial(draw_progress, image, request),
    )
    if result is not None:
        _place_images(request, result, other)
        _place_verdict(result, person)


def _choose_pair() -> tuple[int, int, faces.Capture, str]:
    """The controls: a person, whose part is put into the face, how both are captured, and which part it is."""
    who, whose, how = st.columns(3)
    with who:
        person = _choose_person("test_person", t("picture.person"), range(faces.PEOPLE), 4)
    group = faces.group_of(person)
    others = [number for number in range(faces.PEOPLE) if number != person and faces.group_of(number) == group]
    with whose:
        other = _choose_person("test_other", t("evaluation.other"), others, others[0])
    with how:
        seed = int(st.number_input(t("picture.capture_number"), 0, 999, 0, key="test_capture", **BOUND))
    part = choice(
        st.pills,
        t("evaluation.part"),
        tuple(PARTS),
        key=f"test_part_{group}",
        default=distinguishing_part(person),
        format_func=lambda name: t(f"evaluation.part_{name}"),
        help=t("evaluation.part_help"),
    )
    capture = faces.sample_capture(np.random.default_rng(seed)) if seed else faces.PORTRAIT
    return person, other, capture, part


def _choose_person(key: str, text: str, people: Sequence[int], default: int) -> int:
    return choice(st.selectbox, text, list(people), key=key, default=default, format_func=person_name)


def _place_images(request: Request, result: tasks.Localization, other: int) -> None:
    """Both images with the part outlined, and the map over the first with the pixels that differ outlined."""
    pair, names = result.pair, class_names(request.network)
    original, inpainted, localized = st.columns(3)
    labels = [{"label": names[p], "score": number(s, 1)} for p, s in zip(result.predicted, result.scores, strict=True)]
    outlined = pictures.draw_outline(pictures.enlarge_pixels(pair.original, common.SIDE), pair.part)
    common.place(original, outlined, t("evaluation.truth", **labels[0]))
    outlined = pictures.draw_outline(pictures.enlarge_pixels(pair.inpainted, common.SIDE), pair.changed)
    common.place(inpainted, outlined, t("evaluation.inpainted", **labels[1], other=f"{other:02d}"))
    overlay = common.overlay(pair.original, result.explanation.map.values, request)
    caption = t("evaluation.localized", method=request.method.title)
    common.place(localized, pictures.draw_outline(overlay, pair.changed), caption)


def _place_verdict(result: tasks.Localization, person: int) -> None:
    """The pointing game, the energy in each region, and what the part changes in the score."""
    pair, values = result.pair, result.explanation.map.values
    st.header(t("evaluation.verdict"), anchor=False, help=t("evaluation.verdict_help"))
    with st.container(horizontal=True):
        for name, region in (("head", pair.head), ("part", pair.part)):
            st.metric(t(f"metrics.pointing_{name}"), "✓" if pointing_hit(values, region) else "✗", border=True)
        for name, region in (("energy_head", pair.head), ("energy_part", pair.part), ("inpainting", pair.changed)):
            if region.any():
                st.metric(t(f"metrics.{name}"), f"× {number(gain(values, region), 1)}", border=True)
    before, after = result.scores
    share = percent(pair.changed.mean())
    st.caption(t("evaluation.drop", person=f"{person:02d}", drop=number(before - after, 1), share=share))
