"""Every page of CHAPTERS in every language: no exception, and the page says what it is about."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import faces, images, tasks
from dashboard import cached, lesson, navigation, text

PAGES = [(chapter, slug) for chapter, slugs in navigation.CHAPTERS.items() for slug in slugs]
LANGUAGES = text.languages()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("chapter", "slug"), PAGES)
def test_page_shows_its_lesson(open_page, chapter: str, slug: str, language: str) -> None:
    app = open_page(f"pages/{chapter}/{slug}.py", language)
    assert not app.exception, app.exception[0].message
    said = lesson.read(language, slug)
    assert [title.value for title in app.title] == [said.title]
    shown = [markdown.value for markdown in app.markdown]
    for marker in ("idea", "try", "formula", "references"):
        assert said.sections[marker] in shown
    assert all(any(question in value for value in shown) for question, _ in said.questions)


@pytest.mark.parametrize(("chapter", "slug"), PAGES)
def test_every_page_has_file_label_icon_and_lessons(chapter: str, slug: str) -> None:
    assert navigation.path(chapter, slug).is_file()
    assert slug in navigation.ICONS
    for language in LANGUAGES:
        assert text.label(language, f"pages.{slug}")
        assert lesson.read(language, slug).questions


def test_home_imports_no_network_and_computes_nothing(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "compute", lambda: pytest.fail("Home asked the worker for something"))
    before = set(sys.modules)
    app = open_page("pages/start/home.py")
    assert not app.exception
    assert not {"tensorflow", "keras"} & (set(sys.modules) - before)
    assert len(app.get("page_link")) == sum(map(len, navigation.CHAPTERS.values())) - 1


def test_network_page_draws_and_lists_every_layer(open_page) -> None:
    app = open_page("pages/see/network.py", layer="conv1_2")
    assert not app.exception
    assert app.select_slider(key="layer").value == "conv1_2"
    table = app.dataframe[0].value
    assert len(table) >= 22
    assert "fc8" in set(table[text.label("en", "network.column_name")])
    assert [metric.value for metric in app.metric][3] == "48"


def test_grad_cam_answers_for_the_class_and_layer_of_the_link(open_page) -> None:
    app = open_page("pages/look/grad_cam.py", **{"class": "7", "layer": "conv4_3"})
    assert not app.exception
    assert app.selectbox(key="class").value == 7
    captions = [caption.value for caption in app.caption]
    assert text.label("en", "walk.grad_cam_4_help") in captions
    quoted = [block.value for block in app.code]
    assert any(line.startswith("weights =") for line in quoted)


def test_grad_cam_with_a_few_channels(open_page) -> None:
    app = open_page("pages/look/grad_cam.py", channels="strongest")
    app.slider(key="strongest").set_value(2).run()
    assert not app.exception


@pytest.mark.parametrize("language", LANGUAGES)
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


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    """Put a file into the sidebar's uploader."""
    app.file_uploader(key="upload_file").set_value((name, data, "image/png"))
    return app.run()


def test_an_upload_is_explained_and_kept_out_of_the_shared_cache(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    explain = tasks.explain
    monkeypatch.setattr(tasks, "explain", lambda *given: asked.append(given) or explain(*given))
    photo = images.encode(faces.render(faces.person(3), faces.PORTRAIT, 160)[0], "png")
    app = upload(open_page("pages/look/grad_cam.py", source="upload"), "me.png", photo)
    assert not app.exception
    own = app.session_state["picture"]
    assert own.private
    app.run()
    assert len(asked) == 2  # for the default picture, and once for the upload: its session keeps what was computed
    network, method, _, class_index, layer = asked[-1]
    cached.explain(replace(own, private=False), network, method, class_index, layer)
    assert len(asked) == 3  # the shared cache had never seen it


def test_a_broken_upload_keeps_the_picture_before_it(open_page) -> None:
    app = open_page("", source="upload")
    before = app.session_state["picture"].digest
    app = upload(app, "broken.png", b"\x89PNG\r\n\x1a\nnothing more")
    assert not app.exception
    assert [error.value for error in app.error] == [text.label("en", "errors.damaged")]
    assert app.session_state["picture"].digest == before


def test_a_grid_of_filters_waits_for_start_and_then_climbs(open_page) -> None:
    app = open_page("pages/see/filters.py", show="grid", count="4", iterations="2", layer="conv1_1")
    assert not app.exception
    assert "climb_request" not in app.session_state
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception
    assert app.session_state["climb_request"].channels == (0, 1, 2, 3)
    assert app.session_state["climb_outcome"].result.images.shape[0] == 4


def test_one_filter_climbs_at_once_and_follows_its_controls(open_page) -> None:
    app = open_page("pages/see/filters.py", layer="conv1_1", iterations="2", channel="3")
    assert not app.exception
    assert app.session_state["climb_request"].channels == (3,)
    app.number_input(key="channel").set_value(5).run()
    assert app.session_state["climb_request"].channels == (5,)
    told = text.label("en", "filters.picture_alt", layer="conv1_1", channel=5)
    assert told in [picture.alt for element in app.image for picture in element.proto.imgs]
