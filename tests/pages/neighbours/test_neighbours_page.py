"""The page "kNN or network?": what stands there at once, sliders, the selected image, constraints, own photos."""

from __future__ import annotations

import io
import zipfile

import pytest
from screen import of_module

from core import faces, images
from core.neighbours import HEADS, METRICS, WEIGHTS, tasks
from core.neighbours.album import SOURCES
from core.neighbours.index import INDEXES
from core.neighbours.table import CONSTRAINTS, MEASURES
from dashboard.shared import text

PAGE = "pages/decide/neighbours.py"


def label(key: str) -> str:
    return text.label("en", key)


def rates(app) -> dict[str, str]:
    """Head -> its accuracy as the page writes it."""
    lines = [markdown.value for markdown in app.markdown if "% (95 % interval" in markdown.value]
    return {line.split("**")[1]: line.split("**")[2] for line in lines}


def test_the_page_opens_with_people_that_nobody_has_to_wait_for(open_page, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "_vectors", lambda *_: pytest.fail("a network was run"))
    app = open_page(PAGE)
    assert not app.exception, app.exception[0].message
    assert set(rates(app)) == {label("neighbours.knn"), label("neighbours.linear")}
    assert "of 200" in rates(app)[label("neighbours.knn")]
    assert app.get("plotly_chart")


def test_sliders_and_the_link_change_the_answer(open_page) -> None:
    app = open_page(PAGE, knn_samples="1", knn_k="1")
    assert not app.exception, app.exception[0].message
    assert app.slider(key="knn_samples").value == 1
    before = rates(app)
    app.slider(key="knn_samples").set_value(10).run()
    assert not app.exception and rates(app) != before


@pytest.mark.parametrize("view", ["regions", "confusions"])
@pytest.mark.parametrize("source", ["known", "digits"])
def test_views_of_other_data(open_page, view, source) -> None:
    app = open_page(PAGE, knn_view=view, knn_source=source, knn_people="5", knn_embedding="pixels")
    assert not app.exception, app.exception[0].message
    assert len(app.get("plotly_chart")) == 3


def test_people_that_the_network_knows_are_named_by_its_softmax(open_page) -> None:
    app = open_page(PAGE, knn_source="known", knn_unknown="20", knn_noise="10")
    assert not app.exception, app.exception[0].message
    assert label("neighbours.softmax") in rates(app)


def test_a_selected_image_shows_its_neighbours_with_names_and_distances(open_page) -> None:
    app = open_page(PAGE, knn_k="4", knn_people="5")
    assert not app.exception, app.exception[0].message
    captions = [image.caption for element in app.image for image in element.proto.imgs if " · 0." in image.caption]
    assert len(captions) == 4 and captions == sorted(captions, key=lambda words: float(words.split("· ")[1]))


def test_the_selected_image_stands_in_the_address(open_page) -> None:
    app = open_page(PAGE, knn_people="5", knn_point="no row")
    assert not app.exception and "knn_point" not in app.query_params
    app.selectbox(key="knn_query").select_index(7).run()
    assert not app.exception, app.exception[0].message
    row = "".join(app.query_params["knn_point"])
    assert str(app.selectbox(key="knn_query").value) == row
    assert str(open_page(PAGE, knn_people="5", knn_point=row).selectbox(key="knn_query").value) == row


def test_photos_of_real_people_come_with_a_warning(open_page) -> None:
    warned = [
        label("neighbours.drawn_people")
        in [caption.value for caption in with_photos(open_page, network=network).caption]
        for network in ("MiniFace", "Digits")
    ]
    assert warned == [True, False]


def with_photos(open_page, people: int = 3, **query: str):
    """The page with four photos of so many people."""
    app = open_page(PAGE, knn_source="own", **query)
    return app.file_uploader(key="own_files").set_value(("faces.zip", zipped(people, 4), "application/zip")).run()


def test_the_perceptron_joins_the_heads_after_its_training(open_page) -> None:
    app = open_page(PAGE, knn_view="perceptron", knn_people="5")
    assert label("neighbours.mlp") not in rates(app)
    press(app, "controls.run")
    assert not app.exception, app.exception[0].message
    app.run()
    assert label("neighbours.mlp") in rates(app)


def press(app, key: str):
    return next(button for button in app.button if button.label == label(key)).click().run()


def test_an_experiment_fills_the_table_of_winners(open_page) -> None:
    app = open_page(PAGE, knn_part="constraints", constraint="production", knn_people="3", knn_samples="3")
    assert not app.exception, app.exception[0].message
    assert not app.table
    press(app, "controls.run")
    assert not app.exception, app.exception[0].message
    table = app.table[0].value
    assert list(table[label("constraints.constraint")]) == [label("constraints.production")] * 3
    assert table[label("constraints.winner")][0]


def test_two_images_are_verified(open_page) -> None:
    app = open_page(PAGE, knn_part="verify", knn_people="5")
    assert not app.exception, app.exception[0].message
    verdicts = [element.value for element in [*app.success, *app.error]]
    assert len(verdicts) == 1 and "threshold" in verdicts[0]


def zipped(people: int, each: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for person in range(people):
            for index in range(each):
                photo = images.encode(faces.render_capture(person, 5, index, 64)[0], "png")
                archive.writestr(f"photos/person{person}/{index}.png", photo)
    return file.getvalue()


def test_own_photos_in_a_zip_are_named_by_folder(open_page) -> None:
    app = open_page(PAGE, knn_source="own", knn_people="3")
    assert label("photos.none") in [info.value for info in app.info]
    app = with_photos(open_page, knn_people="3")
    assert not app.exception, app.exception[0].message
    assert any("12, of 3 people" in caption.value for caption in app.caption)
    assert rates(app)[label("neighbours.knn")]


def test_what_follows_from_own_photos_is_kept_for_the_session_alone(open_page, kept_for_session) -> None:
    looks = [{"knn_view": view} for view in ("map", "regions", "perceptron")]
    for query in (*looks, {"knn_part": "verify"}, {"knn_part": "constraints", "constraint": "production"}):
        app = with_photos(open_page, knn_people="3", **query)
        assert not app.exception, app.exception[0].message
    private = of_module(kept_for_session, tasks)
    assert len(private) == 8 and all(private.values()), private
    open_page(PAGE, knn_people="3")
    assert not of_module(kept_for_session, tasks)["compare"], "what is rendered is everybody's"


def test_one_person_alone_is_a_sentence(open_page) -> None:
    app = with_photos(open_page, people=1)
    assert not app.exception
    assert "at least 2" in app.error[0].value


@pytest.mark.parametrize("language", text.languages())
def test_every_head_source_constraint_and_measure_has_a_label(language: str) -> None:
    words = [*HEADS, *METRICS, *WEIGHTS, *INDEXES, *(f"source_{source}" for source in SOURCES)]
    assert all(text.label(language, f"neighbours.{word}") for word in words)
    for name in CONSTRAINTS:
        assert all(text.label(language, f"constraints.{name}{end}") for end in ("", "_help", "_axis"))
    assert all(text.label(language, f"constraints.measure_{name}{end}") for name in MEASURES for end in ("", "_help"))
