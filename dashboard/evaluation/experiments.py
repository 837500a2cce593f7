"""Do they tell the truth? The tests of explanations on screen: the controls of each, its job, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import faces
from core.attribution import METHODS
from core.evaluation import deletion, leaderboard, pointing, stability, tasks
from core.evaluation.similarity import edges, rank_correlation
from core.networks import table
from core.networks.entry import Entry
from dashboard.explain import question
from dashboard.explain.question import Request
from dashboard.shared import cached, controls, figures, jobs, pictures, selected
from dashboard.shared import names as shared_names
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice, choices
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import number, percent, significant, t

SIDE, STRENGTH = 336, 0.7
STEPS = 32
FEW_ROWS = ("grad_cam", "saliency", "guided_backpropagation", "edges", "random")
"""Rows of the leaderboard that are computed anew at first: they take a second a capture."""
RANK = "rank"


def show(frame: Frame) -> None:
    """The test of choice."""
    controls.part("evaluation", "test", TESTS, key="test")(frame)


def _ask(picture: SelectedImage, entry: Entry, class_index: int | None = None) -> tuple[Request, DeltaGenerator]:
    """The method with its numbers, and the column beside it for those of the test."""
    asked, aside = st.columns([2, 3], gap="large")
    with asked:
        return question.ask(picture, entry, aside, class_index, layer_aside=True), aside


def _over(image: np.ndarray, values: np.ndarray, request: Request) -> np.ndarray:
    return pictures.overlay(image, values, STRENGTH, SIDE, METHODS[request.method].signed)


def _place(column: DeltaGenerator, image: np.ndarray, caption: str) -> None:
    """A picture with what it is."""
    column.image(
        pictures.chart(image if image.shape[0] >= SIDE else pictures.cells(image, SIDE)),
        width="stretch",
        alt=caption,
        caption=caption,
    )


# --- deletion and insertion -------------------------------------------------------------------------------------------


def _delete(frame: Frame) -> None:
    picture, entry = frame.image, frame.network
    request, aside = _ask(picture, entry)
    with aside:
        baseline = choice(
            st.pills,
            t("evaluation.baseline"),
            deletion.BASELINES,
            key="test_baseline",
            default=deletion.BASELINES[0],
            format_func=lambda name: t(f"evaluation.baseline_{name}"),
            required=True,
            help=t("evaluation.baseline_help"),
        )
        steps = st.slider(t("evaluation.steps"), 8, 64, STEPS, 8, key="test_steps", **BOUND)
    found = jobs.answer(
        "delete",
        picture,
        ("delete", *request.arguments, steps, baseline),
        lambda progress: question.forming(picture, request, progress),
        tasks.delete,
        *request.arguments,
        cached.small(picture.image, entry),
        steps=steps,
        baseline=baseline,
    )
    if found is None:
        return
    share = st.slider(t("evaluation.share"), 0, 100, 10, key="test_share", **BOUND) / 100
    seen = cached.small(picture.image, entry)
    label = shared_names.class_names(entry)[found.class_index]
    shown, deleted, inserted, lots = st.columns(4)
    _place(shown, _over(seen, found.explanation.map.values, request), question.about(request, found.explanation))
    for column, way, order in (
        (deleted, "deletion", found.order),
        (inserted, "insertion", found.order),
        (lots, "random_deletion", found.lots),
    ):
        changed = deletion.changed(seen, order, share, baseline, insert=way == "insertion")
        curve = found.curves[way]
        value = float(np.interp(share, curve.shares, curve.probabilities))
        _place(column, changed, t(f"evaluation.{way}_at", share=percent(share), value=percent(value)))
    for column, way in zip(st.columns(2, gap="large"), ("deletion", "insertion"), strict=True):
        with column:
            st.header(t(f"evaluation.{way}"), anchor=False, help=t(f"evaluation.{way}_help"))
            curves = {t("evaluation.by_map"): found.curves[way], t("evaluation.by_lot"): found.curves[f"random_{way}"]}
            areas = ", ".join(f"{name} {number(curve.area, 3)}" for name, curve in curves.items())
            lines = {name: (list(100 * curve.shares), list(curve.probabilities)) for name, curve in curves.items()}
            axes = (t("evaluation.share_axis"), t("evaluation.probability_of", label=label))
            st.plotly_chart(
                figures.curves(lines, axes, here=100 * share, up=(-0.02, 1.02)),
                config=figures.CONFIG,
                key=f"curve_{way}",
                alt=f"{t(f'evaluation.{way}')}. {areas}",
            )
            st.markdown(f"**{t('evaluation.area')}** · {areas}")


# --- randomization ----------------------------------------------------------------------------------------------------


def _forget(frame: Frame) -> None:
    picture, entry = frame.image, frame.network
    request, aside = _ask(picture, entry)
    with aside:
        seed = int(st.number_input(t("evaluation.seed"), 0, 999, 0, key="test_seed", **BOUND))
    seen = cached.small(picture.image, entry)
    stages = jobs.answer(
        "forget",
        picture,
        ("forget", *request.arguments, seed),
        jobs.steps_alone,
        tasks.forget,
        *request.arguments,
        seen,
        seed=seed,
    )
    if stages is None:
        return
    counts = [stage.layers for stage in stages]
    count = choice(st.select_slider, t("evaluation.forgotten"), counts, key="test_layers", default=0)
    stage = stages[counts.index(count)]
    rank = number(stage.rank, 2)
    before, now, outlines = st.columns(3)
    title = METHODS[request.method].title
    _place(before, _over(seen, stages[0].values, request), t("evaluation.whole", method=title))
    told = t("evaluation.down_to", count=count, name=stage.name) if count else t("evaluation.nothing_forgotten")
    said = t("evaluation.alike", value=rank) if np.ptp(stage.values) > 0 else t("evaluation.empty")
    _place(now, _over(seen, stage.values, request), f"{told} {said}")
    _place(outlines, pictures.heatmap(edges(seen), SIDE), t("evaluation.edges_caption"))
    lines = {
        t("evaluation.rank_line"): [stage.rank for stage in stages],
        t("evaluation.ssim"): [stage.ssim for stage in stages],
        t("evaluation.edge"): [stage.edge for stage in stages],
    }
    ends = "; ".join(f"{name} {number(values[-1], 2)}" for name, values in lines.items())
    chart = figures.curves(
        {name: (counts, values) for name, values in lines.items()},
        (t("evaluation.forgotten"), t("evaluation.likeness")),
        here=count,
    )
    st.header(t("evaluation.left"), anchor=False)
    st.plotly_chart(chart, config=figures.CONFIG, key="forget_curve", alt=f"{t('evaluation.left')} {ends}")


# --- where it must land -----------------------------------------------------------------------------------------------


def _land(frame: Frame) -> None:
    entry = frame.network
    if not table.knows_people(entry):
        st.info(t("recognised.other", name=entry.name))
        return
    who, whose, how = st.columns(3)
    with who:
        person = _person("test_person", t("picture.person"), range(faces.PEOPLE), 4)
    group = [other for other in range(faces.PEOPLE) if faces.group_of(other) == faces.group_of(person)]
    group.remove(person)
    with whose:
        other = _person("test_other", t("evaluation.other"), group, group[0])
    with how:
        drawn = int(st.number_input(t("picture.capture_number"), 0, 999, 0, key="test_capture", **BOUND))
    part = choice(
        st.pills,
        t("evaluation.part"),
        tuple(pointing.PARTS),
        key=f"test_part_{faces.group_of(person)}",
        default=pointing.marked_part(person),
        format_func=lambda name: t(f"evaluation.part_{name}"),
        required=True,
        help=t("evaluation.part_help"),
    )
    capture = faces.sample_capture(np.random.default_rng(drawn)) if drawn else faces.PORTRAIT
    picture = selected.person_image(person, capture)
    request, _ = _ask(picture, entry, person)
    found = jobs.answer(
        "land",
        picture,
        ("land", *request.arguments, other, part),
        lambda progress: question.forming(picture, request, progress),
        tasks.land,
        *request.arguments,
        other=other,
        part=part,
        capture=capture,
    )
    if found is not None:
        _landed(entry, request, found, person, other)


def _person(key: str, text: str, people: Any, default: int) -> int:
    return choice(
        st.selectbox,
        text,
        list(people),
        key=key,
        default=default,
        format_func=shared_names.person_name,
    )


def _landed(entry: Entry, request: Request, found: Any, person: int, other: int) -> None:
    pair, values = found.pair, found.explanation.map.values
    truth, inpainted, landed = st.columns(3)
    sizes = [
        pictures.outlined(pictures.cells(image, SIDE), region)
        for image, region in ((pair.original, pair.part), (pair.inpainted, pair.changed))
    ]
    original, inpainted_as = (shared_names.class_names(entry)[index] for index in found.taken_for)
    numbers = {"label": original, "score": number(found.scores[0], 1)}
    _place(truth, sizes[0], t("evaluation.truth", **numbers))
    numbers = {"label": inpainted_as, "score": number(found.scores[1], 1), "other": f"{other:02d}"}
    _place(inpainted, sizes[1], t("evaluation.inpainted", **numbers))
    over = pictures.outlined(_over(pair.original, values, request), pair.changed)
    _place(landed, over, t("evaluation.landed", method=METHODS[request.method].title))
    st.header(t("evaluation.verdict"), anchor=False, help=t("evaluation.verdict_help"))
    with st.container(horizontal=True):
        for name, region in (("head", pair.head), ("part", pair.part)):
            st.metric(t(f"metrics.pointing_{name}"), "✓" if pointing.hit(values, region) else "✗", border=True)
        for name, region in (("energy_head", pair.head), ("energy_part", pair.part), ("inpainting", pair.changed)):
            if region.any():
                st.metric(t(f"metrics.{name}"), f"× {number(pointing.gain(values, region), 1)}", border=True)
    drop = found.scores[0] - found.scores[1]
    st.caption(t("evaluation.drop", person=f"{person:02d}", drop=number(drop, 1), share=percent(pair.changed.mean())))


# --- stability --------------------------------------------------------------------------------------------------------


def _repeat(frame: Frame) -> None:
    picture, entry = frame.image, frame.network
    request, aside = _ask(picture, entry)
    with aside:
        copies = st.slider(t("evaluation.copies"), 1, 8, 4, key="test_copies", **BOUND)
        noise = st.slider(t("evaluation.noise"), 1, 20, 2, key="test_noise", **BOUND)
    seen = cached.small(picture.image, entry)
    found = jobs.answer(
        "repeat",
        picture,
        ("repeat", *request.arguments, copies, noise),
        jobs.steps_alone,
        tasks.repeat,
        *request.arguments,
        seen,
        copies=copies,
        noise=noise,
    )
    if found is None:
        return
    looks = [seen, *stability.noisy(seen, copies, noise)]
    _row(t("evaluation.noise_row"), "noise", found.noise, looks, request)
    if found.seeds is None:
        st.info(t("evaluation.no_lots", method=METHODS[request.method].title))
    else:
        _row(t("evaluation.seeds_row"), "seeds", found.seeds, [seen] * len(found.seeds), request)


def _row(title: str, kind: str, maps: np.ndarray, looks: list[np.ndarray], request: Request) -> None:
    st.header(title, anchor=False)
    st.metric(t("evaluation.mean_rank"), number(stability.similarity(list(maps)), 2))
    with st.container(horizontal=True):
        for place, (values, look) in enumerate(zip(maps, looks, strict=True)):
            like = number(rank_correlation(maps[0], values), 2)
            caption = t("evaluation.alike", value=like) if place else t("evaluation.first_map")
            alt = f"{t(f'metrics.{kind}')} {place}. {caption}"
            st.image(pictures.chart(_over(look, values, request)), width=168, alt=alt, caption=caption)


# --- leaderboard ------------------------------------------------------------------------------------------------------


def _rank(frame: Frame) -> None:
    board = leaderboard.stored()
    st.header(t("evaluation.before"), anchor=False)
    st.caption(
        t(
            "evaluation.stored",
            captures=number(board["captures"]),
            date=board["date"],
            again=number(-(-board["captures"] // board["repeated"])),
        )
    )
    _board(board, "stored")
    st.header(t("evaluation.anew"), anchor=False)
    st.markdown(t("evaluation.anew_help"))
    rows = choices(
        t("explainers.methods"),
        leaderboard.ROWS,
        key="test_rows",
        default=FEW_ROWS,
        format_func=_titled,
    )
    captures = st.slider(t("recognised.captures"), 4, 96, 8, 4, key="test_captures", **BOUND)
    st.button(
        t("controls.run"),
        type="primary",
        icon=":material/leaderboard:",
        on_click=jobs.start,
        args=(RANK, tasks.rank, rows, captures),
    )
    jobs.panel(RANK, jobs.steps_alone)
    outcome = jobs.outcome(RANK)
    if outcome and outcome.problem:
        st.warning(outcome.problem)
    if outcome and outcome.result:
        st.caption(t("evaluation.own", captures=number(outcome.result["captures"])))
        _board(outcome.result, "own")


def _titled(row: str) -> str:
    return t(f"evaluation.{row}") if row in leaderboard.CONTROLS else METHODS[row].title


def _board(board: dict[str, Any], key: str) -> None:
    """One figure a test, the best on top, two side by side."""
    metrics = [metric for metric in leaderboard.METRICS.values() if board["metrics"][metric.name]]
    controls = [_titled(row) for row in leaderboard.CONTROLS]
    for start in range(0, len(metrics), 2):
        for column, metric in zip(st.columns(2, gap="large"), metrics[start : start + 2], strict=False):
            found = board["metrics"][metric.name]
            rows = sorted(found, key=lambda row: found[row]["mean"], reverse=metric.high)
            names = [_titled(row) for row in rows]
            values = [found[row]["mean"] for row in rows]
            intervals = [tuple(found[row]["interval"]) for row in rows]
            chance = board["chance"].get(metric.name, metric.chance)
            told = ", ".join(f"{name} {significant(value)}" for name, value in zip(names, values, strict=True))
            with column:
                st.subheader(t(f"metrics.{metric.name}"), anchor=False, help=t(f"metrics.{metric.name}_help"))
                st.caption(t("evaluation.high" if metric.high else "evaluation.low"))
                st.plotly_chart(
                    figures.dots(names, values, intervals, controls, chance),
                    config=figures.CONFIG,
                    key=f"board_{key}_{metric.name}",
                    alt=f"{t(f'metrics.{metric.name}')}: {told}",
                )


TESTS: dict[str, Callable[[Frame], None]] = {
    "delete": _delete,
    "forget": _forget,
    "land": _land,
    "repeat": _repeat,
    "rank": _rank,
}
