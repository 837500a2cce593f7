"""What do filters see? A picture climbs towards what excites a channel most, and forms on screen."""

from dashboard.filters import notebook, studio
from dashboard.filters.presets import PRESETS
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame
from dashboard.shared.presets import preset_buttons


@problems.report_errors
def show(frame: shared_frame.Frame) -> None:
    """Nothing before the network is there."""
    door.wait_until_ready(frame.network)
    studio.show(frame.network)
    notebook.show(frame.network)


lesson.opening("filters")
preset_buttons("filters", PRESETS)
show(shared_frame.current())
lesson.closing(
    "filters",
    (
        "core.features.ascent:maximize",
        "core.features:display",
        "core.features.patches:top_patches",
        "core.features.quality:selectivity",
        "core.features.tasks:maximize",
        "core.features.dissection:dissect",
    ),
)
