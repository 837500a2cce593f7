"""Every page in every language: no exception, and the page says what it is about."""

from __future__ import annotations

import sys

import pytest

from dashboard import navigation
from dashboard.shared import door, lesson, text

PAGES = pytest.mark.parametrize("page", navigation.PAGES, ids=lambda page: page.slug)
LANGUAGES = text.languages()


@PAGES
def test_page_shows_its_lesson(open_page, page: navigation.Page) -> None:
    app = open_page(f"pages/{page.chapter}/{page.slug}.py")
    assert not app.exception, app.exception[0].message
    said = lesson.load_lesson("en", page.slug)
    assert [title.value for title in app.title] == [said.title]
    shown = [markdown.value for markdown in app.markdown]
    for marker in ("idea", "try", "formula", "references"):
        assert said.sections[marker] in shown
    assert all(any(question in value for value in shown) for question, _ in said.questions)


@PAGES
def test_every_page_has_file_label_icon_and_lessons(page: navigation.Page) -> None:
    assert page.path.is_file()
    assert page.icon.startswith(":material/")
    for language in LANGUAGES:
        assert text.label(language, f"pages.{page.slug}")
        assert lesson.load_lesson(language, page.slug).questions


def test_home_imports_no_network_and_computes_nothing(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "compute", lambda: pytest.fail("Home asked the worker for something"))
    before = set(sys.modules)
    app = open_page("pages/start/home.py")
    assert not app.exception
    assert not {"tensorflow", "keras"} & (set(sys.modules) - before)
    assert len(app.get("page_link")) == len(navigation.PAGES) - 1
