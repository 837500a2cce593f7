"""A network drawn as slabs, one a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from core.networks.entry import LayerRow
from dashboard.shared.figures import ORANGE, chart, ink

FAMILY_COLOURS = {"conv": "#2b7bba", "pool": "#a9b4bf", "dense": "#3d9a8b", "other": "#6b7784"}
MANY_LAYERS, MOST_HEIGHT, MOST_WIDTH = 40, 112, 25.6
"""From how many layers on a drawing leaves some out; height and width of the largest slab."""
LABEL_PITCH = 36
"""Least distance between the left edges of two blocks, so that their labels do not touch."""


@dataclass(frozen=True)
class Slab:
    """A layer in the drawing: from `left` to `right`, `height` around the middle, one of a named `block`."""

    row: LayerRow
    block: str
    left: float
    right: float
    height: float

    @property
    def middle(self) -> float:
        """Its place between left and right."""
        return (self.left + self.right) / 2


def architecture_figure(rows: Sequence[LayerRow], chosen: str | None, parameters: str) -> go.Figure:
    """The network as slabs from left to right: as high as its maps are wide, as thick as it has channels.

    `rows` are those of the table of layers. The chosen layer is orange; `parameters` is the word for them. Every slab
    carries an unseen marker, which says what it is and can be clicked. Of a network with many layers those that only
    normalize, add or cut off are left out, and blocks are told apart by their size.
    """
    many = len(rows) > MANY_LAYERS
    if many:
        rows = [row for row in rows if row.name == chosen or layer_family(row.kind) != "other"]
    slabs = _arranged(rows, by_size=many)
    colours = [ORANGE if slab.row.name == chosen else FAMILY_COLOURS[layer_family(slab.row.kind)] for slab in slabs]
    markers = {
        "type": "scatter",
        "x": [slab.middle for slab in slabs],
        "y": [0.0] * len(slabs),
        "mode": "markers",
        "name": "",
        "customdata": [slab.row.name for slab in slabs],
        "hovertext": [_description(slab.row, parameters) for slab in slabs],
        "hoverinfo": "text",
        "marker": {"size": 18, "color": "rgba(0,0,0,0)"},
        "unselected": {"marker": {"opacity": 0}},
    }
    return chart(
        [markers],
        370,
        {"visible": False, "range": [-16, slabs[-1].right + 11.5]},
        {"visible": False, "range": [-98, 84]},
        shapes=[shape for slab, colour in zip(slabs, colours, strict=True) for shape in _shapes(slab, colour)],
        annotations=[_label(list(block), by_size=many) for _, block in groupby(slabs, key=lambda slab: slab.block)],
        clickmode="event+select",
        hoverlabel={"font": {"size": 15}},
    )


def _arranged(rows: Sequence[LayerRow], *, by_size: bool) -> list[Slab]:
    """Slabs of the layers, blocks apart; a block is a name such as "conv3", or all maps of one size."""
    tall = MOST_HEIGHT / max(row.shape[0] for row in rows if len(row.shape) == 3)
    wide = MOST_WIDTH / max(row.shape[-1] for row in rows if len(row.shape) == 3)
    slabs: list[Slab] = []
    left, block_left = 0.0, 0.0
    for row in rows:
        if len(row.shape) == 1 and layer_family(row.kind) == "other":  # flattening moves numbers, it is no stage
            continue
        side = " × ".join(map(str, row.shape[:-1]))
        block = side if by_size and side else _block(row.name)
        if slabs and block != slabs[-1].block:
            left = block_left = max(left + 12, block_left + LABEL_PITCH)
        right = left + max(min(row.shape[-1] * wide, MOST_WIDTH), 2.4)
        slabs.append(Slab(row, block, left, right, max(row.shape[0] * tall if side else 1.0, 9.0)))
        left = right + 3.5
    return slabs


def _label(block: Sequence[Slab], *, by_size: bool) -> dict[str, Any]:
    """A block's name and the size of its maps, below it."""
    *sides, channels = block[-1 if by_size else 0].row.shape
    size = [" × ".join(map(str, sides)), f"× {channels}"] if sides else [str(channels)]
    return {
        "x": (block[0].middle + block[-1].middle) / 2,
        "y": -62,
        "showarrow": False,
        "yanchor": "top",
        "font": {"size": 14, "color": ink()},
        "text": "<br>".join(size if by_size and sides else [f"<b>{block[0].block}</b>", *size]),
    }


def _description(row: LayerRow, parameters: str) -> str:
    size = " × ".join(map(str, row.shape))
    return f"<b>{row.name}</b><br>{row.kind}<br>{size}<br>{parameters}: {row.parameters:,}"


def _shapes(slab: Slab, colour: str) -> list[dict[str, Any]]:
    """Front, top and right face of a slab."""
    fills = (colour, _mixed(colour, 0.35), _mixed(colour, -0.3))
    line = {"color": "rgba(20,28,36,.75)", "width": 0.8}
    faces = zip(_faces(slab), fills, strict=True)
    return [{"type": "path", "path": path, "fillcolor": fill, "line": line} for path, fill in faces]


def layer_family(kind: str) -> str:
    """Which colour a kind of layer has: "conv", "pool", "dense" or "other"."""
    for name in ("conv", "pool", "dense"):
        if name in kind.lower():
            return name
    return "other"


def _block(name: str) -> str:
    """The block that a layer belongs to: `conv3_2` and `pool3` are in `conv3`."""
    head = name.split("_")[0]
    return head.replace("pool", "conv")


def _faces(slab: Slab) -> tuple[str, str, str]:
    """Front, top and right face of a slab seen from the upper right, as SVG paths."""
    left, right, low, high, deep = slab.left, slab.right, -slab.height / 2, slab.height / 2, slab.height * 0.22
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
