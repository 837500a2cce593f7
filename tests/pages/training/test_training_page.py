"""The page "Train it yourself": a run from Start to its file, problems, time-lapse, sweeps and transfer."""

from __future__ import annotations

import csv
import io
import json

import pytest
from screen import pictures_of

from core import training
from core.intervals import wilson
from core.progress import Progress
from core.training import Run, Settings, State, Stretch, TransferResult, problems, tasks
from core.training.problems import PROBLEMS
from dashboard.shared import door, text
from dashboard.training import runs

PAGE = "pages/see/training.py"
QUICK = {"train_samples": "50", "train_epochs": "2", "train_batch": "32"}


@pytest.fixture(autouse=True)
def embedded(monkeypatch, tmp_path):
    """No MNIST on this machine."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))


def press(app, key: str):
    return app.button(key=key).click().run()


def part(app, name: str):
    app.session_state["train_part"] = name
    return app.run()


def test_a_run_goes_from_start_to_its_result(open_page) -> None:
    app = open_page(PAGE, **QUICK)
    assert not app.exception, app.exception[0].message
    assert "training_run" not in app.session_state
    press(app, "training_start")
    assert not app.exception, app.exception[0].message
    (run,) = app.session_state["training_runs"].values()
    assert run.over and run.result.n == 360 and run.settings.samples == 50
    labels = [metric.label for metric in app.metric]
    assert text.label("en", "training.test_accuracy") in labels
    assert not [button for button in app.button if button.key in ("training_hold", "training_cancel")]


def test_settings_stand_in_the_link(open_page) -> None:
    app = open_page(
        PAGE, **QUICK, train_learning_rate="0.05", train_activation="elu", train_without="3", train_width_1="4"
    )
    assert not app.exception
    assert app.select_slider(key="train_learning_rate").value == 0.05
    press(app, "training_start")
    (run,) = app.session_state["training_runs"].values()
    assert (run.settings.learning_rate, run.settings.activation, run.settings.without) == (0.05, "elu", 3)
    assert run.settings.widths == (4, 9, 16)
    assert next(iter(app.session_state["training_runs"])).startswith("1 · 4-9-16")


def test_a_problem_sets_the_controls_and_is_measured(open_page) -> None:
    app = open_page(PAGE)
    press(app, "problem_class_left_out")
    assert not app.exception, app.exception[0].message
    assert app.selectbox(key="train_without").value == problems.LEFT_OUT
    shown = " ".join(markdown.value for markdown in app.markdown)
    assert text.label("en", "training.seen") in shown
    assert any(text.label("en", "training.see_class_left_out") in info.value for info in app.info)


def test_a_run_that_diverges_is_named(open_page) -> None:
    app = open_page(PAGE)
    press(app, "problem_rate_too_high")
    assert not app.exception, app.exception[0].message
    assert any("NaN" in error.value for error in app.error)


class Slow:
    """A job that goes on until it is cancelled; what it reached then comes back."""

    def __init__(self, settings: Settings, state: State | None) -> None:
        self.settings, self.state, self.over = settings, state, False

    def progress(self) -> Progress | None:
        return None

    def position(self) -> int:
        return 0

    def done(self) -> bool:
        return self.over

    def cancel(self) -> None:
        self.over = True

    def result(self) -> Stretch:
        return tasks.train(self.settings, self.state, seconds=0)


def test_a_run_is_held_goes_on_and_is_stopped(open_page, monkeypatch) -> None:
    app = open_page(PAGE, **QUICK)
    jobs: list[Slow] = []

    class Door:
        def submit_leased(self, lease, function, settings, state, *, seconds):
            jobs.append(Slow(settings, state))
            return jobs[-1]

        def call_within(self, seconds, function, *given, **more):
            return function(*given, **more)

        def starting(self):
            return False

    monkeypatch.setattr(door, "compute", Door)
    press(app, "training_start")
    assert not app.exception, app.exception[0].message
    assert app.button(key="training_hold").label == text.label("en", "training.pause")
    press(app, "training_hold")
    (run,) = app.session_state["training_runs"].values()
    assert run.state.step == 1 and len(jobs) == 1
    assert app.button(key="training_hold").label == text.label("en", "training.resume")
    press(app, "training_hold")
    assert len(jobs) == 2 and jobs[1].state.step == 1
    app.select_slider(key="train_learning_rate").set_value(0.01).run()  # while it runs: the run takes up the new rate
    assert len(jobs) == 3 and jobs[2].settings.learning_rate == 0.01 and jobs[2].state.step == 2
    press(app, "training_cancel")
    assert not app.exception, app.exception[0].message
    assert len(jobs) == 3
    (run,) = app.session_state["training_runs"].values()
    assert run.state.step == 3 and not run.over
    assert text.label("en", "training.stopped") in [info.value for info in app.info]


def test_runs_are_compared_and_written_to_a_file(open_page) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "training_start")
    app.select_slider(key="train_learning_rate").set_value(0.01).run()
    press(app, "training_start")
    part(app, "compare")
    assert not app.exception, app.exception[0].message
    found = app.session_state["training_runs"]
    assert len(found) == 2
    lines = list(csv.DictReader(io.StringIO(training.to_csv(found))))
    assert {line["run"] for line in lines} == set(found)
    assert {float(line["learning_rate"]) for line in lines} == {0.005, 0.01}
    press(app, "training_forget")
    assert len(app.session_state["training_runs"]) == 1


def test_the_eldest_of_nine_runs_gives_way(monkeypatch) -> None:
    session: dict = {}
    monkeypatch.setattr(runs.st, "session_state", session)
    for seed in range(9):
        runs.add(Run(Settings(seed=seed), "mnist"))
    assert len(runs.all_runs()) == runs.MOST
    assert next(iter(runs.all_runs())).startswith("2 ·")


def test_time_lapse_moves_all_together(open_page) -> None:
    app = open_page(PAGE, **QUICK)
    press(app, "training_start")
    part(app, "lapse")
    assert not app.exception, app.exception[0].message
    captions = pictures_of(app)
    assert any("in epoch 2" in alt for alt in captions)
    app.select_slider(key="lapse_epoch").set_value(0).run()
    assert not app.exception
    assert any("in epoch 0" in alt for alt in pictures_of(app))
    assert any(alt == text.label("en", "training.maps_alt", layer="l3", count=16) for alt in pictures_of(app))


def test_without_a_run_there_is_nothing_to_compare(open_page) -> None:
    for name in ("compare", "lapse"):
        app = open_page(PAGE, train_part=name)
        assert text.label("en", "training.no_runs") in [info.value for info in app.info]


def test_a_sweep_ends_in_three_figures(open_page) -> None:
    app = open_page(PAGE, train_part="sweep", sweep_name="filters", sweep_filters="1,4", sweep_epochs="1")
    press(app, "sweep_run")
    assert not app.exception, app.exception[0].message
    assert len(app.get("plotly_chart")) == 3


@pytest.mark.parametrize(("task", "draws"), [("people", 1), ("digits", 2)])
def test_transfer_asks_for_what_was_chosen_and_draws_it(open_page, monkeypatch, task: str, draws: int) -> None:
    asked = []

    def transfer(*given, draws, report):
        asked.append(given)
        hits = {1: (30,), 2: (24, 36)}[draws]
        return [TransferResult(way, count, hit, 120, 1.0) for hit in hits for count in given[4] for way in given[3]]

    monkeypatch.setattr(tasks, "transfer", transfer)
    ways = {"train_part": "transfer", "transfer_task": task, "transfer_ways": "frozen,chosen"}
    app = open_page(PAGE, **ways, transfer_draws=str(draws))
    assert not app.exception, app.exception[0].message
    press(app, "transfer_run")
    assert not app.exception, app.exception[0].message
    (given,) = asked
    assert given[0] == task and given[3] == ["frozen", "chosen"] and given[2]
    (chart,) = app.get("plotly_chart")
    (line, _) = json.loads(chart.proto.spec)["data"]
    assert line["y"] == pytest.approx([0.25, 0.25, 0.25][: len(line["y"])])
    expected = wilson(30, 120)[0] if draws == 1 else 0  # two draws, 0.2 and 0.3, say hardly anything
    assert 0.25 - line["error_y"]["arrayminus"][0] == pytest.approx(expected)


def test_only_and_all_but_share_the_filters_out(open_page) -> None:
    kept = []
    for which in ("only", "without"):
        app = open_page(PAGE, train_part="transfer", transfer_which=which)
        told = next(caption.value for caption in app.caption if "filters of this layer" in caption.value)
        kept.append([int(word) for word in told.split() if word.isdigit()])
    (only, count), (without, _) = kept
    assert only + without == count and 0 < only < count


@pytest.mark.parametrize("language", text.languages())
def test_every_choice_and_problem_has_its_words(language: str) -> None:
    words = [f"{kind}_{name}" for kind in ("problem", "see", "measured", "why") for name in PROBLEMS]
    words += [f"activation_{name}" for name in training.ACTIVATIONS]
    words += [f"initialization_{name}" for name in training.INITIALIZATIONS]
    words += [f"optimizer_{name}" for name in training.OPTIMIZERS]
    words += [f"way_{name}" for name in training.STRATEGIES] + [f"task_{name}" for name in training.TRANSFERS]
    words += [f"swept_{name}" for name in tasks.SWEEPABLE] + list(runs.MEASURES)
    assert all(text.label(language, f"training.{word}", value=1) for word in words)
