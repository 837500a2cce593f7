"""What do filters see? An image climbs towards what excites a channel most, and forms on screen."""

from dashboard.filters.experiments import place_experiment
from dashboard.filters.notebook import place_notebook
from dashboard.filters.presets import PRESETS
from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current
from dashboard.shared.presets import preset_buttons


@problems.report_errors
def page(frame: Frame) -> None:
    """An experiment and the notebook, once the network is there."""
    door.wait_until_ready(frame.network)
    place_experiment(frame.network)
    place_notebook(frame.network)


lesson.opening("filters")
preset_buttons("filters", PRESETS)
page(current())
lesson.closing(
    "filters",
    (
        "core.features.ascent:maximize",
        "core.features:to_display",
        "core.features.patches:top_patches",
        "core.features.quality:selectivity",
        "core.features.tasks:maximize",
        "core.features.dissection:dissect",
    ),
)
