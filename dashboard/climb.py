"""Activation maximization on screen: what climbs, the picture while it forms, and what came of it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

import streamlit as st

from core import images, tasks
from core.compute import Progress
from core.features import PARAMS, SIZES, FilterPictures, contact_sheet
from core.networks import Entry, LayerRow
from dashboard import cached, controls, figures, jobs, pictures
from dashboard.links import BOUND, choice
from dashboard.text import number, t

NAME = "climb"
EXPERIMENTS = ("one", "grid", "trained")
GRID_MOST = 64
SIDE = 448


@dataclass(frozen=True)
class Request:
    """What shall climb: the arguments of `core.tasks.maximize`."""

    network: Entry
    layer: str
    channels: tuple[int, ...]
    learning_rate: float
    iterations: int
    seed: int
    size: int | None
    preset: str = "course"


def experiment() -> str:
    """What the student wants to do: one of `EXPERIMENTS`."""
    return choice(
        st.pills,
        t("filters.experiment"),
        EXPERIMENTS,
        key="show",
        default="one",
        format_func=lambda name: t(f"filters.{name}"),
        required=True,
    )


def ask(entry: Entry, rows: list[LayerRow], many: bool) -> Request:
    """The controls: layer, one channel or many, and the method's own numbers."""
    shown = {row.name: row for row in rows if _has_filters(row) or row.name == entry.default_layer}
    layer = controls.layer_picker(list(shown), entry.default_layer)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        channels = _channels(shown[layer].shape[-1], many)
        if layer == list(shown)[-1] and len(channels) == 1:
            st.caption(f"{t('controls.class')}: {entry.labels[channels[0]]}")
    with method:
        values = {param.name: controls.parameter(param, t(f"controls.{param.name}")) for param in PARAMS}
        size = None
        if shown[layer].spatial:
            size = st.slider(t("filters.size"), *SIZES, entry.input_size, 4, key="size", **BOUND)
    return Request(entry, layer, channels, size=size, **values)


def _has_filters(row: LayerRow) -> bool:
    """Whether a layer has weights of its own to look at; a normalization only scales what the layer before it gives."""
    return row.parameters > 0 and row.kind != "BatchNormalization"


def _channels(count: int, many: bool) -> tuple[int, ...]:
    text = t("filters.first" if many else "filters.channel")
    first = int(st.number_input(text, 0, count - 1, 0, key="channel", **BOUND))
    if not many:
        return (first,)
    shown = st.slider(t("filters.count"), 4, GRID_MOST, 16, 4, key="count", **BOUND)
    return tuple(range(first, min(first + shown, count)))


def begin(request: Request) -> None:
    """Start climbing; what climbed before is cancelled."""
    st.session_state["climb_request"] = request
    st.session_state["climb_history"] = {}
    jobs.start(NAME, tasks.maximize, **vars(request))


def current() -> Request | None:
    """What climbs, or climbed last."""
    asked: Request | None = st.session_state.get("climb_request")
    return asked


def draw(progress: Progress) -> None:
    """The picture as it is now, and the activation so far."""
    history: dict[str, dict[int, float]] = st.session_state["climb_history"]
    for channel, value in progress.values.items():
        history.setdefault(channel, {})[progress.step] = value
    asked = st.session_state["climb_request"]
    seen, curve = st.columns(2, gap="large")
    if progress.picture:
        # In the page itself: a file's address would be gone with the next picture, before a slow browser asks for it.
        address = f"data:image/jpeg;base64,{b64encode(progress.picture).decode()}"
        seen.image(address, width="stretch", alt=t("filters.forming_alt", layer=asked.layer))
    with curve:
        _curve({name: (list(points), list(points.values())) for name, points in history.items()})


def show(request: Request, found: FilterPictures, label: str | None = None) -> None:
    """The finished picture with its curve, or the grid with all curves below."""
    lines = {
        str(k): (list(range(len(line))), [float(value) for value in line])
        for k, line in zip(request.channels, found.activations, strict=True)
    }
    silent = [k for k, dead in zip(request.channels, found.dead, strict=True) if dead]
    if len(request.channels) == 1:
        seen, curve = st.columns(2, gap="large")
        channel = request.channels[0]
        seen.image(
            pictures.photo(images.resize(found.images[0], SIDE, SIDE)),
            width="stretch",
            alt=t("filters.picture_alt", layer=request.layer, channel=channel),
            caption=f"{request.layer} · {t('filters.channel')} {channel}" + (f" · {label}" if label else ""),
        )
        with curve:
            _curve(lines)
            first, last = found.activations[0][[0, -1]]
            st.markdown(t("filters.rose", first=number(float(first), 2), last=number(float(last), 2)))
    else:
        sheet = pictures.contact_sheet(list(found.images), request.channels, crossed=silent, columns=8, gap_shade=1.0)
        st.image(
            pictures.chart(sheet),
            width="stretch",
            alt=t("filters.grid_alt", layer=request.layer, count=len(request.channels)),
            caption=f"{request.layer} · {t('filters.crossed')}",
        )
        _curve(lines)
    if silent:
        st.info(t("filters.dead", channels=", ".join(map(str, silent))))


def patches(entry: Entry, layer: str, channel: int) -> None:
    """Beside the synthetic picture the real ones: what of rendered captures the channel answers to most."""
    if layer not in cached.spatial_layers(entry):
        return
    found = cached.top_patches(entry, layer, channel)
    st.subheader(t("filters.patches", count=found.captures), anchor=False)
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
