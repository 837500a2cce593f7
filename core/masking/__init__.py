"""Does hiding a part of a face hide the person? Masks, what fills them, and what the network then says.

Importing this package imports no Keras.
"""

from core.masking.fills import FILLS, Disguise, apply
from core.masking.masks import PRESETS, Frame, Mask, follow, frame_of, frame_within, presets

__all__ = ["FILLS", "PRESETS", "Disguise", "Frame", "Mask", "apply", "follow", "frame_of", "frame_within", "presets"]
