"""The page "Ship it": the same picture everywhere, the files, wrong numbers, and where it runs."""

from __future__ import annotations

import pytest
from screen import of_module
from streamlit.testing.v1 import AppTest

from core import faces, images
from core.deployment import DeploymentError, libraries, record, standalone, tasks
from core.deployment.runtimes import RUNTIMES
from core.deployment.traps import TRAPS
from dashboard.components import in_browser
from dashboard.deploy import comparison, measurements
from dashboard.shared import text

PAGE = "pages/ship/deploy.py"


@pytest.fixture(autouse=True)
def one_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras' compiled function alone: the others are measured in tests/core."""
    measure_all = tasks.measure

    def measure(network, precision, image, runs, report=None):
        keras = measure_all(network, precision, image, 3, ("keras",), report)
        return keras | {"cpp": DeploymentError("no_compiler")}

    measure.__module__ = tasks.__name__
    monkeypatch.setattr(tasks, "measure", measure)


def image_texts(app: AppTest) -> list[str]:
    return [image.alt for element in app.image for image in element.proto.imgs]


def sentences(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.caption, *app.info, *app.warning, *app.markdown])


@pytest.mark.parametrize("language", text.languages())
def test_every_runtime_trap_and_word_has_a_label(language: str) -> None:
    names = {name for rows in record.stored()["measured"].values() for name in rows}
    keys = [f"runtime.{name}" for name in (*RUNTIMES, *names)]
    keys += [f"runtime.{where}_{name}" for where in ("browser", "chromium") for name in libraries.LIBRARIES]
    keys.append("runtime.browser_engine")
    keys += [f"traps.{name}" for name in TRAPS]
    keys += [f"ship.by_{row['by']}" for row in record.stored()["platforms"]]
    assert all(text.label(language, key) for key in keys)
    assert "{ms}" in in_browser.texts()["frames"]


def test_before_anything_is_measured_the_record_is_shown_with_date_and_machine(open_page) -> None:
    app = open_page(PAGE)
    assert not app.exception, app.exception[0].message
    stored = record.stored()
    assert stored["date"] in sentences(app) and stored["machine"] in sentences(app)


def test_what_was_measured_stands_beside_what_was_recorded(open_page) -> None:
    app = open_page(PAGE, ship_precision="float16")
    next(button for button in app.button if button.label == text.label("en", "controls.run")).click().run()
    assert not app.exception, app.exception[0].message
    assert f"Measured now: {text.label('en', 'runtime.keras')}." in sentences(app)
    assert "There is no C++ compiler on the server" in sentences(app)
    app.session_state[measurements.REPORT] = {"request": "another picture", "runtimes": {"engine": {}}}
    app.run()
    assert not app.exception and text.label("en", "runtime.browser_engine") not in sentences(app)


def test_both_files_reach_the_browser_one_after_the_other(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    classified = []
    monkeypatch.setattr(in_browser, "classify", lambda files, *_: classified.append([*files]))
    app = open_page(PAGE, ship_libraries="true")
    app.run()
    assert not app.exception and not app.warning
    assert classified[-2:] == [["flat", "onnx"]] * 2


def test_what_follows_from_an_upload_is_kept_for_the_session_alone(open_page, kept_for_session) -> None:
    photo = images.encode(faces.render(faces.person(3), faces.PORTRAIT, 160)[0], "png")
    for part in ("run", "traps"):
        app = open_page(PAGE, source="upload", ship_show=part)
        app.file_uploader(key="upload_file").set_value(("me.png", photo, "image/png")).run()
        assert not app.exception, app.exception[0].message
    private = of_module(kept_for_session, tasks)
    assert private == {"flat_file_refusal": False, "export": False, "measure": True, "traps": True}


def test_a_library_that_the_browser_could_not_load_is_a_sentence(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = {"browser_onnx": {"problem": "Failed to fetch"}}
    monkeypatch.setattr(comparison, "browser_reports", lambda request: reports if "onnx" in request else {})
    monkeypatch.setattr(libraries, "here", lambda: False)
    app = open_page(PAGE, ship_libraries="true")
    assert not app.exception, app.exception[0].message
    assert "your browser loads them from cdn.jsdelivr.net" in sentences(app)
    assert "Your browser (ONNX Runtime Web): not measured, it says: Failed to fetch." in sentences(app)


def test_a_network_too_large_for_a_tab_is_refused_with_its_size(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standalone, "MOST_BYTES", 10**6)
    app = open_page(PAGE)
    assert not app.exception, app.exception[0].message
    assert "MiniFace would take 3 MB of a browser tab" in sentences(app)
    assert not app.toggle


def test_a_network_that_is_no_chain_is_refused_as_flat_file_alone(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = DeploymentError("other_layer", network="MiniFace", layer="sum", kind="Add")
    monkeypatch.setattr(tasks, "flat_file_refusal", lambda network: refused)
    classified = []
    monkeypatch.setattr(in_browser, "classify", lambda files, *_: classified.append(files))
    app = open_page(PAGE, ship_libraries="true")
    assert not app.exception, app.exception[0].message
    assert "has the layer sum (Add)" in sentences(app) and [*classified[0]] == ["onnx"]
    app = open_page(PAGE, ship_show="files", ship_format="flat")
    assert "has the layer sum (Add)" in sentences(app) and not app.get("download_button")


def test_a_file_is_compared_and_handed_out(open_page) -> None:
    app = open_page(PAGE, "fr", ship_show="files", ship_format="flat", ship_precision="int8")
    assert not app.exception, app.exception[0].message
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics[text.label("fr", "ship.agreement")].startswith("100,0")
    assert "--format flat --precision int8" in app.code[0].value
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == [text.label("fr", "ship.download"), text.label("fr", "ship.classifier")]


def test_every_wrong_preparation_is_a_picture_with_its_answer(open_page) -> None:
    app = open_page(PAGE, ship_show="traps", group="B", person="7")
    assert not app.exception, app.exception[0].message
    alts = image_texts(app)
    for name in TRAPS:
        assert any(alt.startswith(text.label("en", f"traps.{name}")) for alt in alts), name
    assert any(alt.startswith(text.label("en", "traps.right")) and "Person 07" in alt for alt in alts)


def test_where_it_ran_and_what_does_not_fit(open_page) -> None:
    app = open_page(PAGE, ship_show="platforms")
    assert not app.exception, app.exception[0].message
    table = next(element.value for element in app.markdown if element.value.startswith("| Runtime"))
    assert table.count("\n") == len(record.stored()["platforms"]) + 1
