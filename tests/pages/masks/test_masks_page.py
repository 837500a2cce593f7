"""The page "Hide a face": masks by preset, by slider, by link and by hand, and its experiments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.masking import FILLS, PRESETS, Mask, chart, evolution, tasks
from dashboard.masks import mask_state
from dashboard.shared import text
from dashboard.shared.workers import ask

PAGE = "pages/look/masks.py"


@pytest.fixture(autouse=True)
def few(monkeypatch) -> None:
    """Few captures: the figures are tested elsewhere."""
    for name, value in (
        ("TRAINING_CAPTURES", 2),
        ("SEARCH_CAPTURES", 3),
        ("SEARCH_CAPTURES_EACH", 1),
        ("TEST_CAPTURES", 6),
        ("BAR_SCALES", (1.0,)),
    ):
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(chart, "PARTS", ("eyes", "brows", "mouth"))


def image_texts(app: AppTest) -> list[str]:
    """The alternative texts of the images on a page."""
    return [image.alt for element in app.image for image in element.proto.imgs]


def metric(app: AppTest, name: str) -> str:
    return next(metric.value for metric in app.metric if metric.label == text.label("en", f"masks.{name}"))


def test_masks_are_written_and_read_again() -> None:
    masks = Mask(0.5, 0.385, 0.4, 0.12), Mask(0.25, 1.0, 0.02, 1.0, "ellipse", 0.5)
    assert mask_state.to_text(masks) == "r_50_38.5_40_12_100~e_25_100_2_100_50"
    assert mask_state.from_text(mask_state.to_text(masks)) == masks
    assert mask_state.from_text("r_500_-3_0_300_100") == (Mask(1.0, 0.0, mask_state.MIN_SIZE, 1.0),)
    for wrong in ("", "r_1_2_3", "eyes_of_a_cat", "r_a_b_c_d_e", "r_nan_50_20_20_100"):
        with pytest.raises(ValueError):
            mask_state.from_text(wrong)


@pytest.mark.parametrize("preset", ["eyes", "temples"])
def test_a_preset_of_the_link_is_a_mask_on_the_face(open_page, preset: str) -> None:
    app = open_page(PAGE, masks=preset)
    assert not app.exception, app.exception[0].message
    assert app.session_state["mask_preset"] == preset
    assert len(app.session_state["masks"]) == len(preset)
    assert metric(app, "rank") == "1" and metric(app, "probability") != "100.0 %"


def test_a_broken_link_falls_back_on_the_eyes(open_page) -> None:
    app = open_page(PAGE, masks="r_50_x")
    assert not app.exception
    assert app.session_state["masks"] == "eyes"


def test_a_slider_turns_the_preset_into_a_mask_of_ones_own(open_page) -> None:
    app = open_page(PAGE)
    before = metric(app, "distance")
    app.slider(key="mask_y").set_value(75.0).run()
    assert not app.exception
    assert app.session_state["mask_preset"] is None
    assert app.session_state["masks"].split("_")[2] == "75"
    assert app.query_params["masks"] == app.session_state["masks"]
    assert metric(app, "distance") != before


def test_masks_are_added_up_to_the_most_and_taken_away(open_page) -> None:
    app = open_page(PAGE, masks="r_50_50_20_20_100")

    def press(name: str) -> None:
        next(button for button in app.button if button.label == text.label("en", f"masks.{name}")).click().run()

    for count in range(2, mask_state.MAX_MASKS + 1):
        press("add")
        assert app.session_state["masks"].count("~") == count - 1
    assert next(button for button in app.button if button.label == text.label("en", "masks.add")).disabled
    press("remove")
    assert app.session_state["masks"].count("~") == mask_state.MAX_MASKS - 2


@pytest.mark.parametrize("fill", FILLS)
def test_every_fill_has_its_numbers_and_an_answer(open_page, fill: str) -> None:
    app = open_page(PAGE, fill=fill, person="3", group="B")
    assert not app.exception, app.exception[0].message
    for param in FILLS[fill].params:
        assert text.label("en", f"masks.{param.name}") in " ".join(
            control.label for control in [*app.slider, *app.number_input]
        )
    assert metric(app, "rank")


@pytest.mark.parametrize("language", text.languages())
def test_every_part_way_and_fill_has_a_label(language: str) -> None:
    names = [*PRESETS, *(f"fill_{fill}" for fill in FILLS), *(f"way_{way}" for way in evolution.PARAMETERS)]
    assert all(text.label(language, f"masks.{name}") for name in names)


def start(app):
    return next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()


@pytest.mark.parametrize(("way", "fill"), [("column", "black"), ("both", "black"), ("strength", "pixelation")])
def test_an_evolution_is_computed_once_and_its_slider_shows_another_step(open_page, monkeypatch, way, fill) -> None:
    calls = []
    sweep = tasks.sweep
    monkeypatch.setattr(tasks, "sweep", lambda *given, **more: calls.append(given) or sweep(*given, **more))
    app = open_page(PAGE, mask_way=way, fill=fill, mask_steps="8", mask_steps_both="5")
    assert not calls
    start(app)
    assert not app.exception, app.exception[0].message
    middle = 13 if way == "both" else 4
    assert [alt for alt in image_texts(app) if alt.startswith(f"Step {middle}:")]
    app.slider(key="mask_line" if way == "both" else "mask_step").set_value(2).run()
    assert [alt for alt in image_texts(app) if alt.startswith("Step 8:" if way == "both" else "Step 2:")]
    assert len(calls) == 1
    app.toggle(key="mask_play").set_value(True).run()
    assert not app.exception and text.label("en", "masks.film_alt") in image_texts(app)


def test_occlusion_stands_beside_grad_cam_with_their_correlation(open_page) -> None:
    app = open_page(PAGE, mask_show="occlusion", occlusion_grid="5")
    assert not app.exception, app.exception[0].message
    assert -1 <= float(metric(app, "correlation").replace("\N{MINUS SIGN}", "-")) <= 1
    assert any(alt.startswith("Occlusion, 5 × 5 places") for alt in image_texts(app))


def test_the_verdict_names_attacker_rate_interval_and_count(open_page) -> None:
    app = open_page(PAGE, mask_show="verdict", mask_captures="12", masks="one_eye")
    start(app)
    assert not app.exception, app.exception[0].message
    assert "Not anonymous" in app.warning[0].value and "12 captures" in app.warning[0].value
    rates = next(markdown.value for markdown in app.markdown if markdown.value.startswith("- Softmax"))
    assert rates.count("of 12 named") == 5 and "Retrained on masks, behind the masks" in rates


def test_the_verdict_over_everybody_is_given_group_by_group(open_page) -> None:
    app = open_page(PAGE, mask_show="verdict", mask_captures="12", mask_whom="groups")
    start(app)
    assert not app.exception, app.exception[0].message
    assert {"Group A", "Group B"} <= {header.value for header in app.subheader}
    assert len(app.warning) + len(app.success) == 2


def test_behind_a_wall_the_verdict_is_another(open_page) -> None:
    app = open_page(PAGE, mask_show="verdict", mask_captures="12", masks="r_50_50_100_100_100")
    start(app)
    assert not app.exception, app.exception[0].message
    assert app.success and not app.warning


def test_a_stranger_gets_no_verdict(open_page) -> None:
    app = open_page(PAGE, mask_show="verdict", source="samples")
    assert not app.exception, app.exception[0].message
    assert text.label("en", "masks.strangers") in [info.value for info in app.info]


def smallest(open_page, **query: str):
    app = open_page(PAGE, mask_show="smallest", **query)
    assert not app.exception, app.exception[0].message
    return app


def released(app) -> str:
    return next(box.value for box in [*app.warning, *app.success, *app.info] if "What would be released" in box.value)


@pytest.mark.parametrize("way", tasks.STRATEGIES)
def test_the_stored_masks_are_there_at_once_and_the_target_chooses_among_them(open_page, way: str) -> None:
    app = smallest(open_page, mask_hunt=way, mask_target="50")
    before = released(app)
    assert before.count("95 % interval") == 3
    app.slider(key="mask_target").set_value(0).run()
    assert not app.exception and released(app) != before
    app = smallest(open_page, mask_hunt=way, mask_target="0", mask_attacker="softmax")
    assert any("**Softmax** names at most 0.0\u202f%" in markdown.value for markdown in app.markdown)


def test_a_photo_of_a_stranger_gets_the_stored_masks(open_page) -> None:
    app = smallest(open_page, source="samples", mask_group_A="B")
    assert "of the face stays to be seen" in released(app)


@pytest.mark.parametrize("source", ["person", "group"])
def test_a_mask_is_searched_and_then_put_before_an_attacker_who_trains_on_it(open_page, source: str) -> None:
    app = smallest(open_page, mask_hunt="exact", mask_source=source, mask_target="40")
    start(app)
    assert not app.exception, app.exception[0].message
    assert released(app).count("95 % interval") == 2 and "On 6 captures" in released(app)
    start(app)
    assert not app.exception, app.exception[0].message
    rates = next(markdown.value for markdown in app.markdown if markdown.value.startswith("- Softmax"))
    assert rates.count("of 6 named") == 5


def test_a_fill_that_depends_on_the_mask_is_not_searched_with(open_page) -> None:
    app = smallest(open_page, mask_source="person", fill="inpainting")
    assert any("choose one of" in info.value for info in app.info)


@pytest.mark.parametrize("language", text.languages())
def test_every_way_part_and_fill_of_the_search_has_a_label(language: str) -> None:
    names = [f"way_{way}{end}" for way in tasks.STRATEGIES for end in ("", "_help")]
    names += [f"part_{part}" for part in faces.REGIONS[:-1]]
    names += [f"bar_{fill}" for fill in tasks.BAR_FILLS]
    assert all(text.label(language, f"attacks.{name}") for name in names)


def test_the_effect_on_a_photo_is_kept_for_the_session_alone(open_page, monkeypatch) -> None:
    effect, calls = tasks.masking_effect, []

    def masking_effect(*args: Any) -> tasks.MaskingEffect:
        calls.append(args)
        return effect(*args)

    monkeypatch.setattr(tasks, "masking_effect", masking_effect)
    app = open_page(PAGE, source="upload")
    photo = images.encode(faces.render(faces.person(3), faces.PORTRAIT, 160)[0], "png")
    app.file_uploader(key="upload_file").set_value(("me.png", photo, "image/png")).run()
    image = app.session_state["frame"].image
    assert image.private and image.person is None
    app.run()
    assert len(calls) == 2, "that of the first image, and that of the photo once"
    network, _, *others = calls[-1]
    ask(tasks.masking_effect, network, replace(image, private=False).keyed, *others)
    assert len(calls) == 3, "the shared answers had never seen it"
