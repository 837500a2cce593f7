""" "What do filters see?" on screen."""

from __future__ import annotations

import pytest
from streamlit.errors import StreamlitAPIException
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.features import tasks as features_tasks
from dashboard.shared import cached, text


def pictures_of(app: AppTest) -> list[str]:
    """What the pictures of a page are said to be."""
    return [picture.alt for element in app.image for picture in element.proto.imgs]


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
