"""Hide a face: does a bar over the eyes hide a person?"""

import streamlit as st

from dashboard.masks import editor, experiments
from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current


@st.fragment
@problems.report_errors
def hide(frame: Frame) -> None:
    """Masks and their effect on the network; a change of a mask runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    experiments.experiment(editor.edit_masks(frame))


lesson.opening("masks")
hide(current())
lesson.closing(
    "masks",
    (
        "core.masking.masks:Mask",
        "core.masking.fills:apply",
        "core.masking.tasks:masking_effect",
        "core.masking.scores:distances",
        "core.masking.evolution:sequence",
        "core.attribution.occlusion:occlusion",
        "core.masking.tasks:reidentify",
        "core.masking.attackers:retrain",
        "core.masking.subset_search:greedy",
        "core.masking.optimisation:grow",
        "core.intervals:wilson",
    ),
)
