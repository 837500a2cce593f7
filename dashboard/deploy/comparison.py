"""The same image everywhere: in the reader's browser, in every runtime of the server, and what each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import images
from core.deployment import DeploymentError, libraries, record, standalone, tasks
from core.deployment.tasks import Measurement
from dashboard.components import in_browser
from dashboard.deploy.exports import exported, precision_picker, small_number
from dashboard.deploy.figures import grouped_log_bars, response_times
from dashboard.deploy.measurements import (
    REPORT,
    Row,
    browser_reports,
    browser_rows,
    recorded_rows,
    server_rows,
)
from dashboard.shared import figures, problems
from dashboard.shared.frame import Frame
from dashboard.shared.names import class_names
from dashboard.shared.text import number, significant, t
from dashboard.shared.workers import ask, job

RUNS = 100


def compare_runtimes(frame: Frame) -> None:
    """The image in the browser, then on the server, then what all of them cost."""
    network, precision = frame.network, precision_picker()
    st.header(t("ship.in_browser"), anchor=False)
    reports = browser_reports(_classify_in_browser(frame, precision))
    st.header(t("ship.everywhere"), anchor=False)
    image = frame.image.at(network.input_size)
    measurements: dict[str, Measurement | Exception] | None = job(
        tasks.measure, network, precision, image, RUNS, at_once=False, name="measure"
    )
    rows = server_rows(measurements or {}) + browser_rows(frame, reports)
    if network.name == record.stored()["network"]:
        titles = {row.title for row in rows}
        rows += [row for row in recorded_rows(precision) if row.title not in titles]
    _problems(measurements or {}, reports)
    if not rows:
        st.caption(t("ship.none_yet"))
        return
    _origins(rows, measurements is not None)
    _costs(rows)


def _classify_in_browser(frame: Frame, precision: str) -> str:
    """The image in the reader's own browser; returns the request, by which its report is known."""
    network = frame.network
    request = f"{network.name} {precision} {frame.image.digest}"
    try:
        standalone.check(network, precision)
    except DeploymentError as error:
        st.warning(problems.sentence(error), icon=":material/memory:")
        return request
    flat = onnx = None
    if refusal := ask(tasks.flat_file_refusal, network):
        st.warning(problems.sentence(refusal), icon=":material/account_tree:")
    elif (flat := exported(network, "flat", precision)) is None:
        return request
    if st.toggle(t("ship.libraries"), key="ship_libraries", bind="query-params"):
        onnx = exported(network, "onnx", precision)
    source = "here" if libraries.here() else "delivered"
    st.caption(t(f"ship.libraries_{source}", megabytes=libraries.MEGABYTES, where=libraries.HOST))
    files = {export.format: export.data for export in (flat, onnx) if export}
    if not files:
        return request
    request += " ".join(files)

    def remember(report: dict[str, Any]) -> None:
        st.session_state[REPORT] = report

    size = network.input_size
    pixels = images.to_uint8(images.resize(frame.image.image, size, size))
    in_browser.classify(files, class_names(network), request, pixels, "ship_browser", remember)
    return request


def _problems(measurements: Mapping[str, Measurement | Exception], reports: Mapping[str, Mapping[str, Any]]) -> None:
    """Why a runtime was not measured."""
    for name, measurement in measurements.items():
        if isinstance(measurement, Exception):
            st.info(f"{t(f'runtime.{name}')}: {problems.sentence(measurement)}", icon=":material/info:")
    for name, report in reports.items():
        if "problem" in report:
            where = t("ship.this_server") if libraries.here() else libraries.HOST
            values = {"title": t(f"runtime.{name}"), "problem": report["problem"], "where": where}
            st.info(t("ship.no_library", **values), icon=":material/info:")


def _origins(rows: Sequence[Row], measured: bool) -> None:
    """Which figures were measured now, and when and where the others were."""
    stored = record.stored()
    now = [row.title for row in rows if not row.recorded]
    if now:
        st.caption(t("ship.now", names=", ".join(now)))
    if measured:
        st.caption(t("ship.server_runs", runs=RUNS))
    if any(row.recorded for row in rows):
        values = {"date": stored["date"], "machine": stored["machine"], "runs": number(stored["runs"])}
        st.caption(t("ship.recorded", **values))


# --- what each costs --------------------------------------------------------------------------------------------------


def _costs(rows: Sequence[Row]) -> None:
    """Response time, difference, size and cold start, two side by side, the quickest on top."""
    rows = sorted(rows, key=lambda row: row.p50)
    for pair in ((_times, _differences), (_sizes, _cold_starts)):
        for column, draw in zip(st.columns(2, gap="large"), pair, strict=True):
            with column:
                draw(rows)


def _heading(name: str) -> None:
    st.subheader(t(f"ship.{name}"), anchor=False, help=t(f"ship.{name}_help"))


def _times(rows: Sequence[Row]) -> None:
    _heading("times")
    lines = [f"{row.name} {significant(row.p50)} ms" for row in rows]
    chart = response_times(
        [row.name for row in rows],
        [(row.p50, row.p95, row.first) for row in rows],
        (t("ship.p50"), t("ship.p95"), t("ship.first")),
    )
    st.plotly_chart(chart, config=figures.CONFIG, key="ship_times", alt=f"{t('ship.times')}: {', '.join(lines)}")


def _differences(rows: Sequence[Row]) -> None:
    _heading("difference")
    compared = [(row, row.difference) for row in rows if row.difference is not None]
    if not compared:
        return
    texts = [
        small_number(difference) + ("" if row.same else f" · {t('ship.other_choice')}") for row, difference in compared
    ]
    values = [max(difference, 1e-9) for _, difference in compared]
    _bars("difference", "ship_differences", [row for row, _ in compared], values, texts)


def _sizes(rows: Sequence[Row]) -> None:
    _heading("size")
    kinds = {
        t("ship.wire"): [row.size / 1e6 for row in rows],
        t("ship.memory"): [(row.memory or 0) / 1e6 for row in rows],
    }
    pairs = {kind: (values, [significant(v) if v else "–" for v in values]) for kind, values in kinds.items()}
    chart = grouped_log_bars([row.name for row in rows], pairs)
    numbers = [(row.name, significant(row.size / 1e6), significant((row.memory or 0) / 1e6)) for row in rows]
    alt = "; ".join(f"{name}: {size}, {memory}" for name, size, memory in numbers)
    st.plotly_chart(chart, config=figures.CONFIG, key="ship_sizes", alt=f"{t('ship.size')}: {alt}")


def _cold_starts(rows: Sequence[Row]) -> None:
    _heading("cold")
    measured = [(row, row.cold) for row in rows if row.cold]
    texts = [f"{significant(cold)}\u202fs" for _, cold in measured]
    _bars("cold", "ship_cold", [row for row, _ in measured], [cold for _, cold in measured], texts)


def _bars(label: str, key: str, rows: Sequence[Row], values: Sequence[float], texts: Sequence[str]) -> None:
    names = [row.name for row in rows]
    alt = ", ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
    st.plotly_chart(
        figures.log_bars(names, values, texts), config=figures.CONFIG, key=key, alt=f"{t(f'ship.{label}')}: {alt}"
    )
