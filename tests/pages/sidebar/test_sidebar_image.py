"""The selected image: a person, a sample, an upload."""

from __future__ import annotations

import pytest
from screen import upload

from dashboard.shared import text


@pytest.mark.parametrize("language", text.languages())
def test_the_link_sets_person_and_capture(open_page, language: str) -> None:
    app = open_page("", language, group="B", person="7", capture="3", source="gallery")
    assert not app.exception
    assert app.selectbox(key="person").value == 7
    assert app.number_input(key="capture").value == 3


def test_an_impossible_link_falls_back_on_the_defaults(open_page) -> None:
    app = open_page("pages/look/grad_cam.py", person="900", layer="conv9_9", network="AlexNet", **{"class": "x"})
    assert not app.exception
    assert app.selectbox(key="person").value == 0
    assert app.selectbox(key="class").value == "top"


def test_another_capture_changes_the_sliders(open_page) -> None:
    app = open_page()
    before = app.slider(key="yaw").value
    next(button for button in app.button if button.label == text.label("en", "picture.another")).click().run()
    assert not app.exception
    assert app.number_input(key="capture").value == 1
    assert app.slider(key="yaw").value != before


def test_a_sample_is_cropped_for_the_network(open_page) -> None:
    app = open_page("", source="samples")
    assert not app.exception
    assert {slider.label for slider in app.slider} >= {text.label("en", "picture.crop_left")}


def test_a_broken_upload_keeps_the_picture_before_it(open_page) -> None:
    app = open_page("", source="upload")
    before = app.session_state["picture"].digest
    app = upload(app, "broken.png", b"\x89PNG\r\n\x1a\nnothing more")
    assert not app.exception
    assert [error.value for error in app.error] == [text.label("en", "errors.damaged")]
    assert app.session_state["picture"].digest == before
