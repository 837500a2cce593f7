"""The door to the workers: results, progress, cancel, lost workers; embedded and inline. No TensorFlow here."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import LocalCluster

from core.compute import Cancelled, Compute, WorkerLost, connect
from core.networks import NetworkError

ROOT = Path(__file__).parents[2]


def double(values: np.ndarray) -> np.ndarray:
    return values * 2


def fail() -> None:
    raise NetworkError("unknown_class", network="X", class_index=9, last=3)


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


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def embedded() -> Iterator[Compute]:
    compute = connect()
    yield compute
    compute.close()


@pytest.fixture(params=["inline", "embedded"])
def compute(request: pytest.FixtureRequest) -> Compute:
    return connect("inline") if request.param == "inline" else request.getfixturevalue("embedded")


def test_call(compute: Compute) -> None:
    np.testing.assert_array_equal(compute.call(double, np.array([1, 2])), [2, 4])


def test_a_task_s_error_comes_back_whole(compute: Compute) -> None:
    with pytest.raises(NetworkError, match="no class 9") as caught:
        compute.call(fail)
    assert caught.value.reason == "unknown_class" and caught.value.details["last"] == 3


def test_a_job_reports_and_returns(compute: Compute) -> None:
    job = compute.submit(count, 5)
    assert job.result() == 5 and job.done() and job.position() == 0


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
    compute = connect(address)
    np.testing.assert_array_equal(compute.call(double, np.array([1, 2])), [2, 4])
    with pytest.raises(NetworkError, match="no class 9"):
        compute.call(fail)
    assert compute.submit(count, 3).result() == 3
    job = compute.submit(count, 10_000)
    until(lambda: job.progress() is not None)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result()
    compute.close()


def test_a_cluster_goes_on_after_a_worker_and_after_us(address: str, tmp_path: Path) -> None:
    compute = connect(address)
    assert compute.submit(die_first, str(tmp_path / "mark"), 1).result() == "alive after 1"
    compute.close()
    again = connect(address)  # closing our door did not stop what we did not start
    assert again.call(where) != os.getpid()
    again.close()


def test_no_cluster_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compute.START_SECONDS", 1)
    with pytest.raises(OSError):
        connect("tcp://127.0.0.1:9")


def test_the_server_s_side_imports_no_tensorflow() -> None:
    program = "import core.compute, core.tasks, core.networks, core.attribution, core.features, core.images, sys;"
    program += "print([m for m in ('tensorflow', 'keras', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
