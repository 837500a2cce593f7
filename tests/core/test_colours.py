"""One overlay: colours by hand, and the same picture on the page, in the preview of a job and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import core.__main__ as cli
from core import colours, faces, images
from core.attribution import METHODS, tasks
from core.images import Box

NETWORK = "MiniFace-untrained"
DARK, YELLOW = (0, 34, 78), (253, 231, 55)
"""Both ends of cividis, in bytes."""


def bytes_of(image: np.ndarray) -> np.ndarray:
    return images.to_uint8(image).astype(int)


def test_a_heatmap_goes_from_0_to_the_largest_value() -> None:
    heat = bytes_of(colours.heatmap(np.float32([[-3, 0, 2, 4]])))
    np.testing.assert_allclose(heat[0, [0, 1, 3]], [DARK, DARK, YELLOW], atol=4)
    assert heat[0, 2, 0] < YELLOW[0] and heat[0, 2, 0] > DARK[0]
    assert (bytes_of(colours.heatmap(np.float32([[2, 8]]), high=2)) == heat[0, 3]).all()
    assert np.ptp(colours.heatmap(np.zeros((3, 5), np.float32)), axis=(0, 1)).max() == 0


def test_a_signed_heatmap_is_blue_white_and_orange() -> None:
    heat = bytes_of(colours.heatmap(np.float32([[-2, 0, 2]]), signed=True))[0]
    np.testing.assert_allclose(heat, [(5, 48, 97), (247, 247, 247), (127, 59, 8)], atol=3)
    assert (colours.heatmap(np.zeros((1, 2), np.float32), signed=True) > 0.95).all()


def test_extremes_of_single_pixels_do_not_darken_a_map() -> None:
    coarse, fine = np.ones((4, 5)), np.ones((80, 90))
    coarse[0, 0] = fine[0, 0] = -100
    assert (colours.colour_limit(coarse), colours.colour_limit(fine)) == (100, 1)


def test_an_overlay_covers_the_more_the_larger_the_value_and_leaves_the_image_where_it_is_0() -> None:
    image, values = np.full((1, 3, 3), 0.5, np.float32), np.float32([[0, 1, -2]])
    heat = colours.heatmap(values, signed=True)
    expected = np.stack([image[0, 0], 0.75 * image[0, 1] + 0.25 * heat[0, 1], 0.5 * image[0, 2] + 0.5 * heat[0, 2]])
    np.testing.assert_allclose(colours.overlay(image, values, 0.5, signed=True)[0], expected, atol=1e-6)
    np.testing.assert_array_equal(colours.overlay(image, values, 0), image)
    np.testing.assert_array_equal(colours.overlay(image, np.zeros((1, 3))), image)
    assert colours.overlay(image, values, side=7).shape == (7, 7, 3)


@pytest.mark.parametrize("method", ["occlusion", "rise", "score_cam"])
def test_page_preview_and_command_line_show_one_picture(method: str, tmp_path, capsys) -> None:
    """At the size of the network's input, where nothing is enlarged on the way to the page."""
    side, previews = 112, []
    image = faces.render_capture(0, 0, 0, side)[0]
    (tmp_path / "face.png").write_bytes(images.encode(image, "png"))
    image = images.read_file(tmp_path / "face.png")

    options = {"occlusion": {"grid": 4}, "rise": {"samples": 100}, "score_cam": {"maps": 8}}[method]
    explanation = tasks.explain(
        NETWORK, method, image, report=lambda step, steps, picture=None, **values: previews.append(picture), **options
    )
    page = colours.overlay(image, explanation.map.values, signed=METHODS[method].signed, side=side)
    assert previews[-1] == images.encode(page, "jpeg", 85)

    numbers = [text for name, value in options.items() for text in ("--param", f"{method}.{name}={value}")]
    arguments = ["explain", "--network", NETWORK, "--image", str(tmp_path / "face.png"), "--method", method, *numbers]
    assert cli.main([*arguments, "--display", "singles", "--out", str(tmp_path / "out"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["maps"]
    picture = images.read_file(Path(row["picture_file"]))
    np.testing.assert_array_equal(bytes_of(picture), bytes_of(page))


def test_a_map_of_a_box_is_zero_elsewhere() -> None:
    whole = colours.uncrop(np.ones((7, 7), np.float32), Box(left=3, top=-2, size=5), height=6, width=10)
    expected = np.zeros((6, 10))
    expected[:3, 3:8] = 1
    np.testing.assert_array_equal(whole, expected)


def test_a_contact_sheet_runs_row_by_row() -> None:
    tiles = np.stack([np.full((2, 5, 3), value) for value in (0.1, 0.2, 0.3)])
    sheet = colours.contact_sheet(tiles, columns=2, margin=1)
    assert sheet.shape == (5, 11, 3)
    np.testing.assert_allclose([sheet[0, 0, 0], sheet[0, 6, 0], sheet[3, 0, 0]], [0.1, 0.2, 0.3], rtol=1e-6)
    assert (sheet[2] == 1).all() and (sheet[3:, 6:] == 1).all()
    assert colours.contact_sheet(tiles, ground=0.5)[-1, -1, 0] == 0.5
