"""Downloads as jobs: who asks for a network's files while they are on their way joins the download that runs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from core.networks import files
from core.networks.files import PublishedFile
from core.progress import Cancelled, Progress

_pool = ThreadPoolExecutor(4, thread_name_prefix="glassbox-download")
_lock = threading.Lock()
_running: dict[str, _Transfer] = {}


class Wanted(Protocol):
    """What is fetched: a network, or anything else that has a name and files."""

    @property
    def name(self) -> str:
        """Under which it is fetched once for all who want it."""

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """All that it needs."""


class Download:
    """The download of what a network needs, as one session sees it: a job as `core.progress.Job` describes it.

    Its progress counts bytes; `values` has the bytes a second and the seconds left. Its result are the names of files
    that are not the ones first seen here.
    """

    def __init__(self, entry: Wanted) -> None:
        self.entry = entry
        with _lock:
            transfer = _running.get(entry.name)
            if transfer is None or transfer.future.done():
                transfer = _running[entry.name] = _Transfer(entry)
            transfer.watchers.add(id(self))
        self.transfer = transfer
        self.cancelled = False

    def progress(self) -> Progress | None:
        """Bytes done and to do, and the speed."""
        return self.transfer.latest

    def position(self) -> int:
        """Downloads do not wait for each other."""
        return 0

    def done(self) -> bool:
        """Whether it is over."""
        return self.cancelled or self.transfer.future.done()

    def result(self) -> tuple[str, ...]:
        """The names of changed files; raises `Cancelled` or `core.networks.files.FileError`."""
        if self.cancelled:
            raise Cancelled
        return self.transfer.future.result()

    def cancel(self) -> None:
        """Leave the download; it stops when the last one leaves, and keeps what it has."""
        self.cancelled = True
        self.transfer.watchers.discard(id(self))


class _Transfer:
    """What all who wait for the same network share."""

    def __init__(self, entry: Wanted) -> None:
        self.entry = entry
        self.watchers: set[int] = set()
        self.latest: Progress | None = None
        self.began: tuple[float, int] | None = None
        self.future: Future[tuple[str, ...]] = _pool.submit(self.run)

    def run(self) -> tuple[str, ...]:
        changed = []
        for file in self.entry.files:
            self.began = None
            if files.fetch(file, self.report):
                changed.append(file.name)
        return tuple(changed)

    def report(self, done: int, total: int) -> None:
        if not self.watchers:
            raise Cancelled
        now = time.monotonic()
        self.began = self.began or (now, done)
        seconds, since = now - self.began[0], done - self.began[1]
        speed = since / seconds if seconds > 0 else 0.0
        left = (total - done) / speed if speed else 0.0
        self.latest = Progress(done, total, values={"bytes_per_second": speed, "seconds_left": left})
