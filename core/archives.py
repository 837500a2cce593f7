"""Reading untrusted zip files in memory, with limits on what they hold and on what they unfold to."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import ClassVar

from core.errors import ReasonedError

MAX_BYTES = 50 * 1000**2
"""Bytes of a zip file, and of all that is in it when it is unpacked."""
MOST_FILES = 400
MOST_ENTRIES = 4 * MOST_FILES
"""Entries of every kind: folders and what systems hide in a zip count too."""
_ENTRY = b"PK\x01\x02"
"""What every entry of a zip's list of contents begins with."""
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Other ways of packing can unfold a few bytes to gigabytes in one step; no system's own zip uses them."""


class ArchiveError(ReasonedError):
    """A zip file that cannot be used."""

    reasons: ClassVar[dict[str, str]] = {
        "large_zip": "The zip file has {megabytes:.1f} MB, at most {limit:.0f} MB are accepted; hand in fewer files.",
        "unpacked_zip": "The zip file unpacks to more than {limit:.0f} MB, which is not accepted; hand in fewer files.",
        "crowded_zip": "The zip file holds more than {limit} files, which is not accepted; hand in fewer.",
        "empty_zip": "The zip file holds no files; put pictures into it.",
        "locked_zip": "The zip file has a password; pack it again without one.",
        "packed_otherwise": "The zip file is packed in a way that is not read here; pack it again as a usual zip.",
        "damaged_zip": "This is no zip file, or a damaged one; pack it again.",
    }


def files_of(name: str, data: bytes) -> list[tuple[str, bytes]]:
    """The files of an upload by name: itself, or what is in it where it is a zip file; as `read_zip`."""
    return read_zip(data) if name.lower().endswith(".zip") else [(name, data)]


def unnumbered(path: str) -> str:
    """The name of a file without its ending and the number before that: "anna_1.jpg" and "anna_2.jpg" give "anna"."""
    stem = PurePosixPath(path).stem
    return re.sub(r"[\s_.()-]*\d*[\s_.()-]*$", "", stem) or stem


def read_zip(data: bytes, most_files: int = MOST_FILES, max_bytes: int = MAX_BYTES) -> list[tuple[str, bytes]]:
    """The files of an untrusted zip as `(name, content)` in the order in which it lists them, whatever they are.

    A name has its folders before it, with `/` between them, and is for showing alone: it may say anything. Folders and
    hidden files (`.DS_Store`, `__MACOSX/...`) are left out. What the list of contents declares is checked before
    anything is unpacked, and what comes out must be as long as declared; nothing is written to disk.

    Raises:
        ArchiveError: whatever is wrong with it, its size and its number of files included.
    """
    if len(data) > max_bytes:
        raise ArchiveError("large_zip", megabytes=len(data) / 1000**2, limit=max_bytes / 1000**2)
    if data.count(_ENTRY) > MOST_ENTRIES:  # before they are listed: a million entries would take half a gigabyte
        raise ArchiveError("crowded_zip", limit=most_files)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpacked(archive, most_files, max_bytes)
    except ArchiveError:
        raise
    except Exception:  # zipfile and zlib raise nearly anything on a hostile file
        raise ArchiveError("damaged_zip") from None


def _unpacked(archive: zipfile.ZipFile, most_files: int, max_bytes: int) -> list[tuple[str, bytes]]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _hidden(entry.filename)]
    if not entries:
        raise ArchiveError("empty_zip")
    if len(entries) > most_files:
        raise ArchiveError("crowded_zip", limit=most_files)
    if any(entry.flag_bits & 1 for entry in entries):
        raise ArchiveError("locked_zip")
    if any(entry.compress_type not in _WAYS for entry in entries):
        raise ArchiveError("packed_otherwise")
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise ArchiveError("unpacked_zip", limit=max_bytes / 1000**2)
    files = []
    for entry in entries:
        with archive.open(entry) as packed:  # gives no more than was declared, and compares the checksum
            content = packed.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise ArchiveError("damaged_zip")
        files.append((entry.filename, content))
    return files


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)
