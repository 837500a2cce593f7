"""Constraints on screen: the eight experiments, who wins under which of them, and two pictures compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from core.intervals import mean_interval
from core.neighbours import BASELINES, tasks
from core.neighbours.findings import CONSTRAINTS, MEASURES, Result, Verdict
from dashboard.neighbours import figures as embedding_figures
from dashboard.neighbours.explore import Asked
from dashboard.shared import cached, figures, jobs, pictures
from dashboard.shared.cached import Data
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, significant, t

LOG_X = ("crowd",)
SIDE, STRENGTH, GRID = 336, 0.7, 10
BOARD = "knn_board"
"""The session's verdicts, experiment -> measure -> (verdict, what it was measured on)."""


def show(asked: Asked) -> None:
    """The experiment of choice with its figures, and the table of who wins."""
    st.header(t("constraints.title"), anchor=False)
    name = choice(
        st.pills,
        t("constraints.title"),
        CONSTRAINTS,
        key="constraint",
        default="newcomer",
        format_func=lambda name: t(f"constraints.{name}"),
        required=True,
        label_visibility="collapsed",
    )
    st.markdown(t(f"constraints.{name}_help"))
    data = asked.data
    if name == "crowd" and tasks.is_stored(asked.network, asked.collection.embedding, "new"):
        crowd = cached.stored_crowd(asked.network)
        data = Data(crowd.digest, crowd)
    found = jobs.answer(
        "constraint",
        data,
        ("constraint", name, asked.settings),
        jobs.steps_alone,
        tasks.experiment,
        name,
        data.content,
        asked.settings,
        at_once=False,
    )
    if found is not None:
        result, verdicts = found
        _figures(result)
        _note(asked, result, verdicts)
    _board()


def _title(head: str) -> str:
    return t(f"neighbours.{head}")


def _figures(result: Result) -> None:
    """One figure a measure, two side by side; the first alone where it is the only one."""
    names = list(result.measures)
    for start in range(0, len(names), 2):
        for column, measure in zip(st.columns(2, gap="large"), names[start : start + 2], strict=False):
            with column:
                text = f"constraints.measure_{measure}"
                st.subheader(t(text), anchor=False, help=t(f"{text}_help"))
                _figure(result, measure)


def _figure(result: Result, measure: str) -> None:
    share, steps = MEASURES[measure].unit == "share", _steps(result)
    lines, told = {}, []
    for head, every in result.measures[measure].items():
        asked = np.isfinite(every).all(axis=0)
        mean, low, high = mean_interval(every[:, asked])
        told.append(f"{_title(head)} {' → '.join(written(measure, float(value)) for value in mean[[0, -1]])}")
        if share:
            mean, low, high = (100 * np.clip(values, 0, 1) for values in (mean, low, high))
        else:
            low = np.maximum(low, mean / 10)  # no logarithm of what is not above 0
        lines[_title(head)] = list(
            zip(*(map(float, values) for values in (steps[asked], mean, low, high)), strict=True)
        )
    if share and all(len({points[1:] for points in line}) == 1 for line in lines.values()):  # whatever the step
        once = {head: line[0] for head, line in lines.items()}
        values, ends = [mean for _, mean, _, _ in once.values()], [(low, high) for *_, low, high in once.values()]
        chart = figures.dots(list(once), values, ends, (), None, unit="\u202f%")
    else:
        chart = figures.ranged(
            lines,
            (t(f"constraints.{result.name}_axis"), t(f"constraints.unit_{MEASURES[measure].unit}")),
            decades=("x" if result.name in LOG_X else "") + ("" if share else "y"),
            ticks=[float(step) for step in steps],
            up=(-2, 102) if share else None,
            unit="\u202f%" if share else "",
        )
    st.plotly_chart(chart, config=figures.CONFIG, key=f"constraint_{measure}", alt=", ".join(told))


def _steps(result: Result) -> np.ndarray:
    """The steps as the axis says them: shares in percent."""
    return 100 * result.x if result.name in ("strangers", "noise") else result.x


def written(measure: str, value: float) -> str:
    """A value with its unit."""
    unit = MEASURES[measure].unit
    if unit == "share":
        return percent(value)
    if unit == "seconds":
        return f"{significant(1000 * value)}\u202fms"
    return f"{significant(value / 1000)}\u202fkB"


def _note(asked: Asked, result: Result, verdicts: dict[str, Verdict]) -> None:
    """What was measured on, and that into the session's table."""
    seeds = len(next(iter(next(iter(result.measures.values())).values())))
    st.caption(t("constraints.note", seeds=seeds, count=number(result.queries)))
    about = f"{asked.collection.embedding} · {t(f'neighbours.source_{asked.collection.album.source}')}"
    board: dict[str, dict[str, tuple[Verdict, str]]] = st.session_state.setdefault(BOARD, {})
    board[result.name] = {measure: (found, about) for measure, found in verdicts.items()}


def _board() -> None:
    """Who wins under which constraint, from the session's own runs."""
    st.header(t("constraints.winners"), anchor=False)
    st.markdown(t("constraints.winners_help"))
    board: dict[str, dict[str, tuple[Verdict, str]]] = st.session_state.get(BOARD, {})
    rows = [
        {
            t("constraints.constraint"): t(f"constraints.{name}"),
            t("constraints.measure"): t(f"constraints.measure_{measure}"),
            t("constraints.winner"): t("constraints.undecided") if found.winner is None else _title(found.winner),
            t("constraints.means"): " · ".join(
                f"{_title(head)} {written(measure, mean)}" for head, mean in found.means.items()
            ),
            t("constraints.on"): about,
        }
        for name in CONSTRAINTS
        for measure, (found, about) in board.get(name, {}).items()
    ]
    left = [t(f"constraints.{name}") for name in CONSTRAINTS if name not in board]
    if rows:
        st.table(rows, hide_index=True, alt=t("constraints.winners"))
    if left:
        st.caption(t("constraints.to_run", names=", ".join(left)))


# --- the same person or not -------------------------------------------------------------------------------------------


def verify(asked: Asked) -> None:
    """Two pictures: their distance among those of all pairs, and where each of them looks like the other."""
    st.header(t("verify.title"), anchor=False)
    st.markdown(t("verify.help"))
    if asked.collection.embedding in BASELINES:
        st.info(t("verify.baseline"))
        return
    album, found = asked.collection.album, cached.compare_heads(asked.data, asked.settings)
    rows = [int(row) for row in found.split.queries][: 10 * tasks.MOST_LIVE]
    picked = []
    for column, place in zip(st.columns(2, gap="large"), (0, 1), strict=True):
        with column:
            row = choice(
                st.selectbox,
                t(f"verify.picture_{place}"),
                rows,
                key=f"verify_{place}",
                default=rows[place],
                format_func=lambda one: f"{asked.name(int(album.labels[one]))} · {t('neighbours.number', number=one)}",
            )
            picked.append(row)
    seen = [album.picture(row, asked.network.input_size) for row in picked]
    settings = replace(asked.drawn, metric=asked.settings.metric)
    answer = jobs.answer(
        "verify",
        asked.data,
        ("verify", asked.network, settings, *picked),
        jobs.steps_alone,
        tasks.verify,
        asked.network,
        asked.collection,
        settings,
        seen,
        GRID,
    )
    if answer is None:
        return
    same = answer.distance < answer.pairs.threshold
    true = album.labels[picked[0]] == album.labels[picked[1]]
    values = {
        "distance": number(answer.distance, 3),
        "threshold": number(answer.pairs.threshold, 3),
        "error": percent(answer.pairs.equal_error),
    }
    says = t("verify.same" if same else "verify.other", **values)
    (st.success if same == true else st.error)(f"{says} {t('verify.right' if same == true else 'verify.wrong')}")
    high = max(float(np.abs(values).max()) for values in answer.maps)
    for column, values, row in zip(st.columns(2, gap="large"), answer.maps, picked, strict=True):
        caption = t("verify.map", name=asked.name(int(album.labels[row])), high=significant(high))
        over = pictures.overlay(album.picture(row, SIDE), values, STRENGTH, SIDE, signed_scale=True, high=high)
        column.image(pictures.chart(over), width="stretch", alt=caption, caption=caption)
    _pairs(asked, answer)


def _pairs(asked: Asked, answer: Any) -> None:
    pairs, drawn = answer.pairs, st.columns(2, gap="large")
    with drawn[0]:
        st.subheader(t("verify.histogram"), anchor=False)
        st.plotly_chart(
            embedding_figures.histogram(
                pairs.same,
                pairs.other,
                (t("verify.same_pairs"), t("verify.other_pairs")),
                t("verify.axis", metric=t(f"neighbours.{asked.settings.metric}")),
                pairs.threshold,
                answer.distance,
            ),
            config=figures.CONFIG,
            key="verify_histogram",
            alt=t("verify.histogram"),
        )
    with drawn[1]:
        st.subheader(t("verify.roc"), anchor=False, help=t("verify.roc_help"))
        at = 100 * float(np.mean(pairs.other < answer.distance))
        st.plotly_chart(
            figures.curves(
                {"ROC": (100 * pairs.roc.false_positive_rate, 100 * pairs.roc.true_positive_rate)},
                (t("verify.false_accepts"), t("verify.true_accepts")),
                here=at,
                up=(-2, 102),
            ),
            config=figures.CONFIG,
            key="verify_roc",
            alt=f"{t('verify.roc')}: {t('verify.equal_error')} {percent(pairs.equal_error)}",
        )
    values = {"same": number(len(pairs.same)), "other": number(len(pairs.other))}
    st.caption(t("verify.note", error=percent(pairs.equal_error), threshold=number(pairs.threshold, 3), **values))
