"""The door to the workers: results, progress, cancel, lost and silent workers; embedded, inline, and by address.

One test needs TensorFlow. In the others a worker imports nothing, or a module that the test has written.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import psutil
import pytest
from distributed import LocalCluster

from core.compute import Compute, connect
from core.errors import ReasonedError
from core.progress import Cancelled, WorkerLate, WorkerLost

ROOT = Path(__file__).parents[2]


class Refused(ReasonedError):
    reasons: ClassVar = {"too_many": "{count} are too many."}


class Unreadable(Exception):
    """It can neither be pickled nor shown."""

    def __init__(self) -> None:
        super().__init__("unreadable")
        self.lock = threading.Lock()

    def __repr__(self) -> str:
        raise ValueError("not to be shown")


def double(values: np.ndarray) -> np.ndarray:
    return values * 2


def fail() -> None:
    raise Refused("too_many", count=9)


def fail_unreadably() -> None:
    raise Unreadable


def late() -> None:
    raise TimeoutError("the task's own")


def count(steps: int, seconds: float = 0.02, report: Callable[..., None] | None = None) -> int:
    for step in range(steps):
        time.sleep(seconds)
        if report is not None:
            report(step + 1, steps, b"picture" if step == 0 else None, value=float(step))
    return steps


def die_first(mark: str, times: int, report: Callable[..., None]) -> str:
    """Kill the process that runs this, the first `times` times."""
    file = Path(mark)
    lives = int(file.read_text()) if file.exists() else 0
    if lives < times:
        file.write_text(str(lives + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    report(1, 1)
    return f"alive after {lives}"


def where(_: int = 0) -> int:
    return os.getpid()


def named(*, key: str, workers: int, deadline: float, report: Callable[..., None] | None = None) -> tuple:
    return key, workers, deadline


def import_keras() -> str:
    import keras

    return keras.backend.backend()


def import_tensorflow(report: Callable[..., None]) -> float:
    import tensorflow

    return float(tensorflow.reduce_sum([1.0, 2.0]))


def foreign() -> None:
    """Fail with an error of a module that only the worker has."""
    import abroad

    raise abroad.Foreign("abroad")


def fail_after_it() -> None:
    try:
        foreign()
    except Exception:
        raise ValueError("here") from None


def break_once(mark: str) -> str:
    """Leave the worker as a failed import leaves it, the first time."""
    if Path(mark).exists():
        return "whole"
    Path(mark).touch()
    del sys.modules["abroad"]
    raise KeyError("Registering two gradient with name 'ReduceDataset'")


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


def answers(compute: Compute) -> bool:
    try:
        return compute.call_within(1, where) > 0
    except (WorkerLate, WorkerLost):
        return False


@pytest.fixture(scope="module")
def embedded() -> Iterator[Compute]:
    compute = connect(modules=())
    yield compute
    compute.close()


@pytest.fixture(params=["inline", "embedded"])
def compute(request: pytest.FixtureRequest) -> Compute:
    return connect("inline") if request.param == "inline" else request.getfixturevalue("embedded")


def test_call(compute: Compute) -> None:
    np.testing.assert_array_equal(compute.call(double, np.array([1, 2])), [2, 4])


def test_a_task_s_error_comes_back_whole(compute: Compute) -> None:
    with pytest.raises(Refused, match="9 are too many") as caught:
        compute.call(fail)
    assert caught.value.reason == "too_many" and caught.value.details["count"] == 9


def test_a_job_reports_and_returns(compute: Compute) -> None:
    job = compute.submit(count, 5)
    assert job.result() == 5 and job.done() and job.position() == 0


def test_a_task_s_keywords_are_its_own(compute: Compute) -> None:
    keywords = {"key": "k", "workers": 3, "deadline": 0.5}
    assert compute.call(named, **keywords) == ("k", 3, 0.5) == compute.submit(named, **keywords).result()
    assert compute.call_within(5, named, **keywords) == ("k", 3, 0.5)
    assert compute.submit_leased(5, named, **keywords).result() == ("k", 3, 0.5)


def test_an_error_that_nobody_can_read_comes_back_as_one_that_can(embedded: Compute) -> None:
    with pytest.raises(Exception) as caught:
        embedded.call(fail_unreadably)
    assert not isinstance(caught.value, WorkerLate | WorkerLost)
    with pytest.raises(TimeoutError, match="own"):
        embedded.call(late)


def test_an_inline_job_keeps_its_last_report() -> None:
    progress = connect("inline").submit(count, 3).progress()
    assert progress is not None
    assert (progress.step, progress.steps, progress.picture, progress.values) == (3, 3, b"picture", {"value": 2.0})


def test_the_embedded_worker_is_another_process(embedded: Compute) -> None:
    assert embedded.call(where) != os.getpid()


def test_progress_arrives_while_it_runs(embedded: Compute) -> None:
    job = embedded.submit(count, 200)
    until(lambda: job.progress() is not None)
    first = job.progress()
    until(lambda: job.progress().step > first.step + 3)
    assert first.picture == b"picture" == job.progress().picture and first.steps == 200
    job.cancel()


def test_cancel_acts_at_the_next_report(embedded: Compute) -> None:
    job = embedded.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result()
    began = time.monotonic()
    assert embedded.submit(count, 1).result() == 1, "the lane is free again"
    assert time.monotonic() - began < 5


def test_jobs_wait_in_line_and_a_waiting_one_can_leave(embedded: Compute) -> None:
    running, waiting, last = (embedded.submit(count, 1000) for _ in range(3))
    until(lambda: running.progress() is not None)
    assert [job.position() for job in (running, waiting, last)] == [0, 1, 2]
    waiting.cancel()
    assert last.position() == 1
    running.cancel()
    until(lambda: last.progress() is not None)
    last.cancel()


def test_a_long_job_does_not_hold_up_a_short_task(embedded: Compute) -> None:
    job = embedded.submit(count, 1000)
    until(lambda: job.progress() is not None)
    np.testing.assert_array_equal(embedded.call(double, np.array([3])), [6])
    assert not job.done()
    job.cancel()


def test_equal_questions_of_two_sessions_are_two_tasks(embedded: Compute) -> None:
    first, second = embedded.submit(count, 3), embedded.submit(count, 3)
    first.cancel()
    assert second.result() == 3


def test_a_lost_worker_is_replaced_and_the_job_done_again(embedded: Compute, tmp_path: Path) -> None:
    before = embedded.call(where)
    assert embedded.submit(die_first, str(tmp_path / "mark"), 1).result() == "alive after 1"
    assert embedded.call(where) != before


def test_a_worker_lost_twice_is_said_and_the_next_task_runs(embedded: Compute, tmp_path: Path) -> None:
    with pytest.raises(WorkerLost, match="ask again"):
        embedded.submit(die_first, str(tmp_path / "mark"), 9).result()
    np.testing.assert_array_equal(embedded.call(double, np.array([1])), [2])


def test_a_job_that_kills_its_worker_harms_no_other(embedded: Compute, tmp_path: Path) -> None:
    killer = embedded.submit(die_first, str(tmp_path / "mark"), 9)
    others = [embedded.submit(count, 3) for _ in range(3)]
    with pytest.raises(WorkerLost):
        killer.result()
    assert [other.result() for other in others] == [3, 3, 3]


def test_a_late_answer_is_said_and_a_task_that_never_ends_is_ended(embedded: Compute) -> None:
    before, began = embedded.call(where), time.monotonic()
    with pytest.raises(WorkerLate, match=r"within 0\.5 s"):
        embedded.call_within(0.5, time.sleep, 3600)
    assert time.monotonic() - began < 2
    assert embedded.call(where) != before, "the lane was blocked for good"
    assert time.monotonic() - began < 20


def test_a_job_whose_browser_has_gone_is_cancelled(embedded: Compute) -> None:
    left, waiting = (embedded.submit_leased(0.6, count, 10_000) for _ in range(2))
    staying = embedded.submit_leased(0.6, count, 150)
    until(lambda: staying.progress() is not None)
    for job in (left, waiting):
        with pytest.raises(Cancelled):
            job.result()
    until(staying.done)
    assert staying.result() == 150


def test_a_worker_that_stops_is_said_to_be_late_and_replaced(
    embedded: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, waiting = embedded.submit(count, 10_000), embedded.submit(count, 3)
    until(lambda: running.progress() is not None)
    os.kill(embedded.call(where), signal.SIGSTOP)
    monkeypatch.setattr("core.compute.CALL_SECONDS", 1)
    monkeypatch.setattr("core.compute.SILENT_SECONDS", 2)  # not before: a busy machine may be silent for as long
    began = time.monotonic()
    with pytest.raises(WorkerLate):
        embedded.call(where)
    assert time.monotonic() - began < 2
    began = time.monotonic()
    assert running.progress().steps == 10_000 and not running.done()
    assert time.monotonic() - began < 0.2, "a page asks five times a second"
    with pytest.raises(WorkerLost):
        running.result()
    assert waiting.result() == 3 and answers(embedded)
    assert time.monotonic() - began < 30


def test_dask_does_not_give_up_a_worker_that_is_starting_again(
    embedded: Compute, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = embedded.connection
    (nanny,), loop = connection.cluster.workers.values(), connection.client.loop.asyncio_loop
    later = loop.call_later
    monkeypatch.setattr(loop, "call_later", lambda delay, *rest: later(0.3 if delay == 15 else delay, *rest))
    os.kill(embedded.call(where), signal.SIGKILL)
    until(lambda: answers(embedded))
    assert connection is embedded.connection and [*connection.cluster.workers.values()] == [nanny]


def test_where_no_worker_comes_any_more_the_door_opens_anew(embedded: Compute, monkeypatch: pytest.MonkeyPatch) -> None:
    job = embedded.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    (nanny,) = embedded.connection.cluster.workers.values()
    before = embedded.call(where)
    nanny.close_gracefully()  # it will start no other
    assert not embedded.starting()
    os.kill(before, signal.SIGKILL)
    monkeypatch.setattr("core.compute.SILENT_SECONDS", 2)  # not before: a busy machine may be silent for as long
    until(embedded.starting)
    job.progress()
    until(lambda: answers(embedded))
    until(lambda: not embedded.starting())
    assert embedded.call(where) != before
    with pytest.raises(WorkerLost):
        job.result()


@pytest.fixture
def abroad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compute]:
    """A door whose workers import a module that can be imported the first time and the third, but not the second."""
    (tmp_path / "abroad.py").write_text(
        "from pathlib import Path\n"
        "mark = Path(__file__).with_suffix('.mark')\n"
        "times = len(mark.read_text()) if mark.exists() else 0\n"
        "mark.write_text('x' * (times + 1))\n"
        "assert times != 1, 'no memory'\n"
        "class Foreign(Exception): pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    compute = connect(modules=("abroad",))
    yield compute
    compute.close()


def test_an_error_of_a_module_that_only_workers_import_does_not_bring_it_along(abroad: Compute) -> None:
    with pytest.raises(RuntimeError, match="Foreign: abroad"):
        abroad.call(foreign)
    with pytest.raises(ValueError, match="here"):
        abroad.call(fail_after_it)
    assert "abroad" not in sys.modules


def test_a_worker_that_is_broken_is_replaced(abroad: Compute, tmp_path: Path) -> None:
    os.kill(abroad.call(where), signal.SIGKILL)
    until(lambda: answers(abroad))
    assert (tmp_path / "abroad.mark").read_text() == "xxx", "the second worker could not import it"
    assert abroad.call_within(20, break_once, str(tmp_path / "broken")) == "whole"


def test_what_no_worker_can_import_is_said_at_once() -> None:
    before = psutil.Process().children(recursive=True)
    with pytest.raises(ImportError, match="no_such_module"):
        connect(modules=("no_such_module",))
    until(lambda: set(psutil.Process().children(recursive=True)) <= set(before))


def test_tasks_that_reach_a_new_worker_together_both_find_tensorflow() -> None:
    compute = connect()
    os.kill(compute.call(where), signal.SIGKILL)
    job = compute.submit(import_tensorflow)
    assert compute.call(import_keras) == "tensorflow" and job.result() == 3.0
    compute.close()


def test_closing_ends_what_runs() -> None:
    compute = connect(modules=())
    job = compute.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    compute.close()
    with pytest.raises(WorkerLost):
        job.result()
    with pytest.raises(WorkerLost):
        compute.call(where)


def test_pictures_do_not_stay_in_the_server(embedded: Compute) -> None:
    picture = np.zeros((112, 112, 3), np.float32)
    embedded.call(double, picture)
    before = psutil.Process().memory_info().rss
    for _ in range(200):
        embedded.call(double, picture)
    assert psutil.Process().memory_info().rss - before < 100 * picture.nbytes


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a cluster that somebody else started."""
    with LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
    ) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_by_its_address_calls_reports_and_cancels(address: str) -> None:
    assert address.startswith("tcp://")
    compute = connect(address, modules=())
    np.testing.assert_array_equal(compute.call(double, np.array([1, 2])), [2, 4])
    with pytest.raises(Refused):
        compute.call(fail)
    assert compute.submit(count, 3).result() == 3
    job = compute.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result()
    compute.close()


def test_a_cluster_goes_on_after_a_worker_and_after_us(address: str, tmp_path: Path) -> None:
    compute = connect(address, modules=())
    assert compute.submit(die_first, str(tmp_path / "mark"), 1).result() == "alive after 1"
    compute.close()
    again = connect(address, modules=())  # closing our door did not stop what we did not start
    assert again.call(where) != os.getpid()
    again.close()


def test_a_worker_of_a_cluster_that_stops_hangs_nobody(address: str) -> None:
    compute = connect(address, modules=())
    job = compute.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    worker = compute.call(where)
    os.kill(worker, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(WorkerLate):
        compute.call_within(0.5, where)
    job.progress()
    job.cancel()
    assert time.monotonic() - began < 2
    os.kill(worker, signal.SIGCONT)
    with pytest.raises(Cancelled):
        job.result()
    assert compute.call(where) == worker
    compute.close()


def test_a_cluster_that_starts_again_is_found_again() -> None:
    def cluster(port: int = 0) -> LocalCluster:
        return LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            scheduler_port=port,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )

    with cluster() as first:
        port = first.scheduler.port
        compute = connect(first.scheduler_address, modules=())
        job = compute.submit(count, 10_000)
        until(lambda: job.progress() is not None)
    with pytest.raises(WorkerLost):
        job.result()
    with cluster(port):
        until(lambda: answers(compute))
        compute.close()


def test_no_cluster_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compute.START_SECONDS", 1)
    with pytest.raises(OSError):
        connect("tcp://127.0.0.1:9")


def test_the_server_s_side_imports_no_tensorflow() -> None:
    files = [*(ROOT / "core").rglob("*tasks*.py"), *(ROOT / "core").rglob("__init__.py"), ROOT / "core" / "compute.py"]
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files}
    program = f"import sys, {', '.join(sorted(modules))};"
    program += "print([m for m in ('tensorflow', 'keras', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
