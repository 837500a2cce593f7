"""Words of the dashboard, language by language.

A label that pages share stands in `assets/lessons/<language>/ui.toml`, one that a page has alone in `<slug>.toml`
beside its lesson.
"""

from __future__ import annotations

import math
import tomllib
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

LESSONS = Path(__file__).resolve().parents[2] / "assets" / "lessons"
FALLBACK = "en"


@lru_cache
def languages() -> tuple[str, ...]:
    """Languages that have a folder of lessons, such as `("en", "fr")`."""
    return tuple(sorted(folder.name for folder in LESSONS.iterdir() if (folder / "ui.toml").is_file()))


def language() -> str:
    """The session's language: the chosen one, else the browser's, else English."""
    chosen = st.session_state.get("lang")
    return str(chosen) if chosen in languages() else browser_language()


def browser_language() -> str:
    """The browser's language where there is a folder for it, else English."""
    code = (st.context.locale or FALLBACK)[:2].lower()
    return code if code in languages() else FALLBACK


@lru_cache
def labels(language_code: str) -> dict[str, str]:
    """All labels of a language by their keys "section.name".

    Raises:
        ValueError: two files of the language have a label of the same key.
    """
    merged: dict[str, str] = {}
    for file in sorted((LESSONS / language_code).glob("*.toml")):
        for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for name, text in texts.items():
                key = f"{section}.{name}"
                if key in merged:
                    raise ValueError(f"{file} has the label {key} of another file; give it another name.")
                merged[key] = text
    return merged


def t(key: str, /, **values: object) -> str:
    """The label `"section.key"` in the session's language, its {placeholders} filled in.

    Raises:
        KeyError: no such label in English either, so this is a spelling mistake in the program.
    """
    return label(language(), key, **values)


def label(language_code: str, key: str, /, **values: object) -> str:
    """The label `"section.key"` in a stated language; in English where that has none.

    Raises:
        KeyError: English has none either, so this is a spelling mistake in the program.
    """
    written = labels(language_code)
    return (written[key] if key in written else labels(FALLBACK)[key]).format(**values)


def has(key: str) -> bool:
    """Whether the label `"section.key"` exists."""
    return key in labels(language()) or key in labels(FALLBACK)


def sentence(error: Any) -> str:
    """What went wrong, in the session's language; `error` carries a `reason` and `details`, as core's errors do.

    In English (what `str` gives) where the language has no sentence for the reason.
    """
    key = f"errors.{error.reason}"
    return t(key, **error.details) if has(key) else str(error)


def number(value: float, digits: int = 0) -> str:
    """A number with the language's decimal sign and what it puts between thousands: 1,234.5 in English."""
    written = f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return written.translate(str.maketrans(",.", t("app.thousands") + t("app.decimal")))


def exact(value: float) -> str:
    """A number with the digits that it has: 0.125, 16, 1,000, 0.00001."""
    return number(value, max(0, -int(Decimal(f"{value:g}").as_tuple().exponent)))


def separators() -> str:
    """The decimal sign and what stands between thousands, for Plotly."""
    return t("app.decimal") + t("app.thousands")


def significant(value: float) -> str:
    """A number with two significant digits, or none after the point where it is large: 0.012, 3.4, 128."""
    digits = 0 if abs(value) >= 100 or value == 0 else max(0, 1 - math.floor(math.log10(abs(value))))
    return number(value, min(digits, 9))


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage with one decimal: 97.3 %."""
    if 0 < share < 0.0005:
        return f"< {number(0.1, 1)}\u202f%"
    return f"{number(share * 100, 1)}\u202f%"
