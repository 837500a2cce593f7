""" "What do filters see?" on screen."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.features import ascent as core_ascent
from core.features import tasks
from dashboard.filters import ascent
from dashboard.shared import text, workers

PAGE = "pages/see/filters.py"


def alts(app: AppTest) -> list[str]:
    """What the pictures of a page are said to be."""
    return [picture.alt for element in app.image for picture in element.proto.imgs]


def captions(app: AppTest) -> list[str]:
    return [picture.caption for element in app.image for picture in element.proto.imgs]


def picture_alt(layer: str, channel: int) -> str:
    return text.label("en", "filters.picture_alt", layer=layer, channel=channel)


@pytest.fixture
def ascents(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """The arguments of every ascent by name, in turn."""
    arguments: list[dict] = []
    maximize = core_ascent.maximize

    def recording(network, layer, channels, **params):
        arguments.append({"channels": channels, **params})
        return maximize(network, layer, channels, **params)

    monkeypatch.setattr(core_ascent, "maximize", recording)
    return arguments


def test_a_grid_of_filters_waits_for_start_and_then_climbs(open_page, ascents) -> None:
    app = open_page(PAGE, show="grid", set="0-3", fast_iterations="2", layer="conv1_1")
    assert not app.exception
    assert not ascents
    app.button(key="filters_grid_run").click().run()
    assert not app.exception
    assert [one["channels"] for one in ascents] == [(0, 1, 2, 3)]


def test_a_grid_gives_way_to_its_button_and_comes_back_with_its_controls(open_page, ascents) -> None:
    app = open_page(PAGE, show="grid", set="0-3", fast_iterations="2", layer="conv1_1")
    app.button(key="filters_grid_run").click().run()
    assert text.label("en", "filters.tiles_help") in [caption.value for caption in app.caption]
    app.text_input(key="set").set_value("0-2").run()
    assert app.button(key="filters_grid_run")
    assert text.label("en", "filters.tiles_help") not in [caption.value for caption in app.caption]
    app.text_input(key="set").set_value("0-3").run()
    assert text.label("en", "filters.tiles_help") in [caption.value for caption in app.caption]
    assert len(ascents) == 1


def test_an_experiment_of_the_course_starts_at_once(open_page, ascents) -> None:
    app = open_page(PAGE, show="grid", set="0-3", fast_iterations="2", layer="conv1_1")
    app.session_state["preset_chosen"] = "filters"
    app.run()
    assert len(ascents) == 1 and text.label("en", "filters.tiles_help") in [caption.value for caption in app.caption]


def test_one_filter_climbs_at_once_and_follows_its_controls(open_page, ascents) -> None:
    app = open_page(PAGE, layer="conv1_1", fast_iterations="2", channel="3")
    assert not app.exception
    assert picture_alt("conv1_1", 3) in alts(app)
    app.number_input(key="channel").set_value(5).run()
    assert picture_alt("conv1_1", 5) in alts(app) and picture_alt("conv1_1", 3) not in alts(app)
    app.number_input(key="channel").set_value(3).run()
    assert picture_alt("conv1_1", 3) in alts(app)
    assert [one["channels"] for one in ascents] == [(3,), (5,)]  # the first was remembered


def test_going_on_starts_from_the_images_and_belongs_to_its_controls(open_page, ascents) -> None:
    app = open_page(PAGE, layer="conv1_1", fast_iterations="2", channel="3")
    for _ in range(2):
        label = text.label("en", "filters.more", count=ascent.MORE)
        next(button for button in app.button if button.label == label).click().run()
        assert not app.exception
    first, second, third = ascents
    assert "start" not in first and first["iterations"] == 2
    assert second["iterations"] == third["iterations"] == ascent.MORE
    start = tasks.maximize(
        "MiniFace", "conv1_1", (3,), iterations=2, seed=0, learning_rate=60.0, size=112, preset="fast"
    ).inputs
    np.testing.assert_array_equal(second["start"], start)
    assert np.abs(third["start"] - second["start"]).max() > 0
    ascents.clear()
    app.number_input(key="channel").set_value(5).run()
    assert "start" not in ascents[0], "another channel begins anew"
    app.number_input(key="channel").set_value(3).run()
    assert len(ascents) == 1 and picture_alt("conv1_1", 3) in alts(app)


def test_the_curve_grows_while_it_climbs() -> None:
    def script() -> None:
        from types import SimpleNamespace

        from core.networks.table import UNTRAINED
        from dashboard.filters import ascent
        from dashboard.filters.ascent import Request

        drawn = []
        ascent.draw_curves = lambda lines: drawn.append(lines)
        request = Request("one", UNTRAINED, "conv1_1", (3,), (), ("3",))
        for step, value in ((0, 0.5), (1, 0.75)):
            ascent._draw_progress(request, SimpleNamespace(step=step, picture=None, values={"3": value}))
        other = Request("one", UNTRAINED, "conv1_1", (4,), (), ("4",))
        ascent._draw_progress(other, SimpleNamespace(step=0, picture=None, values={"4": 2.0}))
        assert drawn == [{"3": ([0], [0.5])}, {"3": ([0, 1], [0.5, 0.75])}, {"4": ([0], [2.0])}], drawn

    app = AppTest.from_function(script, default_timeout=30).run()
    assert not app.exception, app.exception[0].message


def test_patches_of_own_photos_stay_in_the_session(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    top_patches = tasks.top_patches

    def recording(*given, photos):
        searched.append(photos)
        return top_patches(*given, photos=photos)

    monkeypatch.setattr(tasks, "top_patches", recording)
    kept = []
    session_answers = workers._session_answers
    monkeypatch.setattr(workers, "_session_answers", lambda key, run: kept.append(key) or session_answers(key, run))
    app = open_page(PAGE, layer="conv1_1", fast_iterations="2", patches_of="photos")
    assert not app.exception, app.exception[0].message
    assert text.label("en", "filters.patches_none") in [info.value for info in app.info]
    assert not kept
    shots = [faces.render(faces.person(n), faces.PORTRAIT, 160)[0] for n in (0, 1)]
    files = [(f"{n}.png", images.encode(shot, "png"), "image/png") for n, shot in enumerate(shots)]
    files.append(("broken.png", b"\x89PNG\r\n\x1a\nnothing more", "image/png"))
    app.file_uploader(key="photos_files").set_value(files).run()
    assert not app.exception, app.exception[0].message
    broken = text.label("en", "photos.unreadable", name="broken.png", problem=text.label("en", "errors.damaged"))
    assert [error.value for error in app.error] == [broken]
    assert text.label("en", "filters.patches_alt_photos", channel=0, layer="conv1_1", shown=2) in alts(app)
    app.run()
    assert [photos.shape for photos in searched] == [(2, 112, 112, 3)]  # asked once, and remembered by the session
    assert len(set(kept)) == 1, "and by nobody else"
    app.file_uploader(key="photos_files").set_value(files[:1]).run()
    assert len(app.session_state["photos_read"]) == 1  # what was taken away is forgotten
