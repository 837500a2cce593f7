"""Synthetic people: no face of a real person ships with the app, so these are rendered.

`Identity` says who, `Capture` how the picture was taken, `render` gives the picture and the exact mask of every region.
"""

from core.faces.capture import PORTRAIT, Capture, sample_capture
from core.faces.identity import NEW_PEOPLE, PEOPLE, TRUNK_PEOPLE, Identity, group_of, person
from core.faces.landmarks import landmarks
from core.faces.renderer import REGIONS, render
from core.faces.shots import capture_of, numbered, portraits, shot

__all__ = [
    "NEW_PEOPLE",
    "PEOPLE",
    "PORTRAIT",
    "REGIONS",
    "TRUNK_PEOPLE",
    "Capture",
    "Identity",
    "capture_of",
    "group_of",
    "landmarks",
    "numbered",
    "person",
    "portraits",
    "render",
    "sample_capture",
    "shot",
]
