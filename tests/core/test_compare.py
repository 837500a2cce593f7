"""Likeness of maps, by hand and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from core import faces
from core.attribution import tasks
from core.attribution.compare import correlations
from core.networks.entry import NetworkError


def test_correlations_by_hand() -> None:
    first = np.array([[1, 2, 3]], np.float32)
    matrix = correlations([first, 10 - 2 * first, np.array([[2, 1, 3]], np.float32)])
    np.testing.assert_allclose(matrix, [[1, -1, 0.5], [-1, 1, -0.5], [0.5, -0.5, 1]], atol=1e-12)


def test_a_small_map_is_enlarged_as_it_is_shown() -> None:
    """Bilinear to twice its width, `[0, 4]` is `[0, 1, 3, 4]`: with `[0, 0, 0, 4]` 8 / sqrt(10 * 12)."""
    matrix = correlations([np.array([[0, 4]], np.float32), np.array([[0, 0, 0, 4]], np.float32)])
    assert matrix[0, 1] == pytest.approx(8 / np.sqrt(120))


def test_correlations_against_numpy() -> None:
    maps = np.random.default_rng(0).normal(size=(4, 5, 7)).astype(np.float32)
    np.testing.assert_allclose(correlations(list(maps)), np.corrcoef(maps.reshape(4, -1)), atol=1e-12)


def test_a_flat_map_is_like_nothing() -> None:
    matrix = correlations([np.ones((2, 3), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3)])
    np.testing.assert_array_equal(np.isnan(matrix), [[True, True], [True, False]])


def test_a_grid_is_filled_cell_by_cell_and_an_impossible_cell_says_why() -> None:
    image = faces.render(faces.person(1), faces.PORTRAIT, 112)[0]
    reports = []
    cells = [("MiniFace", "saliency", 1), ("MiniFace", "grad_cam", 99), ("MiniFace", "fem", None)]
    result = tasks.compare(cells, image, 3, report=lambda *given, **values: reports.append(given))
    assert isinstance(result[1], NetworkError) and result[1].reason == "unknown_class"
    assert [result[0].class_index, result[2].class_index] == [1, None]
    assert result[0].map.calls == 1 and not result[0].map.steps
    assert [given[:2] for given in reports] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert reports[-1][2] is not None


def test_a_grid_stops_inside_a_slow_cell() -> None:
    image = faces.render(faces.person(1), faces.PORTRAIT, 112)[0]
    reports = []

    def cancel(*given, **values) -> None:
        reports.append(given)
        if len(reports) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tasks.compare([("MiniFace", "rise", 1)], image, 1, report=cancel)
    assert [given[0] for given in reports] == [0, 0, 0]
