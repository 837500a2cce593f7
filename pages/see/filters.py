"""What do filters see? A picture climbs towards what excites a channel most, and forms on screen."""

import streamlit as st

from dashboard import cached, climb, controls, jobs, lesson, presets, problems
from dashboard.text import t


@problems.shown
def show(frame: controls.Frame) -> None:
    """What shall climb, the climb while it lasts, and what came of it."""
    entry = frame.network
    cached.wait_until_ready(entry)
    request = climb.ask(entry, cached.describe(entry))
    st.button(t("controls.run"), type="primary", icon=":material/trending_up:", on_click=climb.begin, args=(request,))

    if presets.just_chosen("filters"):
        climb.begin(request)
    if len(request.channels) == 1 and request != climb.current():  # one picture is quick: it follows the controls
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


lesson.opening("filters")
presets.shown("filters")
show(controls.current())
lesson.closing("filters", ("core.features.ascent:maximize", "core.features:display", "core.tasks:maximize"))
