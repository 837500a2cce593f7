"""Images as buttons: many small ones in rows, each opened by a click or from the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from dashboard.components.component import mount


@dataclass(frozen=True)
class Tile:
    """An image: its number, address, alternative text, what stands under it, and how it is marked."""

    number: int
    image_url: str
    alt: str
    note: str
    mark: Literal["", "twin", "dead"] = ""


def tile_grid(tiles: Sequence[Tile], key: str, on_open: Callable[[int], None]) -> None:
    """The tiles in rows; `on_open` gets the number of one that was pressed."""
    mount("tiles", [asdict(tile) for tile in tiles], key, "opened", on_open)
