"""Every language says the same things: lessons of one shape, labels with the same keys and placeholders."""

from __future__ import annotations

import re
import string
import tomllib
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from core.errors import ReasonedError
from core.faces import REGIONS
from core.faces.capture import BACKGROUNDS, HAIR_STYLES, Capture

CORE = Path(__file__).resolve().parents[2] / "core"
LESSONS = CORE.parent / "assets" / "lessons"
LANGUAGES = sorted(folder.name for folder in LESSONS.iterdir() if folder.is_dir())
PAGES = sorted({file.stem for file in LESSONS.glob("*/*.md")})
MARKERS = ["idea", "formula", "try", "questions", "references"]

every_lesson = pytest.mark.parametrize(("language", "slug"), [(a, b) for a in LANGUAGES for b in PAGES])
every_language = pytest.mark.parametrize("language", LANGUAGES)


def lesson(language: str, slug: str) -> str:
    return (LESSONS / language / f"{slug}.md").read_text(encoding="utf-8")


def section(text: str, marker: str) -> str:
    """The text between `## marker` and the next marker."""
    return re.split(r"^## ", text, flags=re.MULTILINE)[MARKERS.index(marker) + 1].removeprefix(marker)


def labels(language: str) -> dict[str, str]:
    """Every label of a language under its dotted key."""
    return {
        f"{section}.{name}": text
        for file in (LESSONS / language).glob("*.toml")
        for section, part in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for name, text in part.items()
    }


def part(language: str, name: str) -> dict[str, str]:
    """The labels of one section of `ui.toml`."""
    return {key.removeprefix(f"{name}."): text for key, text in labels(language).items() if key.startswith(f"{name}.")}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@every_lesson
def test_lesson_has_a_title_and_the_five_markers_in_order(language: str, slug: str) -> None:
    text = lesson(language, slug)
    assert re.match(r"# \S", text)
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == MARKERS
    assert all(section(text, marker).strip() for marker in MARKERS)


@every_lesson
def test_every_question_has_a_hint(language: str, slug: str) -> None:
    before, *questions = re.split(r"^### ", section(lesson(language, slug), "questions"), flags=re.MULTILINE)
    assert not before.strip() and questions
    for question in questions:
        title, _, hint = question.partition("\n")
        assert title.strip() and hint.strip(), f"no hint below: {title}"


@every_lesson
def test_lesson_asks_and_tries_as_much_as_in_every_other_language(language: str, slug: str) -> None:
    def size(text: str) -> tuple[int, int, int]:
        experiments = re.findall(r"^\d+\. ", section(text, "try"), flags=re.MULTILINE)
        return text.count("\n### "), len(experiments), section(text, "references").count("](")

    assert size(lesson(language, slug)) == size(lesson(LANGUAGES[0], slug))


@every_lesson
def test_formulas_are_closed_and_the_same_in_every_language(language: str, slug: str) -> None:
    def displayed(text: str) -> list[str]:
        return re.findall(r"\$\$(.*?)\$\$", text, flags=re.DOTALL)

    text = lesson(language, slug)
    assert displayed(section(text, "formula"))
    assert displayed(text) == displayed(lesson(LANGUAGES[0], slug))
    assert text.replace("$$", "").count("$") % 2 == 0


@every_lesson
def test_experiments_name_controls_by_their_label(language: str, slug: str) -> None:
    named = re.findall(r"\*\*(.+?)\*\*", " ".join(section(lesson(language, slug), "try").split()))
    assert named
    assert set(named) <= {" ".join(text.split()) for text in labels(language).values()}


@every_lesson
def test_links_are_https(language: str, slug: str) -> None:
    text = lesson(language, slug)
    assert "http://" not in text
    assert all(target.startswith("https://") for target in re.findall(r"\]\((.*?)\)", text))


@every_language
def test_labels_have_the_keys_and_placeholders_of_every_other_language(language: str) -> None:
    def shape(language: str) -> dict[str, set[str]]:
        return {key: placeholders(text) for key, text in labels(language).items()}

    assert shape(language) == shape(LANGUAGES[0])
    assert all(labels(language).values())


@every_language
def test_every_page_has_a_label(language: str) -> None:
    assert part(language, "pages").keys() == set(PAGES)


@every_language
def test_every_part_of_a_capture_has_a_label(language: str) -> None:
    turned = {field.name for field in fields(Capture) if {"range", "choices"} & field.metadata.keys()}
    assert turned <= part(language, "picture").keys()
    assert part(language, "hair_style").keys() == set(HAIR_STYLES)
    assert part(language, "background").keys() == set(BACKGROUNDS)
    assert part(language, "region").keys() == set(REGIONS)


@every_language
def test_every_error_has_a_sentence_and_no_other(language: str) -> None:
    for module in CORE.rglob("*.py"):
        if "(ReasonedError)" in module.read_text(encoding="utf-8"):
            import_module(".".join(module.relative_to(CORE.parent).with_suffix("").parts).removesuffix(".__init__"))
    tables = [error.reasons for error in ReasonedError.__subclasses__() if error.__module__.startswith("core.")]
    reasons = {reason: text for table in tables for reason, text in table.items()}
    assert len(reasons) == sum(map(len, tables))
    sentences = part(language, "errors")
    assert sentences.keys() == reasons.keys()
    for reason, text in sentences.items():
        assert placeholders(text) <= placeholders(reasons[reason]), reason


@pytest.mark.parametrize("file", sorted((LESSONS / "fr").iterdir()), ids=lambda file: file.name)
def test_french_signs_stay_on_the_line_of_their_word(file: Path) -> None:
    words = re.sub(r"\$\$.*?\$\$|`[^`]*`", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r".*\S (?:[?!;:](?=[\s\"»)*<])|(?<=[\d}] )%).*", words) == []
