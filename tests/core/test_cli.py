"""The command line: its JSON, its files, and one line for every kind of bad input."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

import core.__main__ as cli
from core import colours, faces, images
from core.attribution import tasks as attribution_tasks
from core.features import tasks as features_tasks
from core.networks import tasks as networks_tasks
from core.networks.loading import load
from core.networks.table import NETWORKS

ROOT = Path(cli.__file__).parents[1]
NETWORK = "MiniFace-untrained"


@pytest.fixture
def run(capsys):
    """Run a command that must succeed; its JSON."""

    def runner(*arguments: object) -> dict:
        assert cli.main([*map(str, arguments), "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert out.count("\n") == 1
        return json.loads(out)

    return runner


@pytest.fixture
def portrait(tmp_path) -> Path:
    """A wide picture of 120 x 300 pixels: too small a face to be found, so the middle square is taken."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 300, 3), np.uint8)
    file = tmp_path / "pictures" / "noise.png"
    file.parent.mkdir()
    Image.fromarray(pixels).save(file)
    return file


def test_networks_lists_the_table(run):
    rows = run("networks")["networks"]
    assert [row["name"] for row in rows] == list(NETWORKS)
    assert rows[1] == {
        "name": NETWORK,
        "parameters": 906_656,
        "available": True,
        "default_layer": "conv5_3",
        "input_size": 112,
        "classes": 48,
    }


def test_faces_are_rendered_with_their_regions(run, tmp_path):
    rows = run("faces", "--people", "0-1,7", "--captures", 2, "--seed", 5, "--size", 64, "--out", tmp_path / "new")[
        "faces"
    ]
    assert [(row["identity"], row["group"]) for row in rows] == [(n, faces.group_of(n)) for n in (0, 0, 1, 1, 7, 7)]
    for row in rows:
        assert Image.open(row["file"]).size == (64, 64)
        with np.load(row["regions_file"], allow_pickle=False) as regions:
            assert tuple(regions) == faces.REGIONS
            assert all(mask.dtype == bool and mask.shape == (64, 64) for mask in regions.values())
    first = Path(rows[0]["file"]).read_bytes()
    assert first != Path(rows[1]["file"]).read_bytes()
    again = run("faces", "--people", 0, "--seed", 5, "--size", 64, "--out", tmp_path / "again")["faces"]
    assert Path(again[0]["file"]).read_bytes() == first


def test_predict_gives_the_most_probable_classes(run, portrait):
    (row,) = run("predict", "--network", NETWORK.upper(), "--image", portrait, "--top", 3)["images"]
    picture = images.read_file(portrait)
    expected = networks_tasks.predict(NETWORK, images.crop(picture, images.face_box(picture)))[0]
    assert row["file"] == str(portrait)
    assert [p["class_index"] for p in row["predictions"]] == np.argsort(-expected)[:3].tolist()
    assert row["predictions"][0]["probability"] == pytest.approx(expected.max())
    assert row["predictions"][0]["label"] == NETWORKS[NETWORK].labels[expected.argmax()]


def test_filters_writes_a_contact_sheet(run, tmp_path):
    out = tmp_path / "sheets" / "conv1_2.png"
    result = run("filters", "--network", NETWORK, "--layer", "conv1_2", "--channels", "0-3,9", "--iterations", 2,
                 "--seed", 1, "--out", out)  # fmt: skip
    expected = features_tasks.maximize(NETWORK, "conv1_2", [0, 1, 2, 3, 9], iterations=2, seed=1)
    assert result["channels"] == [0, 1, 2, 3, 9]
    assert result["activations"] == pytest.approx(expected.activations[:, -1].tolist())
    assert result["file"] == str(out)
    assert Image.open(out).size == (3 * 112 + 8, 2 * 112 + 4)


def test_embed_writes_what_the_embedding_layer_answers(run, portrait, tmp_path):
    Image.fromarray(np.full((80, 80, 3), 200, np.uint8)).save(portrait.parent / "plain.bmp")
    out = tmp_path / "codes" / "noise.npz"
    row = run("embed", "--network", NETWORK.lower(), "--image", portrait.parent, "--out", out)
    assert row == {"network": NETWORK, "layer": "fc7", "images": 2, "dimensions": 128, "file": str(out)}
    with np.load(out, allow_pickle=False) as found:
        assert found["files"].tolist() == [str(portrait), str(portrait.parent / "plain.bmp")]
        assert (found["embeddings"].shape, found["embeddings"].dtype) == ((2, 128), np.float32)
        picture = images.read_file(portrait)
        square = images.crop(picture, images.face_box(picture))
        model = load(NETWORK).model
        layer = keras.Model(model.input, model.get_layer("fc7").output)
        expected = layer(load(NETWORK).inputs(square), training=False)
        np.testing.assert_allclose(found["embeddings"][0], expected[0], rtol=1e-4, atol=1e-5)


def test_explain_writes_raw_maps_of_the_picture_size(run, portrait, tmp_path):
    (row,) = run("explain", "--network", NETWORK, "--image", portrait.parent, "--method", "GRADCAM",
                 "--layer", "conv4_3", "--class-index", 5, "--out", tmp_path / "out")["maps"]  # fmt: skip
    assert (row["method"], row["network"], row["layer"], row["class_index"]) == ("grad_cam", NETWORK, "conv4_3", 5)
    raw = np.load(row["map_file"], allow_pickle=False)
    assert (raw.shape, raw.dtype) == ((120, 300), np.float32)
    box = images.face_box(images.read_file(portrait))
    square = images.crop(images.read_file(portrait), box)
    values = attribution_tasks.explain(NETWORK, "grad_cam", square, 5, "conv4_3").map.values
    inside = cv2.resize(values, (120, 120), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(raw[:, 90:210], inside, rtol=1e-6)
    assert not raw[:, :90].any()
    assert not raw[:, 210:].any()
    assert Path(row["picture_file"]).name == "noise_grid.png"
    assert Image.open(row["picture_file"]).size == (2 * 800 + 4, 344)


def test_explain_singles_keep_the_rest_of_the_picture(run, portrait, tmp_path):
    (row,) = run("explain", "--network", NETWORK, "--image", portrait, "--display", "singles", "--out", tmp_path)[
        "maps"
    ]
    shown, before = np.asarray(Image.open(row["picture_file"])), np.asarray(Image.open(portrait))
    np.testing.assert_array_equal(shown[:, :90], before[:, :90])
    assert (shown[:, 90:210] != before[:, 90:210]).any()


def test_a_map_lies_over_a_large_turned_photo(run, tmp_path):
    pixels = np.zeros((1200, 1600, 3), np.uint8)
    exif = Image.Exif()
    exif[cli.ORIENTATION] = 6  # to be turned by a quarter
    Image.fromarray(pixels).save(tmp_path / "phone.jpg", exif=exif)
    (row,) = run("explain", "--network", NETWORK, "--image", tmp_path / "phone.jpg", "--out", tmp_path)["maps"]
    assert np.load(row["map_file"]).shape == (1600, 1200)


def test_several_networks_and_spellings(run, portrait, tmp_path):
    rows = run("explain", "--network", f"{NETWORK}, {NETWORK.lower()}", "--method", "Grad-CAM,grad_cam", "--image",
               portrait, "--out", tmp_path)["maps"]  # fmt: skip
    assert len(rows) == 1


def test_several_methods_one_of_which_knows_no_class(run, portrait, tmp_path):
    rows = run("explain", "--network", NETWORK, "--method", "Grad-CAM++,FEM,Gradient × input", "--class-index", 5,
               "--image", portrait, "--out", tmp_path)["maps"]  # fmt: skip
    assert [Path(row["map_file"]).stem for row in rows] == [
        f"noise_grad_cam_plus_plus_{NETWORK}_conv5_3_5",
        f"noise_fem_{NETWORK}_conv5_3",
        f"noise_gradient_x_input_{NETWORK}_5",
    ]
    assert [row["class_index"] for row in rows] == [5, None, 5]
    assert Image.open(rows[0]["picture_file"]).size[1] == 344


def test_pictures_of_a_folder_are_sorted_and_the_same_stem_does_not_collide(run, portrait, tmp_path):
    Image.open(portrait).save(portrait.with_suffix(".bmp"))
    (portrait.parent / "notes.txt").write_text("no picture")
    rows = run("explain", "--network", NETWORK, "--image", portrait.parent, "--out", tmp_path)["maps"]
    assert [Path(row["image"]).name for row in rows] == ["noise.bmp", "noise.png"]
    assert len({row["map_file"] for row in rows}) == len({row["picture_file"] for row in rows}) == 2


def test_a_class_by_its_name(run, portrait, tmp_path):
    named, numbered = (
        run("explain", "--network", NETWORK, *option, "--image", portrait, "--out", tmp_path)["maps"][0]
        for option in (("--class-name", "PERSON_05"), ("--class-index", 5))
    )
    assert named["map_file"] == numbered["map_file"]


def test_numbers_of_methods_and_channels(run, portrait, tmp_path):
    rows = run("explain", "--network", NETWORK, "--image", portrait, "--method", "occlusion,fem,grad_cam",
               "--param", "occlusion.grid=4", "--param", "fem.k=0.5", "--channels", "0-2", "--class-index", 5,
               "--display", "singles", "--out", tmp_path)["maps"]  # fmt: skip
    picture = images.read_file(portrait)
    box = images.face_box(picture)
    own = ({"grid": 4}, {"k": 0.5}, {"channels": [0, 1, 2]})
    for row, options in zip(rows, own, strict=True):
        found = attribution_tasks.explain(NETWORK, row["method"], images.crop(picture, box), 5, **options)
        expected = colours.uncrop(found.map.values, box, 120, 300)
        np.testing.assert_allclose(np.load(row["map_file"]), expected, rtol=1e-5, atol=1e-7)


def test_what_speaks_against_a_class_is_blue_on_the_picture(run, portrait, tmp_path):
    (row,) = run("explain", "--network", NETWORK, "--image", portrait, "--method", "occlusion", "--display", "singles",
                 "--param", "occlusion.grid=4", "--out", tmp_path)["maps"]  # fmt: skip
    values = np.load(row["map_file"])
    more_blue = np.asarray(Image.open(row["picture_file"])) - np.asarray(Image.open(portrait), np.float32)
    bluer = more_blue[..., 2] - more_blue[..., 0]
    against, speaks_for = values < 0.5 * values.min(), values > 0.5 * values.max()
    assert values.min() < 0 < values.max()
    assert bluer[against].mean() > 20 > -20 > bluer[speaks_for].mean()


EXPLAIN = ["explain", "--network", NETWORK, "--image", "{image}", "--out", "{out}"]
FILTERS = ["filters", "--network", NETWORK, "--out", "{out}/sheet.png"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "networks, prefetch, faces, predict, filters, explain, embed"),
        (["train"], "Received train; choose one of: networks"),
        (["networks", "--xml"], "--xml"),
        (["explain", "--network", "VGG20", "--image", "{image}", "--out", "{out}"], "MiniFace, MiniFace-untrained"),
        ([*EXPLAIN, "--method", "deep_lift"], "grad_cam"),
        ([*EXPLAIN, "--layer", "conv9"], "conv1_1, conv1_2"),
        ([*EXPLAIN, "--layer", "fc7"], "no feature maps"),
        ([*EXPLAIN, "--class-index", "48"], "0 to 47"),
        ([*EXPLAIN, "--class-index", "many"], "--class-index"),
        ([*EXPLAIN, "--class-name", "group A"], "choose one, such as Person"),
        ([*EXPLAIN, "--class-name", "tabby"], "no one class"),
        ([*EXPLAIN, "--class-name", "Person 07", "--class-index", "7"], "one of the two"),
        ([*EXPLAIN, "--method", "rise,fem", "--param", "rise.masks=3"], "rise.samples, rise.cells"),
        ([*EXPLAIN, "--method", "rise", "--param", "fem.k=1"], "rise.samples, rise.cells"),
        ([*EXPLAIN, "--method", "rise", "--param", "rise.samples=9"], "--param rise.samples 9: expected a number from"),
        ([*EXPLAIN, "--method", "rise", "--param", "rise.samples=1e3"], "a whole number"),
        ([*EXPLAIN, "--method", "fem", "--param", "fem.k=nan"], "from 0 to 3"),
        ([*EXPLAIN, "--param", "grad_cam.k=1"], "none here"),
        ([*EXPLAIN, "--method", "fem", "--channels", "0-3"], "only grad_cam"),
        ([*EXPLAIN, "--channels", "128"], "0 to 127"),
        ([*EXPLAIN, "--display", "heap"], "'grid', 'singles'"),
        (["explain", "--network", NETWORK, "--out", "{out}"], "--image"),
        (["explain", "--network", NETWORK, "--image", "{image}", "--out", "{image}"], "Cannot write to"),
        (["predict", "--network", NETWORK, "--image", "{out}/none.png"], "no such file or folder"),
        (["predict", "--network", NETWORK, "--image", "{empty}"], "no picture in this folder"),
        (["predict", "--network", NETWORK, "--image", "{broken}"], "broken.png"),
        (["predict", "--network", f"MiniFace,{NETWORK}", "--image", "{image}"], "expected one network"),
        (["predict", "--network", NETWORK, "--image", "{image}", "--top", "0"], "--top"),
        ([*FILTERS, "--channels", "5-2"], "0-3,7"),
        ([*FILTERS, "--channels", "a"], "0-3,7"),
        ([*FILTERS, "--channels", "0-999999999"], "no range above"),
        ([*FILTERS, "--channels", "128"], "0 to 127"),
        ([*FILTERS, "--layer", "input"], "conv1_1, conv1_2"),
        ([*FILTERS, "--learning-rate", "nan"], "from 0.1 to 100"),
        ([*FILTERS, "--iterations", "0"], "from 1 to 200"),
        ([*FILTERS, "--iterations", "ten"], "integer"),
        (["filters", "--network", NETWORK, "--out", "{out}/sheet.gif"], ".png, .jpg"),
        (["embed", "--network", NETWORK, "--image", "{image}", "--out", "{out}/codes.csv"], "ends in .npz"),
        (
            ["embed", "--network", NETWORK, "--image", "{empty}", "--out", "{out}/codes.npz"],
            "no picture in this folder",
        ),
        (["embed", "--network", "VGG20", "--image", "{image}", "--out", "{out}/codes.npz"], "MiniFace-untrained"),
        (["embed", "--network", NETWORK, "--image", "{image}", "--out", "{image}/codes.npz"], "Cannot write to"),
        (["faces", "--people", "1-", "--out", "{out}"], "0-3,7"),
        (["faces", "--size", "8", "--out", "{out}"], "32"),
    ],
)
def test_bad_input_gets_one_line(arguments, expected, portrait, tmp_path, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG and nothing more")
    (tmp_path / "empty").mkdir()
    places = {"image": portrait, "out": tmp_path / "out", "empty": tmp_path / "empty", "broken": broken}
    assert cli.main([argument.format(**places) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert expected in err


@pytest.mark.parametrize("arguments", [["networks"], ["predict", "--network", NETWORK, "--image", "{image}"]])
def test_people_get_lines(arguments, portrait, capsys):
    assert cli.main([argument.format(image=portrait) for argument in arguments]) == 0
    assert "  " in capsys.readouterr().out


def test_as_a_process_it_says_nothing_but_json(portrait):
    command = [sys.executable, "-m", "core", "predict", "--network", NETWORK, "--image", str(portrait), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == {"images"}
    assert done.stderr == ""


def test_ranges():
    assert cli.ranges("0-3,7,2", "--people") == [0, 1, 2, 3, 7]
    assert cli.ranges("3", "--people") == [3]
