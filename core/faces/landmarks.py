"""Where the eyes and the mouth of a rendered person are: read off the surface that the renderer paints on."""

from __future__ import annotations

import numpy as np

from core.faces import surface
from core.faces.capture import Capture
from core.faces.identity import Identity
from core.faces.surface import View

SIZE = 112
"""Pixels a side of the grid on which they are looked for; they are exact to half of one."""


def landmarks(identity: Identity, capture: Capture) -> np.ndarray:
    """Middle of the left eye, of the right eye (from the viewer) and of the mouth: `(3, 2)`, x and y in shares of the
    image. A turned head does not hide them.
    """
    projected = surface.face(View.of(capture, SIZE), identity, capture)
    eye, mouth = (identity.eye_spacing, identity.eye_level), identity.mouth_level
    places = []
    for x, y in ((-eye[0], eye[1]), eye, (0.0, mouth)):
        distances = np.hypot(projected.x - x, projected.y - y)
        visible = np.where(projected.inside > 0, distances, np.inf)
        row, column = np.unravel_index(visible.argmin(), visible.shape)
        places.append(((column + 0.5) / SIZE, (row + 0.5) / SIZE))
    return np.array(places)
