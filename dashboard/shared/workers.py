"""The one way from a page to the workers: `ask` for an answer, `job` for long work.

Both know an answer by the task and all its arguments, so that no answer to another question can come back. What
follows from something private (an upload, a photo from the webcam, a network that the session brought) is kept for
that session alone; everything else is shared by everybody. `here` keeps in the same way what the server computes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Set
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Literal
from weakref import WeakKeyDictionary

import joblib
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.networks.entry import Entry
from core.networks.table import NETWORKS
from core.progress import Cancelled, Job, Progress
from dashboard.shared import door, problems
from dashboard.shared.text import number, t

Task = Callable[..., Any]
Scope = Literal["shared", "session"]

POLL_SECONDS = 0.2
LATE_SECONDS, ANNOUNCE_SECONDS, PATIENCE_SECONDS = 8.0, 1.0, 60.0
"""When an answer counts as late, how often that is said, and how long it is waited for at most."""
LEASE_SECONDS = 30.0
"""A job that nobody asked for during this time belongs to a closed page, and is cancelled."""
SHARED_ANSWERS, SESSION_ANSWERS = (1024, "256mb"), (64, "32mb")
"""How many answers are kept for everybody and for one session, and how large they are together. Of an early layer of a
large network the feature maps of one picture take 13 MB."""


@dataclass(frozen=True, eq=False)
class Keyed:
    """An argument that is known by its `digest`: a large array, made by `make` only where a task needs it."""

    digest: str
    make: Callable[[], Any]
    private: bool = False


def ask(task: Task, /, *args: Any, scope: Scope | None = None, **kwargs: Any) -> Any:
    """What a short task answers in a worker.

    One that is late is announced on the page, and waited for as long as `PATIENCE_SECONDS`. `scope` is by default
    "session" where an argument is private, else "shared". Raises what the task raises, `core.progress.WorkerLost` or
    `WorkerLate`.
    """
    question = _Question(task, args, kwargs, scope)
    if (known := question.known(_MISSING)) is not _MISSING:
        return known
    return question.remember(_await(question.compute()))


def here(function: Task, /, *args: Any, scope: Scope | None = None, **kwargs: Any) -> Any:
    """What a function returns that is computed in the server process; see `ask`."""
    return _Question(function, args, kwargs, scope).answer_here()


def answered(task: Task, /, *args: Any, scope: Scope | None = None, **kwargs: Any) -> Any:
    """What `job` with these arguments returned before; None where nothing is known."""
    return _Question(task, args, kwargs, scope).known()


def job(
    task: Task,
    /,
    *args: Any,
    draw: Callable[[Progress], None] | None = None,
    at_once: bool = True,
    name: str | None = None,
    scope: Scope | None = None,
    **kwargs: Any,
) -> Any:
    """What a long task returns, run as the session's job; None until it is there, while it is shown how far it is.

    The job is started `at_once`, or by a button, and by that button again after a Cancel or an error. Steps and Cancel
    are shown while it runs, and what `draw` makes of its progress. A session has one job: the latest wins. `name` tells
    jobs of one task on one page apart.
    """
    question, name = _Question(task, args, kwargs, scope), name or task.__name__
    begun = st.session_state.get(f"{name}_begun") == question.key
    if (known := question.known()) is not None:
        if not begun:
            stop(name)  # it works on what nobody asks for any more
        return known
    begin = partial(_begin, name, question)
    if at_once and not begun:
        begin()
    ended = None
    if begun or at_once:
        ended = watch(name, draw)
        if ended is None:
            return None
        if ended.problem is None:
            return question.remember(ended.result)
        st.warning(ended.problem)
    st.button(t("controls.run"), key=f"{name}_run", type="primary", icon=":material/play_arrow:", on_click=begin)
    if ended is not None and ended.latest and draw:
        draw(ended.latest)
    return None


# --- questions and the caches of their answers ------------------------------------------------------------------------


class _Question:
    """A task with its arguments, and where its answer is kept."""

    def __init__(self, task: Task, args: tuple[Any, ...], kwargs: dict[str, Any], scope: Scope | None) -> None:
        self.task, self.args, self.kwargs = task, args, kwargs
        private = {None: _is_private((args, kwargs)), "session": True, "shared": False}[scope]
        self.cache = _session_answers if private else _shared_answers
        # By name, module and value: two tasks or two values that differ in anything have different keys.
        self.key: str = joblib.hash((task.__module__, task.__qualname__, _digested((args, kwargs))), hash_name="sha1")

    def compute(self) -> Future[Any]:
        """Have a worker compute the answer; those who ask the same shared question meanwhile wait for the same one."""

        def call() -> Any:
            args, kwargs = _made((self.args, self.kwargs))
            return door.compute().call_within(PATIENCE_SECONDS, self.task, *args, **kwargs)

        if self.cache is _session_answers:
            return _callers.submit(call)

        def call_and_remember() -> Any:
            try:
                if (known := self.known(_MISSING)) is not _MISSING:  # since it was asked
                    return known
                return self.remember(call())
            finally:
                with _lock:
                    del _pending[self.key]

        with _lock:
            if self.key not in _pending:
                _pending[self.key] = _callers.submit(call_and_remember)
            return _pending[self.key]

    def answer_here(self) -> Any:
        """The answer, computed in the server process where it is not known."""

        def call() -> Any:
            args, kwargs = _made((self.args, self.kwargs))
            return self.task(*args, **kwargs)

        return self.cache(self.key, call)

    def known(self, default: Any = None) -> Any:
        """The answer where it is known, else `default`."""
        try:
            return self.cache(self.key, _unknown)
        except LookupError:
            return default

    def remember(self, answer: Any) -> Any:
        """Keep an answer; returns it."""
        return self.cache(self.key, lambda: answer)

    def submit(self) -> Job:
        """Start the task as a job."""
        args, kwargs = _made((self.args, self.kwargs))
        return door.compute().submit_leased(LEASE_SECONDS, self.task, *args, **kwargs)


_callers = ThreadPoolExecutor(256, thread_name_prefix="glassbox-ask")
_pending: dict[str, Future[Any]] = {}
"""Shared questions that are being computed."""
_lock = Lock()
_MISSING = object()


def _await(answer: Future[Any]) -> Any:
    """The result, at once where it is there; a late one is announced, and Streamlit can leave the page meanwhile.

    The announcement lies over the page: in its flow it would move what stands below, and the browser build that anew.
    """
    try:
        return answer.result(LATE_SECONDS)
    except TimeoutError:
        pass
    began = time.monotonic()
    place: Any = st
    while not answer.done():
        seconds = number(LATE_SECONDS + time.monotonic() - began)
        place = place.toast(t("jobs.waits", seconds=seconds), icon=":material/hourglass:")
        wait([answer], timeout=ANNOUNCE_SECONDS)
    return answer.result()


def _unknown() -> Any:
    raise LookupError


def _answer(key: str, _compute: Callable[[], Any]) -> Any:
    return _compute()


_shared_answers = st.cache_data(max_entries=SHARED_ANSWERS[0], max_size=SHARED_ANSWERS[1], show_spinner=False)(_answer)
_session_answers = st.cache_data(
    max_entries=SESSION_ANSWERS[0], max_size=SESSION_ANSWERS[1], show_spinner=False, scope="session"
)(_answer)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """`change` applied to everything in nested tuples, lists and dicts."""
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        return type(value)(_mapped(item, change) for item in value)
    if type(value) is dict:
        return {name: _mapped(item, change) for name, item in value.items()}
    return change(value)


def _digested(arguments: Any) -> Any:
    return _mapped(arguments, lambda value: ("digest", value.digest) if isinstance(value, Keyed) else value)


def _made(arguments: Any) -> Any:
    return _mapped(arguments, lambda value: value.make() if isinstance(value, Keyed) else value)


def _is_private(arguments: Any) -> bool:
    """Whether something among the arguments belongs to the session: a private image, or a network that it brought."""
    private: list[bool] = []

    def look_at(value: Any) -> None:
        brought = isinstance(value, Entry) and NETWORKS.get(value.name) != value
        private.append(brought or (isinstance(value, Keyed) and value.private))

    _mapped(arguments, look_at)
    return any(private)


# --- the session's job ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of a job: its result, or the sentence that says why there is none; and the last that was seen of it."""

    result: Any = None
    problem: str | None = None
    latest: Progress | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class _Running:
    """A job of the session; a `beside` one goes on while others come and go."""

    job: Job
    beside: bool


def start(name: str, submitted: Job, *, beside: bool = False) -> None:
    """Make a submitted job the session's job `name`. The one that it had is cancelled, unless either runs `beside`."""
    for other, running in list(_jobs().items()):
        if other == name or not (beside or running.beside):
            stop(other)
    st.session_state.pop(f"{name}_outcome", None)
    _jobs()[name] = _Running(submitted, beside)
    if context := get_script_run_ctx():
        _owners[submitted] = context.session_id


def stop(name: str) -> None:
    """Cancel the session's job `name`, if it runs; what was seen of it last stays as its outcome."""
    if (running := _jobs().pop(name, None)) is not None:
        latest = running.job.progress()
        st.session_state[f"{name}_outcome"] = Outcome(problem=t("jobs.cancelled"), latest=latest, cancelled=True)
        running.job.cancel()


def current(name: str) -> Job | None:
    """The session's job `name` while it waits or runs, or is over and was not looked at since."""
    running = _jobs().get(name)
    return running.job if running else None


def outcome(name: str) -> Outcome | None:
    """What came of the session's last job `name`; None before the first, and while one runs.

    An error that nobody expected is the program's mistake: it ends the job in one sentence, and stands in the log.
    """
    running = _jobs().get(name)
    if running is not None and running.job.done():
        latest = running.job.progress()
        try:
            ended = Outcome(running.job.result(), None, latest)
        except Exception as error:
            ended = Outcome(None, problems.sentence(error), latest, isinstance(error, Cancelled))
        st.session_state[f"{name}_outcome"] = ended
        del _jobs()[name]
    last: Outcome | None = st.session_state.get(f"{name}_outcome")
    return last


def watch(
    name: str, draw: Callable[[Progress], None] | None = None, label: Callable[[Progress], str] | None = None
) -> Outcome | None:
    """What came of the session's job `name`; None while it runs: then its bar and Cancel are shown.

    `label` writes the bar's text in place of the steps, `draw` shows more of the progress below.
    """
    ended = outcome(name)
    if ended is None and current(name) is not None:
        st.fragment(_watch, run_every=POLL_SECONDS)(name, draw, label or _steps)
    return ended


def renew_leases(sessions: Set[str]) -> None:
    """Keep the jobs of these sessions alive: a browser asks for nothing while its tab is hidden."""
    for running, session in list(_owners.items()):
        if session in sessions and running.done():  # asking renews the lease
            _owners.pop(running, None)


_owners: WeakKeyDictionary[Job, str] = WeakKeyDictionary()
"""The jobs of all sessions, and whose they are."""


def _jobs() -> dict[str, _Running]:
    jobs: dict[str, _Running] = st.session_state.setdefault("jobs", {})
    return jobs


def _begin(name: str, question: _Question) -> None:
    st.session_state[f"{name}_begun"] = question.key
    start(name, question.submit())


def _watch(name: str, draw: Callable[[Progress], None] | None, label: Callable[[Progress], str]) -> None:
    if outcome(name) is not None:
        st.rerun()
    running = _jobs()[name].job
    before, progress = running.position(), running.progress()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    if progress is None:
        bar.progress(0.0, text=t("jobs.waiting", position=before) if before else t("jobs.begins"))
    else:
        bar.progress(min(progress.step / max(progress.steps, 1), 1.0), text=label(progress))
    if button.button(t("jobs.cancel"), icon=":material/close:", key=f"{name}_cancel", on_click=stop, args=(name,)):
        st.rerun()
    if progress is not None and draw:
        draw(progress)


def _steps(progress: Progress) -> str:
    return t("jobs.step", step=progress.step, steps=progress.steps) if progress.steps else t("jobs.begins")
