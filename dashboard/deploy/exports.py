"""A network as a file: its precision, and the job that makes it, which several parts of the page share."""

from __future__ import annotations

import streamlit as st

from core.deployment import PRECISIONS, Export, tasks
from core.networks.entry import Entry
from dashboard.shared.links import choice
from dashboard.shared.text import significant, t
from dashboard.shared.workers import job


def precision_picker() -> str:
    """How weights are stored."""
    return choice(
        st.segmented_control,
        t("ship.precision"),
        tuple(PRECISIONS),
        key="ship_precision",
        default="float32",
        help=t("ship.precision_help"),
    )


def exported(network: Entry, format: str, precision: str) -> Export | None:
    """The file with its comparison; None while the job runs that makes it."""
    export: Export | None = job(tasks.export, network, format, precision, name=f"export_{format}")
    return export


def small_number(value: float) -> str:
    """A number that may be a rounding error: 0.46, 0.0012, 1e-05."""
    return significant(value) if value >= 0.001 or value == 0 else f"{value:.0e}"
