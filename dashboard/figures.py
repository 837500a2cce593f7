"""Pictures and charts of the dashboard. Draws, never computes: values come in, pictures and figures go out.

One scale for what is zero or positive (cividis) and one for what has a sign (blue, white, orange); both are safe for
colour-blind readers, and whoever shows a map says its range beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st
from core.images import Box, Image

from core import images
from core.networks import LayerRow

SHEET_WIDTH = 1440
"""Pixels; a contact sheet fills a wide projector and is reduced by the browser elsewhere."""
BLUE, ORANGE, GREY = "#2b7bba", "#d9822b", "#8a96a3"
KIND_COLOURS = {"conv": "#2b7bba", "pool": "#a9b4bf", "dense": "#3d9a8b", "other": "#6b7784"}

_CIVIDIS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_CIVIDIS)[:, 0, ::-1]
_SIGNED = np.stack(
    [
        np.interp(np.arange(256), [0, 64, 128, 192, 255], channel)
        for channel in ([5, 80, 247, 236, 127], [48, 155, 247, 160, 59], [97, 205, 247, 72, 8])
    ],
    axis=1,
).astype(np.uint8)


# --- pictures ---------------------------------------------------------------------------------------------------------


def photo(image: Image) -> bytes:
    """A photograph-like picture, encoded for the browser."""
    return images.encode(image, "webp", 88)


def chart(image: Image) -> bytes:
    """A picture with hard edges or numbers on it, encoded for the browser."""
    return images.encode(image, "jpeg", 92)


def coloured(values: np.ndarray, high: float | None = None, low: float = 0.0) -> Image:
    """A map `(h, w)` in cividis, `low` (dark blue) to `high` (yellow; the map's maximum unless given)."""
    high = float(values.max()) if high is None else high
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return _CIVIDIS[(np.clip(share, 0, 1) * 255).astype(np.uint8)].astype(np.float32) / 255


def signed(values: np.ndarray, bound: float | None = None) -> Image:
    """A signed map `(h, w)`, `-bound` blue, 0 white, `bound` orange; `bound` is its largest size unless given."""
    bound = float(np.abs(values).max()) if bound is None else bound
    share = values / bound if bound > 0 else np.zeros_like(values)
    return _SIGNED[((np.clip(share, -1, 1) + 1) * 127.5).astype(np.uint8)].astype(np.float32) / 255


def cells(image: Image, side: int) -> Image:
    """A small picture enlarged to `side` pixels so that every value stays a visible cell."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)


def heatmap(values: np.ndarray, side: int) -> Image:
    """A positive map, enlarged smoothly to `(side, side)` and coloured, its own maximum being yellow."""
    return coloured(images.resize(values, side, side), float(values.max()))


def overlay(image: Image, values: np.ndarray, strength: float, side: int) -> Image:
    """A positive map laid over the picture: the larger the value, the more its colour covers, up to `strength`.

    Where the map is 0 the picture is left as it is, so that a face can be recognised below its map.
    """
    enlarged = images.resize(values, side, side)
    high = float(values.max())
    share = strength * np.clip(enlarged / high, 0, 1)[..., None] if high > 0 else 0.0
    return (1 - share) * images.resize(image, side, side) + share * coloured(enlarged, high)


def framed(image: Image, box: Box) -> Image:
    """The picture with the square drawn into it."""
    drawn = np.ascontiguousarray(image.copy())
    thick = max(1, round(max(image.shape[:2]) / 150))
    corner, opposite = (box.left, box.top), (box.left + box.size - 1, box.top + box.size - 1)
    cv2.rectangle(drawn, corner, opposite, (0.05, 0.05, 0.05), thick * 3)
    cv2.rectangle(drawn, corner, opposite, (1.0, 0.8, 0.2), thick)
    return drawn


def contact_sheet(
    pictures: Sequence[Image],
    numbers: Sequence[int],
    *,
    notes: Mapping[int, str] | None = None,
    crossed: Sequence[int] = (),
    columns: int | None = None,
) -> Image:
    """Square pictures in rows as one picture, each with its number.

    `notes` (number -> text) follow the number, the numbers in `crossed` are crossed out.
    """
    columns = min(columns or (8 if len(pictures) <= 32 else 16), len(pictures))
    gap = 4
    tile = (SHEET_WIDTH if columns > 4 else SHEET_WIDTH // 2) // max(columns, 4) - gap
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (tile + gap) - gap, columns * (tile + gap) - gap, 3), 0.5, dtype=np.float32)
    for place, (picture, number) in enumerate(zip(pictures, numbers, strict=True)):
        cell = _enlarged(picture, tile)
        if number in crossed:
            cell = _crossed(cell)
        text = f"{number}{(notes or {}).get(number, '')}"
        top, left = place // columns * (tile + gap), place % columns * (tile + gap)
        sheet[top : top + tile, left : left + tile] = _numbered(cell, text)
    return sheet


def map_sheet(
    maps: np.ndarray,
    *,
    high: float | None = None,
    bound: float | None = None,
    channels: Sequence[int] | None = None,
    **marks: Any,
) -> Image:
    """Maps `(h, w, k)` as a contact sheet: on one scale 0 to `high`, on a signed one to `bound`, or each on its own.

    `channels` shows these alone, in this order.
    """
    channels = range(maps.shape[2]) if channels is None else channels
    if bound is not None:
        pictures = [signed(maps[..., k], bound) for k in channels]
    else:
        pictures = [coloured(maps[..., k], high) for k in channels]
    return contact_sheet(pictures, channels, **marks)


def kernel_sheet(kernels: np.ndarray) -> Image:
    """Kernels of the first layer, `(kh, kw, 3, k)`, as small colour pictures: grey is 0, one scale for all."""
    bound = float(np.abs(kernels).max()) or 1.0
    pictures = [kernels[..., k] / (2 * bound) + 0.5 for k in range(kernels.shape[3])]
    return contact_sheet(pictures, range(len(pictures)))


def _enlarged(picture: Image, tile: int) -> Image:
    way = cv2.INTER_NEAREST if picture.shape[0] < tile else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(picture, dtype=np.float32), (tile, tile), interpolation=way)


def _crossed(cell: Image) -> Image:
    side = cell.shape[0]
    cell = np.ascontiguousarray(0.5 * cell + 0.25)
    for start, end in (((0, 0), (side, side)), ((side, 0), (0, side))):
        cv2.line(cell, start, end, (0.85, 0.51, 0.17), 2, cv2.LINE_AA)
    return cell


def _numbered(cell: Image, text: str) -> Image:
    cell = np.ascontiguousarray(cell)
    size = max(0.5, cell.shape[0] / 160)
    thick = 2 if size > 0.7 else 1
    place, font = (5, cell.shape[0] - 7), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(cell, text, place, font, size, (0.0, 0.0, 0.0), thick + 3, cv2.LINE_AA)
    cv2.putText(cell, text, place, font, size, (1.0, 1.0, 1.0), thick, cv2.LINE_AA)
    return cell


# --- charts -----------------------------------------------------------------------------------------------------------


def _plain(figure: go.Figure, height: int) -> go.Figure:
    """What all charts share: no toolbar margins, large type, no dragging that would trap a scrolling finger."""
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, font_size=15, showlegend=False, dragmode=False
    )
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(fixedrange=True, tickfont={"size": 14, "color": ink()}, title_font={"size": 14, "color": ink()})
    return figure


def ink() -> str:
    """Colour of text and ticks on the page's theme, dark enough (or light enough) to be read from the last row."""
    return "#e9eef3" if st.context.theme.type == "dark" else "#1c2733"


CONFIG = {"displayModeBar": False, "scrollZoom": False}


def probabilities(
    labels: Sequence[str], values: Sequence[float], texts: Sequence[str], chosen: str | None
) -> go.Figure:
    """Horizontal bars, the most probable on top; the chosen class in orange."""
    colours = [ORANGE if label == chosen else BLUE for label in labels]
    bars = go.Bar(
        x=list(values),
        y=list(labels),
        orientation="h",
        marker_color=colours,
        text=list(texts),
        textposition="outside",
        textfont={"size": 15, "color": ink()},
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure = _plain(go.Figure(bars), 46 * len(labels) + 24)
    figure.update_xaxes(range=[0, 1.18], visible=False)
    figure.update_yaxes(autorange="reversed", ticks="", automargin=True)
    return figure


def signed_bars(values: np.ndarray, taking_part: Sequence[int], names: tuple[str, str]) -> go.Figure:
    """One bar a channel, orange above zero and blue below; channels that do not take part are grey."""
    part = np.isin(np.arange(len(values)), taking_part)
    colours = np.where(part, np.where(values >= 0, ORANGE, BLUE), GREY)
    bars = go.Bar(x=list(range(len(values))), y=values, marker_color=list(colours), marker_line_width=0)
    bars.hovertemplate = f"{names[0]} %{{x}}<br>{names[1]} %{{y:.3g}}<extra></extra>"
    figure = _plain(go.Figure(bars), 300)
    figure.update_layout(bargap=0.1)
    figure.update_xaxes(title=names[0])
    figure.update_yaxes(tickformat=".1e", nticks=5)
    return figure


def curves(lines: Mapping[str, Sequence[float]], axes: tuple[str, str], height: int = 320) -> go.Figure:
    """One line a channel over the iterations."""
    palette = ["#2b7bba", "#d9822b", "#3d9a8b", "#8c5aa8", "#b0903a", "#5b6b7b", "#c2557a", "#4aa3df"]
    figure = go.Figure()
    for place, (name, values) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(range(len(values))),
            y=list(values),
            name=name,
            mode="lines",
            line={"width": 3 if len(lines) <= 8 else 1.5, "color": palette[place % len(palette)]},
        )
    _plain(figure, height).update_xaxes(title=axes[0], rangemode="tozero")
    figure.update_yaxes(title=axes[1])
    figure.update_layout(showlegend=1 < len(lines) <= 8, legend={"orientation": "h", "y": 1.12})
    return figure


def architecture(rows: Sequence[LayerRow], chosen: str | None, parameters: str) -> go.Figure:
    """The network as slabs from left to right: as high as its maps are wide, as thick as it has channels.

    `rows` are rows of the table of layers (name, kind, shape, parameters). The chosen layer is orange; `parameters` is
    the word for them. Every slab carries an unseen marker, which says what it is and can be clicked.
    """
    figure, left, block_left = go.Figure(), 0.0, 0.0
    blocks: dict[str, list[tuple[float, LayerRow]]] = {}
    for row in rows:
        if len(row.shape) == 1 and kind_of(row.kind) == "other":  # flattening moves numbers, it is no stage of its own
            continue
        if _block(row.name) not in blocks:
            left = block_left = max(left + 12, block_left + LABEL_PITCH) if blocks else 0.0
        thick = max(row.shape[-1] * 0.2, 2.4)
        _draw_slab(figure, left, thick, row, ORANGE if row.name == chosen else KIND_COLOURS[kind_of(row.kind)])
        blocks.setdefault(_block(row.name), []).append((left + thick / 2, row))
        left += thick + 3.5
    for name, members in blocks.items():
        *side, channels = members[0][1].shape
        size = [" × ".join(map(str, side)), f"× {channels}"] if side else [str(channels)]
        figure.add_annotation(
            x=(members[0][0] + members[-1][0]) / 2,
            y=-62,
            showarrow=False,
            yanchor="top",
            font={"size": 14, "color": ink()},
            text="<br>".join([f"<b>{name}</b>", *size]),
        )
    spots = [spot for members in blocks.values() for spot in members]
    figure.add_scatter(
        x=[x for x, _ in spots],
        y=[0.0] * len(spots),
        mode="markers",
        name="",
        customdata=[row.name for _, row in spots],
        hovertext=[_about(row, parameters) for _, row in spots],
        hoverinfo="text",
        marker={"size": 18, "color": "rgba(0,0,0,0)"},
        unselected={"marker": {"opacity": 0}},
    )
    _plain(figure, 370)
    figure.update_layout(clickmode="event+select", hoverlabel={"font_size": 15})
    figure.update_xaxes(visible=False, range=[-16, left + 8])
    figure.update_yaxes(visible=False, range=[-98, 84])
    return figure


LABEL_PITCH = 36
"""Least distance between the left edges of two blocks, so that their labels do not touch."""


def _draw_slab(figure: go.Figure, left: float, thick: float, row: LayerRow, colour: str) -> None:
    height = max(float(row.shape[0]) if len(row.shape) == 3 else 1.0, 9.0)
    for path, fill in zip(
        _slab(left, height, thick), (colour, _mixed(colour, 0.35), _mixed(colour, -0.3)), strict=True
    ):
        figure.add_shape(type="path", path=path, fillcolor=fill, line={"color": "rgba(20,28,36,.75)", "width": 0.8})


def _about(row: LayerRow, parameters: str) -> str:
    size = " × ".join(str(n) for n in row.shape)
    return f"<b>{row.name}</b><br>{row.kind}<br>{size}<br>{parameters}: {row.parameters:,}"


def kind_of(kind: str) -> str:
    """Which colour a kind of layer has: "conv", "pool", "dense" or "other"."""
    for name in ("conv", "pool", "dense"):
        if name in kind.lower():
            return name
    return "other"


def _block(name: str) -> str:
    """The block that a layer belongs to: `conv3_2` and `pool3` are in `conv3`."""
    head = name.split("_")[0]
    return head.replace("pool", "conv")


def _slab(left: float, height: float, thick: float) -> tuple[str, str, str]:
    """Front, top and right face of a slab seen from the upper right, as SVG paths."""
    low, high, right, deep = -height / 2, height / 2, left + thick, height * 0.22
    front = f"M {left},{low} L {right},{low} L {right},{high} L {left},{high} Z"
    top = f"M {left},{high} L {right},{high} L {right + deep},{high + deep} L {left + deep},{high + deep} Z"
    side = f"M {right},{low} L {right + deep},{low + deep} L {right + deep},{high + deep} L {right},{high} Z"
    return front, top, side


def _mixed(colour: str, amount: float) -> str:
    """A hexadecimal colour, lighter for a positive amount and darker for a negative one."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    target = 255 if amount > 0 else 0
    mixed = [round(part + (target - part) * abs(amount)) for part in parts]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"
