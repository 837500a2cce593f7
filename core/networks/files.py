"""Published files (weights, labels): where they lie, whether they are whole, and how they are fetched.

They lie in Keras' own cache folder, where Keras and keras-vggface look for them too: a file that is there is used
without any network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.errors import ReasonedError

if TYPE_CHECKING:
    import requests
    from filelock import FileLock

CHUNK = 1 << 18
"""Bytes between two looks at whether the download was cancelled."""
TIMEOUT = (10, 30)
"""Seconds to connect, and between two pieces of a file."""
SIGNATURES = {".h5": b"\x89HDF\r\n\x1a\n", ".npy": b"\x93NUMPY", ".json": b"{", ".npz": b"PK"}
"""How a file of this kind begins: a page of text that says "not found" does not."""


class FileError(ReasonedError):
    """A published file that is not to be had, or not what it should be."""

    reasons: ClassVar[dict[str, str]] = {
        "offline": "No connection to {host}: use a network whose weights are here, such as MiniFace, or bring {file} "
        "on a stick and hand it in.",
        "refused": "{host} refused to send {file} (status {status}): try again later, or use MiniFace, which is here.",
        "interrupted": "The download of {file} broke off after {done} MB: start it again, it goes on from there.",
        "no_such_file": "The file {file} is missing: fetch it, or choose a network whose weights are here.",
        "other_kind": "{file} is not what it should be: it does not begin like a {kind} file. Fetch it again, or from "
        "another connection.",
        "damaged_file": "{file} is damaged: its digest is {received}, expected {expected}. Fetch it again.",
        "incomplete_file": "{file} is not complete or not readable: {problem}. Fetch it again.",
        "no_space": "There is no room to store {file}: {problem}. Free some space and try again.",
    }


def cache_folder() -> Path:
    """Keras' own cache folder: `KERAS_HOME`, else `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


@dataclass(frozen=True)
class PublishedFile:
    """A file by `name` in a `folder` below Keras' cache (or an absolute one), and the address where it is published.

    `digest` is its SHA-256 or MD5, as its publisher states it; where nobody does, the first one seen is remembered.
    """

    name: str
    folder: str
    url: str = ""
    digest: str = ""

    @property
    def path(self) -> Path:
        """Where it lies on this machine, or will."""
        return cache_folder() / self.folder / self.name

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        return self.path.is_file()

    @property
    def source(self) -> str:
        """Where it is fetched from: `GLASSBOX_MIRROR`, a folder on a server of one's own, else its publisher."""
        mirror = os.environ.get("GLASSBOX_MIRROR")
        return f"{mirror.rstrip('/')}/{self.name}" if mirror else self.url

    @property
    def host(self) -> str:
        """Who sends it."""
        return self.source.split("/")[2]


def check(file: PublishedFile, path: Path | None = None) -> str | None:
    """Raise FileError unless the file, or a candidate for it at `path`, is whole.

    Returns the digest first seen where the file's digest is not published and is another one now, else None.
    """
    path = path or file.path
    if not path.is_file():
        raise FileError("no_such_file", file=file.name)
    kind = Path(file.name).suffix
    with path.open("rb") as content:
        if not content.read(16).startswith(SIGNATURES[kind]):
            raise FileError("other_kind", file=file.name, kind=kind)
        content.seek(0)
        digest = hashlib.file_digest(content, "md5" if len(file.digest) == 32 else "sha256").hexdigest()
    if file.digest and digest != file.digest:
        raise FileError("damaged_file", file=file.name, received=digest, expected=file.digest)
    if kind == ".h5":
        _open_h5(file, path)
    return None if file.digest else _compare_with_first(file, digest)


def _open_h5(file: PublishedFile, path: Path) -> None:
    """FileError where the end of an HDF5 file is missing, or it holds no weights."""
    import h5py

    try:
        with h5py.File(path) as content:
            content.get("model_weights", content).attrs["layer_names"]
    except (OSError, KeyError) as error:
        raise FileError("incomplete_file", file=file.name, problem=str(error)) from error


def _compare_with_first(file: PublishedFile, digest: str) -> str | None:
    """Remember a file's first digest beside it; return that digest where a later one differs."""
    memory = file.path.with_name(file.name + ".sha256")
    if not memory.exists():
        memory.write_text(digest)
    first = memory.read_text().strip()
    return first if first != digest else None


def fetch(file: PublishedFile, report: Callable[[int, int], None]) -> str | None:
    """Download a file unless it is here, going on where an earlier try stopped; check it; then give it its name.

    `report(done, total)` counts bytes, `total` 0 while unknown; an exception that it raises stops the download, and
    what came so far is kept to go on from. Whoever asks for a file that another process is fetching waits for it.
    Returns what `check` returned. FileError: not to be had, interrupted, or not what it should be; what fails the
    check is deleted.
    """
    from filelock import FileLock

    part = file.path.with_name(file.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with _acquired(FileLock(file.path.with_name(file.name + ".lock")), report):
            if file.here:
                return check(file)
            _download(file, part, report)
            return install(file, part)
    except OSError as error:
        raise FileError("no_space", file=file.name, problem=error.strerror or str(error)) from error


def _acquired(lock: FileLock, report: Callable[[int, int], None]) -> AbstractContextManager[object]:
    """The lock once nobody else has it; `report` may stop the waiting."""
    from filelock import Timeout

    while True:
        try:
            return lock.acquire(timeout=0.5)
        except Timeout:
            report(0, 0)


def install(file: PublishedFile, candidate: Path) -> str | None:
    """Check a candidate for a published file, then move it to its place; delete it where it fails. See `check`."""
    try:
        changed = check(file, candidate)
    except FileError:
        candidate.unlink()
        raise
    file.path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(candidate, file.path)  # it may come from another file system
    return changed


def _download(file: PublishedFile, part: Path, report: Callable[[int, int], None]) -> None:
    """Append to `part` what is missing of it."""
    from requests import RequestException

    done = part.stat().st_size if part.exists() else 0
    with _request(file, part, done) as answer:
        if answer.status_code == 416:  # nothing is missing, or it was another file: the check will tell
            return
        if answer.status_code not in (200, 206):
            raise FileError("refused", file=file.name, host=file.host, status=answer.status_code)
        done = done if answer.status_code == 206 else 0
        total = done + int(answer.headers.get("Content-Length", 0))
        try:
            with part.open("ab" if done else "wb") as content:
                for chunk in answer.iter_content(CHUNK):
                    content.write(chunk)
                    done += len(chunk)
                    report(done, total)
        except RequestException as error:
            raise FileError("interrupted", file=file.name, done=done // 10**6) from error
        finally:
            _set_date(part, answer.headers.get("Last-Modified"))
    if done < total:
        raise FileError("interrupted", file=file.name, done=done // 10**6)


def _request(file: PublishedFile, part: Path, done: int) -> requests.Response:
    """Ask for a file from its byte `done` on; FileError where nobody answers."""
    import requests

    headers = {"Accept-Encoding": "identity"}  # or the number of bytes would not be that of the file
    if done:
        # The part carries the date of the file that it is of: another one is sent from its beginning.
        headers |= {"Range": f"bytes={done}-", "If-Range": formatdate(part.stat().st_mtime, usegmt=True)}
    try:
        return requests.get(file.source, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise FileError("offline", file=file.name, host=file.host) from error


def _set_date(part: Path, modified: str | None) -> None:
    """Give the part the date of the file that it is of."""
    if modified:
        seconds = parsedate_to_datetime(modified).timestamp()
        os.utime(part, (seconds, seconds))
