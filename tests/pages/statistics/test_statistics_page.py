"""The page "Filter statistics": its three views, on digits and on people."""

from __future__ import annotations

import pytest
from screen import pictures_of

from core import faces
from core.features import statistics
from dashboard.shared import text

PAGE = "pages/see/statistics.py"


def test_digits_by_class_with_their_patterns(open_page) -> None:
    app = open_page(PAGE, network="Digits", layer="l2", ranks="2")
    assert not app.exception, app.exception[0].message
    composites = [alt for alt in pictures_of(app) if "coloured by rank" in alt]
    assert len(composites) == 10 and all(alt.count(",") == 2 for alt in composites)
    assert any("0 (34)" in caption.value for caption in app.caption)
    patterns = [alt for alt in pictures_of(app) if alt.startswith("Mean feature map")]
    app.segmented_control(key="statistics_class").set_value(4).run()
    assert not app.exception
    assert [alt for alt in pictures_of(app) if alt.startswith("Mean feature map")] != patterns


def test_compared_with_the_others_the_order_is_another(open_page) -> None:
    plain, against = (open_page(PAGE, network="Digits", layer="l1", others=others) for others in ("false", "true"))
    assert not against.exception, against.exception[0].message
    first = [[alt for alt in pictures_of(app) if "coloured by rank" in alt] for app in (plain, against)]
    assert first[0] != first[1]


@pytest.mark.parametrize(("kind", "count"), [("region", len(faces.REGIONS)), ("group", 2)])
def test_people_by_region_and_by_group(open_page, monkeypatch, kind: str, count: int) -> None:
    monkeypatch.setattr(statistics, "CAPTURES", 6)
    app = open_page(PAGE, by_region=kind, layer="conv5_3")
    assert not app.exception, app.exception[0].message
    assert len([alt for alt in pictures_of(app) if "coloured by rank" in alt]) == count


def test_mistaken_digits_are_shown(open_page) -> None:
    app = open_page(PAGE, network="Digits", view="confusion")
    assert not app.exception, app.exception[0].message
    assert any("of 360" in markdown.value for markdown in app.markdown)
    digits = [alt for alt in pictures_of(app) if alt.startswith("A digit")]
    shown = app.subheader[-1].value if app.subheader else ""
    assert digits and any(str(len(digits)) in header.value for header in app.subheader), shown


def test_the_way_of_a_digit_leads_through_every_layer(open_page) -> None:
    app = open_page(PAGE, network="Digits", view="way", digit="7", digit_number="3")
    assert not app.exception, app.exception[0].message
    assert app.session_state["picture"].name == "Digit 7, number 3"
    sheets = [alt for alt in pictures_of(app) if "feature maps of layer" in alt]
    assert [alt.split()[-1] for alt in sheets] == ["l1", "l1_mp", "l2", "l2_mp", "l3", "l3_mp"]
    assert len(app.get("plotly_chart")) == 2  # l4, and the answer


def test_the_way_of_a_face(open_page) -> None:
    app = open_page(PAGE, view="way")
    assert not app.exception, app.exception[0].message
    assert "16 feature maps of layer conv5_3" in pictures_of(app)


def test_a_network_without_labelled_pictures_says_so(open_page, monkeypatch) -> None:
    app = open_page(PAGE, view="confusion")
    assert text.label("en", "statistics.only_digits", name="MiniFace") in [info.value for info in app.info]
    monkeypatch.setattr(statistics, "class_kinds", lambda entry: ())
    app = open_page(PAGE)
    assert not app.exception
    assert text.label("en", "statistics.none", name="MiniFace") in [info.value for info in app.info]
