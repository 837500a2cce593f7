"""The app without a browser and without workers: computing happens inside the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from dashboard.shared import workers

ROOT = Path(__file__).resolve().parents[2]
Opener = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Every app looks through all installed packages for components: once is enough.

    And after every run Streamlit clears Keras' session where Keras is loaded, which takes longer than the run: the
    server has no Keras, so nothing of the app is hidden by leaving that out.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
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
        app.run()  # pages have their names once one of them was run
        return app.switch_page(path).run() if path else app

    return opener


@pytest.fixture
def kept_for_session(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Task -> whether what a page asked of it last is kept for the session alone."""
    kept: dict[str, bool] = {}

    class Question(workers._Question):
        def __init__(self, task: Callable[..., Any], *arguments: Any) -> None:
            super().__init__(task, *arguments)
            kept[f"{task.__module__}.{task.__name__}"] = self.cache is workers._session_answers

    monkeypatch.setattr(workers, "_Question", Question)
    return kept
