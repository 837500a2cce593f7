"""Zip files from strangers: what is read, and what is refused with which reason."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import pytest

from core import archives
from core.archives import ArchiveError, read_zip


def zipped(files: dict[str, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", way) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def refused(data: bytes, **limits: int) -> str:
    """The reason why a zip file is refused; its sentence is complete."""
    with pytest.raises(ArchiveError) as caught:
        read_zip(data, **limits)
    assert "{" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_in_order_with_their_folders_and_without_hidden_ones(way: int) -> None:
    files = {"b/1.png": b"one", "a.txt": b"", "b/": b"", ".DS_Store": b"x", "__MACOSX/b/._1.png": b"x", "b/2.png": b"2"}
    assert read_zip(zipped(files, way)) == [("b/1.png", b"one"), ("a.txt", b""), ("b/2.png", b"2")]


def test_names_that_point_elsewhere_are_only_names() -> None:
    assert read_zip(zipped({"a/../../etc/passwd": b"x", "/root/b": b"y"})) == [
        ("a/../../etc/passwd", b"x"),
        ("/root/b", b"y"),
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no zip at all", b"\x89PNG\r\n\x1a\n", zipped({"a": b"x" * 99})[:-30]],
    ids=["empty", "short", "text", "picture", "cut off"],
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refused(data) == "damaged_zip"


def test_a_changed_byte_is_noticed() -> None:
    data = bytearray(zipped({"a": b"abcdefgh" * 9}, zipfile.ZIP_STORED))
    data[40] ^= 1
    assert refused(bytes(data)) == "damaged_zip"


def test_empty_and_hidden_only() -> None:
    assert refused(zipped({})) == refused(zipped({"b/": b"", ".hidden": b"x"})) == "empty_zip"


def test_limits_are_reached_and_not_passed() -> None:
    files = {f"{n}.png": bytes(100) for n in range(5)}
    assert len(read_zip(zipped(files), most_files=5, max_bytes=1000)) == 5
    assert refused(zipped(files), most_files=4, max_bytes=1000) == "crowded_zip"
    assert len(read_zip(zipped({"a": bytes(100_000)}), max_bytes=100_000)) == 1
    assert refused(zipped({"a": bytes(60_000), "b": bytes(60_000)}), max_bytes=100_000) == "unpacked_zip"
    assert refused(zipped(files, zipfile.ZIP_STORED), max_bytes=500) == "large_zip"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped({f"{n}.png": bytes(20_000_000) for n in range(4)})
    assert len(bomb) < 200_000
    tracemalloc.start()
    try:
        assert refused(bomb) == "unpacked_zip"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("declared", [10, 40_000_000])
def test_a_bomb_that_lies_about_its_size_unfolds_no_further_than_it_says(declared: int) -> None:
    """Both places that name the size say another one than what comes out of the packed bytes."""
    honest = zipped({"a.png": bytes(80_000_000 if declared == 10 else 1000)})
    size = struct.pack("<L", 80_000_000 if declared == 10 else 1000)
    assert honest.count(size) == 2
    lying = honest.replace(size, struct.pack("<L", declared))
    tracemalloc.start()
    try:
        assert refused(lying) == "damaged_zip"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_entries_that_share_their_bytes_count_each() -> None:
    """The list of contents names one packed file many times over: a small file that unfolds to a large one."""
    data = zipped({"a": bytes(1_000_000)})
    end = data.rfind(b"PK\x05\x06")
    start = data.find(b"PK\x01\x02")
    entry, tail = data[start:end], bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, 100, 100, 100 * len(entry))
    assert refused(data[:start] + 100 * entry + bytes(tail)) == "unpacked_zip"


def test_a_list_of_very_many_entries_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({"a": b""})
    start, end = data.find(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    many = archives.MOST_ENTRIES + 1
    tail = bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, many, many, many * (end - start))
    monkeypatch.setattr(zipfile, "ZipFile", lambda *given: pytest.fail("it was opened"))
    assert refused(data[:start] + many * data[start:end] + bytes(tail)) == "crowded_zip"


def test_a_password_and_another_way_of_packing_are_named() -> None:
    locked = bytearray(zipped({"a": b"secret"}))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(locked)) == "locked_zip"
    for way in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert refused(zipped({"a": b"x" * 1000}, way)) == "packed_otherwise"
