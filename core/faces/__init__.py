"""Synthetic people: no face of a real person ships with the app, so these are rendered.

`Identity` says who, `Capture` how the picture was taken, `render` gives the picture and the exact mask of every region.
"""

from core.faces.capture import PORTRAIT, Capture, sample_capture
from core.faces.identity import GROUPS, NEW_PEOPLE, PEOPLE, TRUNK_PEOPLE, Group, Identity, group_of, members, person
from core.faces.landmarks import landmarks
from core.faces.renderer import REGIONS, render
from core.faces.shots import capture_of, numbered, portraits, shot

__all__ = [
    "GROUPS",
    "NEW_PEOPLE",
    "PEOPLE",
    "PORTRAIT",
    "REGIONS",
    "TRUNK_PEOPLE",
    "Capture",
    "Group",
    "Identity",
    "capture_of",
    "group_of",
    "landmarks",
    "members",
    "numbered",
    "person",
    "portraits",
    "render",
    "sample_capture",
    "shot",
]
