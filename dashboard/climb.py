"""Activation maximization on screen: what climbs, the picture while it forms, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core import images, tasks
from core.compute import Progress
from core.features import FilterPictures, Target, contact_sheet
from core.networks import Entry
from dashboard import cached, figures, jobs, pictures
from dashboard.text import number, sentence, t

NAME = "climb"
SIDE = 448
FEW, IN_A_ROW = 9, 5
"""Pictures that are shown one by one rather than on a sheet, and how many of them in a row."""
MORE = 20
"""Iterations of going on."""


@dataclass(frozen=True)
class Request:
    """What shall climb: the arguments of `core.tasks.maximize`, and what each picture is called."""

    network: Entry
    layer: str
    channels: tuple[Target, ...]
    params: dict[str, Any]
    names: tuple[str, ...]


def begin(request: Request) -> None:
    """Start climbing; what climbed before is cancelled."""
    st.session_state["climb_request"] = request
    st.session_state["climb_followed"] = request
    st.session_state["climb_history"] = {}
    jobs.start(NAME, tasks.maximize, request.network, request.layer, request.channels, **request.params)


def go_on(request: Request, found: FilterPictures) -> None:
    """Climb on from where the pictures are: `MORE` iterations, at full size; the controls still say how it began."""
    began = followed()
    begin(replace(request, params=request.params | {"start": found.pictures, "iterations": MORE}))
    st.session_state["climb_followed"] = began


def current() -> Request | None:
    """What climbs, or climbed last."""
    asked: Request | None = st.session_state.get("climb_request")
    return asked


def followed() -> Request | None:
    """What the controls said when the last climb began."""
    began: Request | None = st.session_state.get("climb_followed")
    return began


def draw(progress: Progress) -> None:
    """The picture as it is now, and the activation so far."""
    history: dict[str, dict[int, float]] = st.session_state["climb_history"]
    for channel, value in progress.values.items():
        history.setdefault(channel, {})[progress.step] = value
    asked = st.session_state["climb_request"]
    seen, curve = st.columns(2, gap="large")
    if progress.picture:
        address = pictures.in_page(progress.picture)
        seen.image(address, width="stretch", alt=t("filters.forming_alt", layer=asked.layer))
    with curve:
        _curve({name: (list(points), list(points.values())) for name, points in history.items()})


def show(request: Request, found: FilterPictures) -> None:
    """The finished pictures: one beside its curve, a few side by side, or many on a sheet, with all curves below."""
    lines = {
        name: (list(range(len(line))), [float(value) for value in line])
        for name, line in zip(request.names, found.activations, strict=True)
    }
    silent = [name for name, dead in zip(request.names, found.dead, strict=True) if dead]
    if len(lines) == 1:
        seen, curve = st.columns(2, gap="large")
        with seen:
            _picture(found.images[0], request, request.names[0])
        with curve:
            _curve(lines)
            first, last = found.activations[0][[0, -1]]
            st.markdown(t("filters.rose", first=number(float(first), 2), last=number(float(last), 2)))
    elif len(lines) <= FEW:
        shown = list(zip(found.images, request.names, strict=True))
        for start in range(0, len(shown), IN_A_ROW):
            row = shown[start : start + IN_A_ROW]
            for column, (image, name) in zip(st.columns(min(len(shown), IN_A_ROW)), row, strict=False):
                with column:
                    _picture(image, request, name)
        _curve(lines)
    else:
        numbers = [int(name) for name in request.names]
        sheet = pictures.contact_sheet(
            list(found.images), numbers, crossed=[int(name) for name in silent], columns=8, gap_shade=1.0
        )
        st.image(
            pictures.chart(sheet),
            width="stretch",
            alt=t("filters.grid_alt", layer=request.layer, count=len(lines)),
            caption=f"{request.layer} · {t('filters.crossed')}",
        )
        _curve(lines)
    for note in found.notes:
        st.warning(sentence(note))
    if silent:
        st.info(t("filters.dead", channels=", ".join(silent)))


def _picture(image: images.Image, request: Request, name: str) -> None:
    st.image(
        pictures.photo(images.resize(image, SIDE, SIDE)),
        width="stretch",
        alt=t("filters.picture_alt", layer=request.layer, channel=name),
        caption=f"{request.layer} · {name}",
    )


def patches(entry: Entry, layer: str, channel: int) -> None:
    """Beside the synthetic picture the real ones: what of rendered captures the channel answers to most."""
    if layer not in cached.spatial_layers(entry):
        return
    found = cached.top_patches(entry, layer, channel)
    st.header(t("filters.patches", count=found.captures), anchor=False)
    high, low = (number(float(value), 2) for value in found.activations[[0, -1]])
    st.image(
        pictures.photo(contact_sheet(found.images, columns=len(found.images))),
        width="stretch",
        alt=t("filters.patches_alt", channel=channel, layer=layer),
        caption=t("filters.patches_help", high=high, low=low),
    )


def _curve(lines: dict[str, tuple[list[int], list[float]]]) -> None:
    ends = ", ".join(f"{name}: {number(values[-1], 2)}" for name, (_, values) in list(lines.items())[:8] if values)
    st.plotly_chart(
        figures.curves(lines, (t("filters.iteration"), t("filters.activation"))),
        config=figures.CONFIG,
        key="climb_curve",
        alt=f"{t('filters.activation')}. {ends}",
    )
