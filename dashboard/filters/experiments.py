"""The experiments with filters: the controls of each, and the images that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import streamlit as st

from core.colours import contact_sheet
from core.features import FeatureVisualizations, Target, atlas, tasks
from core.networks.entry import Entry
from core.networks.table import untrained
from core.progress import Progress
from dashboard.filters import ascent, visualizations
from dashboard.filters.ascent import Request
from dashboard.filters.notebook import label_channels
from dashboard.filters.patches import top_patches
from dashboard.filters.targets import (
    ChosenLayer,
    choose_channel,
    choose_channels,
    choose_layer,
    choose_params,
    output_layer,
)
from dashboard.filters.training_quality import compare_with_untrained
from dashboard.shared import controls, layers, pictures, presets
from dashboard.shared.links import BOUND, choice
from dashboard.shared.names import class_names
from dashboard.shared.text import exact, sentence, t
from dashboard.shared.workers import job

RATES = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Learning rates that climb side by side, around the course's 10."""
TV_WEIGHTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The course's sweep of the weight of total variation, and none."""
SWEEP = TV_WEIGHTS[1:]
MOST_OUTPUTS = 16
PAIRS = "4+9, 1+7, 0+1, 7+8"
"""The course's pairs: two alike, two alike, two unlike, two unlike."""
DEPTH_CHANNELS = 8


def place_experiment(entry: Entry) -> None:
    """The chosen experiment."""
    controls.part("filters", "experiment", EXPERIMENTS, key="show")(entry)


def _maximize(
    experiment: str,
    layer: ChosenLayer,
    target: Target | tuple[Target, ...],
    params: dict[str, Any],
    names: tuple[str, ...],
    task: Callable[..., Any] = tasks.maximize,
    *,
    draw: Callable[[Request, Any], None] = visualizations.draw_images,
    at_once: bool = False,
    more: bool = False,
) -> None:
    """The images of an experiment, and below them, with `more`, a button to go on; computed by a button or `at_once`.

    A preset of the course is computed at once too.
    """
    request = Request(experiment, layer.network, layer.name, target, tuple(params.items()), names, task)
    result = ascent.maximize(request, at_once=presets.just_chosen("filters") or at_once)
    if result is None:
        return
    draw(request, result)
    if isinstance(result, FeatureVisualizations):
        for note in result.notes:
            st.warning(sentence(note))
    if more:
        text = t("filters.more", count=ascent.MORE)
        st.button(text, icon=":material/add:", on_click=ascent.go_on, args=(request,))


# --- channels ---------------------------------------------------------------------------------------------------------


def _one(entry: Entry) -> None:
    layer = choose_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        channel = choose_channel(layer)
        if layer.classes:
            st.caption(f"{t('controls.class')}: {class_names(entry)[channel]}")
    with method:
        params = choose_params(layer)
    _maximize("one", layer, (channel,), params, (layer.channel_name(channel),), at_once=True, more=True)
    label_channels(entry, layer.name, (channel,))
    top_patches(entry, layer.name, channel)


def _grid(entry: Entry) -> None:
    st.query_params.pop("channel", None)  # of another experiment: an image that is opened here would be that one
    layer = choose_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        channels = choose_channels(layer)
    with method:
        params = choose_params(layer)
    if channels:
        names = tuple(map(str, channels))
        _maximize("grid", layer, channels, params, names, tasks.maximize_grid, draw=visualizations.draw_tiles)
        label_channels(entry, layer.name, channels)


def _rates(entry: Entry) -> None:
    layer = choose_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        channel = choose_channel(layer)
        normalized = st.toggle(t("filters.normalized"), True, key="normalized", help=t("filters.normalized_help"))
    with method:
        params = choose_params(layer, "learning_rate", preset="course")
    params |= {"learning_rate": RATES, "optimizer": "normalized" if normalized else "plain"}
    st.caption(t("filters.rates_on" if normalized else "filters.rates_off"))
    names = tuple(t("filters.rate", rate=exact(rate)) for rate in RATES)
    _maximize("rates", layer, (channel,), params, names, draw=visualizations.draw_rates)


def _iterations(entry: Entry) -> None:
    layer, channel, params = _as_in_the_course(entry, "iterations")
    names = tuple(t("filters.after", count=stop) for stop in tasks.STOPS)
    task, draw = tasks.maximize_with_snapshots, visualizations.draw_snapshots
    _maximize("iterations", layer, channel, params, names, task, draw=draw)


def _tv(entry: Entry) -> None:
    layer, channel, params = _as_in_the_course(entry)
    params["tv_weight"] = TV_WEIGHTS
    names = tuple(f"tv_weight {exact(weight)}" for weight in TV_WEIGHTS)
    _maximize("tv", layer, (channel,), params, names, draw=visualizations.draw_smoothness)


def _as_in_the_course(entry: Entry, *leave_out: str) -> tuple[ChosenLayer, int, dict[str, Any]]:
    """One channel, and the numbers of the course's ascent but for those that the experiment goes through."""
    layer = choose_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        channel = choose_channel(layer)
    with method:
        return layer, channel, choose_params(layer, *leave_out, preset="course")


def _together(entry: Entry) -> None:
    layer = choose_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        first, second = choose_channel(layer), choose_channel(layer, "second", "filters.second", default=1)
    with method:
        params = choose_params(layer)
    names = layer.channel_name(first), layer.channel_name(second)
    _maximize("together", layer, (first, second, (first, second)), params, (*names, " + ".join(names)))


# --- outputs ----------------------------------------------------------------------------------------------------------


def _outputs(entry: Entry) -> None:
    """Some outputs, a row each, under every weight of total variation."""
    layer = output_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        classes = choose_channels(layer, "outputs_set", "0-9")[:MOST_OUTPUTS]
    with method:
        params, task = _method_for_outputs(layer, tasks.maximize_grid)
    if classes:
        params["tv_weight"] = SWEEP
        targets = tuple(number for number in classes for _ in SWEEP)  # a row is what climbs together
        names = tuple(map(class_names(entry).__getitem__, classes))
        _maximize("outputs", layer, targets, params, names, task, draw=visualizations.draw_matrix)


def _pairs(entry: Entry) -> None:
    """Outputs two by two: each alone, and both at once."""
    layer = output_layer(entry)
    target, method = st.columns(2, gap="large")
    with target:
        text = st.text_input(t("filters.pairs_set"), PAIRS, key="pairs_set", help=t("filters.pairs_set_help"), **BOUND)
        weight = choice(st.select_slider, "tv_weight", TV_WEIGHTS, key="pairs_tv", default=1.0, format_func=exact)
    with method:
        params, task = _method_for_outputs(layer, tasks.maximize)
    params["tv_weight"] = weight
    pairs = [(int(one), int(other)) for one, other in re.findall(r"(\d{1,4})\s*\+\s*(\d{1,4})", text)][:MOST_OUTPUTS]
    pairs = [pair for pair in pairs if max(pair) <= layer.last]
    if not pairs:
        st.error(t("filters.pairs_wrong", last=layer.last))
        return
    called = class_names(entry)
    targets: tuple[Target, ...] = tuple(chain.from_iterable((a, b, (a, b)) for a, b in pairs))
    names = tuple(chain.from_iterable((called[a], called[b], f"{called[a]} + {called[b]}") for a, b in pairs))
    _maximize("pairs", layer, targets, params, names, task, draw=visualizations.draw_pairs)


def _method_for_outputs(layer: ChosenLayer, task: Callable[..., Any]) -> tuple[dict[str, Any], Callable[..., Any]]:
    """The numbers of an ascent and the task for it; digits are ink on black paper, without the course's rate."""
    if layer.network.subject != "digit":
        return choose_params(layer, preset="course"), task
    params = choose_params(layer, "learning_rate", preset="course")
    del params["preset"]
    return params, tasks.maximize_ink


# --- whole networks ---------------------------------------------------------------------------------------------------


def _depth(entry: Entry) -> None:
    rows: dict[str, FeatureVisualizations] | None = job(
        tasks.maximize_through_depth, entry, range(DEPTH_CHANNELS), draw=_draw_sheet, at_once=False, name="depth"
    )
    for layer, row in (rows or {}).items():
        st.image(
            pictures.encode_photo(contact_sheet(row.images, columns=len(row.images))),
            width="stretch",
            alt=t("filters.grid_alt", layer=layer, count=len(row.images)),
            caption=f"{layer} · 0–{len(row.images) - 1}",
        )


def _draw_sheet(progress: Progress) -> None:
    if progress.picture:
        url = pictures.data_url(progress.picture)
        st.image(url, width="stretch", alt=t("filters.forming_alt", layer=t("filters.depth")))


def _atlas(entry: Entry) -> None:
    if entry.name not in atlas.NETWORKS:
        st.info(t("filters.atlas_none", names=", ".join(atlas.NETWORKS)))
        return
    layer = controls.layer_picker(atlas.layers(entry.name), entry.default_layer)
    rows = {row.name: row for row in layers.rows(entry)}
    for name in (entry.name.removesuffix("-untrained"), untrained(entry).name):
        st.image(
            atlas.sheet_path(name, layer).read_bytes(),
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
    "trained": compare_with_untrained,
}
