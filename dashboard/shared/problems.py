"""What went wrong, in one sentence of the session's language; the rest of the page goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from core.compute import Cancelled, WorkerLost
from core.errors import ReasonedError
from dashboard.shared import text
from dashboard.shared.text import t

EXPECTED = (Cancelled, WorkerLost, ReasonedError)
"""Errors that have a sentence; any other is a mistake in the program and is shown as one."""


def sentence(error: Exception) -> str:
    """What an expected error says to the person at the screen."""
    if isinstance(error, ReasonedError):
        return text.sentence(error)
    return t("jobs.cancelled" if isinstance(error, Cancelled) else "jobs.lost")


def shown(function: Callable[..., None]) -> Callable[..., None]:
    """A part of a page that ends with a sentence where an expected error stops it."""

    @wraps(function)
    def part(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except EXPECTED as error:
            st.error(sentence(error), icon=":material/error:")

    return part
