"""The door to the workers: TensorFlow lives in their processes, never in the server's.

`connect` opens an embedded worker process, a Dask cluster by address, or runs everything in the calling thread. What
goes through the door is a function with names and values, and comes back as arrays and dataclasses.
A worker runs one short task and one long job at a time, so that a slider never waits for a job.

A worker imports TensorFlow before it takes tasks, because two tasks that import it at once would break it for good.
One that cannot import it, or that a task shows to be broken or stuck, ends its process, and Dask starts another. A
watchdog thread sends the workers heartbeats, which take along what was cancelled and bring back the progress of jobs;
it cancels jobs whose lease has ended, and where no worker answers any more, it opens the door anew. Every wait has an
end: `WorkerLate` for a short task, `WorkerLost` where the worker is gone.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import logging
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import Future as Turn
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import dask
from distributed import Client, KilledWorker, LocalCluster, WorkerPlugin
from distributed.client import Future

from core.progress import Cancelled, Job, Progress, WorkerLate, WorkerLost

MODULES = ("tensorflow", "keras")
"""What a worker imports before it takes tasks."""
CALL_SECONDS = 10
"""How long a short task may take from its call, once a worker is up."""
START_SECONDS = 60
"""How long a cluster may take to answer at first, and a short task waits for a worker that is starting."""
GIVE_UP_SECONDS = 120
"""A worker that has been starting for longer will not come."""
SILENT_SECONDS = 20
"""A worker that was up and has not answered for longer is replaced: loading a large file keeps it from answering."""
HEARTBEAT_SECONDS = 2
"""How long a worker may take to answer one heartbeat."""
BUSY_SECONDS, IDLE_SECONDS = 0.1, 1.0
"""Time between two heartbeats while a job runs, and while none does."""
FETCH_SECONDS = 60
"""How long a job's result may take on its way from the worker."""
CLOSE_SECONDS = 20
"""How long Dask may take to close a client or a cluster."""
STUCK = 5
"""A short task that has run for so many times its deadline will not end; its worker is replaced."""

_logger = logging.getLogger(__name__)


def _reported(
    before: Progress | None, step: int, steps: int, picture: bytes | None, values: dict[str, float]
) -> Progress:
    """A report after another: the picture stays until the next one comes."""
    if picture is None and before is not None:
        picture = before.picture
    return Progress(step, steps, picture, values)


class Compute(Protocol):
    """Where tasks run. Of an error that only TensorFlow could read, or nobody, the text comes back."""

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a short task and return its result, within `CALL_SECONDS`.

        Raises what it raised, `WorkerLate` or `WorkerLost`. While a worker starts, its start is waited for, up to
        `START_SECONDS`.
        """

    def call_within(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """`call` with a deadline of its own, for what is known to take longer: a large network that is loaded."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """Start a long task, which gets a keyword `report(step, steps, picture=None, **values)`.

        `report` raises `Cancelled` once the job was cancelled: a task has to report in every iteration.
        """

    def submit_leased(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """`submit` a job that is cancelled when nobody asks for its progress for so many seconds."""

    def starting(self) -> bool:
        """Whether a worker is starting, so that a short task would wait for it; a page can say so. Never waits."""

    def close(self) -> None:
        """Stop the workers that were started here; what is running ends with `WorkerLost`."""


def connect(scheduler: str | None = None, modules: tuple[str, ...] = MODULES) -> Compute:
    """Open the door: an embedded worker (None), a cluster ("tcp://host:port"), or the calling thread ("inline").

    Returns when the workers have imported `modules`. The workers of a cluster need a nanny each, which `dask worker`
    gives them, to be replaced when they break.

    Raises:
        OSError: no cluster answers at that address, or no worker in time (TimeoutError).
        ImportError: a worker cannot import `modules`; likewise whatever else they raise.
    """
    if scheduler == "inline":
        return InlineCompute()
    return ClusterCompute(partial(_connect, scheduler, modules) if scheduler else partial(_embed, modules))


# --- in the calling thread --------------------------------------------------------------------------------------------


class InlineCompute:
    """Runs tasks where they are asked for: unit tests and the command line. Nothing is late here, and nobody leaves."""

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call`."""
        return function(*args, **kwargs)

    def call_within(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call_within`."""
        return function(*args, **kwargs)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit`; the job is over when this returns."""
        job = _InlineJob()
        try:
            job.value = function(*args, report=job.report, **kwargs)
        except Exception as error:
            job.error = error
        return job

    def submit_leased(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit_leased`."""
        return self.submit(function, *args, **kwargs)

    def starting(self) -> bool:
        """See `Compute.starting`."""
        return False

    def close(self) -> None:
        """Nothing was started."""


@dataclass(eq=False)
class _InlineJob:
    value: Any = None
    error: Exception | None = None
    latest: Progress | None = None

    def report(self, step: int, steps: int, picture: bytes | None = None, **values: float) -> None:
        self.latest = _reported(self.latest, step, steps, picture, values)

    def progress(self) -> Progress | None:
        return self.latest

    def position(self) -> int:
        return 0

    def done(self) -> bool:
        return True

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self) -> None:
        """It is over already."""


# --- on workers -------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Connection:
    """A client with, where they were started here, its cluster and folder.

    It takes `lanes` jobs at once; `proven` are the workers that have been up.
    """

    client: Client
    cluster: LocalCluster | None = None
    folder: tempfile.TemporaryDirectory[str] | None = None
    lanes: int = 1
    proven: set[str] = field(default_factory=set)

    def may_start_a_worker(self) -> bool:
        """Whether a process is alive that can become a worker; of a cluster elsewhere nobody here knows."""
        return self.cluster is None or any(nanny.is_alive() for nanny in self.cluster.workers.values())

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Have all workers, those that will start later too, import `modules` before they take tasks."""
        try:
            self.client.sync(self.client.register_plugin, _Importer(modules), callback_timeout=GIVE_UP_SECONDS)
            if self.cluster is None:  # jobs get half of the threads, so that a short task finds one
                threads = self.client.sync(self.client.nthreads, callback_timeout=START_SECONDS)
                self.lanes = max(sum(threads.values()) // 2, 1)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for end in [self.client, self.cluster]:
            if end is not None:
                try:
                    end.close(timeout=CLOSE_SECONDS)
                except Exception:  # what cannot be closed must not keep the next one from opening
                    _logger.warning("Dask did not close", exc_info=True)
        if self.folder is not None:
            self.folder.cleanup()


def _connect(scheduler: str, modules: tuple[str, ...]) -> _Connection:
    connection = _Connection(Client(scheduler, timeout=START_SECONDS, set_as_default=False))
    connection.prepare(modules)
    return connection


def _embed(modules: tuple[str, ...]) -> _Connection:
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 1,  # a lost worker's task is tried once more
            # 15 s after a death Dask would stop its nanny for good if the worker is not up just then: it died again, or
            # the machine is slow
            "distributed.deploy.lost-worker-timeout": 10**8,
            "distributed.comm.timeouts.connect": START_SECONDS,  # importing TensorFlow can take a small machine long
            "distributed.admin.low-level-log-length": 0,  # Dask would keep the last thousand messages, faces included
        }
    )
    folder = tempfile.TemporaryDirectory(prefix="glassbox-", ignore_cleanup_errors=True)
    cluster = LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        resources={"short": 1, "long": 1},
        memory_limit=0,  # Dask would spill or pause; a network's memory can do neither
        death_timeout=GIVE_UP_SECONDS,
        dashboard_address="127.0.0.1:0",  # Dask insists on a page of its own: unseen, and on no fixed port
        local_directory=folder.name,
        silence_logs=logging.CRITICAL,
        env={
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "TMPDIR": folder.name,  # a killed worker leaves files behind, AutoGraph's for one: they go with the folder
        },
    )
    connection = _Connection(Client(cluster, set_as_default=False), cluster, folder)
    connection.prepare(modules)
    return connection


class ClusterCompute:
    """Runs tasks on the workers of a Dask cluster. Its watchdog thread opens it anew where no worker answers."""

    def __init__(self, open_connection: Callable[[], _Connection]) -> None:
        self.open_connection = open_connection
        self.jobs: list[_ClusterJob] = []
        self.lock = threading.Lock()
        self.order = itertools.count()
        self.closing = False
        self.wake = threading.Event()
        self.connection: _Connection | None = None
        self.answered = self.expected = 0.0  # when a worker that is up answered last; when one is up, or should be
        connection = self.reopen()
        # Jobs wait here and not in Dask, which blames a worker's death on every task that waits for it.
        self.turns = ThreadPoolExecutor(connection.lanes)
        self.watchdog = threading.Thread(target=self.watch, name="glassbox-watchdog", daemon=True)
        self.watchdog.start()

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call`."""
        return self.call_within(CALL_SECONDS, function, *args, **kwargs)

    def call_within(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call_within`."""
        return self.compute("short", uuid.uuid4().hex, seconds, _run_short, seconds, function, args, kwargs)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit`."""
        return self.enqueue(_ClusterJob(self), function, args, kwargs)

    def submit_leased(self, seconds: float, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit_leased`."""
        return self.enqueue(_ClusterJob(self, lease=seconds), function, args, kwargs)

    def starting(self) -> bool:
        """See `Compute.starting`."""
        return time.monotonic() < self.expected

    def close(self) -> None:
        """See `Compute.close`."""
        self.closing = True
        self.turns.shutdown(wait=False, cancel_futures=True)
        self.wake.set()
        self.watchdog.join(GIVE_UP_SECONDS)

    def enqueue(self, job: _ClusterJob, function: Callable[..., Any], args: Any, kwargs: Any) -> _ClusterJob:
        """Let a job wait for its turn."""
        with self.lock:
            job.turn = self.turns.submit(job.run, function, args, kwargs)
            self.jobs = [*self.unfinished(), job]
        return job

    def unfinished(self) -> list[_ClusterJob]:
        """The jobs that are not over, first come first."""
        return [job for job in self.jobs if not job.turn.done()]

    def compute(self, lane: str, name: str, seconds: float | None, task: Callable[..., Any], /, *args: Any) -> Any:
        """Hand a task to Dask, in one of the worker's lanes, and wait for its result.

        Args:
            seconds: the deadline of a short task; None for a job, which may take as long as its worker lives.
        """
        began = time.monotonic()
        while (connection := self.connection) is None:  # the watchdog is opening another
            self.check(began, seconds)
            time.sleep(0.1)
        try:
            future = connection.client.submit(
                task,
                name,
                *args,
                key=f"{lane}-{name}",  # its own: Dask names tasks by their content and would share private results
                priority=(10**9 if lane == "short" else 0) - next(self.order),
                resources={lane: 1} if connection.cluster else None,  # a cluster's workers offer no lanes
            )
            try:
                while not _over(future):
                    if self.connection is not connection:
                        raise WorkerLost
                    if seconds is not None:
                        self.check(began, seconds)
                return _fetched(future, seconds)
            finally:
                future.release()  # a traceback that somebody keeps would keep the task and its pictures
        except Exception as error:
            if self.connection is not connection or isinstance(error, KilledWorker | CancelledError):
                raise WorkerLost from None
            raise

    def check(self, began: float, seconds: float | None) -> None:
        """Raise what a task that was asked for then ends with, when the door is closed or its time is over."""
        late = time.monotonic() > max(began, self.expected) + (seconds or 0)
        if self.closing or (late and seconds is None):
            raise WorkerLost
        if late and seconds is not None:
            raise WorkerLate(seconds)

    def reopen(self) -> _Connection:
        """Open a connection. Until its workers answer, tasks wait for them."""
        connection = self.open_connection()
        self.answered = time.monotonic()
        self.expected = self.answered + START_SECONDS
        self.connection = connection
        return connection

    def watch(self) -> None:
        """What the watchdog thread does until the door closes."""
        while not self.closing:
            try:
                for job in self.unfinished():
                    job.cancel_if_abandoned()
                if not self.alive(self.connection or self.reopen()):
                    _logger.warning("No worker answers; opening the door anew")
                    self.disconnect()
                    continue
            except Exception:  # the next round tries again: nothing may end the watchdog
                _logger.exception("The watchdog will try again")
            self.wake.wait(BUSY_SECONDS if self.unfinished() else IDLE_SECONDS)
            self.wake.clear()
        self.disconnect()

    def disconnect(self) -> None:
        """Close the connection; tasks that wait for it end with `WorkerLost`."""
        self.expected = self.answered + START_SECONDS
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def alive(self, connection: _Connection) -> bool:
        """Send one heartbeat; whether a worker is up, or can still be hoped for."""
        if connection.client.status != "running":  # it lost its scheduler, and every task with it
            return False
        running = {job.name: job for job in self.unfinished() if job.turn.running()}
        cancelled = [name for name, job in running.items() if not job.wanted]
        try:
            answers: dict[str, _Answer | None] = connection.client.sync(
                _ask, connection.client, list(running), cancelled, callback_timeout=2 * HEARTBEAT_SECONDS
            )
        except Exception:  # the scheduler itself is silent, or gone
            return time.monotonic() - self.answered < SILENT_SECONDS
        for answer in filter(None, answers.values()):
            for name, progress in answer.progress.items():
                running[name].latest = progress
        up = {worker for worker, answer in answers.items() if answer is not None and answer.ready}
        connection.proven |= up
        now = time.monotonic()
        if up:
            self.answered, self.expected = now, min(self.expected, now)
            return True
        patience = GIVE_UP_SECONDS if answers or connection.may_start_a_worker() else SILENT_SECONDS
        if connection.proven & answers.keys():
            patience = SILENT_SECONDS
        else:  # it died, and another one is starting
            self.expected = self.answered + START_SECONDS
        return now - self.answered < patience


@dataclass(eq=False)
class _ClusterJob:
    compute: ClusterCompute
    lease: float | None = None
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    asked: float = field(default_factory=time.monotonic)
    wanted: bool = True
    latest: Progress | None = None
    turn: Turn[Any] = field(init=False)

    def run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Its turn has come: hand the task to Dask and wait for it."""
        if not self.wanted:
            raise Cancelled
        self.compute.wake.set()
        return self.compute.compute("long", self.name, None, _run_long, function, args, kwargs)

    def progress(self) -> Progress | None:
        self.asked = time.monotonic()
        return self.latest

    def position(self) -> int:
        unfinished = self.compute.unfinished()
        return unfinished.index(self) if self in unfinished else 0

    def done(self) -> bool:
        self.asked = time.monotonic()
        return self.turn.done()

    def result(self) -> Any:
        self.lease = None  # who waits here is there
        try:
            return self.turn.result()
        except CancelledError:
            raise Cancelled from None

    def cancel(self) -> None:
        self.wanted = False
        self.turn.cancel()
        self.compute.wake.set()

    def cancel_if_abandoned(self) -> None:
        if self.wanted and self.lease is not None and time.monotonic() - self.asked > self.lease:
            self.cancel()


def _over(future: Future) -> bool:
    """Whether a task is over; waits for it a moment."""
    try:
        future.exception(timeout=0.2)
    except TimeoutError:
        return False
    return True


def _fetched(future: Future, seconds: float | None) -> Any:
    """The result of a task that is over."""
    try:
        return future.result(timeout=seconds or FETCH_SECONDS)
    except TimeoutError:
        if future.status == "error":  # the task's own
            raise
        raise (WorkerLost() if seconds is None else WorkerLate(seconds)) from None


async def _ask(client: Client, running: list[str], cancelled: list[str]) -> dict[str, _Answer | None]:
    """What each worker answers to a heartbeat; None for one that does not. A silent one holds up no other."""

    async def ask(worker: str) -> _Answer | None:
        try:
            answers = await asyncio.wait_for(
                client.run(_heartbeat, running, cancelled, workers=[worker]), HEARTBEAT_SECONDS
            )
        except Exception:  # it is stopped, or died meanwhile
            return None
        answer: _Answer = answers[worker]
        return answer

    workers = list(await client.nthreads())
    return dict(zip(workers, await asyncio.gather(*map(ask, workers)), strict=True))


# --- in a worker: a thread for each task, and one that answers heartbeats ---------------------------------------------


@dataclass(frozen=True)
class _Answer:
    """A worker's answer to a heartbeat: whether it takes tasks, and the progress of its jobs by name."""

    ready: bool
    progress: dict[str, Progress]


@dataclass(eq=False)
class _Task:
    """A task that runs: its progress, whether it was cancelled, and when it would be `stuck`, in `time.monotonic`."""

    progress: Progress | None = None
    cancelled: bool = False
    stuck: float = float("inf")

    def report(self, step: int, steps: int, picture: bytes | None = None, **values: float) -> None:
        if self.cancelled:
            raise Cancelled
        self.progress = _reported(self.progress, step, steps, picture, values)


_tasks: dict[str, _Task] = {}
_modules: tuple[str, ...] = ()
"""What this worker has to have imported."""
_ready = False
"""Whether it has."""
_importing = threading.Lock()


class _Importer(WorkerPlugin):
    """Imports modules in a worker. Dask waits for `setup` before it lets a new worker take tasks."""

    name = "glassbox-importer"

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = modules

    async def setup(self, worker: Any) -> None:
        try:
            await asyncio.to_thread(_import, self.modules)  # heartbeats are answered meanwhile
        except BaseException:
            worker.loop.call_later(1, _replace)  # until then the error can reach who connects
            raise


def _import(modules: tuple[str, ...]) -> None:
    global _modules, _ready
    with _importing:  # two servers may connect at once
        _modules = modules
        for module in modules:
            importlib.import_module(module)
        _ready = True


def _broken() -> bool:
    """Python takes back a module whose import failed half-way; TensorFlow cannot be imported again after that."""
    return any(module not in sys.modules for module in _modules)


def _replace() -> None:
    """End this process, for its nanny to start another one; at once, as a stuck thread would keep it from ending."""
    os._exit(1)


def _heartbeat(running: list[str], cancelled: list[str]) -> _Answer:
    tasks = _tasks.copy()  # their threads take them out meanwhile
    if any(time.monotonic() > task.stuck for task in tasks.values()):
        _replace()
    for name in tasks.keys() & cancelled:
        tasks[name].cancelled = True
    progress = {name: tasks[name].progress for name in tasks.keys() & running}
    return _Answer(_ready, {name: latest for name, latest in progress.items() if latest is not None})


def _run_short(name: str, seconds: float, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return _run(name, _Task(stuck=time.monotonic() + STUCK * seconds), partial(function, *args, **kwargs))


def _run_long(name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    task = _Task()
    return _run(name, task, partial(function, *args, report=task.report, **kwargs))


def _run(name: str, task: _Task, function: Callable[[], Any]) -> Any:
    """Run a task that heartbeats know, and make its error fit to travel."""
    if _broken():
        _replace()  # Dask tries the task once more, in the next worker
    _tasks[name] = task
    try:
        return function()
    except Exception as error:
        if _broken():
            _replace()
        failure = _portable(error)
    finally:
        del _tasks[name]
    raise failure  # out here it gets no context, which would travel too


def _portable(error: Exception) -> Exception:
    """An error as the server can read it without importing what is the workers': without causes, or its text."""
    if type(error).__module__.partition(".")[0] in _modules:
        return RuntimeError(f"{type(error).__name__}: {error}")
    error.__cause__ = error.__context__ = None
    return error
