"""The filter studio: its experiments, the controls of each, and what they make climb."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core.compute import Progress
from core.features import DEFAULT_PRESET, PARAMS, PRESETS, SIZES, atlas
from core.features import tasks as features_tasks
from core.networks.entry import Entry, LayerRow
from core.networks.table import untrained
from core.params import numbers
from dashboard.filters import climb, notebook, training_signs
from dashboard.filters.climb import Request
from dashboard.shared import controls, jobs, layers, pictures, presets
from dashboard.shared import names as shared_names
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import exact, sentence, t

GRID_MOST = 128
"""Channels that climb at once: all of any layer of MiniFace."""
RATES = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Learning rates that climb side by side, around the course's 10."""
TV_WEIGHTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The course's sweep of the weight of total variation, and none."""
SWEEP = TV_WEIGHTS[1:]
MOST_OUTPUTS = 16
PAIRS = "4+9, 1+7, 0+1, 7+8"
"""The course's pairs: two alike, two alike, two unlike, two unlike."""
DEPTH_CHANNELS = 8


def show(entry: Entry) -> None:
    """The experiment of choice."""
    controls.part("filters", "experiment", EXPERIMENTS, key="show")(entry)


# --- what climbs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    row: LayerRow
    classes: bool

    def name(self, entry: Entry, channel: int) -> str:
        """What a channel is called: a unit of the last layer by its class."""
        return f"{channel} ({shared_names.class_names(entry)[channel]})" if self.classes else str(channel)


def _layer(entry: Entry) -> _Layer:
    """A slider over the layers with weights of their own; a normalization only scales what comes before it."""
    rows = [
        row
        for row in layers.rows(entry)
        if (row.parameters > 0 and row.kind != "BatchNormalization") or row.name == entry.default_layer
    ]
    chosen = controls.layer_picker([row.name for row in rows], entry.default_layer)
    row = next(row for row in rows if row.name == chosen)
    return _Layer(row, row is rows[-1])


def _channel(layer: _Layer, key: str = "channel", text: str = "filters.channel", default: int = 0) -> int:
    last = layer.row.shape[-1] - 1
    return int(st.number_input(t(text), 0, last, min(default, last), key=key, **BOUND))


def _params(entry: Entry, layer: _Layer, *leave_out: str, preset: str | None = None) -> dict[str, Any]:
    """The numbers of the climb; each preset has its own defaults, and remembers what was set."""
    if preset is None:
        preset = choice(
            st.segmented_control,
            t("filters.preset"),
            tuple(PRESETS),
            key="preset",
            default=DEFAULT_PRESET,
            format_func=lambda name: t(f"filters.preset_{name}"),
            required=True,
        )
    params: dict[str, Any] = {"preset": preset}
    for param in PARAMS:
        if param.name not in leave_out:
            own = {"learning_rate": PRESETS[preset].learning_rate, "iterations": PRESETS[preset].iterations}
            suited = replace(param, default=own.get(param.name, param.default))
            key = param.name if preset == "course" or param.name not in own else f"{preset}_{param.name}"
            params[param.name] = controls.parameter(suited, t(f"controls.{param.name}"), key=key)
    if layer.row.spatial:
        least, most = min(SIZES[0], entry.input_size), SIZES[1]
        params["size"] = st.slider(t("filters.size"), least, most, entry.input_size, 4, key="size", **BOUND)
    return params


def _climb(
    request: Request,
    shown: Callable[[Request, Any], None] = climb.show,
    *,
    at_once: bool = False,
    more: bool = False,
) -> None:
    """A button, the climb while it lasts, and what came of it, as it is `shown`. `at_once`: it follows the controls."""
    st.button(t("controls.run"), type="primary", icon=":material/trending_up:", on_click=climb.begin, args=(request,))
    own = request.experiment
    if presets.just_chosen("filters") or (at_once and request != climb.followed(own)):
        climb.begin(request)
    asked = climb.current(own)
    if not asked:
        return
    jobs.panel(climb.name(own), partial(climb.draw, asked))
    outcome = jobs.outcome(climb.name(own))
    if not outcome:
        return
    if outcome.problem:
        st.warning(outcome.problem)
    if outcome.result:
        shown(asked, outcome.result)
        for note in getattr(outcome.result, "notes", ()):
            st.warning(sentence(note))
        if more:
            st.button(
                t("filters.more", count=climb.MORE),
                icon=":material/add:",
                on_click=climb.go_on,
                args=(asked, outcome.result),
            )
    elif outcome.latest:
        climb.draw(asked, outcome.latest)


# --- experiments ------------------------------------------------------------------------------------------------------


def _one(entry: Entry) -> None:
    layer = _layer(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        channel = _channel(layer)
        if layer.classes:
            st.caption(f"{t('controls.class')}: {shared_names.class_names(entry)[channel]}")
    with method:
        params = _params(entry, layer)
    request = Request("one", entry, layer.row.name, (channel,), params, (layer.name(entry, channel),))
    _climb(request, at_once=True, more=True)
    notebook.ask(entry, layer.row.name, (channel,))
    climb.patches(entry, layer.row.name, channel)


def _grid(entry: Entry) -> None:
    st.query_params.pop("channel", None)  # of another experiment: a picture that is opened here would be that one
    layer = _layer(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        channels = _channels(layer)
    with method:
        params = _params(entry, layer)
    if channels:
        request = Request(
            "grid", entry, layer.row.name, channels, params, tuple(map(str, channels)), features_tasks.grid
        )
        _climb(request, climb.tiles)
        notebook.ask(entry, layer.row.name, channels)


def _channels(layer: _Layer, key: str = "set", default: str = "0-15") -> tuple[int, ...]:
    """Any channels of the layer, as text; none, and why, where it cannot be read."""
    last = layer.row.shape[-1] - 1
    help = t(f"filters.{key}_help", last=last, most=GRID_MOST)
    text = st.text_input(t(f"filters.{key}"), default, key=key, help=help, **BOUND)
    try:
        channels = tuple(channel for channel in numbers(text) if channel <= last)[:GRID_MOST]
    except ValueError:
        channels = ()
    if not channels:
        st.error(t("filters.set_wrong", last=last))
    return channels


def _rates(entry: Entry) -> None:
    layer = _layer(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        channel = _channel(layer)
        normalized = st.toggle(t("filters.normalized"), True, key="normalized", help=t("filters.normalized_help"))
    with method:
        params = _params(entry, layer, "learning_rate", preset="course")
    params |= {"learning_rate": RATES, "ascent": "normalized" if normalized else "plain"}
    st.caption(t("filters.rates_on" if normalized else "filters.rates_off"))
    names = tuple(t("filters.rate", rate=exact(rate)) for rate in RATES)
    _climb(Request("rates", entry, layer.row.name, (channel,), params, names), climb.rates)


def _as_in_the_course(entry: Entry, *leave_out: str) -> tuple[_Layer, int, dict[str, Any]]:
    """One channel, and the numbers of the course's climb but for those that the experiment goes through."""
    layer = _layer(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        channel = _channel(layer)
    with method:
        return layer, channel, _params(entry, layer, *leave_out, preset="course")


def _iterations(entry: Entry) -> None:
    layer, channel, params = _as_in_the_course(entry, "iterations")
    names = tuple(t("filters.after", count=stop) for stop in features_tasks.STOPS)
    request = Request("iterations", entry, layer.row.name, channel, params, names, features_tasks.through_iterations)
    _climb(request, climb.snapshots)


def _tv(entry: Entry) -> None:
    layer, channel, params = _as_in_the_course(entry)
    names = tuple(f"tv_weight {exact(weight)}" for weight in TV_WEIGHTS)
    _climb(Request("tv", entry, layer.row.name, (channel,), params | {"tv_weight": TV_WEIGHTS}, names), climb.weights)


def _together(entry: Entry) -> None:
    layer = _layer(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        first, second = _channel(layer), _channel(layer, "second", "filters.second", default=1)
    with method:
        params = _params(entry, layer)
    names = tuple(layer.name(entry, channel) for channel in (first, second))
    channels = (first, second, (first, second))
    _climb(Request("together", entry, layer.row.name, channels, params, (*names, " + ".join(names))))


def _outputs(entry: Entry) -> None:
    """Some outputs, a row each, under every weight of smoothness."""
    layer = _last(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        classes = _channels(layer, "outputs_set", "0-9")[:MOST_OUTPUTS]
    with method:
        params, task = _inked(entry, layer, features_tasks.grid)
    if classes:
        names = tuple(map(shared_names.class_names(entry).__getitem__, classes))
        targets = tuple(number for number in classes for _ in SWEEP)  # a row is what climbs together
        params["tv_weight"] = SWEEP
        _climb(Request("outputs", entry, layer.row.name, targets, params, names, task), climb.matrix)


def _pairs(entry: Entry) -> None:
    """Outputs two by two: each alone, and both at once."""
    layer = _last(entry)
    chosen, method = st.columns(2, gap="large")
    with chosen:
        text = st.text_input(t("filters.pairs_set"), PAIRS, key="pairs_set", help=t("filters.pairs_set_help"), **BOUND)
        weight = choice(st.select_slider, "tv_weight", TV_WEIGHTS, key="pairs_tv", default=1.0, format_func=exact)
    with method:
        params, task = _inked(entry, layer, features_tasks.maximize)
        params["tv_weight"] = weight
    pairs = [tuple(map(int, found)) for found in re.findall(r"(\d{1,4})\s*\+\s*(\d{1,4})", text)][:MOST_OUTPUTS]
    pairs = [pair for pair in pairs if max(pair) < entry.classes]
    if not pairs:
        st.error(t("filters.pairs_wrong", last=entry.classes - 1))
        return
    targets = tuple(target for first, second in pairs for target in (first, second, (first, second)))
    called = shared_names.class_names(entry)
    names = tuple(
        name
        for first, second in pairs
        for name in (called[first], called[second], f"{called[first]} + {called[second]}")
    )
    _climb(Request("pairs", entry, layer.row.name, targets, params, names, task), climb.pairs)


def _inked(entry: Entry, layer: _Layer, task: Callable[..., Any]) -> tuple[dict[str, Any], Callable[..., Any]]:
    """The numbers of a climb and the task for it; digits are ink on black paper, where the course's rate has no say."""
    if entry.subject != "digit":
        return _params(entry, layer, preset="course"), task
    params = _params(entry, layer, "learning_rate", preset="course")
    del params["preset"]
    return params, features_tasks.ink


def _last(entry: Entry) -> _Layer:
    """The outputs themselves."""
    return _Layer(layers.rows(entry)[-1], True)


def _depth(entry: Entry) -> None:
    st.button(t("controls.run"), type="primary", icon=":material/trending_up:", on_click=_descend, args=(entry,))
    jobs.panel("depth", _drawn)
    outcome = jobs.outcome("depth")
    if outcome is None or st.session_state.get("depth_of") != entry.name:
        return
    if outcome.problem:
        st.warning(outcome.problem)
    for layer, found in (outcome.result or {}).items():
        st.image(
            pictures.photo(climb.contact_sheet(found.images, columns=len(found.images))),
            width="stretch",
            alt=t("filters.grid_alt", layer=layer, count=len(found.images)),
            caption=f"{layer} · 0–{len(found.images) - 1}",
        )


def _descend(entry: Entry) -> None:
    st.session_state["depth_of"] = entry.name
    jobs.start("depth", features_tasks.through_depth, entry, range(DEPTH_CHANNELS))


def _drawn(progress: Progress) -> None:
    if progress.picture:
        address = pictures.in_page(progress.picture)
        st.image(address, width="stretch", alt=t("filters.forming_alt", layer=t("filters.depth")))


def _atlas(entry: Entry) -> None:
    if entry.name not in atlas.NETWORKS:
        st.info(t("filters.atlas_none", names=", ".join(atlas.NETWORKS)))
        return
    layer = controls.layer_picker(atlas.layers(entry.name), entry.default_layer)
    rows = {row.name: row for row in layers.rows(entry)}
    for name in (entry.name.removesuffix("-untrained"), untrained(entry).name):
        st.image(
            atlas.path(name, layer).read_bytes(),
            width="stretch",
            alt=t("filters.grid_alt", layer=layer, count=rows[layer].shape[-1]),
            caption=f"{name} · {layer}",
        )


EXPERIMENTS: dict[str, Callable[[Entry], None]] = {
    "one": _one,
    "grid": _grid,
    "rates": _rates,
    "iterations": _iterations,
    "tv": _tv,
    "together": _together,
    "outputs": _outputs,
    "pairs": _pairs,
    "depth": _depth,
    "atlas": _atlas,
    "trained": training_signs.show,
}
