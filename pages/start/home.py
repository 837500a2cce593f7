"""Home: what the lab is, its parts, and where to start. Computes nothing."""

import streamlit as st

from dashboard.home import doors
from dashboard.shared import lesson, selected
from dashboard.shared.text import t

PEOPLE = (2, 7, 10, 13, 18, 21, 26, 33)
SEED = 20

lesson.title("home")
st.image(selected.people_strip(PEOPLE, SEED), width="stretch", alt=t("home.strip_alt"), caption=t("home.strip"))
lesson.idea("home")
doors.start_button()
doors.cards()
lesson.folded("home")
lesson.closing("home")
