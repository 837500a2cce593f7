"""Lessons are read by their markers, code is quoted from the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.shared import lesson


def test_source_is_read_without_importing() -> None:
    place, code = lesson.source("core.faces.identity:group_of")
    assert place.startswith("core/faces/identity.py:")
    assert code.startswith("def group_of(number: int)")


def test_source_says_what_is_missing() -> None:
    with pytest.raises(LookupError, match="no_such_function"):
        lesson.source("core.faces.identity:no_such_function")


def test_a_lesson_with_other_sections_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "odd.md").write_text("# Odd\n\n## idea\n\nx\n", encoding="utf-8")
    monkeypatch.setattr(lesson, "LESSONS", tmp_path)
    with pytest.raises(ValueError, match=r"odd\.md"):
        lesson.load_lesson("en", "odd")
