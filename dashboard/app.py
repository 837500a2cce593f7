"""The router and the frame that all pages share: language, network and image."""


def main() -> None:
    """Show the frame, then the page that was asked for."""
    # Imported here: a worker process that is started by spawning runs this file too, and needs none of these.
    import streamlit as st

    from dashboard import navigation
    from dashboard.shared import door, frame
    from dashboard.shared.text import t
    from dashboard.sidebar import image, language, network

    icon = str(navigation.ROOT / "assets" / "images" / "icon.png")
    st.set_page_config(page_title="Glassbox", page_icon=icon, layout="wide", initial_sidebar_state=340)
    with st.sidebar:
        language.pick_language()
    page = st.navigation(navigation.pages())
    st.set_page_config(page_title=f"{page.title} · {t('app.name')}")
    st.html(navigation.ROOT / "dashboard" / "style.css")
    with st.sidebar:
        entry = network.pick_network()
        frame.remember(frame.Frame(entry, image.pick_image(entry)))
        st.caption(t("app.link_help"))
    page.run()
    door.start()  # last, so that the worker's start slows nobody's first page


if __name__ == "__main__":  # in such a process it has another name
    main()
