"""The page "Two populations": rendered groups, photos of one's own, and what is refused."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from core import faces, images
from core.populations import tasks
from dashboard.populations import photos
from dashboard.shared import text

PAGE = "pages/look/populations.py"
FEW = {"pop_people_known": "5", "pop_captures": "2"}
OF_SHARES = 4
"""Charts of cause and effect, which are there whatever is compared."""


def pictures_of(app) -> list[str]:
    """What the pictures of a page are said to be."""
    return [picture.alt for element in app.image for picture in element.proto.imgs]


def charts_of(app) -> list[str]:
    """What the charts of a page are said to be."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def label(key: str, **values: object) -> str:
    return text.label("en", f"populations.{key}", **values)


def test_rendered_groups_are_compared_once_and_the_threshold_moves_at_once(open_page, monkeypatch) -> None:
    asked = []
    compare = tasks.compare
    monkeypatch.setattr(tasks, "compare", lambda *given, **more: asked.append(given) or compare(*given, **more))
    app = open_page(PAGE, **FEW)
    assert not app.exception, app.exception[0].message
    shown = pictures_of(app)
    for group in ("A", "B"):
        assert label("mean_face", group=group, people=5, pictures=10) in shown
    assert len(charts_of(app)) == OF_SHARES + 4
    before = next(chart for chart in charts_of(app) if chart.startswith(label("verification")))
    app.select_slider(key="pop_rate").set_value(0.1).run()
    after = next(chart for chart in charts_of(app) if chart.startswith(label("verification")))
    assert before != after and len(asked) == 1
    said = [*app.success, *app.info]
    assert any("n = 5" in box.value for box in said)


def test_too_few_people_get_a_sentence_and_no_star(open_page) -> None:
    app = open_page(PAGE, pop_people_known="3", pop_captures="1")
    assert not app.exception, app.exception[0].message
    assert label("too_few", people=3, fewest=5) in [box.value for box in app.warning]
    assert label("no_pairs") in [box.value for box in app.info]


def test_people_never_met_have_no_accuracy(open_page) -> None:
    app = open_page(PAGE, pop_who="new", pop_people_new="2", pop_captures="1", pop_class="predicted", layer="conv4_3")
    assert not app.exception, app.exception[0].message
    assert label("unnamed") in [caption.value for caption in app.caption]


def photo(number: int, index: int) -> bytes:
    return images.encode(faces.shot(number, 5, index, 160)[0], "jpeg", 90)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_photos_of_ones_own_and_what_is_refused(open_page, monkeypatch) -> None:
    monkeypatch.setattr(photos, "MOST", 6)
    app = open_page(PAGE, pop_source="photos")
    assert not app.exception, app.exception[0].message
    assert label("both") in [box.value for box in app.info]
    assert len(charts_of(app)) == OF_SHARES

    portraits = [images.encode(faces.render(faces.person(n), faces.PORTRAIT, 160)[0], "png") for n in range(8)]
    wall = images.encode(np.full((90, 90, 3), 0.4, np.float32), "png")
    people = {f"person_{n:02d}/{k}.png": portraits[n] for n in (0, 2) for k in range(2)}
    good = zipped(people | {"person_00/wall.png": wall, "person_00/notes.txt": b"hello"})
    bomb = zipped({"a.png": bytes(60_000_000)})
    app.file_uploader(key="pop_files_A").set_value(
        [("group.zip", good, "application/zip"), ("bomb.zip", bomb, "application/zip")]
    )
    app.file_uploader(key="pop_files_B").set_value(
        [(f"person_0{n}_1.png", portraits[n], "image/png") for n in (1, 3, 5)]
        + [("broken.png", b"\x89PNG", "image/png")]
    )
    app.run()
    assert not app.exception, app.exception[0].message
    assert [box.value for box in app.error] == [
        "bomb.zip: " + text.label("en", "errors.unpacked_zip", limit=photos.MEGABYTES)
    ]
    said = [markdown.value for markdown in app.markdown]
    assert label("found", faces=4, people=2) in said and label("found", faces=3, people=3) in said
    tables = [table.value for table in app.dataframe]
    assert [list(table[label("file")]) for table in tables] == [
        ["person_00/wall.png", "person_00/notes.txt"],
        ["broken.png"],
    ]
    assert text.label("en", "errors.no_face") in set(tables[0][label("reason")])
    assert label("typical") in " ".join(caption.value for caption in app.caption)
    assert len(charts_of(app)) > OF_SHARES


def test_more_faces_than_the_most_are_not_read(open_page, monkeypatch) -> None:
    monkeypatch.setattr(photos, "MOST", 2)
    read = []
    monkeypatch.setattr(
        photos, "read_face", lambda data, name: read.append(name) or (np.zeros((8, 8, 3), np.uint8), np.eye(3, 2))
    )
    app = open_page(PAGE, pop_source="photos")
    app.file_uploader(key="pop_files_A").set_value([(f"{n}.png", b"x", "image/png") for n in range(5)]).run()
    assert not app.exception, app.exception[0].message
    assert read == ["0.png", "1.png"]
    assert label("enough", most=2) in [box.value for box in app.info]


@pytest.mark.parametrize("language", text.languages())
def test_every_region_has_a_name(language: str) -> None:
    assert all(text.label(language, f"region.{name}") for name in faces.REGIONS)


def test_the_slider_between_the_shares_changes_every_figure_at_once(open_page, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "compare", lambda *given, **more: pytest.fail("cause and effect asked the worker"))
    app = open_page(PAGE, pop_source="photos", pop_share="10")
    assert not app.exception, app.exception[0].message
    assert app.select_slider(key="pop_share").value == 10
    before = charts_of(app)
    app.select_slider(key="pop_share").set_value(90).run()
    assert not app.exception and len(before) == OF_SHARES
    assert all(one != other for one, other in zip(before, charts_of(app), strict=True))
