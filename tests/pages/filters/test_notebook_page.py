"""The filter notebook on the page "What do filters see?", and its experiments on outputs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.features import dissection, notebook
from dashboard.filters import climb, studio
from dashboard.filters import notebook as shown
from dashboard.shared import text

PAGE = "pages/see/filters.py"


def words(app: AppTest) -> list:
    return [field for field in app.text_input if field.key and field.key.startswith("label ")]


def start(app: AppTest) -> AppTest:
    return next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()


def test_a_word_is_kept_with_its_channel_and_stands_beside_the_measurement(open_page) -> None:
    app = open_page(PAGE, layer="conv4_3", channel="7", iterations="2")
    assert not app.exception, app.exception[0].message
    (field,) = words(app)
    field.set_value("  left\teye ").run()
    assert not app.exception
    assert app.session_state["notebook"] == {("MiniFace", "conv4_3", 7): "left eye"}
    region = text.label("en", f"region.{dissection.meaning('MiniFace', 'conv4_3', 7).region}")
    assert any(value.startswith("Dissection") and region in value for value in [m.value for m in app.markdown])
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
    state = {}
    file = SimpleNamespace(file_id="1", getvalue=lambda: notebook.write({("Digits", "l1", 2): "stroke"}).encode())
    said = []
    monkeypatch.setattr(
        shown,
        "st",
        SimpleNamespace(
            session_state=state, file_uploader=lambda *_, **__: file, markdown=said.append, rerun=lambda: None
        ),
    )
    monkeypatch.setattr(shown, "t", lambda key, **values: f"{key} {values}")
    shown._import()
    assert state["notebook"] == {("Digits", "l1", 2): "stroke"}
    state["notebook"].clear()
    shown._import()
    assert state["notebook"] == {} and said == ["notebook.imported {'count': 1}"]
    file.file_id, file.getvalue = "2", lambda: b"{}"
    shown._import()
    shown._import()
    assert state["notebook"] == {} and "no filter notebook" in said[-1]


def test_outputs_have_a_row_each_and_a_column_for_every_weight(open_page) -> None:
    app = open_page(PAGE, network="Digits", show="outputs", outputs_set="3,8", iterations="2")
    start(app)
    assert not app.exception, app.exception[0].message
    alts = [picture.alt for element in app.image for picture in element.proto.imgs]
    assert [alt for alt in alts if alt.startswith("Pictures that excite output")]
    found = app.session_state["climb_outputs_outcome"].result
    assert len(found.images) == 2 * len(studio.SWEEP)
    app.select_slider(key="best_tv").set_value(16.0).run()
    assert not app.exception
    captions = [picture.caption for element in app.image for picture in element.proto.imgs]
    assert sum(caption.startswith(("3 →", "8 →")) for caption in captions) == 2


def test_pairs_of_outputs(open_page) -> None:
    app = open_page(PAGE, network="Digits", show="pairs", pairs_set="4+9, 1 + 7, 3+77", iterations="2")
    start(app)
    assert not app.exception, app.exception[0].message
    request = app.session_state[f"{climb.name('pairs')}_request"]
    assert request.target == (4, 9, (4, 9), 1, 7, (1, 7))
    assert request.names[2] == "4 + 9"
    app.text_input(key="pairs_set").set_value("four and nine").run()
    assert text.label("en", "filters.pairs_wrong", last=9) in [error.value for error in app.error]
