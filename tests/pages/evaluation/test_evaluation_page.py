""" "Do they tell the truth?" on screen."""

from __future__ import annotations

import pytest
from screen import pictures_of
from streamlit.testing.v1 import AppTest

from core.evaluation import leaderboard, tasks
from core.networks import table
from dashboard.evaluation.table import TESTS
from dashboard.shared import text


def alts_of_charts(app: AppTest) -> list[str]:
    """What the charts of a page are said to be."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("name", TESTS)
def test_a_test_of_the_link_opens_and_says_what_it_is_for(open_page, name: str) -> None:
    app = open_page("pages/look/evaluation.py", test=name, method="saliency")
    assert not app.exception, app.exception[0].message
    assert all(text.label(language, f"evaluation.test_{name}") for language in text.languages())
    assert text.label("en", f"evaluation.test_{name}_help") in [markdown.value for markdown in app.markdown]


def test_deletion_follows_its_slider_without_computing_again(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    deletion = tasks.deletion

    def record(*args, **options):
        calls.append((options["steps"], options["baseline"]))
        return deletion(*args, **options)

    monkeypatch.setattr(tasks, "deletion", record)
    app = open_page("pages/look/evaluation.py", method="saliency", test_steps="8", test_baseline="black")
    assert not app.exception, app.exception[0].message
    assert calls == [(8, "black")]
    before = [alt for alt in pictures_of(app) if alt.startswith("Deleted")]
    app.slider(key="test_share").set_value(100).run()
    after = [alt for alt in pictures_of(app) if alt.startswith("Deleted")]
    assert before != after and "100.0" in after[0]
    assert len(calls) == 1
    assert [alt.partition(".")[0] for alt in alts_of_charts(app)] == ["Deletion", "Insertion"]


def test_randomization_shows_every_stage(open_page) -> None:
    app = open_page("pages/look/evaluation.py", test="randomization", method="guided_backpropagation", test_layers="3")
    assert not app.exception, app.exception[0].message
    assert app.select_slider(key="test_layers").value == 3
    assert any("down to fc6" in alt for alt in pictures_of(app))
    app.select_slider(key="test_layers").set_value(16).run()
    assert any("down to conv1_1" in alt for alt in pictures_of(app))


def test_the_truth_is_known_for_people_and_for_no_other_network(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/look/evaluation.py", test="localization", method="fem", test_person="7", test_other="9")
    assert not app.exception, app.exception[0].message
    assert (app.selectbox(key="test_person").value, app.selectbox(key="test_other").value) == (7, 9)
    assert 7 not in app.selectbox(key="test_other").options
    assert not [picker for picker in app.selectbox if picker.key == "class"]
    marks = [metric.value for metric in app.metric]
    assert len(marks) == 5 and set(marks[:2]) <= {"✓", "✗"} and all(mark.startswith("×") for mark in marks[2:])
    monkeypatch.setattr(table, "knows_people", lambda entry: False)
    app.run()
    assert text.label("en", "network.unknown_people", name="MiniFace") in [info.value for info in app.info]


@pytest.mark.parametrize(("method", "rows"), [("saliency", 1), ("smooth_grad", 2)])
def test_stability_over_noise_and_over_seeds_where_there_are_such(open_page, method: str, rows: int) -> None:
    app = open_page(
        "pages/look/evaluation.py", test="stability", method=method, test_copies="2", smooth_grad_samples="2"
    )
    assert not app.exception, app.exception[0].message
    assert len(app.metric) == rows
    maps = [alt for alt in pictures_of(app) if alt.startswith("Stability")]
    assert len(maps) == 3 * rows
    assert bool(app.info) == (rows == 1)


def test_leaderboard_is_shown_and_computed_anew(open_page) -> None:
    app = open_page("pages/look/evaluation.py", test="leaderboard", test_rows="edges,random", test_captures="4")
    assert not app.exception, app.exception[0].message
    assert len(alts_of_charts(app)) == len(leaderboard.METRICS)
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception
    assert len(alts_of_charts(app)) == 2 * len(leaderboard.METRICS)
    assert text.label("en", "evaluation.own", captures="4") in [caption.value for caption in app.caption]


@pytest.mark.parametrize(("old", "new"), [("land", "localization"), ("rank", "leaderboard")])
def test_an_old_link_opens_the_same_test(open_page, old: str, new: str) -> None:
    app = open_page("pages/look/evaluation.py", test=old, method="fem")
    assert not app.exception, app.exception[0].message
    assert app.session_state["test"] == new
    assert app.query_params["test"] == new
