"""Glassbox: what do convolutional networks really see?

The router and the frame that all pages share: language, network and picture. Start it with `streamlit run`.
"""

import streamlit as st

from dashboard import cached, controls, navigation
from dashboard.text import t

ICON = "assets/images/icon.png"


def main() -> None:
    """Show the frame, then the page that was asked for."""
    st.set_page_config(page_title="Glassbox", page_icon=ICON, layout="wide", initial_sidebar_state=340)
    with st.sidebar:
        controls.language_picker()
    page = st.navigation(navigation.pages())
    st.set_page_config(page_title=f"{page.title} · {t('app.name')}")
    st.html(navigation.STYLE)
    with st.sidebar:
        controls.frame()
    page.run()
    cached.start()  # last, so that the worker's start slows nobody's first page


if __name__ == "__main__":  # a worker process that is started by spawning runs this file once more, by another name
    main()
