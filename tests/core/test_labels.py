"""Class names from files in the published layouts, and from hostile ones."""

import json
import pickle

import numpy as np
import pytest

from core.networks import labels
from core.networks.files import FileError

NAMES = ["A.J._Buckley", " Aamir_Khan", "Zoë_Saldaña"]
CLEAN = ("A.J._Buckley", "Aamir_Khan", "Zoë_Saldaña")


@pytest.mark.parametrize("kind", [np.str_, object, "bytes"])
def test_names_of_keras_vggface(tmp_path, kind):
    content = np.array([n.encode() for n in NAMES]) if kind == "bytes" else np.array(NAMES, dtype=kind)
    np.save(tmp_path / "labels.npy", content, allow_pickle=True)
    assert labels.read_labels(tmp_path / "labels.npy") == CLEAN


@pytest.mark.parametrize("protocol", range(6))
def test_names_of_any_pickle(tmp_path, protocol):
    with (tmp_path / "labels.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (3,)})
        pickle.dump(np.array(NAMES, dtype=object), file, protocol=protocol)
    assert labels.read_labels(tmp_path / "labels.npy") == CLEAN


def test_nothing_in_a_file_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    np.save(tmp_path / "labels.npy", np.array([Trap(), "Anna"], dtype=object), allow_pickle=True)
    labels.read_labels(tmp_path / "labels.npy")
    assert not (tmp_path / "sprung").exists()


def test_names_of_imagenet(tmp_path):
    index = {"1": ["n01443537", "goldfish"], "0": ["n01440764", "tench"]}
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert labels.read_labels(tmp_path / "index.json") == ("tench", "goldfish")


def test_one_name_a_line(tmp_path):
    (tmp_path / "names.txt").write_text("zéro\n\n un \n", encoding="utf-8")
    assert labels.read_labels(tmp_path / "names.txt") == ("zéro", "un")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.npy", b"no array"),
        ("a.npy", b"\x93NUMPY\x01\x00"),
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.json", b'{"0": 3}'),
        ("a.txt", b"\xff\xfe\x00"),
    ],
)
def test_other_content_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError) as caught:
        labels.read_labels(tmp_path / name)
    assert caught.value.reason == "incomplete_file"


ANIMALS = ("African_elephant", "elephant", "ox", "Person 07 (group A)", "tusker")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("African_elephant_1.jpg", 0),
        ("n02504458_African_elephant.JPEG", 0),
        ("my african-elephant (2).png", 0),
        ("elephant.png", 1),
        ("ox.png", 2),
        ("box.png", None),
        ("person_07_000.png", 3),
        ("IMG_2044.jpg", None),
    ],
)
def test_a_file_is_named_after_its_class(name, expected):
    assert labels.class_in_file_name(name, ANIMALS) == expected
