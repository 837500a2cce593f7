"""Ship a network on screen: files for other runtimes, the same picture in all of them, and what each costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core import images
from core.deployment import FORMATS, PRECISIONS, DeploymentError, file_size, libraries, record, standalone
from core.deployment import tasks as deployment_tasks
from core.networks.entry import Entry
from core.networks.table import NETWORKS
from dashboard.components import in_browser
from dashboard.deploy.figures import grouped_log_bars, response_times
from dashboard.shared import cached, controls, figures, jobs, pictures, problems
from dashboard.shared import names as shared_names
from dashboard.shared.cached import NETWORK_ALONE
from dashboard.shared.frame import Frame
from dashboard.shared.links import choice
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, significant, t

RUNS = 100
SIDE = 224
FOUND = "ship_found"
"""Where the session keeps what its browser told."""


def show(frame: Frame) -> None:
    """The part of choice."""
    controls.part("ship", "part", PARTS, key="ship_show", label_visibility="collapsed")(frame)


def _precision() -> str:
    return choice(
        st.segmented_control,
        t("ship.precision"),
        tuple(PRECISIONS),
        key="ship_precision",
        default="float32",
        required=True,
        help=t("ship.precision_help"),
    )


def _export(entry: Entry, format: str, precision: str) -> Any:
    """The file with its comparison, once the job that makes it is over; the same for everybody."""
    return jobs.answer(
        "export",
        NETWORK_ALONE,
        ("export", entry, format, precision),
        jobs.steps_alone,
        deployment_tasks.export,
        entry,
        format,
        precision,
    )


# --- the same picture everywhere --------------------------------------------------------------------------------------


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


def _run(frame: Frame) -> None:
    entry, picture = frame.network, frame.image
    precision = _precision()
    st.header(t("ship.in_browser"), anchor=False)
    known = _in_browser(entry, picture, precision)
    st.header(t("ship.everywhere"), anchor=False)
    found = jobs.answer(
        "measure",
        picture,
        ("measure", entry, precision, RUNS),
        jobs.steps_alone,
        deployment_tasks.measure,
        entry,
        precision,
        cached.small(picture.image, entry),
        RUNS,
        at_once=False,
    )
    told = _told(known)
    rows = _measured_rows(found or {}) + _browser_rows(entry, picture, told)
    if entry.name == record.stored()["network"]:
        seen = {row.title for row in rows}
        rows += [row for row in _recorded_rows(precision) if row.title not in seen]
    for name, problem in (found or {}).items():
        if isinstance(problem, Exception):
            st.info(f"{t(f'runtime.{name}')}: {problems.sentence(problem)}", icon=":material/info:")
    for name, one in told.items():
        if "problem" in one:
            where = t("ship.this_server") if libraries.here() else libraries.HOST
            said = {"title": t(f"runtime.{name}"), "problem": one["problem"], "where": where}
            st.info(t("ship.no_library", **said), icon=":material/info:")
    if not rows:
        st.caption(t("ship.none_yet"))
        return
    _about(rows, found is not None)
    _figures(rows)


def _in_browser(entry: Entry, picture: SelectedImage, precision: str) -> str:
    """The picture in the reader's own browser; what it tells is known by the name that is returned."""
    known = f"{entry.name} {precision} {picture.digest}"
    try:
        standalone.check(entry, precision)
    except DeploymentError as error:
        st.warning(problems.sentence(error), icon=":material/memory:")
        return known
    flat = onnx = None
    if refusal := cached.no_flat_file(entry):
        st.warning(problems.sentence(refusal), icon=":material/account_tree:")
    elif (flat := _export(entry, "flat", precision)) is None:
        return known
    if st.toggle(t("ship.libraries"), key="ship_libraries", bind="query-params"):
        onnx = _export(entry, "onnx", precision)
    source = "here" if libraries.here() else "delivered"
    st.caption(t(f"ship.libraries_{source}", megabytes=libraries.MEGABYTES, where=libraries.HOST))
    files = {format: made.data for format, made in (("flat", flat), ("onnx", onnx)) if made}
    if not files:
        return known
    known += " ".join(files)

    def found(told: dict[str, Any]) -> None:
        st.session_state[FOUND] = told

    pixels = images.to_uint8(cached.small(picture.image, entry))
    in_browser.classify(files, shared_names.class_names(entry), known, pixels, "ship_browser", found)
    return known


def _told(known: str) -> dict[str, dict[str, Any]]:
    """What this session's browser told about this picture: name of a runtime -> its times, or its problem."""
    told = st.session_state.get(FOUND)
    found: dict[str, dict[str, Any]] = told["runtimes"] if told and told.get("request") == known else {}
    return {f"browser_{name}": one for name, one in found.items()}


def _browser_rows(entry: Entry, picture: SelectedImage, told: dict[str, dict[str, Any]]) -> list[Row]:
    rows = []
    for name, one in told.items():
        if "problem" in one:
            continue
        truth = cached.deployed(picture, entry)["logits"]
        logits = np.array(one["logits"], np.float32)
        p50, p95 = np.quantile(one["times"], (0.5, 0.95))
        rows.append(
            Row(
                t(f"runtime.{name}"),
                float(p50),
                float(p95),
                float(one["first"]),
                float(np.abs(logits - truth).max()) if logits.shape == truth.shape else None,
                bool(logits.argmax() == truth.argmax()),
                int(one["size"]),
                int(one["memory"]) if one["memory"] else None,
                float(one["cold"]) / 1000,
                False,
            )
        )
    return rows


def _measured_rows(found: dict[str, Any]) -> list[Row]:
    rows = []
    stored = record.stored()["measured"]["float32"]
    for name, one in found.items():
        if isinstance(one, Exception):
            continue
        p50, p95 = (float(value) for value in np.quantile(one.times, (0.5, 0.95)))
        memory, cold = one.memory, one.cold
        if name in deployment_tasks.KERAS:  # a second TensorFlow is not started on the server to measure this
            memory, cold = stored["keras"]["memory"], stored["keras"]["cold"]
        difference = None if name == "keras" else one.difference
        rows.append(Row(t(f"runtime.{name}"), p50, p95, one.first, difference, one.same, one.size, memory, cold, False))
    return rows


def _recorded_rows(precision: str) -> list[Row]:
    return [
        Row(
            t(f"runtime.{name}"),
            one["p50"],
            one["p95"],
            one["first"],
            one["difference"],
            one["same"],
            one["size"],
            one["memory"],
            one["cold"],
            True,
        )
        for name, one in record.stored()["measured"][precision].items()
    ]


def _about(rows: Sequence[Row], measured: bool) -> None:
    """Which figures were measured now, and when and where the others were."""
    stored = record.stored()
    now = [row.title for row in rows if not row.recorded]
    if now:
        st.caption(t("ship.now", names=", ".join(now)))
    if measured:
        st.caption(t("ship.server_runs", runs=RUNS))
    if any(row.recorded for row in rows):
        said = {"date": stored["date"], "machine": stored["machine"], "runs": number(stored["runs"])}
        st.caption(t("ship.recorded", **said))


def _title(row: Row) -> str:
    return f"{row.title} *" if row.recorded else row.title


def _figures(rows: Sequence[Row]) -> None:
    """Response time, difference, size and cold start, two side by side, the quickest on top."""
    rows = sorted(rows, key=lambda row: row.p50)
    names = [_title(row) for row in rows]
    for pair in ((_times, _differences), (_sizes, _cold)):
        for column, draw in zip(st.columns(2, gap="large"), pair, strict=True):
            with column:
                draw(rows, names)


def _tiny(value: float) -> str:
    """A number that may be a rounding error: 0.46, 0.0012, 1e-05."""
    return significant(value) if value >= 0.001 or value == 0 else f"{value:.0e}"


def _titled(name: str) -> None:
    st.subheader(t(f"ship.{name}"), anchor=False, help=t(f"ship.{name}_help"))


def _times(rows: Sequence[Row], names: Sequence[str]) -> None:
    _titled("times")
    lines = [f"{name} {significant(row.p50)} ms" for name, row in zip(names, rows, strict=True)]
    chart = response_times(
        names, [(row.p50, row.p95, row.first) for row in rows], (t("ship.p50"), t("ship.p95"), t("ship.first"))
    )
    st.plotly_chart(chart, config=figures.CONFIG, key="ship_times", alt=f"{t('ship.times')}: {', '.join(lines)}")


def _differences(rows: Sequence[Row], names: Sequence[str]) -> None:
    _titled("difference")
    found = [(name, row) for name, row in zip(names, rows, strict=True) if row.difference is not None]
    if not found:
        return
    texts = [_tiny(row.difference or 0) + ("" if row.same else f" · {t('ship.other_choice')}") for _, row in found]
    values = [max(row.difference or 0, 1e-9) for _, row in found]
    chart = figures.log_bars([name for name, _ in found], values, texts)
    alt = ", ".join(f"{name} {text}" for (name, _), text in zip(found, texts, strict=True))
    st.plotly_chart(chart, config=figures.CONFIG, key="ship_differences", alt=f"{t('ship.difference')}: {alt}")


def _sizes(rows: Sequence[Row], names: Sequence[str]) -> None:
    _titled("size")
    kinds = {
        t("ship.wire"): [row.size / 1e6 for row in rows],
        t("ship.memory"): [(row.memory or 0) / 1e6 for row in rows],
    }
    pairs = {kind: (values, [significant(v) if v else "–" for v in values]) for kind, values in kinds.items()}
    alt = "; ".join(
        f"{name}: {significant(row.size / 1e6)}, {significant((row.memory or 0) / 1e6)}"
        for name, row in zip(names, rows, strict=True)
    )
    st.plotly_chart(
        grouped_log_bars(names, pairs), config=figures.CONFIG, key="ship_sizes", alt=f"{t('ship.size')}: {alt}"
    )


def _cold(rows: Sequence[Row], names: Sequence[str]) -> None:
    _titled("cold")
    found = [(name, row.cold) for name, row in zip(names, rows, strict=True) if row.cold]
    texts = [f"{significant(cold)}\u202fs" for _, cold in found]
    chart = figures.log_bars([name for name, _ in found], [cold for _, cold in found], texts)
    alt = ", ".join(f"{name} {text}" for (name, _), text in zip(found, texts, strict=True))
    st.plotly_chart(chart, config=figures.CONFIG, key="ship_cold", alt=f"{t('ship.cold')}: {alt}")


# --- the file ---------------------------------------------------------------------------------------------------------


def _files(frame: Frame) -> None:
    entry = frame.network
    chosen, other = st.columns(2, gap="large")
    with chosen:
        format = choice(
            st.segmented_control,
            t("ship.format"),
            tuple(FORMATS),
            key="ship_format",
            default="onnx",
            format_func=lambda name: t(f"ship.{name}"),
            required=True,
        )
    with other:
        precision = _precision()
    if format == "flat" and (refusal := cached.no_flat_file(entry)):
        st.warning(problems.sentence(refusal), icon=":material/account_tree:")
        return
    made = _export(entry, format, precision)
    if made is None:
        return
    compared = made.comparison
    with st.container(horizontal=True):
        for name, value in (
            ("bytes", t("ship.megabytes", value=number(len(made.data) / 1e6, 2))),
            ("difference", _tiny(compared.logits)),
            ("difference_probability", _tiny(compared.probabilities)),
            ("agreement", percent(compared.agreement)),
        ):
            st.metric(t(f"ship.{name}"), value, border=True)
    st.caption(t("ship.compared", count=compared.pictures))
    stored = record.stored()
    if entry.name == stored["network"]:
        many = stored["compared"][precision][format]
        said = {"count": many["pictures"], "date": stored["date"], "agreement": percent(many["agreement"])}
        st.caption(t("ship.compared_before", **said))
    name = f"{entry.name.lower()}-{precision}{FORMATS[format]}"
    with st.container(horizontal=True):
        st.download_button(
            t("ship.download"), made.data, name, type="primary", icon=":material/download:", on_click="ignore"
        )
        if format == "flat":
            _download_page(entry, made.data, precision)
    st.code(f"python -m core export --network {entry.name} --format {format} --precision {precision} --out {name}")


def _download_page(entry: Entry, data: bytes, precision: str) -> None:
    """My classifier as one HTML file, or why not."""
    try:
        standalone.check(entry, precision)
    except DeploymentError as error:
        st.warning(problems.sentence(error), icon=":material/memory:")
        return
    st.download_button(
        t("ship.classifier"),
        lambda: standalone.page(data, entry.name),
        f"{entry.name.lower()}.html",
        "text/html",
        icon=":material/html:",
        on_click="ignore",
        help=t("ship.classifier_help"),
    )


# --- mistakes ---------------------------------------------------------------------------------------------------------


def _traps(frame: Frame) -> None:
    found = cached.traps(frame.image, frame.network)
    right = found["right"][1]
    changes = {name: float(np.abs(probabilities - right).max()) for name, (_, probabilities) in found.items()}
    names, classes = list(found), shared_names.class_names(frame.network)
    for start in range(0, len(names), 5):
        for column, name in zip(st.columns(5), names[start : start + 5], strict=False):
            pixels, probabilities = found[name]
            first = int(probabilities.argmax())
            caption = f"**{t(f'traps.{name}')}** · {classes[first]}, {percent(float(probabilities[first]))}"
            seen = pictures.cells(images.from_uint8(pixels), SIDE)
            column.image(pictures.chart(seen), width="stretch", alt=caption.replace("**", ""), caption=caption)
    wrong = sorted((name for name in names if name != "right"), key=lambda name: -changes[name])
    st.subheader(t("traps.change"), anchor=False)
    texts = [_tiny(changes[name]) for name in wrong]
    st.plotly_chart(
        figures.log_bars([t(f"traps.{name}") for name in wrong], [max(changes[name], 1e-9) for name in wrong], texts),
        config=figures.CONFIG,
        key="ship_traps",
        alt=", ".join(f"{t(f'traps.{name}')} {text}" for name, text in zip(wrong, texts, strict=True)),
    )


# --- where it runs ----------------------------------------------------------------------------------------------------


def _platforms(frame: Frame) -> None:
    st.subheader(t("ship.ran"), anchor=False)
    heads = [t(f"ship.column_{name}") for name in ("runtime", "platform", "by", "build", "bytes")]
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | --- | ---: | ---: |"]
    for row in record.stored()["platforms"]:
        build = f"{significant(row['build'])}\u202fs" if row["build"] else "–"
        size = t("ship.megabytes", value=number(row["bytes"] / 1e6, 2)) if row["bytes"] else "–"
        by = t(f"ship.by_{row['by']}")
        lines.append(f"| {row['runtime']} | {row['platform']} | {by} | {build} | {size} |")
    st.markdown("\n".join(lines))
    st.subheader(t("ship.fits"), anchor=False)
    st.markdown(t("ship.fits_help", most=standalone.MOST_BYTES // 10**6))
    entries = sorted(NETWORKS.values(), key=lambda entry: entry.size)
    fits = {entry.name: entry.size <= standalone.MOST_BYTES for entry in entries}
    names = [entry.name if fits[entry.name] else f"{entry.name} ✗" for entry in entries]
    texts = [
        f"{number(entry.size / 1e6)} · {number(file_size(entry.parameters, 'int8') / 1e6, 1)}" for entry in entries
    ]
    st.plotly_chart(
        figures.log_bars(names, [entry.size / 1e6 for entry in entries], texts),
        config=figures.CONFIG,
        key="ship_fits",
        alt=f"{t('ship.fits')}: {', '.join(f'{name} {text}' for name, text in zip(names, texts, strict=True))}",
    )


PARTS: dict[str, Callable[[Frame], None]] = {
    "run": _run,
    "files": _files,
    "traps": _traps,
    "platforms": _platforms,
}
