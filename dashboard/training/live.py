"""Train it yourself on screen: settings, a run that is watched while it goes on, and the problems of learning."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from core import digits, training
from core.params import Param
from core.progress import Progress
from core.training import LAYERS, Point, Run, Settings, tasks
from core.training.problems import PROBLEMS
from dashboard.shared import controls, door, figures, pictures, workers
from dashboard.shared.architecture_figure import architecture_figure
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, significant, t
from dashboard.sidebar import network
from dashboard.training import runs, sweeps, time_lapse, transfer

STRETCH = "training"
POLL_SECONDS = 0.5
STRETCH_SECONDS = 6.0
"""How long a run goes on before it gives way to the jobs of others."""
STOP_SECONDS = 1.0
"""How long the page waits at most for what a run has reached that shall stop."""
MOST_POINTS = 160
"""Points of a curve while it grows; more are not seen, and would have to travel."""
SAMPLES = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)


# --- the run that goes on ---------------------------------------------------------------------------------------------
# In the session: "training_run" is the name of the selected run; its stretch in the worker is the session's job
# `STRETCH`, beside whatever else it computes; "training_wanted" says what follows it: "go", "pause" or "stop".


def begin(settings: Settings, source: str, problem: str | None = None) -> None:
    """Start a run; the one before is stopped where it is."""
    stop()
    st.session_state["training_run"] = runs.add(Run(settings, source))
    st.session_state.pop("training_kernels", None)
    st.session_state["training_problem"] = problem
    _go()


def _go() -> None:
    run = _selected_run()
    if run is None or run.over:
        return
    st.session_state["training_wanted"] = "go"
    st.session_state["training_seen"] = []
    stretch = door.compute().submit_leased(
        workers.LEASE_SECONDS, tasks.train, run.settings, run.state, seconds=STRETCH_SECONDS
    )
    workers.start(STRETCH, stretch, beside=True)


def _interrupt(wanted: str) -> None:
    st.session_state["training_wanted"] = wanted
    if stretch := workers.current(STRETCH):
        stretch.cancel()
    until = time.monotonic() + STOP_SECONDS
    while _advance() and time.monotonic() < until:  # so that the page shows at once what was reached
        time.sleep(0.02)


def pause() -> None:
    """Hold the run; it can go on from there."""
    _interrupt("pause")


def stop() -> None:
    """End the run where it is."""
    _interrupt("stop")


def _selected_run() -> Run | None:
    return runs.all_runs().get(st.session_state.get("training_run", ""))


def _advance() -> bool:
    """Add a stretch that has ended to its run, and start the next one if that is wanted; whether the run goes on."""
    while workers.current(STRETCH) is not None:
        ended = workers.outcome(STRETCH)
        if ended is None:
            return True
        run = _selected_run()
        if ended.result is not None and run is not None:
            runs.update(st.session_state["training_run"], run.extended(ended.result))
        elif ended.problem and not ended.cancelled:  # cancelled: its turn had not come
            st.session_state["training_wanted"] = "stop"
            st.session_state["training_trouble"] = ended.problem
        if st.session_state["training_wanted"] == "go":
            _go()
    return False


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings(facts: tasks.DatasetFacts) -> Settings:
    """What the controls say."""
    default = training.DEFAULTS[facts.source]
    shape, learning, data = st.columns(3, gap="large")
    with shape:
        st.subheader(t("training.shape"), anchor=False)
        one, two, three = (
            _pick(f"width_{place}", training.WIDTHS, width, t("training.width", layer=f"l{place}"))
            for place, width in enumerate(default.widths, start=1)
        )
        kernel_size = _pick("kernel_size", training.KERNEL_SIZES, default.kernel_size)
        activation = _word("activation", training.ACTIVATIONS, default.activation)
        initialization = _word("initialization", training.INITIALIZATIONS, default.initialization)
    with learning:
        st.subheader(t("training.learning"), anchor=False)
        optimizer = _word("optimizer", training.OPTIMIZERS, default.optimizer)
        learning_rate = _number(replace(training.LEARNING_RATE, default=default.learning_rate))
        batch = _pick("batch", training.BATCHES, default.batch)
        epochs = _number(replace(training.EPOCHS, default=default.epochs))
        dropout = _number(training.DROPOUT)
        seed = _number(training.SEED)
    with data:
        st.subheader(t("training.told"), anchor=False)
        sizes = [*(size for size in SAMPLES if size < facts.train), facts.train]
        samples = _pick("samples", sizes, facts.train)
        label_noise = _number(training.LABEL_NOISE)
        without = choice(
            st.selectbox,
            t("training.without"),
            ("none", *range(digits.CLASSES)),
            key="train_without",
            default="none",
            format_func=lambda value: t("training.without_none") if value == "none" else str(value),
        )
        normalized = st.toggle(
            t("training.normalized"), True, key="train_normalized", help=t("training.normalized_help"), **BOUND
        )
    return Settings(
        widths=(one, two, three),
        kernel_size=kernel_size,
        activation=activation,
        initialization=initialization,
        dropout=dropout,
        normalized=normalized,
        optimizer=optimizer,
        learning_rate=learning_rate,
        batch=batch,
        epochs=epochs,
        samples=samples,
        label_noise=label_noise,
        without=None if without == "none" else int(without),
        seed=seed,
    )


def _pick(name: str, options: Sequence[int], default: int, text: str | None = None) -> int:
    return choice(
        st.select_slider,
        text or t(f"training.{name}"),
        list(options),
        key=f"train_{name}",
        default=default,
        format_func=number,
    )


def _word(name: str, options: Sequence[str], default: str) -> str:
    return choice(
        st.pills,
        t(f"training.{name}"),
        options,
        key=f"train_{name}",
        default=default,
        format_func=lambda word: t(f"training.{name}_{word}"),
    )


def _number(param: Param) -> Any:
    return controls.parameter(param, t(f"training.{param.name}"), key=f"train_{param.name}")


def _set(settings: Settings, facts: tasks.DatasetFacts) -> None:
    """Put the controls where the settings are."""
    values = {**vars(settings), "samples": min(settings.samples, facts.train)}
    values["without"] = "none" if settings.without is None else settings.without
    for place, width in enumerate(values.pop("widths"), start=1):
        values[f"width_{place}"] = width
    st.session_state.update({f"train_{name}": value for name, value in values.items()})


# --- the page's first part --------------------------------------------------------------------------------------------


def training_parts() -> None:
    """Training itself, and what can be done with trained networks."""
    chosen = controls.part("training", "part", PARTS, key="train_part", prefix="part_")
    if chosen is not train and _advance():
        st.fragment(_go_on, run_every=POLL_SECONDS)()
    chosen()


def _go_on() -> None:
    """Keep the run going while another part is looked at."""
    if _advance():
        st.caption(t("training.goes_on", name=st.session_state["training_run"]))


def train() -> None:
    """Settings, problems, the run while it goes on, and its result."""
    facts = workers.ask(tasks.dataset_facts, digits.available_source())
    _about(facts)
    _problems(facts)
    stage = st.container()  # above the settings, so that both are in view
    with st.expander(t("training.settings"), icon=":material/tune:", expanded=True):
        settings = _settings(facts)
        _drawing(settings)
    _follow_rate(settings)
    with stage:
        _run(settings, facts)


def _run(settings: Settings, facts: tasks.DatasetFacts) -> None:
    """The run in hand: its buttons, its curves, and at its end what came of it."""
    going = _advance()
    run = _selected_run()
    _buttons(settings, facts, run, going)
    if trouble := st.session_state.pop("training_trouble", None):
        st.warning(trouble)
    if problem := st.session_state.get("training_problem"):
        _about_problem(problem, run, going)
    if going:
        st.fragment(_watch, run_every=POLL_SECONDS)()
    elif run is not None:
        _live(run, run.points, None)
        runs.test_result(st.session_state["training_run"], run)


def _about(facts: tasks.DatasetFacts) -> None:
    """Which digits are learned from; MNIST can be fetched where it is not here."""
    counts = {name: number(getattr(facts, name)) for name in ("train", "validation", "test")}
    st.markdown(t(f"training.source_{facts.source}", **counts))
    if facts.source == "embedded":
        with st.expander(t("training.fetch"), icon=":material/download:"):
            network.offer_download(digits.DATASET, t("training.fetch_help", host=digits.MNIST.host))
    strip = np.concatenate(
        [digits.to_image(image) for image in workers.ask(tasks.examples, facts.source)[:, 0]], axis=1
    )
    st.image(pictures.encode_drawing(np.kron(strip, np.ones((4, 4, 1)))), width=800, alt=t("training.digits_alt"))


def _problems(facts: tasks.DatasetFacts) -> None:
    st.header(t("training.problems"), anchor=False)
    st.caption(t("training.problems_help"))

    def chosen(name: str) -> None:
        settings = PROBLEMS[name].settings
        settings = replace(settings, samples=min(settings.samples, facts.train))
        _set(settings, facts)
        begin(settings, facts.source, name)

    with st.container(horizontal=True):
        for name in PROBLEMS:
            st.button(t(f"training.problem_{name}"), key=f"problem_{name}", on_click=chosen, args=(name,))


def _about_problem(name: str, run: Run | None, going: bool) -> None:
    """What to see and why; after the run, what was measured."""
    st.info(f"**{t(f'training.problem_{name}')}.** {t(f'training.see_{name}')}", icon=":material/visibility:")
    if run is None or going or not run.over:
        return
    problem = PROBLEMS[name]
    if run.diverged is not None and not problem.diverges:
        return
    value = problem.measure(run)
    measured = t(f"training.measured_{name}", value=percent(value) if problem.percent else number(value))
    verdict = t("training.seen" if problem.shows(run) else "training.not_seen")
    st.markdown(f"**{verdict}** {measured} {t(f'training.why_{name}')}")


def _drawing(settings: Settings) -> None:
    rows = workers.ask(tasks.layers, settings.widths, settings.kernel_size)
    parameters = sum(row.parameters for row in rows)
    st.plotly_chart(
        architecture_figure(rows, None, t("network.parameters")),
        key="training_drawing",
        config=figures.CONFIG,
        alt=t("network.drawing_alt", layers=len(rows), name="l0–l5"),
    )
    weights = ", ".join(f"{row.name} {number(row.parameters)}" for row in rows if row.parameters)
    st.caption(t("training.weights", weights=weights, total=number(parameters)))


def _buttons(settings: Settings, facts: tasks.DatasetFacts, run: Run | None, going: bool) -> None:
    """Start, and what can be done with a run that is not over."""
    paused = not going and run is not None and not run.over and st.session_state.get("training_wanted") == "pause"
    with st.container(horizontal=True):
        st.button(
            t("controls.run"),
            type="primary",
            icon=":material/play_arrow:",
            key="training_start",
            on_click=begin,
            args=(settings, facts.source),
        )
        if going or paused:  # one button in one place: the browser would keep the other
            word, act = ("resume", _go) if paused else ("pause", pause)
            st.button(t(f"training.{word}"), icon=f":material/{word}:", key="training_hold", on_click=act)
            st.button(t("jobs.cancel"), icon=":material/close:", key="training_cancel", on_click=stop)


def _follow_rate(settings: Settings) -> None:
    """The learning rate can be turned while a run goes on: it takes up the new one from where it is."""
    run = _selected_run()
    job = workers.current(STRETCH)
    before = st.session_state.get("training_rate", settings.learning_rate)
    st.session_state["training_rate"] = settings.learning_rate
    if run is None or job is None or before == settings.learning_rate:
        return
    if settings.learning_rate != run.settings.learning_rate:
        runs.update(
            st.session_state["training_run"],
            replace(run, settings=replace(run.settings, learning_rate=settings.learning_rate)),
        )
        job.cancel()  # what it reached comes back, and the next stretch has the new rate


# --- while it goes on -------------------------------------------------------------------------------------------------


def _watch() -> None:
    """The run as it is now; the whole page once more when it has stopped."""
    if not _advance():
        st.rerun()
    job, run = workers.current(STRETCH), _selected_run()
    if job is None or run is None:
        return
    progress = job.progress()
    seen: list[Point] = st.session_state["training_seen"]
    if progress and "loss" in progress.values and (not seen or progress.values["batches"] > seen[-1]["batches"]):
        seen.append(progress.values)
    _live(run, [*run.points, *seen], progress, job.position())


def _live(run: Run, points: list[Point], progress: Progress | None, before: int = 0) -> None:
    """Where the run is, its curves, and its first layer's kernels; `before` it come other jobs."""
    where = st.empty()  # always there, so that the browser keeps the figures below when the run stops
    if progress is None and before:
        where.caption(t("jobs.waiting", position=before))
    if progress is not None:
        st.session_state["training_kernels"] = progress.picture or st.session_state.get("training_kernels")
        share = progress.step / max(progress.steps, 1)
        left = number(progress.values.get("left", 0))
        where.progress(min(share, 1.0), text=t("training.left", step=progress.step, steps=progress.steps, seconds=left))
    if run.diverged is not None:
        st.error(t("training.diverged", step=run.diverged), icon=":material/error:")
    if not points:
        return
    last = points[-1]
    with st.container(horizontal=True):
        st.metric(t("training.epoch"), number(last["epoch"], 1), border=True)
        for name, write in (("loss", significant), ("validation_loss", significant)):
            st.metric(t(f"training.{name}"), write(last[name]), border=True)
        for name in ("accuracy", "validation_accuracy"):
            st.metric(t(f"training.{name}"), percent(last[name]), border=True)
    thin = points[:: max(len(points) // MOST_POINTS, 1)]
    shown = thin if thin[-1] is last else [*thin, last]
    both = ("", "validation_")
    charts: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("loss", {f"{part}loss": t(f"training.{part}loss") for part in both}, {}),
        ("accuracy", {f"{part}accuracy": t(f"training.{part}accuracy") for part in both}, {"y_range": (0, 1.02)}),
        ("gradient", {f"gradient_{name}": name for name in LAYERS}, {"log_axes": "y"}),
        ("dead", {f"dead_{name}": name for name in LAYERS[:-1]}, {"y_range": (-0.02, 1.02)}),
    ]
    for start in (0, 2):
        for column, (key, lines, options) in zip(st.columns(2, gap="large"), charts[start : start + 2], strict=True):
            with column:
                _curves(key, lines, shown, options)
    kernels = st.session_state.get("training_kernels") if progress else _kernels(run)
    if kernels:
        st.image(
            pictures.data_url(kernels), alt=t("training.kernels_alt"), caption=t("training.kernels"), width="stretch"
        )


def _kernels(run: Run) -> bytes | None:
    """The first layer's kernels as they are, unless they are no numbers any more."""
    if run.state is None or run.diverged is not None:
        return None
    kernels = run.state.weights[0][:, :, 0]
    return pictures.encode_drawing(
        pictures.map_sheet(kernels, high=float(np.abs(kernels).max()), signed=True, columns=9)
    )


def _curves(key: str, lines: dict[str, str], points: list[Point], options: dict[str, Any]) -> None:
    st.subheader(t(f"training.{key}_title"), anchor=False, help=t(f"training.{key}_help"))
    epochs = [point["epoch"] for point in points]
    drawn = {text: (epochs, [point[name] for point in points]) for name, text in lines.items()}
    ends = ", ".join(f"{text} {significant(values[-1])}" for text, (_, values) in drawn.items())
    st.plotly_chart(
        figures.curves(drawn, (t("training.epoch"), t(f"training.{key}_axis")), height=300, **options),
        config=figures.CONFIG,
        key=f"training_{key}",
        alt=f"{t(f'training.{key}_title')}. {ends}",
    )


PARTS: dict[str, Callable[[], None]] = {
    "train": train,
    "compare": runs.compare_runs,
    "lapse": time_lapse.time_lapse,
    "sweep": sweeps.sweep,
    "transfer": transfer.transfer,
}
