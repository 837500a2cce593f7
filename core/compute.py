"""The door to the workers: TensorFlow lives in their processes, never in the server's.

`connect` opens an embedded worker process, a Dask cluster by address, or runs everything in the calling thread. What
goes through the door is a function of `core.tasks` with names and values, and comes back as arrays and dataclasses.
A worker runs one short task and one long job at a time, so that a slider never waits for a job.
"""

from __future__ import annotations

import itertools
import logging
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from concurrent.futures import Future as Turn
from dataclasses import dataclass, field
from typing import Any, Protocol

import dask
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import Future

START_SECONDS = 60
"""How long a cluster may take to answer at first."""


class Cancelled(Exception):
    """The job was cancelled."""


class WorkerLost(RuntimeError):
    """The worker died, and once more when the task was tried again."""

    def __init__(self) -> None:
        super().__init__("The worker that computed this stopped twice; ask again, with less at once.")


@dataclass(frozen=True)
class Progress:
    """Where a job is: `step` of `steps`, an encoded picture in progress, and named numbers."""

    step: int
    steps: int
    picture: bytes | None = None
    values: dict[str, float] = field(default_factory=dict)


def _reported(
    before: Progress | None, step: int, steps: int, picture: bytes | None, values: dict[str, float]
) -> Progress:
    """A report after another: the picture stays until the next one comes."""
    if picture is None and before is not None:
        picture = before.picture
    return Progress(step, steps, picture, values)


class Job(Protocol):
    """A long task that is waiting, running or over."""

    def progress(self) -> Progress | None:
        """The latest that the task reported, if anything."""

    def position(self) -> int:
        """How many jobs come before it; 0 when it is its turn."""

    def done(self) -> bool:
        """Whether it is over: finished, failed or cancelled."""

    def result(self) -> Any:
        """What the task returned; waits for it. Raises what it raised, `Cancelled` or `WorkerLost`."""

    def cancel(self) -> None:
        """Stop it at its next report, or take it out of the queue."""


class Compute(Protocol):
    """Where tasks run."""

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a short task and return its result. Raises what it raised, or `WorkerLost`."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """Start a long task, which gets a keyword `report(step, steps, picture=None, **values)`.

        `report` raises `Cancelled` once the job was cancelled: a task has to report in every iteration.
        """

    def close(self) -> None:
        """Stop the workers that were started here."""


def connect(scheduler: str | None = None) -> Compute:
    """Open the door: an embedded worker (None), a cluster ("tcp://host:port"), or the calling thread ("inline").

    Raises:
        OSError: no cluster answers at that address.
    """
    if scheduler == "inline":
        return InlineCompute()
    if scheduler:
        return ClusterCompute(Client(scheduler, timeout=START_SECONDS, set_as_default=False))
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 1,  # a lost worker's task is tried once more
            "distributed.comm.timeouts.connect": START_SECONDS,  # importing TensorFlow can take a small machine long
            "distributed.admin.low-level-log-length": 0,  # Dask would keep the last thousand messages, faces included
        }
    )
    folder = tempfile.TemporaryDirectory(prefix="glassbox-")
    cluster = LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        resources={"short": 1, "long": 1},
        memory_limit=0,  # Dask would spill or pause; a network's memory can do neither
        dashboard_address="127.0.0.1:0",  # Dask insists on a page of its own: unseen, and on no fixed port
        local_directory=folder.name,
        silence_logs=logging.CRITICAL,
        env={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    return ClusterCompute(Client(cluster, set_as_default=False), cluster, folder)


# --- in the calling thread --------------------------------------------------------------------------------------------


class InlineCompute:
    """Runs tasks where they are asked for: unit tests and the command line."""

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call`."""
        return function(*args, **kwargs)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit`; the job is over when this returns."""
        job = _InlineJob()
        try:
            job.value = function(*args, report=job.report, **kwargs)
        except Exception as error:
            job.error = error
        return job

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


class ClusterCompute:
    """Runs tasks on the workers of a Dask cluster."""

    def __init__(
        self,
        client: Client,
        cluster: LocalCluster | None = None,
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self.client, self.cluster, self.folder = client, cluster, folder
        self.jobs: list[_ClusterJob] = []
        self.lock = threading.Lock()
        self.order = itertools.count()
        # Jobs wait here and not in Dask, which blames a worker's death on every task that waits for it. Of a cluster's
        # threads they get half, so that a short task finds one.
        self.turns = ThreadPoolExecutor(1 if cluster else max(sum(client.nthreads().values()) // 2, 1))

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Compute.call`."""
        return _result(self.send("short", uuid.uuid4().hex, function, *args, **kwargs))

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """See `Compute.submit`."""
        job = _ClusterJob(self)
        with self.lock:
            job.turn = self.turns.submit(job.run, function, args, kwargs)
            self.jobs = [*self.unfinished(), job]
        return job

    def unfinished(self) -> list[_ClusterJob]:
        """The jobs that are not over, first come first."""
        return [job for job in self.jobs if not job.done()]

    def close(self) -> None:
        """See `Compute.close`."""
        self.turns.shutdown(wait=False, cancel_futures=True)
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()
        if self.folder is not None:
            self.folder.cleanup()

    def send(self, lane: str, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Hand a task to Dask, in one of the worker's lanes."""
        return self.client.submit(
            function,
            *args,
            key=f"{lane}-{name}",  # its own: Dask names tasks by their content and would share private results
            priority=(10**9 if lane == "short" else 0) - next(self.order),
            resources={lane: 1} if self.cluster is not None else None,  # a cluster's workers offer no lanes
            **kwargs,
        )


class _ClusterJob:
    def __init__(self, compute: ClusterCompute) -> None:
        self.compute, self.name = compute, uuid.uuid4().hex
        self.wanted = True
        self.latest: Progress | None = None
        self.turn: Turn[Any]

    def run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Its turn has come: hand the task to Dask and wait for it."""
        if not self.wanted:
            raise Cancelled
        return _result(self.compute.send("long", self.name, _reporting, function, self.name, args, kwargs))

    def progress(self) -> Progress | None:
        if self.turn.running():
            answers = self.compute.client.run(_latest, self.name, on_error="ignore")
            self.latest = next((answer for answer in answers.values() if answer is not None), self.latest)
        return self.latest

    def position(self) -> int:
        unfinished = self.compute.unfinished()
        return unfinished.index(self) if self in unfinished else 0

    def done(self) -> bool:
        return self.turn.done()

    def result(self) -> Any:
        try:
            return self.turn.result()
        except CancelledError:
            raise Cancelled from None

    def cancel(self) -> None:
        self.wanted = False
        if not self.turn.cancel() and not self.done():
            self.compute.client.run(_cancel, self.name, on_error="ignore")


def _result(future: Future) -> Any:
    try:
        return future.result()
    except KilledWorker:
        raise WorkerLost from None


# What follows runs in a worker. A thread of it runs the task, another answers `_latest` and `_cancel`.

_progress: dict[str, Progress] = {}
_cancelled: deque[str] = deque(maxlen=256)


def _reporting(function: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    def report(step: int, steps: int, picture: bytes | None = None, **values: float) -> None:
        if name in _cancelled:
            raise Cancelled
        _progress[name] = _reported(_progress.get(name), step, steps, picture, values)

    try:
        return function(*args, report=report, **kwargs)
    finally:
        _progress.pop(name, None)


def _latest(name: str) -> Progress | None:
    return _progress.get(name)


def _cancel(name: str) -> None:
    _cancelled.append(name)
