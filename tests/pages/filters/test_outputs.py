"""The experiments with outputs on the page "What do filters see?"."""

from __future__ import annotations

from test_filters_page import PAGE, alts, ascents, captions

from dashboard.filters import experiments
from dashboard.shared import text

__all__ = ["ascents"]


def test_outputs_have_a_row_each_and_a_column_for_every_weight(open_page, ascents) -> None:
    app = open_page(PAGE, network="Digits", show="outputs", outputs_set="3,8", iterations="2")
    app.button(key="filters_outputs_run").click().run()
    assert not app.exception, app.exception[0].message
    assert len([alt for alt in alts(app) if alt.startswith("Pictures that excite output")]) == 2
    assert len(ascents) == 3  # ink: one a step, and a look at the end
    assert ascents[0]["channels"] == (3,) * 8 + (8,) * 8
    assert ascents[0]["tv_weight"] == [*experiments.SWEEP, *experiments.SWEEP]
    app.select_slider(key="best_tv").set_value(16.0).run()
    assert not app.exception
    assert sum(caption.startswith(("3 →", "8 →")) for caption in captions(app)) == 2


def test_pairs_of_outputs(open_page, ascents) -> None:
    app = open_page(PAGE, network="Digits", show="pairs", pairs_set="4+9, 1 + 7, 3+77", iterations="2")
    app.button(key="filters_pairs_run").click().run()
    assert not app.exception, app.exception[0].message
    assert ascents[0]["channels"] == (4, 9, (4, 9), 1, 7, (1, 7))
    assert [caption.split(" →")[0] for caption in captions(app) if "→" in caption][2] == "4 + 9"
    app.text_input(key="pairs_set").set_value("four and nine").run()
    assert text.label("en", "filters.pairs_wrong", last=9) in [error.value for error in app.error]
