"""kNN or network? Two ways to name a person from the same embedding, under eight constraints."""

import streamlit as st

from dashboard.neighbours.constraints import constraint_experiment
from dashboard.neighbours.heads import compare_heads
from dashboard.neighbours.setup import setup_controls
from dashboard.neighbours.verification import verify_pair
from dashboard.shared import door, lesson, problems
from dashboard.shared.frame import Frame, current
from dashboard.shared.links import choice
from dashboard.shared.text import t

PARTS = {"explore": compare_heads, "constraints": constraint_experiment, "verify": verify_pair}


@st.fragment
@problems.report_errors
def decide(frame: Frame) -> None:
    """Data, heads and the selected part; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    setup = setup_controls(frame)
    if setup is None:
        return
    part = choice(
        st.segmented_control,
        t("neighbours.part"),
        tuple(PARTS),
        key="knn_part",
        default="explore",
        format_func=lambda name: t(f"neighbours.part_{name}"),
        width="stretch",
    )
    PARTS[part](setup)


lesson.opening("neighbours")
decide(current())
lesson.closing(
    "neighbours",
    (
        "core.neighbours.embedding:embed",
        "core.neighbours.heads:knn",
        "core.neighbours.heads:linear",
        "core.neighbours.heads:train",
        "core.neighbours.collection:divide",
        "core.neighbours.constraints:newcomer",
        "core.neighbours.findings:verdict",
        "core.neighbours.index:hnsw",
        "core.intervals:roc",
    ),
)
