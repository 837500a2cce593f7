"""Activation maximization on screen: what climbs, the picture while it forms, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from core import images
from core.colours import contact_sheet
from core.compute import Progress
from core.features import FilterPictures, Target, tasks
from core.features.health import ChannelHealth
from core.features.tasks import Snapshots
from core.networks.entry import Entry
from dashboard.components.tiles import Tile, tile_grid
from dashboard.shared import cached, figures, jobs, layers, pictures, uploads
from dashboard.shared.links import choice, remember
from dashboard.shared.text import exact, number, t

SIDE = 448
MOST_IN_A_ROW, IN_A_ROW = 6, 5
"""Pictures that stand in one row, and how many do where there are more."""
TILE = 112
"""Side in pixels of a picture that can be pressed."""
ORDERS = ("number", "activation", "likeness")
MORE = 20
"""Iterations of going on."""


@dataclass(frozen=True)
class Request:
    """What shall climb, for which experiment: a task with its arguments, and what each picture is called."""

    experiment: str
    network: Entry
    layer: str
    target: Target | tuple[Target, ...]
    params: dict[str, Any]
    names: tuple[str, ...]
    task: Callable[..., Any] = tasks.maximize


def name(experiment: str) -> str:
    """The name of an experiment's job: each keeps what came of it last."""
    return f"climb_{experiment}"


def begin(request: Request) -> None:
    """Start climbing; what climbed before is cancelled."""
    own = name(request.experiment)
    st.session_state[f"{own}_request"] = request
    st.session_state[f"{own}_followed"] = request
    st.session_state[f"{own}_history"] = {}
    jobs.start(own, request.task, request.network, request.layer, request.target, **request.params)


def go_on(request: Request, found: FilterPictures) -> None:
    """Climb on from where the pictures are: `MORE` iterations, at full size; the controls still say how it began."""
    began = followed(request.experiment)
    begin(replace(request, params=request.params | {"start": found.pictures, "iterations": MORE}))
    st.session_state[f"{name(request.experiment)}_followed"] = began


def current(experiment: str) -> Request | None:
    """What climbs for an experiment, or climbed last."""
    asked: Request | None = st.session_state.get(f"{name(experiment)}_request")
    return asked


def followed(experiment: str) -> Request | None:
    """What an experiment's controls said when its last climb began."""
    began: Request | None = st.session_state.get(f"{name(experiment)}_followed")
    return began


def draw(request: Request, progress: Progress) -> None:
    """The picture as it is now, and the activation so far; the picture alone where no activation was told."""
    history: dict[str, dict[int, float]] = st.session_state[f"{name(request.experiment)}_history"]
    for channel, value in progress.values.items():
        history.setdefault(channel, {})[progress.step] = value
    seen, curve = st.columns(2, gap="large") if history else (st.container(), None)
    if progress.picture:
        address = pictures.in_page(progress.picture)
        seen.image(address, width="stretch", alt=t("filters.forming_alt", layer=request.layer))
    if curve is not None:
        with curve:
            _curve({channel: (list(points), list(points.values())) for channel, points in history.items()})


def show(request: Request, found: FilterPictures) -> None:
    """The finished pictures: one beside its curve, or a few side by side with all curves below."""
    lines = _ways(request.names, found.activations)
    if len(lines) == 1:
        seen, curve = st.columns(2, gap="large")
        with seen:
            _picture(found.images[0], request, request.names[0])
        with curve:
            _curve(lines)
            first, last = found.activations[0][[0, -1]]
            st.markdown(t("filters.rose", first=number(float(first), 2), last=number(float(last), 2)))
    else:
        _side_by_side(request, found.images, request.names, found.activations[:, -1])
        _curve(lines)
    silent = [name for name, dead in zip(request.names, found.dead, strict=True) if dead]
    if silent:
        st.info(t("filters.dead", channels=", ".join(silent)))


def _ways(names: Sequence[str], activations: np.ndarray) -> dict[str, tuple[list[int], list[float]]]:
    """Lines for `_curve`: the activations `(n, steps)` of each name over the iterations."""
    return {
        name: (list(range(len(line))), [float(value) for value in line])
        for name, line in zip(names, activations, strict=True)
    }


def rates(request: Request, found: FilterPictures) -> None:
    """Pictures of very different rates: every curve in shares of its own largest value, else one would hide all."""
    _side_by_side(request, found.images, request.names, found.activations[:, -1])
    heights = np.abs(found.activations).max(axis=1, keepdims=True)
    shares = found.activations / np.maximum(heights, np.finfo(np.float32).tiny)
    _curve(_ways(request.names, shares), title=t("filters.share"))


def weights(request: Request, found: FilterPictures) -> None:
    """Pictures under growing weights of smoothness, and what each weight costs in activation."""
    reached = found.activations[:, -1]
    _side_by_side(request, found.images, request.names, reached)
    given = request.params["tv_weight"]
    line = list(given), [float(value) for value in reached]
    _curve({t("filters.activation"): line}, across="tv_weight", marked=given)


def snapshots(request: Request, found: Snapshots) -> None:
    """One climb, looked at now and then, and where on its curve that was."""
    reached = found.activations[list(found.stops)]
    _side_by_side(request, found.images, request.names, reached)
    _curve(_ways([t("filters.activation")], found.activations[None]), marked=found.stops)


def tiles(request: Request, found: FilterPictures) -> None:
    """Many pictures as buttons, in the order of choice; like and silent channels are marked, with the evidence."""
    channels = np.array(request.target)
    health = cached.channel_health(request.network, request.layer)
    order = choice(
        st.segmented_control,
        t("filters.sort"),
        ORDERS,
        key="sort",
        default=ORDERS[0],
        format_func=lambda name: t(f"filters.sort_{name}"),
        required=True,
        help=t("filters.sort_help", count=health.captures),
    )
    if order == "activation":
        places = np.argsort(-found.activations[:, -1], kind="stable")
    elif order == "likeness":
        from core.features.quality import by_likeness  # SciPy's clusters: not while the server starts

        places = by_likeness(health.cosines[np.ix_(channels, channels)])
    else:
        places = np.argsort(channels)
    twins: dict[int, int] = {}
    for first, second, _ in health.duplicates:  # most alike first
        if first in channels and second in channels:
            twins.setdefault(first, second)
            twins.setdefault(second, first)
    st.caption(t("filters.tiles_help"))
    tiles_of = [_tile(request, found, health, place, twins) for place in places]
    tile_grid(tiles_of, "tiles", lambda channel: _open(request, channel))
    silent = [place for place in range(len(channels)) if health.dead[channels[place]]]
    if silent:
        st.subheader(t("filters.silent", count=len(silent)), anchor=False)
        st.markdown("\n".join(f"- {_evidence(found, health, channels[place], place)}" for place in silent))


def _tile(request: Request, found: FilterPictures, health: ChannelHealth, place: int, twins: dict[int, int]) -> Tile:
    channel = int(request.target[place])
    value = number(float(found.activations[place, -1]), 1)
    note, mark = f"{channel} · {value}", ""
    if health.dead[channel]:
        note, mark = f"{channel} · {t('filters.never' if found.dead[place] else 'filters.quiet')}", "dead"
    elif channel in twins:
        note, mark = f"{channel} · {t('filters.like', channel=twins[channel])}", "twin"
    picture = pictures.in_page(pictures.photo(images.resize(found.images[place], TILE, TILE)))
    return Tile(channel, picture, t("filters.picture_alt", layer=request.layer, channel=channel), note, mark)


def _evidence(found: FilterPictures, health: ChannelHealth, channel: int, place: int) -> str:
    return t(
        "filters.climbed_silent" if found.dead[place] else "filters.climbed_loud",
        channel=channel,
        fired=int(health.fired[channel]),
        captures=health.captures,
        largest=number(float(health.largest[channel]), 2),
        reached=number(float(found.activations[place].max()), 2),
    )


def _open(request: Request, channel: int) -> None:
    """Go to the experiment with one channel, as it climbed here."""
    st.session_state.update(show="one", channel=channel, layer=request.layer, preset=request.params["preset"])
    remember("channel", channel, 0)


def matrix(request: Request, found: FilterPictures) -> None:
    """A row for each output, a column for each weight of smoothness, and the outputs under the weight of choice."""
    weights = request.params["tv_weight"]
    told = " · ".join(map(exact, weights))
    st.caption(t("filters.columns", weights=told))
    for place, name in enumerate(request.names):
        own = found.images[place * len(weights) :][: len(weights)]
        label, row = st.columns([1, 9], vertical_alignment="center")
        label.markdown(f"**{name}**")
        row.image(
            pictures.photo(contact_sheet(np.stack([images.resize(image, TILE, TILE) for image in own]), len(own))),
            width="stretch",
            alt=t("filters.row_alt", channel=name, weights=told),
        )
    chosen = choice(st.select_slider, t("filters.best"), weights, key="best_tv", default=weights[4], format_func=exact)
    part = slice(weights.index(chosen), None, len(weights))
    _side_by_side(request, found.images[part], request.names, found.activations[part, -1])


def pairs(request: Request, found: FilterPictures) -> None:
    """Two outputs and their joint picture, two pairs in a row."""
    for start in range(0, len(found.images), MOST_IN_A_ROW):
        part = slice(start, start + MOST_IN_A_ROW)
        _side_by_side(request, found.images[part], request.names[part], found.activations[part, -1])


def _side_by_side(request: Request, found: np.ndarray, names: Sequence[str], reached: np.ndarray) -> None:
    shown = list(zip(found, names, reached, strict=True))
    in_a_row = len(shown) if len(shown) <= MOST_IN_A_ROW else IN_A_ROW
    for start in range(0, len(shown), in_a_row):
        row = shown[start : start + in_a_row]
        for column, (image, name, value) in zip(st.columns(in_a_row), row, strict=False):
            with column:
                _picture(image, request, name, float(value))


def _picture(image: images.Image, request: Request, name: str, reached: float | None = None) -> None:
    st.image(
        pictures.in_page(pictures.photo(images.resize(image, SIDE, SIDE))),
        width="stretch",
        alt=t("filters.picture_alt", layer=request.layer, channel=name),
        caption=f"{request.layer} · {name}" if reached is None else f"{name} → {number(reached, 2)}",
    )


def patches(entry: Entry, layer: str, channel: int) -> None:
    """Beside the synthetic picture the real ones: what of captures or of own photos the channel answers to most."""
    if layer not in layers.spatial(entry):
        return
    st.header(t("filters.patches"), anchor=False)
    seen, asked = st.columns(2, gap="large")
    rendered = "digits" if entry.subject == "digit" else "captures"
    with asked:
        source = choice(
            st.segmented_control,
            t("filters.patches_of"),
            (rendered, "photos"),
            key="patches_of",
            default=rendered,
            format_func=lambda name: t(f"filters.patches_of_{name}"),
            required=True,
        )
        photos = uploads.own_photos(entry) if source == "photos" else None
    if photos is not None:
        found = cached.own_patches(images.digest(photos), photos, entry, layer, channel)
    elif source == rendered:
        found = cached.top_patches(entry, layer, channel)
    else:
        seen.info(t("filters.patches_none"))
        return
    high, low = (number(float(value), 2) for value in found.activations[[0, -1]])
    asked.markdown(t(f"filters.patches_among_{source}", count=found.captures, high=high, low=low))
    seen.image(
        pictures.in_page(pictures.photo(contact_sheet(found.images))),
        width="stretch",
        alt=t(f"filters.patches_alt_{source}", channel=channel, layer=layer, shown=len(found.images)),
    )


def _curve(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str | None = None,
    marked: Sequence[float] = (),
    across: str | None = None,
) -> None:
    title = title or t("filters.activation")
    ends = ", ".join(f"{name}: {number(values[-1], 2)}" for name, (_, values) in list(lines.items())[:8] if values)
    st.plotly_chart(
        figures.curves(lines, (across or t("filters.iteration"), title), dotted=marked),
        config=figures.CONFIG,
        key="climb_curve",
        alt=f"{title}. {ends}",
    )
