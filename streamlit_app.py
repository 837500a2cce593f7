"""Glassbox: what do convolutional networks really see? Start it with `streamlit run`."""

from pathlib import Path

import streamlit as st

from dashboard.shared.sessions import lifespan

# The script stands in another folder: beside `pages/`, Streamlit would take that folder for its own list of pages until
# the first run says otherwise, and tell the first visitor of a link that there is no such page.
app = st.App(Path(__file__).parent / "dashboard" / "app.py", lifespan=lifespan)

if __name__ == "__main__":  # a host that runs this file as a plain script, and Streamlit's AppTest
    from dashboard.app import main

    main()
