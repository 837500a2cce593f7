"""Where the eyes and the mouth of a rendered person are: read off the surface that the renderer paints on."""

from __future__ import annotations

import numpy as np

from core.faces import surface
from core.faces.capture import Capture
from core.faces.identity import Identity
from core.faces.surface import View

SIZE = 112
"""Pixels a side of the grid on which they are looked for; they are found to half of one."""


def landmarks(identity: Identity, capture: Capture) -> np.ndarray:
    """Middle of the left eye, of the right eye (as they are seen) and of the mouth: `(3, 2)`, x and y in shares of the
    picture. A turned head does not hide them.
    """
    seen = surface.face(View.of(capture, SIZE), identity, capture)
    eye, mouth = (identity.eye_spacing, identity.eye_level), identity.mouth_level
    places = []
    for x, y in ((-eye[0], eye[1]), eye, (0.0, mouth)):
        away = np.where(seen.inside > 0, np.hypot(seen.x - x, seen.y - y), np.inf)
        row, column = np.unravel_index(away.argmin(), away.shape)
        places.append(((column + 0.5) / SIZE, (row + 0.5) / SIZE))
    return np.array(places)
