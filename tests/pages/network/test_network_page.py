""" "The network" on screen."""

from __future__ import annotations

from dashboard.shared import text


def test_network_page_draws_and_lists_every_layer(open_page) -> None:
    app = open_page("pages/see/network.py", layer="conv1_2")
    assert not app.exception
    assert app.select_slider(key="layer").value == "conv1_2"
    table = app.dataframe[0].value
    assert len(table) >= 22
    assert "fc8" in set(table[text.label("en", "network.column_name")])
    assert [metric.value for metric in app.metric][3] == "48"
