"""The filter notebook on the page "What do filters see?"."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.features import dissection
from core.features.notebook import write_notebook
from dashboard.filters import notebook
from dashboard.shared import text

PAGE = "pages/see/filters.py"


def words(app: AppTest) -> list:
    return [field for field in app.text_input if field.key and field.key.startswith("label ")]


def test_a_word_is_kept_with_its_channel_and_stands_beside_the_measurement(open_page) -> None:
    app = open_page(PAGE, layer="conv4_3", channel="7", fast_iterations="2")
    assert not app.exception, app.exception[0].message
    (field,) = words(app)
    field.set_value("  left\teye ").run()
    assert not app.exception
    assert app.session_state["notebook"] == {("MiniFace", "conv4_3", 7): "left eye"}
    region = text.label("en", f"region.{dissection.meaning('MiniFace', 'conv4_3', 7).region}")
    assert any(line.value.startswith("Dissection") and region in line.value for line in app.markdown)
    app.number_input(key="channel").set_value(8).run()
    assert words(app)[0].value == ""
    app.number_input(key="channel").set_value(7).run()
    assert words(app)[0].value == "left eye"
    words(app)[0].set_value("").run()
    assert app.session_state["notebook"] == {}


def test_a_grid_is_labelled_at_once(open_page) -> None:
    app = open_page(PAGE, show="grid", layer="conv1_1", set="1,3")
    words(app)[0].set_value("edge").run()
    assert not app.exception, app.exception[0].message
    assert set(app.session_state["notebook"]) == {("MiniFace", "conv1_1", 1), ("MiniFace", "conv1_1", 3)}


def test_a_notebook_is_read_once_and_a_broken_one_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict = {}
    data = write_notebook({("Digits", "l1", 2): "stroke"}).encode()
    file = SimpleNamespace(file_id="1", getvalue=lambda: data)
    messages: list[str] = []
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "file_uploader", lambda *_, **__: file)
    monkeypatch.setattr(st, "markdown", messages.append)
    monkeypatch.setattr(st, "rerun", lambda: None)
    monkeypatch.setattr(notebook, "t", lambda key, **values: f"{key} {values}")
    notebook._import()
    assert state["notebook"] == {("Digits", "l1", 2): "stroke"}
    state["notebook"].clear()
    notebook._import()
    assert state["notebook"] == {} and messages == ["notebook.imported {'count': 1}"]
    file.file_id, file.getvalue = "2", lambda: b"{}"
    notebook._import()
    notebook._import()
    assert state["notebook"] == {} and "no filter notebook" in messages[-1]
