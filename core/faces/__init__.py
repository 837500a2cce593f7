"""Synthetic people: no face of a real person ships with the app, so these are rendered.

`Identity` says who, `Capture` how the image was taken, `render` gives the image and the exact mask of every region.
"""

from core.faces.capture import PORTRAIT, Capture, sample_capture
from core.faces.identity import GROUPS, NEW_PEOPLE, PEOPLE, TRUNK_PEOPLE, Group, Identity, group_of, members, person
from core.faces.landmarks import landmarks
from core.faces.renderer import REGIONS, render
from core.faces.sampling import capture_of, label_map, render_capture, render_portraits

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
    "label_map",
    "landmarks",
    "members",
    "person",
    "render",
    "render_capture",
    "render_portraits",
    "sample_capture",
]
