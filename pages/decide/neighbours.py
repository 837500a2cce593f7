"""kNN or network? Two ways to name a person from the same embedding, under eight constraints."""

import streamlit as st

from dashboard.neighbours import constraints, explore
from dashboard.shared import door, lesson, problems
from dashboard.shared import frame as shared_frame

PARTS = {"explore": explore.show, "constraints": constraints.show, "verify": constraints.verify}


@st.fragment
@problems.shown
def decide(frame: shared_frame.Frame) -> None:
    """Data, heads and experiments; a change of a control runs this part of the page alone."""
    door.wait_until_ready(frame.network)
    asked = explore.ask(frame)
    if asked is not None:
        PARTS[explore.part(tuple(PARTS))](asked)


lesson.opening("neighbours")
decide(shared_frame.current())
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
