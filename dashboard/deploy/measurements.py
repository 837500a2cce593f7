"""What one image costs in every runtime: measured on the server, in the reader's browser, or recorded before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.deployment import record, tasks
from core.deployment.runtimes import RUNTIMES
from core.deployment.tasks import Measurement
from dashboard.shared.frame import Frame
from dashboard.shared.text import t
from dashboard.shared.workers import ask

REPORT = "ship_report"
"""Where the session keeps what its browser reported last."""


@dataclass(frozen=True)
class Row:
    """What is drawn of a runtime: milliseconds, seconds of the cold start, bytes, and the largest difference of a
    logit; None where nobody measured. `recorded`: it stands in this repository and was not measured now.
    """

    title: str
    p50: float
    p95: float
    first: float
    difference: float | None
    same: bool
    size: int
    memory: int | None
    cold: float | None
    recorded: bool

    @property
    def name(self) -> str:
        """The title, with a star where it is recorded."""
        return f"{self.title} *" if self.recorded else self.title


def server_rows(measurements: Mapping[str, Measurement | Exception]) -> list[Row]:
    """What was measured on the server now, as far as it could be."""
    rows = []
    recorded = record.stored()["measured"]["float32"]
    for name, measurement in measurements.items():
        if isinstance(measurement, Exception):
            continue
        p50, p95 = (float(value) for value in np.quantile(measurement.times, (0.5, 0.95)))
        memory, cold = measurement.memory, measurement.cold
        if RUNTIMES[name].format is None:  # a second TensorFlow is not started on the server to measure this
            memory, cold = recorded[name]["memory"], recorded[name]["cold"]
        rows.append(
            Row(
                t(f"runtime.{name}"),
                p50,
                p95,
                measurement.first,
                None if RUNTIMES[name].reference else measurement.difference,
                measurement.same,
                measurement.size,
                memory,
                cold,
                recorded=False,
            )
        )
    return rows


def browser_reports(request: str) -> dict[str, dict[str, Any]]:
    """What this session's browser reported of a request: name of a runtime -> its times, or its problem."""
    report = st.session_state.get(REPORT)
    runtimes: dict[str, dict[str, Any]] = report["runtimes"] if report and report.get("request") == request else {}
    return {f"browser_{name}": runtime for name, runtime in runtimes.items()}


def browser_rows(frame: Frame, reports: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """What was measured in the browser now, beside Keras' logits."""
    rows = []
    for name, report in reports.items():
        if "problem" in report:
            continue
        expected = ask(tasks.predict, frame.network, frame.image.at(frame.network.input_size))["logits"]
        logits = np.array(report["logits"], np.float32)
        p50, p95 = np.quantile(report["times"], (0.5, 0.95))
        rows.append(
            Row(
                t(f"runtime.{name}"),
                float(p50),
                float(p95),
                float(report["first"]),
                float(np.abs(logits - expected).max()) if logits.shape == expected.shape else None,
                bool(logits.argmax() == expected.argmax()),
                int(report["size"]),
                int(report["memory"]) if report["memory"] else None,
                float(report["cold"]) / 1000,
                recorded=False,
            )
        )
    return rows


def recorded_rows(precision: str) -> list[Row]:
    """What this repository recorded of its network."""
    fields = ("p50", "p95", "first", "difference", "same", "size", "memory", "cold")
    return [
        Row(t(f"runtime.{name}"), **{field: row[field] for field in fields}, recorded=True)
        for name, row in record.stored()["measured"][precision].items()
    ]
