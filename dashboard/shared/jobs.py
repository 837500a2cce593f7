"""A session's long job: latest wins, place in the queue, picture in progress, Cancel.

A page starts a job in a button's `on_click`, and calls `panel` where its progress belongs. When the job is over, the
page runs once more and finds what came of it in `outcome`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import streamlit as st

from core.progress import Job, Progress
from dashboard.shared import problems
from dashboard.shared.cached import Data, finished
from dashboard.shared.door import compute
from dashboard.shared.selected import SelectedImage
from dashboard.shared.text import t

POLL_SECONDS = 0.2
ABANDONED_SECONDS = 60
"""A job that no browser asked for during this time belongs to a closed page, and is cancelled."""


@dataclass(frozen=True)
class Outcome:
    """What came of a job: its result, or the sentence that says why there is none; and the last that was seen of it."""

    result: Any = None
    problem: str | None = None
    latest: Progress | None = None


@dataclass(frozen=True)
class _Running:
    name: str
    job: Job


_asked: dict[Job, float] = {}
"""Jobs of all sessions -> when a browser last asked for them."""
_lock = Lock()


def start(name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
    """Start the session's job `name`; the one that it had is cancelled, whatever its name."""
    stop()
    st.session_state.pop(f"{name}_outcome", None)
    st.session_state["running"] = _Running(name, compute().submit(function, *args, **kwargs))
    _keep_alive()


def stop() -> None:
    """Cancel the session's job, if it has one; what was seen of it last stays as its outcome."""
    running: _Running | None = st.session_state.pop("running", None)
    if running is not None:
        st.session_state[f"{running.name}_outcome"] = Outcome(
            problem=t("jobs.cancelled"), latest=running.job.progress()
        )
        running.job.cancel()


def outcome(name: str) -> Outcome | None:
    """What came of the last job `name`; None before the first, and while one runs."""
    found: Outcome | None = st.session_state.get(f"{name}_outcome")
    return found


def answer(
    name: str,
    picture: SelectedImage | Data,
    what: tuple[Any, ...],
    draw: Callable[[Progress], None],
    function: Callable[..., Any],
    /,
    *args: Any,
    at_once: bool = True,
    **kwargs: Any,
) -> Any:
    """What `function` returns as the session's job `name`, kept with the picture under `what`; None before that.

    Until then the job is shown. It is started `at_once`, or by a button, and by that button again after a Cancel.
    """
    try:
        return finished(picture, what)
    except LookupError:
        pass
    key, asked = f"{name}_asked", (picture.digest, what)

    def begin() -> None:
        st.session_state[key] = asked
        start(name, function, *args, **kwargs)

    if at_once and st.session_state.get(key) != asked:
        begin()
    found = None
    if st.session_state.get(key) == asked:
        panel(name, draw)
        found = outcome(name)
        if found is None:
            return None
        if found.result is not None:
            return finished(picture, what, found.result)
        st.warning(found.problem)
    st.button(t("controls.run"), key=f"{name}_run", type="primary", icon=":material/play_arrow:", on_click=begin)
    if found is not None and found.latest:
        draw(found.latest)
    return None


def steps_alone(progress: Progress) -> None:
    """What to draw of a job that has no picture in progress: nothing but its steps."""


def panel(name: str, draw: Callable[[Progress], None]) -> None:
    """Show the session's job `name` while it runs: steps, Cancel, and what `draw` makes of its progress."""
    if not _collect(name):
        st.fragment(_watch, run_every=POLL_SECONDS)(name, draw)


def _watch(name: str, draw: Callable[[Progress], None]) -> None:
    if _collect(name):
        st.rerun()
    _keep_alive()
    job = st.session_state["running"].job
    before, progress = job.position(), job.progress()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    if progress is None:
        bar.progress(0.0, text=t("jobs.waiting", position=before) if before else t("jobs.begins"))
    else:
        text = t("jobs.step", step=progress.step, steps=progress.steps) if progress.steps else t("jobs.begins")
        bar.progress(progress.step / max(progress.steps, 1), text=text)
    if button.button(t("jobs.cancel"), icon=":material/close:", key=f"{name}_cancel", on_click=stop):
        st.rerun()
    if progress is not None:
        draw(progress)


def _collect(name: str) -> bool:
    """Whether the session has no job `name` that goes on; one that is over becomes its outcome."""
    running: _Running | None = st.session_state.get("running")
    if running is None or running.name != name:
        return True
    if not running.job.done():
        return False
    latest = running.job.progress()
    try:
        found = Outcome(running.job.result(), None, latest)
    except problems.EXPECTED as error:
        found = Outcome(None, problems.sentence(error), latest)
    st.session_state[f"{name}_outcome"] = found
    del st.session_state["running"]
    return True


def _keep_alive() -> None:
    """Note that the session is there, and cancel the jobs of sessions that are not."""
    now = time.monotonic()
    with _lock:
        running: _Running = st.session_state["running"]
        _asked[running.job] = now
        for job, asked in list(_asked.items()):
            if job.done():
                del _asked[job]
            elif now - asked > ABANDONED_SECONDS:
                job.cancel()
