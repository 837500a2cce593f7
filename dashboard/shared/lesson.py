"""What a page says: the idea on top, the questions at the end, and the code that it called.

The prose stands in `assets/lessons/<language>/<page>.md`; its markers are the same in every language.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from dashboard.shared.text import LESSONS, language, t

ROOT = Path(__file__).resolve().parents[2]
MARKERS = ("idea", "formula", "try", "questions", "references")
READING_WIDTH = 820
"""Pixels; longer lines are hard to follow in a lecture hall."""


@dataclass(frozen=True)
class Lesson:
    """A page's prose: its title, its sections by marker, and its questions with a hint each."""

    title: str
    sections: dict[str, str]
    questions: tuple[tuple[str, str], ...]


@lru_cache
def load_lesson(language_code: str, page: str) -> Lesson:
    """The lesson of a page.

    Raises:
        ValueError: the markers are not `MARKERS`, in this order and each once.
    """
    head, *parts = re.split(r"^## +(\w+) *$", _markdown(language_code, page), flags=re.MULTILINE)
    if tuple(parts[0::2]) != MARKERS:
        raise ValueError(f"{language_code}/{page}.md has the sections {parts[0::2]}, expected {list(MARKERS)}")
    sections = {marker: body.strip() for marker, body in zip(parts[0::2], parts[1::2], strict=True)}
    blocks = re.split(r"^### +(.+)$", sections["questions"], flags=re.MULTILINE)[1:]
    questions = tuple((text.strip(), hint.strip()) for text, hint in zip(blocks[0::2], blocks[1::2], strict=True))
    return Lesson(head.strip().removeprefix("# ").strip(), sections, questions)


def _markdown(language_code: str, page: str) -> str:
    return (LESSONS / language_code / f"{page}.md").read_text(encoding="utf-8")


def opening(page: str) -> None:
    """Title and idea, with what to try and the formula folded away."""
    title(page)
    idea(page)
    folded(page)


def title(page: str) -> None:
    """The lesson's title."""
    st.title(load_lesson(language(), page).title, anchor=False)


def idea(page: str) -> None:
    """The idea in two or three paragraphs."""
    with st.container(width=READING_WIDTH):
        st.markdown(load_lesson(language(), page).sections["idea"])


def folded(page: str) -> None:
    """What to try, and the formula with its symbols, folded away."""
    sections = load_lesson(language(), page).sections
    for marker, icon in (("try", ":material/science:"), ("formula", ":material/function:")):
        with st.expander(t(f"lesson.{marker}"), icon=icon), st.container(width=READING_WIDTH):
            st.markdown(sections[marker])


def closing(page: str, functions: Sequence[str] = ()) -> None:
    """The lab's questions with their hints, the references, and the source of the `functions` that the page called."""
    lesson = load_lesson(language(), page)
    st.divider()
    st.header(t("lesson.questions"), anchor=False)
    with st.container(width=READING_WIDTH):
        for number, (text, hint) in enumerate(lesson.questions, start=1):
            st.markdown(f"**{number}.** {text}")
            with st.expander(t("lesson.hint"), type="compact"):
                st.markdown(hint)
        st.header(t("lesson.references"), anchor=False)
        st.markdown(lesson.sections["references"])
    if functions:
        show_code(functions)


def show_code(functions: Sequence[str]) -> None:
    """The source of functions named `"package.module:function"`, one tab each."""
    with st.expander(t("lesson.code"), icon=":material/code:"):
        st.caption(t("lesson.code_help"))
        for tab, function in zip(st.tabs([name.partition(":")[2] for name in functions]), functions, strict=True):
            place, code = source(function)
            tab.caption(f"`{place}`")
            tab.code(code, language="python", wrap_lines=True)


@lru_cache
def source(function: str) -> tuple[str, str]:
    """Where `"package.module:function"` stands, as "path:line", and its text, read without importing it.

    Raises:
        LookupError: the file has no function or class of that name.
    """
    module, _, name = function.partition(":")
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():
        path = path.with_suffix("") / "__init__.py"
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            lines = text.splitlines()[first - 1 : node.end_lineno]
            indent = len(lines[0]) - len(lines[0].lstrip())
            return f"{path.relative_to(ROOT)}:{first}", "\n".join(line[indent:] for line in lines)
    raise LookupError(f"{path.relative_to(ROOT)} has no function or class {name!r}")


@lru_cache
def source_line(function: str, beginning: str) -> str:
    """The first line of a function that begins with `beginning`: the walk-through quotes the code as it stands.

    Raises:
        LookupError: no such line.
    """
    _, code = source(function)
    for line in code.splitlines():
        if line.strip().startswith(beginning):
            return line.strip()
    raise LookupError(f"{function} has no line that begins with {beginning!r}")
