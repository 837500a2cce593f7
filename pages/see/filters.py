"""What do filters see? A picture climbs towards what excites a channel most, and forms on screen."""

import streamlit as st

from core.networks import Entry
from dashboard import cached, climb, controls, jobs, lesson, presets, problems, training_signs
from dashboard.text import t


@problems.shown
def show(frame: controls.Frame) -> None:
    """The experiment of choice."""
    cached.wait_until_ready(frame.network)
    experiment = climb.experiment()
    if experiment == "trained":
        training_signs.show(frame.network)
    else:
        ascend(frame.network, many=experiment == "grid")


def ascend(entry: Entry, many: bool) -> None:
    """What shall climb, the climb while it lasts, and what came of it."""
    request = climb.ask(entry, cached.describe(entry), many)
    st.button(t("controls.run"), type="primary", icon=":material/trending_up:", on_click=climb.begin, args=(request,))

    if presets.just_chosen("filters"):
        climb.begin(request)
    if not many and request != climb.current():  # one picture is quick: it follows the controls
        climb.begin(request)
    jobs.panel(climb.NAME, climb.draw)

    outcome, asked = jobs.outcome(climb.NAME), climb.current()
    if outcome and asked:
        if outcome.problem:
            st.warning(outcome.problem)
        if outcome.result:
            is_class = asked.layer == cached.describe(asked.network)[-1].name
            climb.show(asked, outcome.result, entry.labels[asked.channels[0]] if is_class else None)
        elif outcome.latest:
            climb.draw(outcome.latest)
    if not many:
        climb.patches(entry, request.layer, request.channels[0])


lesson.opening("filters")
presets.shown("filters")
show(controls.current())
lesson.closing(
    "filters",
    (
        "core.features.ascent:maximize",
        "core.features:display",
        "core.features.patches:top_patches",
        "core.features.quality:selectivity",
        "core.tasks:maximize",
    ),
)
