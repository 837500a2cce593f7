"""The chart of a face: one grid over the whole head that follows its pose from capture to capture.

A mask on the chart is searched on some captures and laid on others. Neither its outline nor its place says who it is:
it lies where an average face has that part, while the outline of the eyes, or a bar as long as they are, would give
the attacker what it hides.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from core import faces
from core.faces import Capture, Identity
from core.faces.surface import HEAD, View
from core.masking.masks import FaceFrame

GRID = 32
"""Rows and columns of the chart."""
ACROSS, DOWN = (-0.85, 0.85), (-1.2, 1.0)
"""Where the chart begins and ends, in widths and heights of the `FaceFrame` from its centre."""
PARTS = ("eyes", "brows", "nose", "mouth", "jaw", "skin", "hair")
"""What a mask can be made of: the regions of the renderer, without the background."""
PART_FREQUENCY = 0.25
"""A place belongs to a part that lies there in this share of the captures: a mask has to hide it in most poses."""
CAPTURES, SEED = 48, 17
"""Captures from which the frequencies of regions are counted, people in turn."""


def frame_from_capture(capture: Capture) -> FaceFrame:
    """Where brows to mouth of an average face lie in an image: in the pose of the capture, with no expression."""
    face, (wide, high, deep) = Identity(), HEAD
    brow = face.eye_level - face.brow_gap - face.brow_arch
    lip = face.mouth_level + face.lower_lip
    marks = [(side * (face.eye_spacing + face.brow_length), brow) for side in (-1, 1)]
    marks += [(side * face.mouth_width, lip) for side in (-1, 1)]
    points = np.array([(x, y, deep * np.sqrt(1 - (x / wide) ** 2 - (y / high) ** 2)) for x, y in marks])
    view = View.of(capture, 16)
    p, q = view.turn[:2] @ points.T
    roll = np.deg2rad(capture.roll)
    x = 0.5 + capture.shift_x + (p * np.cos(roll) - q * np.sin(roll)) * capture.scale / 2
    y = 0.5 + capture.shift_y + (p * np.sin(roll) + q * np.cos(roll)) * capture.scale / 2
    return FaceFrame(*(float(v) for v in ((x.max() + x.min()) / 2, (y.max() + y.min()) / 2, np.ptp(x), np.ptp(y))))


def projection(frame: FaceFrame, size: int) -> tuple[np.ndarray, np.ndarray]:
    """In which row and in which column of the chart the rows and columns of an image lie: `(size, GRID)` each, with a
    single 1 in a line, or none beyond the chart. `rows @ mask @ columns.T` lays a mask over the face in `frame`.
    """
    pixels = (np.arange(size) + 0.5) / size
    sides = (frame.y, frame.height, DOWN), (frame.x, frame.width, ACROSS)
    rows, columns = (
        np.floor(((pixels - middle) / length - low) / (high - low) * GRID)[:, None] == np.arange(GRID)
        for middle, length, (low, high) in sides
    )
    return rows.astype(np.float32), columns.astype(np.float32)


def project(mask: np.ndarray, frame: FaceFrame, size: int) -> np.ndarray:
    """A mask of the chart `(GRID, GRID)` over the face in `frame` of an image: `(size, size)` float32."""
    rows, columns = projection(frame, size)
    projected: np.ndarray = rows @ mask.astype(np.float32) @ columns.T
    return projected


@lru_cache(maxsize=1)
def region_frequencies() -> Mapping[str, np.ndarray]:
    """How often each region lies at each place of the chart: region -> `(GRID, GRID)` in [0, 1], 1 in sum."""
    size = 112
    counts = dict.fromkeys(faces.REGIONS, np.zeros((GRID, GRID), np.float32))
    for index in range(CAPTURES):
        capture = faces.capture_of(index % faces.PEOPLE, SEED, index)
        regions = faces.render(faces.person(index % faces.PEOPLE), capture, size)[1]
        rows, columns = projection(frame_from_capture(capture), size)
        counts = {name: counts[name] + rows.T @ regions[name].astype(np.float32) @ columns for name in counts}
    total = np.maximum(np.sum(list(counts.values()), axis=0), 1)
    return {name: count / total for name, count in counts.items()}


def parts() -> dict[str, np.ndarray]:
    """The masks of `PARTS`, `(GRID, GRID)` of 0 and 1; they overlap where parts share a place from pose to pose."""
    return {name: (region_frequencies()[name] >= PART_FREQUENCY).astype(np.float32) for name in PARTS}


def usual_place(*regions: str) -> np.ndarray:
    """Where one of the regions lies in at least half of the captures, `(GRID, GRID)` of booleans."""
    return np.sum([region_frequencies()[name] for name in regions], axis=0) >= 0.5


def face_mask() -> np.ndarray:
    """Where the face usually lies on the chart, without its hair: `(GRID, GRID)` of booleans."""
    return usual_place("eyes", "brows", "nose", "mouth", "jaw", "skin")


def area(mask: np.ndarray) -> float:
    """What a mask `(GRID, GRID)` hides, as a share of the face; it can be more than all of it."""
    return float(mask.sum() / face_mask().sum())


def visible_area(mask: np.ndarray) -> float:
    """The share of the face that a mask `(GRID, GRID)` of 0 and 1 leaves open."""
    return float(((1 - mask) * face_mask()).sum() / face_mask().sum())


def cells(side: int) -> dict[str, np.ndarray]:
    """Squares of `side` x `side` places that lie at least half on the face, by row and column: masks as of `parts`."""
    squares = {}
    for top in range(0, GRID, side):
        for left in range(0, GRID, side):
            mask = np.zeros((GRID, GRID), np.float32)
            mask[top : top + side, left : left + side] = 1
            if face_mask()[mask > 0].mean() >= 0.5:
                squares[f"{top // side}.{left // side}"] = mask
    return squares


def eye_bar(scale: float) -> np.ndarray:
    """A bar over the eyes, so many times as wide and as high as the eyes' part: `(GRID, GRID)` of 0 and 1."""
    inside = parts()["eyes"] > 0
    sides = []
    for axis in (1, 0):
        places = np.nonzero(inside.any(axis=axis))[0]
        middle, half = (places[0] + places[-1] + 1) / 2, scale * (places[-1] + 1 - places[0]) / 2
        sides.append(np.abs(np.arange(GRID) + 0.5 - middle) < half)
    return np.outer(*sides).astype(np.float32)
