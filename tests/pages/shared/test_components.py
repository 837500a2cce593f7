"""Every component has its module and its three files, and one script that Streamlit can take."""

from __future__ import annotations

from importlib import import_module

import pytest

from dashboard.components import component

NAMES = sorted(file.stem for file in component.FOLDER.glob("*.html"))


def test_there_are_components() -> None:
    assert {"boxes", "cloud", "tiles"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_a_module_with_html_css_and_one_script(name: str) -> None:
    assert import_module(f"dashboard.components.{name}").__doc__
    sources = component.sources(name)
    assert all(sources)
    assert sources.js.count("export default function") == 1
    assert "import " not in sources.js.split("export default")[0], "what it imports takes the place of the import"
