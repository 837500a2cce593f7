"""Published files: checked, downloaded from a server of our own, interrupted, resumed, refused."""

import hashlib
import http.server
import json
import threading
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import h5py
import numpy as np
import pytest

from core import digits
from core.__main__ import main
from core.networks import files
from core.networks.downloads import Download
from core.networks.files import FileError, PublishedFile, check, fetch, install
from core.networks.table import NETWORKS
from core.progress import Cancelled

DATE = formatdate(1_600_000_000, usegmt=True)


class Site:
    """A server with one file that can be cut off, replaced or slowed down."""

    def __init__(self, content: bytes) -> None:
        self.content, self.stop_after, self.status, self.pause = content, None, 200, 0.0
        self.date, self.requests = DATE, []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range")
                site.requests.append(wanted)
                if site.status != 200:
                    self.send_error(site.status)
                    return
                same = self.headers.get("If-Range") == site.date
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and same else 0
                if start and start >= len(site.content):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(site.content) - start))
                self.send_header("Last-Modified", site.date)
                self.end_headers()
                end = len(site.content) if site.stop_after is None else site.stop_after
                for place in range(start, end, files.CHUNK):
                    self.wfile.write(site.content[place : min(place + files.CHUNK, end)])
                    time.sleep(site.pause)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/weights.h5"


def h5_content(folder: Path, size: int = 400_000) -> bytes:
    path = folder / "made.h5"
    with h5py.File(path, "w") as content:
        content.attrs["layer_names"] = [b"dense"]
        group = content.create_group("dense")
        group.attrs["weight_names"] = [b"kernel"]
        group["kernel"] = np.random.default_rng(0).random(size)
    return path.read_bytes()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    site = Site(h5_content(tmp_path))
    yield site
    site.server.shutdown()


def published(site: Site, digest: str | None = None) -> PublishedFile:
    digest = hashlib.sha256(site.content).hexdigest() if digest is None else digest
    return PublishedFile("weights.h5", "models/vggface", site.url, digest)


def nothing(done: int, total: int) -> None:
    pass


def left_behind(file: PublishedFile) -> list[str]:
    return sorted(path.name for path in file.path.parent.iterdir() if path.suffix not in (".sha256", ".lock"))


def test_a_file_is_fetched_once_into_keras_own_folder(site, tmp_path):
    file, told = published(site), []
    assert fetch(file, lambda *bytes: told.append(bytes)) is None
    assert file.path == tmp_path / "keras" / "models" / "vggface" / "weights.h5"
    assert file.path.read_bytes() == site.content
    assert told[-1] == (len(site.content), len(site.content))
    assert fetch(file, nothing) is None
    assert len(site.requests) == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_an_interrupted_download_goes_on(site, share):
    file = published(site)
    site.stop_after = int(share * len(site.content))
    with pytest.raises(FileError) as caught:
        fetch(file, nothing)
    assert caught.value.reason == "interrupted"
    assert left_behind(file) == ["weights.h5.part"]
    site.stop_after, kept = None, file.path.with_name("weights.h5.part").stat().st_size
    assert kept >= int(share * len(site.content)) - files.CHUNK > 0
    fetch(file, nothing)
    assert site.requests == [None, f"bytes={kept}-"]
    assert file.path.read_bytes() == site.content
    assert left_behind(file) == ["weights.h5"]


def test_a_download_of_a_file_that_changed_meanwhile_begins_again(site, tmp_path):
    site.stop_after = len(site.content) // 2
    with pytest.raises(FileError):
        fetch(published(site), nothing)
    site.content, site.stop_after, site.date = (
        h5_content(tmp_path, 300_000),
        None,
        formatdate(1_700_000_000, usegmt=True),
    )
    fetch(published(site), nothing)
    assert published(site).path.read_bytes() == site.content


def test_a_cancelled_download_keeps_what_it_has(site):
    file = published(site)

    def cancel(done: int, total: int) -> None:
        if done > len(site.content) / 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(file, cancel)
    assert not file.here
    fetch(file, nothing)
    assert site.requests[1].startswith("bytes=")
    assert file.here


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda content: b"<!doctype html><title>Not found</title>", "other_kind"),
        (lambda content: b"", "other_kind"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "damaged_file"),
    ],
)
def test_what_is_not_the_file_is_refused_and_leaves_nothing(site, spoil, reason):
    file = published(site)
    site.content = spoil(site.content)
    with pytest.raises(FileError) as caught:
        fetch(file, nothing)
    assert caught.value.reason == reason
    assert "weights.h5" in str(caught.value)
    assert left_behind(file) == []


def test_a_truncated_file_without_a_known_digest_is_refused(site):
    site.content = site.content[: len(site.content) // 2]
    with pytest.raises(FileError) as caught:
        fetch(published(site, ""), nothing)
    assert caught.value.reason == "incomplete_file"
    assert left_behind(published(site)) == []


def test_a_digest_that_nobody_publishes_is_remembered(site, tmp_path):
    file = published(site, "")
    first = hashlib.sha256(site.content).hexdigest()
    assert fetch(file, nothing) is None
    assert check(file) is None
    file.path.unlink()
    site.content = h5_content(tmp_path, 200_000)
    assert fetch(file, nothing) == first
    assert check(file) == first


def test_a_refusing_server_is_named(site):
    site.status = 404
    with pytest.raises(FileError, match=r"127\.0\.0\.1.* refused to send weights.h5 \(status 404\)"):
        fetch(published(site), nothing)


def test_no_connection_offers_the_embedded_network(site):
    file = replace(published(site), url="http://127.0.0.1:9/weights.h5")
    with pytest.raises(FileError, match=r"No connection to .*MiniFace") as caught:
        fetch(file, nothing)
    assert caught.value.reason == "offline"
    assert left_behind(file) == []


def test_a_file_on_a_stick_is_checked_before_it_is_taken(site, tmp_path):
    file = published(site)
    file.path.parent.mkdir(parents=True)
    for name, content, expected in (("bad", b"\x89HDF\r\n\x1a\nno", False), ("good", site.content, True)):
        candidate = tmp_path / name
        candidate.write_bytes(content)
        if expected:
            install(file, candidate)
        else:
            with pytest.raises(FileError):
                install(file, candidate)
        assert file.here is expected
        assert not candidate.exists()


def entry_of(site: Site):
    return replace(NETWORKS["VGGFace-VGG16"], name=f"at {site.url}", weights=published(site), names=())


def test_the_command_line_fetches_the_evening_before(site, monkeypatch, capsys):
    for name in ("MobileNet", "Xception"):
        file = replace(published(site), name=f"{name}.h5")
        monkeypatch.setitem(NETWORKS, name, replace(NETWORKS[name], weights=file, names=()))
    assert main(["prefetch", "--network", "mobilenet", "Xception", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["files"]
    assert [(row["network"], row["bytes"]) for row in rows] == [
        ("MobileNet", len(site.content)),
        ("Xception", len(site.content)),
    ]
    assert all(Path(row["file"]).is_file() for row in rows)
    site.status = 500
    assert main(["prefetch", "--network", "MobileNet,Xception"]) == 0  # they are here
    monkeypatch.setattr(digits, "DATASET", replace(digits.DATASET, files=(replace(published(site), name="digits.h5"),)))
    assert main(["prefetch", "--network", "mnist", "--json"]) == 2  # the site does not answer any more
    site.status = 200
    capsys.readouterr()
    assert main(["prefetch", "--network", "mnist", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["files"]
    assert (row["network"], row["bytes"]) == ("MNIST", len(site.content))
    site.status = 500
    monkeypatch.setitem(NETWORKS, "VGG16", replace(NETWORKS["VGG16"], weights=published(site), names=()))
    assert main(["prefetch", "--network", "VGG16"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def wait(*downloads: Download) -> None:
    deadline = time.monotonic() + 20
    while not all(download.done() for download in downloads):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_sessions_download_once(site):
    site.pause = 0.05
    first, second = Download(entry_of(site)), Download(entry_of(site))
    wait(first, second)
    assert first.result() == second.result() == ()
    assert len(site.requests) == 1
    progress = first.progress()
    assert progress.step == progress.steps == len(site.content)
    assert progress.values["bytes_per_second"] > 0


def test_a_download_goes_on_until_the_last_one_leaves(site):
    site.pause = 0.1
    first, second = Download(entry_of(site)), Download(entry_of(site))
    first.cancel()
    with pytest.raises(Cancelled):
        first.result()
    wait(second)
    assert second.result() == ()
    third = Download(replace(entry_of(site), name="again", weights=replace(published(site), name="other.h5")))
    third.cancel()
    wait(third)
    with pytest.raises(Cancelled):
        third.transfer.future.result(timeout=20)
    assert not third.transfer.entry.weights.here
