"""Finished images that excite channels: side by side, as buttons, in a matrix, each with what it reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core import images
from core.colours import contact_sheet
from core.features import FeatureVisualizations
from core.features.health import ChannelHealth, channel_health
from core.features.tasks import Snapshots
from dashboard.components.tiles import Tile, tile_grid
from dashboard.filters.ascent import Request, draw_curves
from dashboard.shared import pictures
from dashboard.shared.links import choice, remember
from dashboard.shared.text import exact, number, t
from dashboard.shared.workers import ask

SIDE = 448
MOST_IN_A_ROW, IN_A_ROW = 6, 5
"""Images that stand in one row, and how many do where there are more."""
TILE = 112
"""Side in pixels of an image that can be pressed."""
ORDERS = ("number", "activation", "likeness")


def draw_images(request: Request, result: FeatureVisualizations) -> None:
    """One image beside its curve, or a few side by side with all curves below."""
    lines = _lines(request.names, result.activations)
    if len(lines) == 1:
        image, curve = st.columns(2, gap="large")
        with image:
            _draw_image(result.images[0], request, request.names[0])
        with curve:
            draw_curves(lines)
            first, last = result.activations[0][[0, -1]]
            st.markdown(t("filters.rose", first=number(float(first), 2), last=number(float(last), 2)))
    else:
        _draw_rows(request, result.images, request.names, result.activations[:, -1])
        draw_curves(lines)
    silent = [name for name, dead in zip(request.names, result.dead, strict=True) if dead]
    if silent:
        st.info(t("filters.dead", channels=", ".join(silent)))


def draw_rates(request: Request, result: FeatureVisualizations) -> None:
    """Images of very different learning rates: every curve in shares of its own largest value, else one hides all."""
    _draw_rows(request, result.images, request.names, result.activations[:, -1])
    heights = np.abs(result.activations).max(axis=1, keepdims=True)
    shares = result.activations / np.maximum(heights, np.finfo(np.float32).tiny)
    draw_curves(_lines(request.names, shares), title=t("filters.share"))


def draw_smoothness(request: Request, result: FeatureVisualizations) -> None:
    """Images under growing weights of total variation, and what each weight costs in activation."""
    reached = result.activations[:, -1]
    _draw_rows(request, result.images, request.names, reached)
    weights = dict(request.params)["tv_weight"]
    line = list(weights), [float(value) for value in reached]
    draw_curves({t("filters.activation"): line}, across="tv_weight", dotted=weights)


def draw_snapshots(request: Request, result: Snapshots) -> None:
    """One ascent at several moments, and where on its curve these are."""
    reached = result.activations[list(result.stops)]
    _draw_rows(request, result.images, request.names, reached)
    draw_curves(_lines([t("filters.activation")], result.activations[None]), dotted=result.stops)


def draw_matrix(request: Request, result: FeatureVisualizations) -> None:
    """A row for each output, a column for each weight of total variation, and the outputs under a chosen weight."""
    weights = dict(request.params)["tv_weight"]
    columns = " · ".join(map(exact, weights))
    st.caption(t("filters.columns", weights=columns))
    for place, name in enumerate(request.names):
        row = result.images[place * len(weights) :][: len(weights)]
        label, sheet = st.columns([1, 9], vertical_alignment="center")
        label.markdown(f"**{name}**")
        sheet.image(
            pictures.encode_photo(
                contact_sheet(np.stack([images.resize(image, TILE, TILE) for image in row]), len(row))
            ),
            width="stretch",
            alt=t("filters.row_alt", channel=name, weights=columns),
        )
    chosen = choice(st.select_slider, t("filters.best"), weights, key="best_tv", default=weights[4], format_func=exact)
    column = slice(weights.index(chosen), None, len(weights))
    _draw_rows(request, result.images[column], request.names, result.activations[column, -1])


def draw_pairs(request: Request, result: FeatureVisualizations) -> None:
    """Two outputs and their joint image, two pairs in a row."""
    for start in range(0, len(result.images), MOST_IN_A_ROW):
        part = slice(start, start + MOST_IN_A_ROW)
        _draw_rows(request, result.images[part], request.names[part], result.activations[part, -1])


def _lines(names: Sequence[str], activations: np.ndarray) -> dict[str, tuple[list[int], list[float]]]:
    """Lines for `draw_curves`: the activations `(n, steps)` of each name over the iterations."""
    return {
        name: (list(range(len(line))), [float(value) for value in line])
        for name, line in zip(names, activations, strict=True)
    }


def _draw_rows(request: Request, images: np.ndarray, names: Sequence[str], reached: np.ndarray) -> None:
    """Images `(n, h, w, 3)` in rows, each with its name and the activation that it `reached`."""
    cells = list(zip(images, names, reached, strict=True))
    in_a_row = len(cells) if len(cells) <= MOST_IN_A_ROW else IN_A_ROW
    for start in range(0, len(cells), in_a_row):
        row = cells[start : start + in_a_row]
        for column, (image, name, value) in zip(st.columns(in_a_row), row, strict=False):
            with column:
                _draw_image(image, request, name, float(value))


def _draw_image(image: images.Image, request: Request, name: str, reached: float | None = None) -> None:
    st.image(
        pictures.data_url(pictures.encode_photo(images.resize(image, SIDE, SIDE))),
        width="stretch",
        alt=t("filters.picture_alt", layer=request.layer, channel=name),
        caption=f"{request.layer} · {name}" if reached is None else f"{name} → {number(reached, 2)}",
    )


# --- many channels ----------------------------------------------------------------------------------------------------


def draw_tiles(request: Request, result: FeatureVisualizations) -> None:
    """Many images as buttons, in a chosen order; duplicate and silent channels are marked, with the evidence."""
    channels = np.array(request.target)
    health: ChannelHealth = ask(channel_health, request.network, request.layer)
    order = choice(
        st.segmented_control,
        t("filters.sort"),
        ORDERS,
        key="sort",
        default=ORDERS[0],
        format_func=lambda name: t(f"filters.sort_{name}"),
        help=t("filters.sort_help", count=health.images),
    )
    st.caption(t("filters.tiles_help"))
    twins = _twins(health, channels)
    tiles = [
        _tile(request.layer, int(channels[place]), result, health, place, twins)
        for place in _places(order, channels, result, health)
    ]
    tile_grid(tiles, "tiles", lambda channel: _open(request, channel))
    silent = [place for place in range(len(channels)) if health.dead[channels[place]]]
    if silent:
        st.subheader(t("filters.silent", count=len(silent)), anchor=False)
        st.markdown("\n".join(f"- {_evidence(result, health, channels[place], place)}" for place in silent))


def _places(order: str, channels: np.ndarray, result: FeatureVisualizations, health: ChannelHealth) -> np.ndarray:
    """Places of the images in an order, `(n,)`."""
    if order == "activation":
        return np.argsort(-result.activations[:, -1], kind="stable")
    if order == "likeness":
        from core.features.quality import order_by_similarity  # SciPy's clusters: not while the server starts

        return order_by_similarity(health.cosines[np.ix_(channels, channels)])
    return np.argsort(channels)


def _twins(health: ChannelHealth, channels: np.ndarray) -> dict[int, int]:
    """Channel -> the most alike of those shown, where it is a duplicate of one."""
    twins: dict[int, int] = {}
    for first, second, _ in health.duplicates:  # most alike first
        if first in channels and second in channels:
            twins.setdefault(first, second)
            twins.setdefault(second, first)
    return twins


def _tile(
    layer: str, channel: int, result: FeatureVisualizations, health: ChannelHealth, place: int, twins: dict[int, int]
) -> Tile:
    url = pictures.data_url(pictures.encode_photo(images.resize(result.images[place], TILE, TILE)))
    tile = Tile(channel, url, t("filters.picture_alt", layer=layer, channel=channel), "")
    if health.dead[channel]:
        note = t("filters.never" if result.dead[place] else "filters.quiet")
        return replace(tile, note=f"{channel} · {note}", mark="dead")
    if channel in twins:
        return replace(tile, note=f"{channel} · {t('filters.like', channel=twins[channel])}", mark="twin")
    return replace(tile, note=f"{channel} · {number(float(result.activations[place, -1]), 1)}")


def _evidence(result: FeatureVisualizations, health: ChannelHealth, channel: int, place: int) -> str:
    return t(
        "filters.climbed_silent" if result.dead[place] else "filters.climbed_loud",
        channel=channel,
        fired=int(health.fired[channel]),
        captures=health.images,
        largest=number(float(health.maxima[channel]), 2),
        reached=number(float(result.activations[place].max()), 2),
    )


def _open(request: Request, channel: int) -> None:
    """Go to the experiment with one channel, with the same preset as here."""
    preset = dict(request.params)["preset"]
    st.session_state.update(show="one", channel=channel, layer=request.layer, preset=preset)
    remember("channel", channel, 0)
