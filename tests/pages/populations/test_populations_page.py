"""The page "Two populations": rendered groups, photos of one's own, and what is refused."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.populations import tasks
from dashboard.populations import comparison, photos
from dashboard.shared import text
from dashboard.shared.workers import answered, job

PAGE = "pages/look/populations.py"
FEW = {"pop_people_known": "5", "pop_captures": "2"}
SHARES_CHARTS = 4
"""Charts of cause and effect, which are there whatever is compared."""


def image_texts(app: AppTest) -> list[str]:
    """The alternative texts of the images on a page."""
    return [image.alt for element in app.image for image in element.proto.imgs]


def chart_texts(app: AppTest) -> list[str]:
    """The alternative texts of the charts on a page."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def label(key: str, **values: object) -> str:
    return text.label("en", f"populations.{key}", **values)


def test_rendered_groups_are_compared_once_and_the_threshold_moves_at_once(open_page, monkeypatch) -> None:
    calls = []
    compare = tasks.compare
    monkeypatch.setattr(tasks, "compare", lambda *given, **more: calls.append(given) or compare(*given, **more))
    app = open_page(PAGE, **FEW)
    assert not app.exception, app.exception[0].message
    texts = image_texts(app)
    for group in ("A", "B"):
        assert label("mean_face", group=group, people=5, pictures=10) in texts
    assert len(chart_texts(app)) == SHARES_CHARTS + 4
    before = next(chart for chart in chart_texts(app) if chart.startswith(label("verification")))
    app.select_slider(key="pop_rate").set_value(0.1).run()
    after = next(chart for chart in chart_texts(app) if chart.startswith(label("verification")))
    assert before != after and len(calls) == 1
    assert any("n = 5" in box.value for box in [*app.success, *app.info])


def test_too_few_people_get_a_sentence_and_no_star(open_page) -> None:
    app = open_page(PAGE, pop_people_known="3", pop_captures="1")
    assert not app.exception, app.exception[0].message
    assert label("too_few", people=3, fewest=5) in [box.value for box in app.warning]
    assert label("no_pairs") in [box.value for box in app.info]


def test_people_never_met_have_no_accuracy(open_page) -> None:
    app = open_page(PAGE, pop_who="new", pop_people_new="2", pop_captures="1", pop_class="predicted", layer="conv4_3")
    assert not app.exception, app.exception[0].message
    assert label("unnamed") in [caption.value for caption in app.caption]


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_photos_of_ones_own_and_what_is_refused(open_page, monkeypatch) -> None:
    monkeypatch.setattr(photos, "MAX_PHOTOS", 6)
    app = open_page(PAGE, pop_source="photos")
    assert not app.exception, app.exception[0].message
    assert label("both") in [box.value for box in app.info]
    assert len(chart_texts(app)) == SHARES_CHARTS

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
    lines = [markdown.value for markdown in app.markdown]
    assert label("found", faces=4, people=2) in lines and label("found", faces=3, people=3) in lines
    tables = [table.value for table in app.dataframe]
    assert [list(table[label("file")]) for table in tables] == [
        ["person_00/wall.png", "person_00/notes.txt"],
        ["broken.png"],
    ]
    assert text.label("en", "errors.no_face") in set(tables[0][label("reason")])
    assert label("typical") in " ".join(caption.value for caption in app.caption)
    assert len(chart_texts(app)) > SHARES_CHARTS


def test_more_faces_than_the_most_are_not_read(open_page, monkeypatch) -> None:
    monkeypatch.setattr(photos, "MAX_PHOTOS", 2)
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
    before = chart_texts(app)
    app.select_slider(key="pop_share").set_value(90).run()
    assert not app.exception and len(before) == SHARES_CHARTS
    assert all(one != other for one, other in zip(before, chart_texts(app), strict=True))


def test_results_of_photos_are_kept_for_the_session_alone_and_follow_the_photos(open_page, monkeypatch) -> None:
    questions: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(
        comparison, "job", lambda *args, **given: questions.append((args, given)) or job(*args, **given)
    )
    app = open_page(PAGE, pop_source="photos")
    for place, group in enumerate(faces.GROUPS):
        portraits = [faces.render(faces.person(n), faces.PORTRAIT, 160)[0] for n in (place, place + 2)]
        files = [(f"{n}.png", images.encode(portrait, "png"), "image/png") for n, portrait in enumerate(portraits)]
        app.file_uploader(key=f"pop_files_{group}").set_value(files)
    app.run()
    assert not app.exception, app.exception[0].message
    (task, network, both), given = questions[-1]
    assert all(source.private for source in both.values())
    settings = {name: given[name] for name in ("layer", "channels", "true_class")}
    assert answered(task, network, both, scope="shared", **settings) is None
    app.file_uploader(key="pop_files_B").set_value(files[:1]).run()
    (_, _, fewer), _ = questions[-1]
    assert fewer["A"].digest == both["A"].digest and fewer["B"].digest != both["B"].digest
    assert label("mean_face", group="B", people=1, pictures=1) in image_texts(app)
