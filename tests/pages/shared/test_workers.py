"""`ask`, `here` and `job`: an answer is known by the task and all its arguments, and a private one is the session's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.networks.table import MINIFACE
from core.progress import Cancelled
from dashboard.shared import door, text, workers
from dashboard.shared.workers import Keyed, ask

calls: list[tuple[Any, ...]] = []


@dataclass(frozen=True)
class Box:
    left: float
    name: str = ""


def record(*args: Any, **kwargs: Any) -> int:
    """A task: how many questions were computed so far, this one included."""
    calls.append((args, kwargs))
    return len(calls)


def other(*args: Any, **kwargs: Any) -> int:
    return record(*args, **kwargs)


def nothing(*args: Any) -> None:
    calls.append(args)


def count(steps: int, report: Callable[..., None]) -> list[int]:
    for step in range(steps):
        report(step, steps)
    return list(range(steps))


def fail(report: Callable[..., None]) -> None:
    calls.append(())
    raise ZeroDivisionError("a mistake")


def cancel(report: Callable[..., None]) -> None:
    report(3, 9)
    raise Cancelled


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    calls.clear()
    yield


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1,), (2,)),
        ((-1,), (-2,)),  # these two have the same hash()
        ((Box(-1.0),), (Box(-2.0),)),
        ((Box(1.0, "a"),), (Box(1.0, "b"),)),
        ((1, 2), (2, 1)),
        (((1, 2), 3), (1, (2, 3))),
        ((np.zeros(3),), (np.zeros(4),)),
        ((np.zeros((50, 50)),), (np.eye(50),)),
        ((Keyed("a", lambda: 0),), (Keyed("b", lambda: 0),)),
        (((MINIFACE,),), ((replace(MINIFACE, weights=None),),)),
    ],
)
def test_another_argument_is_another_question(first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    one, two = ask(record, *first, scope="shared"), ask(record, *second, scope="shared")
    assert (one, two) == (1, 2)
    assert ask(record, *first, scope="shared") == 1 and ask(record, *second, scope="shared") == 2
    assert ask(other, *first, scope="shared") == 3, "another task is another question too"


def test_a_keyword_is_an_argument() -> None:
    assert ask(record, 1, size=2) == 1
    assert ask(record, 1, size=3) == 2
    assert ask(record, 1) == 3
    assert ask(record, 1, size=2) == 1


def test_equal_values_are_one_question() -> None:
    assert ask(record, Box(1.0, "ab"), (1, "ab")) == 1
    assert ask(record, Box(1.0, "".join(["a", "b"])), (1, "".join(["a", "b"]))) == 1


def test_a_large_argument_is_made_where_it_is_needed_alone() -> None:
    made = []
    argument = Keyed("digest", lambda: made.append(1) or np.ones(2))
    ask(record, argument, [argument])
    ask(record, argument, [argument])
    assert len(made) == 2 and len(calls) == 1
    np.testing.assert_array_equal(calls[0][0][0], np.ones(2))


def test_those_who_ask_the_same_meanwhile_wait_for_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def call_within(self, seconds: float, task: Callable[..., Any], *args: Any) -> Any:
            started.set()
            assert go.wait(10)
            return task(*args)

    started, go = Event(), Event()
    monkeypatch.setattr(door, "compute", Slow)
    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(ask, record, "the same") for _ in range(3)]
        assert started.wait(10)
        assert len(workers._pending) == 1
        go.set()
        assert [answer.result() for answer in answers] == [1, 1, 1]
    assert not workers._pending and len(calls) == 1


def test_a_late_answer_is_announced_and_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def call_within(self, seconds: float, task: Callable[..., Any], *args: Any) -> Any:
            time.sleep(0.3)
            return task(*args)

    shown: list[str] = []
    place = SimpleNamespace(toast=lambda text, icon: shown.append(text) or place)
    monkeypatch.setattr(workers, "LATE_SECONDS", 0.1)
    monkeypatch.setattr(workers, "ANNOUNCE_SECONDS", 0.02)
    monkeypatch.setattr(door, "compute", Slow)
    monkeypatch.setattr(workers.st, "toast", place.toast)
    assert ask(record, "late") == 1
    assert len(shown) > 1 and set(shown) == {text.label("en", "jobs.waits", seconds="0")}
    shown.clear()
    assert ask(record, "late") == 1 and not shown


def test_none_is_an_answer() -> None:
    assert [ask(nothing, 1), ask(nothing, 1)] == [None, None]
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("argument", "private"),
    [
        (Keyed("a", lambda: 0, private=True), True),
        ([(Keyed("a", lambda: 0, private=True),)], True),
        (replace(MINIFACE, name="Mine"), True),
        ((replace(MINIFACE, weights=None), 1), True),
        (Keyed("a", lambda: 0), False),
        (MINIFACE, False),
    ],
)
def test_what_follows_from_something_private_is_the_session_s(argument: Any, private: bool) -> None:
    cache = workers._session_answers if private else workers._shared_answers
    assert workers._Question(record, (argument,), {}, None).cache is cache
    assert workers._Question(record, (), {"image": argument}, None).cache is cache


def run(script: Callable[[], None]) -> AppTest:
    return AppTest.from_function(script, default_timeout=30).run()


def test_a_job_returns_what_its_task_returns_and_is_run_once() -> None:
    def script() -> None:
        import streamlit as st
        from test_workers import count

        from dashboard.shared.workers import answered, job

        st.write(str(answered(count, 3)))
        st.write(str(job(count, 3)))

    app = run(script)
    assert [line.value for line in app.markdown] == ["None", "[0, 1, 2]"]
    assert [line.value for line in app.run().markdown] == ["[0, 1, 2]"] * 2


def test_a_job_by_button_waits_for_it_and_a_changed_argument_waits_again() -> None:
    def script() -> None:
        import streamlit as st
        from test_workers import count

        from dashboard.shared.workers import job

        steps = st.number_input("steps", 1, 9, 3)
        st.write(str(job(count, steps, at_once=False)))

    app = run(script)
    assert app.markdown[0].value == "None"
    app.button(key="count_run").click().run()
    assert app.markdown[0].value == "[0, 1, 2]" and not app.button
    app.number_input[0].set_value(2).run()
    assert app.markdown[0].value == "None"
    app.number_input[0].set_value(3).run()
    assert app.markdown[0].value == "[0, 1, 2]"


def test_an_error_that_nobody_expected_ends_the_job_in_one_sentence() -> None:
    def script() -> None:
        from test_workers import fail

        from dashboard.shared.workers import job

        job(fail)

    app = run(script)
    for _ in range(3):
        assert not app.exception
        assert [line.value for line in app.warning] == [text.label("en", "jobs.failed", error="ZeroDivisionError")]
        app.run()
    assert len(calls) == 1, "it is not begun again by itself"
    app.button(key="fail_run").click().run()
    assert len(calls) == 2


def test_a_cancelled_job_shows_where_it_was() -> None:
    def script() -> None:
        import streamlit as st
        from test_workers import cancel

        from dashboard.shared.workers import job

        job(cancel, draw=lambda progress: st.write(f"step {progress.step}"))

    app = run(script)
    assert [line.value for line in app.warning] == [text.label("en", "jobs.cancelled")]
    assert [line.value for line in app.markdown] == ["step 3"]


def test_the_latest_job_wins_and_one_beside_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        cancelled = False

        def progress(self) -> None: ...

        def done(self) -> bool:
            return False

        def cancel(self) -> None:
            self.cancelled = True

    state: dict[str, Any] = {}
    monkeypatch.setattr(workers.st, "session_state", state)
    one, two, download = Endless(), Endless(), Endless()
    workers.start("download", download, beside=True)
    workers.start("one", one)
    workers.start("two", two)
    assert (one.cancelled, two.cancelled, download.cancelled) == (True, False, False)
    assert workers.current("two") is two and workers.current("one") is None
    assert workers.outcome("one").problem == text.label("en", "jobs.cancelled")
    workers.stop("download")
    assert download.cancelled and not two.cancelled


def test_the_jobs_of_open_tabs_keep_their_lease() -> None:
    class Leased:
        asked = 0

        def done(self) -> bool:
            self.asked += 1
            return self.asked > 1

    here, gone = Leased(), Leased()
    workers._owners.update({here: "open", gone: "closed"})
    workers.renew_leases({"open", "another"})
    assert (here.asked, gone.asked) == (1, 0)
    workers.renew_leases({"open"})  # it is over
    workers.renew_leases({"open"})
    assert (here.asked, gone.asked) == (2, 0)


def test_the_door_is_asked_through_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test can put another door in its place."""
    monkeypatch.setattr(door, "compute", lambda: pytest.fail("asked"))
    with pytest.raises(pytest.fail.Exception, match="asked"):
        ask(record, 1)
