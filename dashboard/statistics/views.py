"""The views of the page: one table."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.shared import controls
from dashboard.shared.frame import Frame
from dashboard.statistics.channels_by_class import channels_by_class
from dashboard.statistics.confusion import confusion
from dashboard.statistics.forward_pass import forward_pass

VIEWS: dict[str, Callable[[Frame], None]] = {
    "classes": channels_by_class,
    "confusion": confusion,
    "way": forward_pass,
}


def place_view(frame: Frame) -> None:
    """The chosen view."""
    controls.part("statistics", "view", VIEWS, key="view")(frame)
