"""Does hiding a part of a face hide the person? Masks, what fills them, and what a network makes of the rest.

Importing this package imports no Keras.
"""

from core.masking.fills import FILLS, Disguise, apply
from core.masking.masks import (
    PRESETS,
    FaceFrame,
    Mask,
    follow,
    frame_from_presets,
    frame_from_regions,
    presets,
)

__all__ = [
    "FILLS",
    "PRESETS",
    "Disguise",
    "FaceFrame",
    "Mask",
    "apply",
    "follow",
    "frame_from_presets",
    "frame_from_regions",
    "presets",
]
