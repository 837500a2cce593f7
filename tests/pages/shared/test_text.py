"""Every label that the dashboard asks for exists in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.faces import Capture
from dashboard.shared import text

ROOT = Path(__file__).resolve().parents[3]
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("dashboard", "pages")
    for path in sorted((ROOT / folder).rglob("*.py"))
)
LITERAL = re.compile(r"""\b(?:t|label)\((?:"en", |code, )?"([a-z_]+\.[a-z_0-9]+)"|t\("([a-z_]+\.[a-z_0-9]+)" if""")


@pytest.mark.parametrize("language", text.languages())
def test_every_label_exists(language: str) -> None:
    asked = {key for pair in LITERAL.findall(CODE) for key in pair if key}
    assert len(asked) > 50
    assert asked <= text.labels(language).keys()


@pytest.mark.parametrize("language", text.languages())
def test_every_slider_of_a_capture_has_a_label(language: str) -> None:
    sliders = set(Capture.__dataclass_fields__) - {"texture"}  # the texture has a seed, no slider
    assert {f"picture.{name}" for name in sliders} <= text.labels(language).keys()


def test_a_label_that_a_language_lacks_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"en": {"app.one": "one {value}"}, "fr": {}}
    monkeypatch.setattr(text, "labels", labels.__getitem__)
    monkeypatch.setattr(text, "language", lambda: "fr")
    assert text.t("app.one", value=1) == "one 1"
    assert text.has("app.one") and not text.has("app.two")
    with pytest.raises(KeyError, match=r"app\.two"):
        text.t("app.two")


def test_numbers_are_written_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert text.number(1234.5, 1) == "1,234.5"
    assert text.number(-0.25, 2) == "−0.25"
    monkeypatch.setattr(text, "language", lambda: "fr")
    assert text.number(1234.5, 1) == "1\u202f234,5"
    assert text.percent(0.125) == "12,5\u202f%"


@pytest.mark.parametrize(
    ("value", "written"), [(0.0123, "0.012"), (3.44, "3.4"), (128.4, "128"), (0.0, "0"), (-0.5, "−0.50")]
)
def test_two_significant_digits(value: float, written: str) -> None:
    assert text.significant(value) == written


def test_numbers_with_the_digits_that_they_have() -> None:
    assert [text.exact(value) for value in (0.0, 1e-5, 0.125, 0.1, 16.0, 1e3)] == [
        "0",
        "0.00001",
        "0.125",
        "0.1",
        "16",
        "1,000",
    ]
