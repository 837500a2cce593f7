"""Every page of CHAPTERS in every language: no exception, and the page says what it is about."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from streamlit.errors import StreamlitAPIException
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.attribution import METHODS
from core.attribution import tasks as attribution_tasks
from core.compute import Cancelled
from core.evaluation import leaderboard
from core.evaluation import tasks as evaluation_tasks
from core.features import tasks as features_tasks
from core.networks import table
from core.networks.entry import NetworkError
from dashboard import navigation
from dashboard.grad_cam import walk
from dashboard.shared import cached, lesson, text

PAGES = [(chapter, slug) for chapter, slugs in navigation.CHAPTERS.items() for slug in slugs]
LANGUAGES = text.languages()


@pytest.mark.parametrize(("chapter", "slug"), PAGES)
def test_page_shows_its_lesson(open_page, chapter: str, slug: str) -> None:
    app = open_page(f"pages/{chapter}/{slug}.py")
    assert not app.exception, app.exception[0].message
    said = lesson.read("en", slug)
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


def pictures_of(app: AppTest) -> list[str]:
    """What the pictures of a page are said to be."""
    return [picture.alt for element in app.image for picture in element.proto.imgs]


def test_every_method_has_a_sentence_its_numbers_have_names_and_its_family_too() -> None:
    for language in LANGUAGES:
        for method in METHODS.values():
            assert text.label(language, f"explain.{method.name}")
            assert text.label(language, f"explain.{method.family}")
            assert all(text.label(language, f"param.{param.name}") for param in method.params)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("saliency", {}),
        ("hires_cam", {}),
        ("grad_cam_plus_plus", {}),
        ("fem", {"fem_k": "1"}),
        ("cam", {"cam_captures": "1"}),
        ("score_cam", {"score_cam_maps": "8"}),
        ("occlusion", {"occlusion_grid": "4"}),
        ("lime", {"lime_samples": "50"}),
    ],
)
def test_a_method_of_the_link_ends_in_a_picture_and_shows_its_steps(open_page, name: str, options) -> None:
    app = open_page("pages/look/grad_cam.py", method=name, **options)
    assert not app.exception, app.exception[0].message
    assert not app.error and not app.warning
    method = METHODS[name]
    assert any("laid over" in alt and method.title in alt for alt in pictures_of(app))
    assert bool([picker for picker in app.selectbox if picker.key == "class"]) == method.per_class
    assert bool([slider for slider in app.select_slider if slider.key == "layer"]) == method.needs_layer
    title = text.label("en", "walk.title_of", method=method.title, count=len(walk.STEPS.get(name, ())))
    assert (title in [header.value for header in app.header]) == (name in walk.STEPS)


def test_a_slow_method_is_computed_once_and_again_after_its_numbers_change(open_page, monkeypatch) -> None:
    asked = []
    explain = attribution_tasks.explain
    monkeypatch.setattr(
        attribution_tasks, "explain", lambda *given, **more: asked.append(more) or explain(*given, **more)
    )
    app = open_page("pages/look/grad_cam.py", method="occlusion", occlusion_grid="4")
    app.slider(key="strength").set_value(0.3).run()
    assert [more["grid"] for more in asked] == [4]
    app.slider(key="occlusion_grid").set_value(5).run()
    app.slider(key="occlusion_grid").set_value(4).run()
    assert [more["grid"] for more in asked] == [4, 5]


def test_a_cancelled_method_says_so_and_can_be_started_again(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    explain, asked = attribution_tasks.explain, []

    def cancelled_at_first(*given, report, **more):
        """As if Cancel were pressed after the first report; the second time all goes well."""
        asked.append(more)
        if len(asked) > 1:
            return explain(*given, report=report, **more)
        report(1, 4, calls=1)
        raise Cancelled

    monkeypatch.setattr(attribution_tasks, "explain", cancelled_at_first)
    app = open_page("pages/look/grad_cam.py", method="occlusion", occlusion_grid="4")
    assert [warning.value for warning in app.warning] == [text.label("en", "jobs.cancelled")]
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception and not app.warning
    assert any("laid over" in alt for alt in pictures_of(app))


def test_explainers_fill_a_grid_of_methods_and_networks(open_page) -> None:
    app = open_page("pages/look/explainers.py", methods="grad_cam,fem")
    assert not app.exception, app.exception[0].message
    maps = [alt for alt in pictures_of(app) if "laid over" in alt]
    assert len(maps) == 4
    assert sum("MiniFace-untrained" in alt for alt in maps) == 2
    assert text.label("en", "explainers.alike") in [header.value for header in app.header]
    assert len(app.get("plotly_chart")) == 3


def test_explainers_of_several_classes_have_a_column_each(open_page) -> None:
    app = open_page("pages/look/explainers.py", methods="grad_cam,fem", across="classes", classes="3,9,700")
    assert not app.exception
    assert app.multiselect(key="classes").value == [3, 9]
    maps = [alt for alt in pictures_of(app) if "laid over" in alt]
    assert [sum(f"Person {number:02d}" in alt for alt in maps) for number in (3, 9)] == [1, 1]
    assert sum(text.label("en", "explain.no_class") in alt for alt in maps) == 2


@pytest.mark.parametrize("scales", ["own", "method", "shared"])
def test_colour_scales_say_where_they_end(open_page, scales: str) -> None:
    app = open_page("pages/look/explainers.py", methods="fem,saliency", scales=scales)
    ends = [caption.value.splitlines()[-1] for caption in app.caption if "yellow: " in caption.value]
    assert len(ends) == 4
    assert len(set(ends)) == {"own": 4, "method": 2, "shared": 1}[scales]


def test_a_slow_explainer_in_the_grid_waits_for_start_and_a_cell_that_cannot_be_says_why(
    open_page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare(cells, image, columns, report):
        return [NetworkError("no_relu", network=cell[0].name) for cell in cells]

    monkeypatch.setattr(attribution_tasks, "compare", compare)
    app = open_page("pages/look/explainers.py", methods="occlusion")
    assert not app.exception and "compare_outcome" not in app.session_state
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception
    assert len([info for info in app.info if "ReLU" in info.value]) == 2


def test_people_are_shown_with_a_mark(open_page) -> None:
    app = open_page("pages/look/explainers.py", methods="fem", recognised_captures="8", network="MiniFace-untrained")
    assert not app.exception
    marks = [alt for alt in pictures_of(app) if "taken for" in alt or "recognised" in alt]
    assert len(marks) == 8
    right = sum("recognised" in alt for alt in marks)
    assert f"{right} / 8" in [metric.value for metric in app.metric]
    table = next(frame.value for frame in app.dataframe if text.label("en", "recognised.verdict") in frame.value)
    assert list(table[text.label("en", "recognised.verdict")]).count("✓") == right


def test_own_pictures_bring_their_expected_class_along(open_page) -> None:
    photo = images.encode(faces.shot(7, 0, 0, 160)[0], "png")
    app = open_page("pages/look/explainers.py", methods="fem", recognised_source="own")
    names = ("person_07.png", "person_08.png", "holiday.png")
    files = [(name, photo, "image/png") for name in names]
    app.file_uploader(key="recognised_files").set_value([*files, ("no.png", b"nothing", "image/png")]).run()
    assert not app.exception
    assert [error.value for error in app.error] == [f"no.png: {text.label('en', 'errors.not_a_picture')}"]
    expected = [box for box in app.selectbox if "Expected class" in box.label]
    assert [box.value for box in expected] == [7, 8, None]
    assert "1 / 2" in [metric.value for metric in app.metric]
    table = next(frame.value for frame in app.dataframe if text.label("en", "recognised.verdict") in frame.value)
    assert list(table[text.label("en", "recognised.verdict")]) == ["✓", "✗", "?"]
    expected[2].set_value(7).run()
    assert "2 / 3" in [metric.value for metric in app.metric]


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
    explain = attribution_tasks.explain
    monkeypatch.setattr(attribution_tasks, "explain", lambda *given: asked.append(given) or explain(*given))
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
    app = open_page("pages/see/filters.py", show="grid", set="0-3", iterations="2", layer="conv1_1")
    assert not app.exception
    assert "climb_grid_request" not in app.session_state
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception
    assert app.session_state["climb_grid_request"].target == (0, 1, 2, 3)
    assert app.session_state["climb_grid_outcome"].result.images.shape[0] == 4


def test_one_filter_climbs_at_once_and_follows_its_controls(open_page) -> None:
    app = open_page("pages/see/filters.py", layer="conv1_1", iterations="2", channel="3")
    assert not app.exception
    assert app.session_state["climb_one_request"].target == (3,)
    app.number_input(key="channel").set_value(5).run()
    assert app.session_state["climb_one_request"].target == (5,)
    told = text.label("en", "filters.picture_alt", layer="conv1_1", channel=5)
    assert told in [picture.alt for element in app.image for picture in element.proto.imgs]


def test_patches_of_own_photos_stay_in_the_session(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    top_patches = features_tasks.top_patches

    def ask(*given, **more):
        asked.append(more.get("photos"))
        return top_patches(*given, **more)

    monkeypatch.setattr(features_tasks, "top_patches", ask)
    app = open_page("pages/see/filters.py", layer="conv1_1", iterations="2", patches_of="photos")
    assert not app.exception, app.exception[0].message
    assert text.label("en", "filters.patches_none") in [info.value for info in app.info]
    shots = [faces.render(faces.person(n), faces.PORTRAIT, 160)[0] for n in (0, 1)]
    files = [(f"{n}.png", images.encode(shot, "png"), "image/png") for n, shot in enumerate(shots)]
    files.append(("broken.png", b"\x89PNG\r\n\x1a\nnothing more", "image/png"))
    app.file_uploader(key="photos_files").set_value(files).run()
    assert not app.exception, app.exception[0].message
    broken = text.label("en", "photos.unreadable", name="broken.png", problem=text.label("en", "errors.damaged"))
    assert [error.value for error in app.error] == [broken]
    told = text.label("en", "filters.patches_alt_photos", channel=0, layer="conv1_1", shown=2)
    assert told in pictures_of(app)
    app.run()
    assert [photos.shape for photos in asked] == [(2, 112, 112, 3)]  # asked for once, and remembered by the session
    app.file_uploader(key="photos_files").set_value(files[:1]).run()
    assert len(app.session_state["photos_read"]) == 1  # what was taken away is forgotten
    with pytest.raises(StreamlitAPIException, match="session-scoped"):  # and nobody outside of the session gets at it
        cached.own_patches("", asked[0], app.session_state["frame"].network, "conv1_1", 0)


def alts_of_charts(app: AppTest) -> list[str]:
    """What the charts of a page are said to be."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def test_deletion_follows_its_slider_without_asking_again(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    delete = evaluation_tasks.delete
    monkeypatch.setattr(evaluation_tasks, "delete", lambda *given, **more: asked.append(more) or delete(*given, **more))
    app = open_page("pages/look/evaluation.py", method="saliency", test_steps="8", test_baseline="black")
    assert not app.exception, app.exception[0].message
    assert [(more["steps"], more["baseline"]) for more in asked] == [(8, "black")]
    before = [alt for alt in pictures_of(app) if alt.startswith("Deleted")]
    app.slider(key="test_share").set_value(100).run()
    after = [alt for alt in pictures_of(app) if alt.startswith("Deleted")]
    assert before != after and "100.0" in after[0]
    assert len(asked) == 1
    assert [alt.partition(".")[0] for alt in alts_of_charts(app)] == ["Deletion", "Insertion"]


def test_randomization_shows_every_stage(open_page) -> None:
    app = open_page("pages/look/evaluation.py", test="forget", method="guided_backpropagation", test_layers="3")
    assert not app.exception, app.exception[0].message
    assert app.select_slider(key="test_layers").value == 3
    assert any("down to fc6" in alt for alt in pictures_of(app))
    app.select_slider(key="test_layers").set_value(16).run()
    assert any("down to conv1_1" in alt for alt in pictures_of(app))


def test_the_truth_is_known_for_people_and_for_no_other_network(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/look/evaluation.py", test="land", method="fem", test_person="7", test_other="9")
    assert not app.exception, app.exception[0].message
    assert (app.selectbox(key="test_person").value, app.selectbox(key="test_other").value) == (7, 9)
    assert 7 not in app.selectbox(key="test_other").options
    assert not [picker for picker in app.selectbox if picker.key == "class"]
    marks = [metric.value for metric in app.metric]
    assert len(marks) == 5 and set(marks[:2]) <= {"✓", "✗"} and all(mark.startswith("×") for mark in marks[2:])
    monkeypatch.setattr(table, "knows_people", lambda entry: False)
    app.run()
    assert text.label("en", "recognised.other", name="MiniFace") in [info.value for info in app.info]


@pytest.mark.parametrize(("method", "rows"), [("saliency", 1), ("smooth_grad", 2)])
def test_stability_over_noise_and_over_seeds_where_lots_are_drawn(open_page, method: str, rows: int) -> None:
    app = open_page("pages/look/evaluation.py", test="repeat", method=method, test_copies="2", smooth_grad_samples="2")
    assert not app.exception, app.exception[0].message
    assert len(app.metric) == rows
    maps = [alt for alt in pictures_of(app) if alt.startswith("Stability")]
    assert len(maps) == 3 * rows
    assert bool(app.info) == (rows == 1)


def test_leaderboard_is_shown_and_computed_anew(open_page) -> None:
    app = open_page("pages/look/evaluation.py", test="rank", test_rows="edges,random", test_captures="4")
    assert not app.exception, app.exception[0].message
    assert len(alts_of_charts(app)) == len(leaderboard.METRICS)
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception
    assert len(alts_of_charts(app)) == 2 * len(leaderboard.METRICS)
    assert text.label("en", "evaluation.own", captures="4") in [caption.value for caption in app.caption]
