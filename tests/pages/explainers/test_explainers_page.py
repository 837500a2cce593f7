""" "Explainers side by side" on screen."""

from __future__ import annotations

import pytest
from screen import pictures_of

from core import faces, images
from core.attribution import AttributionError, tasks
from dashboard.shared import text


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
        return [AttributionError("no_relu", network=cell[0].name) for cell in cells]

    monkeypatch.setattr(tasks, "compare", compare)
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
    photo = images.encode(faces.render_capture(7, 0, 0, 160)[0], "png")
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
