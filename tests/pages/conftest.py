"""The app without a browser and without workers: computing happens inside the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
Opener = Callable[..., AppTest]
_page_names: dict[str, str] = {}
"""Path of a page -> how AppTest asks for it, so that Home is not run before every page."""


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Every app looks through all installed packages for components: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def inline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compute in the test's own thread, and leave nothing cached for the next test."""
    monkeypatch.setenv("GLASSBOX_SCHEDULER", "inline")
    monkeypatch.chdir(ROOT)
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> Opener:
    """Open a page of the app by its path, in a language, with more of the address bar by name."""

    def opener(path: str = "", language: str = "en", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=180)
        app.query_params["lang"] = language
        for name, value in query.items():
            app.query_params[name] = value
        if path not in _page_names:  # pages have their names when one of them was run
            app.run()
            if path:
                app.switch_page(path)
            _page_names[path] = app._page_hash
        app._page_hash = _page_names[path]
        return app.run()

    return opener
