""" "Where does it look?" on screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from screen import pictures_of, upload

from core import faces, images
from core.attribution import METHODS, tasks
from core.progress import Cancelled
from dashboard.grad_cam.steps import STEPS
from dashboard.shared import text
from dashboard.shared.workers import ask


def test_grad_cam_answers_for_the_class_and_layer_of_the_link(open_page) -> None:
    app = open_page("pages/look/grad_cam.py", **{"class": "7", "layer": "conv4_3"})
    assert not app.exception
    assert app.selectbox(key="class").value == 7
    captions = [caption.value for caption in app.caption]
    assert text.label("en", "steps.grad_cam_weights_help") in captions
    quoted = [block.value for block in app.code]
    assert any(line.startswith("weights =") for line in quoted)


def test_grad_cam_with_a_few_channels(open_page) -> None:
    app = open_page("pages/look/grad_cam.py", channels="strongest")
    app.slider(key="strongest").set_value(2).run()
    assert not app.exception


def test_every_method_has_a_sentence_its_numbers_have_names_and_its_family_too() -> None:
    for language in text.languages():
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
    title = text.label("en", "steps.title", method=method.title, count=len(STEPS.get(name, ())))
    assert (title in [header.value for header in app.header]) == (name in STEPS)


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The arguments of every explanation that is computed."""
    calls: list[dict[str, Any]] = []
    explain = tasks.explain

    def record(network, method, image, class_index=None, layer=None, report=None, **params):
        calls.append({"network": network, "image": image, "class_index": class_index, "layer": layer, **params})
        return explain(network, method, image, class_index, layer, report, **params)

    monkeypatch.setattr(tasks, "explain", record)
    return calls


def test_a_slow_method_is_computed_once_and_again_after_its_numbers_change(open_page, explained) -> None:
    app = open_page("pages/look/grad_cam.py", method="occlusion", occlusion_grid="4")
    app.slider(key="strength").set_value(0.3).run()
    assert [call["grid"] for call in explained] == [4]
    app.slider(key="occlusion_grid").set_value(5).run()
    app.slider(key="occlusion_grid").set_value(4).run()
    assert [call["grid"] for call in explained] == [4, 5]


def test_a_cancelled_method_says_so_and_can_be_started_again(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    explain, calls = tasks.explain, []

    def explain_unless_cancelled(*args, report, **params):
        """As if Cancel were pressed after the first report; the second time all goes well."""
        calls.append(params)
        if len(calls) > 1:
            return explain(*args, report=report, **params)
        report(1, 4, calls=1)
        raise Cancelled

    monkeypatch.setattr(tasks, "explain", explain_unless_cancelled)
    app = open_page("pages/look/grad_cam.py", method="occlusion", occlusion_grid="4")
    assert [warning.value for warning in app.warning] == [text.label("en", "jobs.cancelled")]
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception and not app.warning
    assert any("laid over" in alt for alt in pictures_of(app))


def test_an_upload_is_explained_and_kept_out_of_the_shared_cache(open_page, explained) -> None:
    photo = images.encode(faces.render(faces.person(3), faces.PORTRAIT, 160)[0], "png")
    app = upload(open_page("pages/look/grad_cam.py", source="upload"), "me.png", photo)
    assert not app.exception
    image = app.session_state["frame"].image
    assert image.private
    app.run()
    assert len(explained) == 2  # the default image's, and the upload's once: its session keeps what was computed
    own = explained[-1]
    shared = replace(image, private=False).at(own["network"].input_size)
    ask(tasks.explain, own["network"], "grad_cam", shared, own["class_index"], own["layer"])
    assert len(explained) == 3, "the shared cache had never seen it"
