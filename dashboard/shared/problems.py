"""What went wrong, in one sentence of the session's language; the rest of the page goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from core.errors import ReasonedError
from core.progress import Cancelled, WorkerLate, WorkerLost
from dashboard.shared import text
from dashboard.shared.text import t

LOG = logging.getLogger(__name__)
EXPECTED = (Cancelled, WorkerLate, WorkerLost, ReasonedError)
"""Errors that have a sentence; any other is a mistake in the program."""


def sentence(error: Exception) -> str:
    """What an error says to the person at the screen; one that nobody expected stands in the server's log."""
    if isinstance(error, ReasonedError):
        return text.sentence(error)
    if isinstance(error, Cancelled):
        return t("jobs.cancelled")
    if isinstance(error, WorkerLost):
        return t("jobs.lost")
    if isinstance(error, WorkerLate):
        return t("jobs.late")
    LOG.error("A task failed.", exc_info=error)
    return t("jobs.failed", error=type(error).__name__)


def report_errors(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate a part of a page: it ends with a sentence where an expected error stops it, and the page goes on."""

    @wraps(function)
    def part(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except EXPECTED as error:
            st.error(sentence(error), icon=":material/error:")

    return part
