"""The server's door to the workers: opened in the background, and the worker warmed, while Home is read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.attribution import tasks as attribution
from core.features import tasks as features
from core.features.health import channel_health
from core.networks import tasks as networks
from core.networks.entry import Entry
from core.networks.table import NETWORKS
from dashboard.shared.text import number, t

if TYPE_CHECKING:
    from core.compute import Compute
    from core.progress import Job


WARM_SECONDS = 120.0
"""How long a worker may take to load a network and compile what is asked for first."""


@dataclass(frozen=True)
class _Boot:
    door: Future[Compute]
    warm: Future[None]
    layers: Future[None]


@st.cache_resource(show_spinner=False)
def _boot() -> _Boot:
    pool = ThreadPoolExecutor(1, thread_name_prefix="glassbox-boot")
    door = pool.submit(_connect)
    return _Boot(door, pool.submit(_warm, door), pool.submit(_warm_layers, door))


def start() -> None:
    """Start the worker in the background, once in the life of the server; returns at once."""
    _boot()


def compute() -> Compute:
    """The door to the workers; waits for it where it is still being opened."""
    return _boot().door.result()


def default_network() -> str:
    """Name of the first network whose weights are here."""
    return next(name for name, entry in NETWORKS.items() if entry.available)


def _connect() -> Compute:
    from core.compute import connect  # distributed is slow to import: not while Home is being shown

    return connect(os.environ.get("GLASSBOX_SCHEDULER") or None)


def _is_inline() -> bool:
    """Whether nobody waits for a worker: tests load what they need."""
    return os.environ.get("GLASSBOX_SCHEDULER") == "inline"


def _warm(door: Future[Compute]) -> None:
    """Have the worker load the default network, so that the first student does not wait."""
    if not _is_inline():
        door.result().call_within(WARM_SECONDS, attribution.warm, default_network())


def _warm_layers(door: Future[Compute]) -> None:
    """Have the worker render what channels are judged by, and compile Grad-CAM for the other layers.

    One short task after the other, so that a person's question comes between two of them.
    """
    if _is_inline():
        return
    entry, call = NETWORKS[default_network()], partial(door.result().call_within, WARM_SECONDS)
    call(channel_health, entry, entry.default_layer)
    call(features.top_patches, entry, entry.default_layer, 0)
    grey = np.full((entry.input_size, entry.input_size, 3), 0.5, np.float32)
    for row in call(networks.describe, entry):
        if row.spatial:
            call(attribution.explain, entry, "grad_cam", grey, None, row.name)


def wait_until_ready(network: Entry) -> None:
    """Show what the page waits for while the worker starts, or loads a network; returns once it has it.

    Every update is a point at which Streamlit can leave the page, so nobody who goes elsewhere has to wait.
    """
    boot = _boot()
    with st.container():  # a place of its own: when the bar has gone, nothing below moves under a finger
        _wait(
            boot.warm.done,
            lambda: (2 if boot.door.done() else 1, 3),
            lambda step: f"{t('jobs.starting')} {t(f'jobs.starting_{step}')}",
        )
        _confirm(boot)
        _wait(lambda: not compute().starting(), lambda: (1, 3), lambda _: t("jobs.starting"))
        if network.name != default_network():
            job = _loading(network)
            _wait(job.done, lambda: _steps(job), lambda _: t("jobs.loading", name=network.name))
            job.result()


def _wait(done: Callable[[], bool], steps: Callable[[], tuple[int, int]], label: Callable[[int], str]) -> None:
    """A bar until all is done; nothing where it is done already."""
    if done():
        return
    box, began = st.empty(), time.monotonic()
    while not done():
        step, of = steps()
        seconds = number(time.monotonic() - began)
        box.progress(step / of, text=f"{label(step)} ({seconds}\u202fs)")
        time.sleep(0.2)
    box.empty()


def _steps(job: Job) -> tuple[int, int]:
    progress = job.progress()
    return (progress.step, progress.steps) if progress else (0, 1)


def _loading(network: Entry) -> Job:
    """The job that loads a network; one for all who want it, and another one where it had to give way meanwhile."""
    jobs = _loads()
    if network not in jobs or (jobs[network].done() and not compute().call(networks.is_resident, network)):
        jobs[network] = compute().submit(attribution.warm, network)
    return jobs[network]


@st.cache_resource(show_spinner=False)
def _loads() -> dict[Entry, Job]:
    return {}


def _confirm(boot: _Boot) -> None:
    """Raise what went wrong while the worker started, and let the next page try again."""
    try:
        boot.warm.result()
    except Exception:
        _boot.clear()
        raise
