"""Hide a face: does a bar over the eyes hide a person?"""

import streamlit as st

from dashboard.masks import editor, experiments
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame


@st.fragment
@problems.shown
def hide(frame: shared_frame.Frame) -> None:
    """Masks and what the network then says; a change of a mask runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    experiments.show(*editor.show(frame))


lesson.opening("masks")
hide(shared_frame.current())
lesson.closing(
    "masks",
    (
        "core.masking.masks:Mask",
        "core.masking.fills:apply",
        "core.masking.tasks:hide",
        "core.masking.scores:distances",
        "core.masking.evolution:sequence",
        "core.attribution.occlusion:occlusion",
        "core.masking.tasks:judge",
        "core.masking.attackers:retrain",
        "core.masking.smallest:greedy",
        "core.masking.scene:grow",
        "core.intervals:wilson",
    ),
)
