"""The file of the filter notebook: there and back, and everything that is no notebook."""

import json

import pytest

from core.features import notebook
from core.features.notebook import NotebookError

LABELS = {("MiniFace", "conv4_3", 7): "left eye", ("Digits", "l1", 0): "bord à 45°"}


def test_there_and_back():
    written = notebook.write_notebook(LABELS)
    assert notebook.read_notebook(written.encode()) == LABELS
    assert [row["network"] for row in json.loads(written)["labels"]] == ["Digits", "MiniFace"]  # in order
    assert notebook.read_notebook(notebook.write_notebook({}).encode()) == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  left \n eye ", "left eye"), ("a\u202eb\x00c", "a b c"), ("x" * 99, "x" * 60), ("\t", ""), ("\ud800", "")],
)
def test_a_label_is_one_printable_line(given, kept):
    assert notebook.clean_label(given) == kept


def row(**changes):
    return {"network": "MiniFace", "layer": "conv1_1", "channel": 1, "label": "edge"} | changes


def file(*rows, **changes):
    return json.dumps({"kind": notebook.KIND, "labels": list(rows)} | changes).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "notebook_kind"),
        (b"\xff\xfe", "notebook_kind"),
        (b"[" * 100_000, "notebook_kind"),
        (b"[]", "notebook_kind"),
        (b'{"labels": []}', "notebook_kind"),
        (file(kind="something else"), "notebook_kind"),
        (file(labels={}), "notebook_kind"),
        (b" " * (notebook.MAX_BYTES + 1), "notebook_bytes"),
        (b'{"kind": "glassbox filter notebook", "labels": [' + b"9" * 5000 + b"]}", "notebook_kind"),
        (file(labels=[0] * (notebook.MAX_LABELS + 1)), "notebook_many"),
        (file(row(), 5), "notebook_row"),
        (file(row(channel=-1)), "notebook_row"),
        (file(row(channel=True)), "notebook_row"),
        (file(row(channel=1.0)), "notebook_row"),
        (file(row(channel=10**9)), "notebook_row"),
        (file(row(label="")), "notebook_row"),
        (file(row(layer=None)), "notebook_row"),
        (file(row(script="x")), "notebook_row"),
        (file({"label": "edge"}), "notebook_row"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(data, reason):
    with pytest.raises(NotebookError) as caught:
        notebook.read_notebook(data)
    assert caught.value.reason == reason
    assert str(caught.value).endswith(".")
    if reason == "notebook_row":
        assert caught.value.details["place"] == (2 if b"5]" in data else 1)
