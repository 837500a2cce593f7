"""Images: reading untrusted ones, finding the face, and every conversion of size, range and file format.

An image is `(h, w, 3)` float32, red, green, blue in [0, 1].
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import ClassVar

import cv2
import numpy as np
from cv2.data import haarcascades
from PIL import Image as Pillow
from PIL import ImageOps

from core.errors import ReasonedError

Image = np.ndarray

MAX_BYTES = 10 * 1000**2
MAX_PIXELS = 24 * 1000**2
MIN_SIDE, MAX_SIDE = 8, 1024
"""Sides in pixels: smaller images are refused, larger ones reduced."""
MAX_RATIO = 20
"""Largest width for one of height, or height for one of width."""
MAX_SCANS = 100
"""Most passes of a progressive JPEG. Editors write ten; a hostile one of 40 bytes takes 30 ms at 24 megapixels."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
Pillow.MAX_IMAGE_PIXELS = None  # `decode` has a lower limit of its own and says so in a sentence

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (8, b"AVI ", "AVI"),
    (0, b"\x1aE\xdf\xa3", "WebM/MKV"),
    (0, b"%PDF", "PDF"),
    (0, b"GIF8", "GIF"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"8BPS", "PSD"),
    (0, b"PK\x03\x04", "ZIP/DOCX/PPTX"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
)
"""(offset, bytes, name) of what people upload by mistake; the names are the same in every language."""
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"hei": "HEIC", b"hev": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}
"""Marks in the first box of an MP4-like file; with none it is a video. AVIF first: it carries mif1 too."""
_OWN = ((0, b"\x89PNG"), (0, b"\xff\xd8\xff"), (8, b"WEBP"), (0, b"BM"))
"""(offset, bytes) of the formats that are read: with such a start, what cannot be opened is damaged."""


class ImageError(ReasonedError):
    """An image that cannot be used."""

    reasons: ClassVar[dict[str, str]] = {
        "empty": "The file is empty; choose a PNG, JPEG, WebP or BMP picture.",
        "too_many_bytes": "The file has {megabytes:.1f} MB, at most {limit:.0f} MB are accepted; save it smaller.",
        "too_many_pixels": "The picture has {width} x {height} pixels, at most {limit:.0f} million are taken; reduce "
        "it.",
        "too_small": "The picture has {width} x {height} pixels, at least {limit} each way are needed; take a larger.",
        "too_narrow": "The picture has {width} x {height} pixels, one side more than {limit} times the other; crop it.",
        "other_format": "This is {received}, expected PNG, JPEG, WebP or BMP; save or export it as one of these.",
        "not_a_picture": "This is no picture that can be read; choose a PNG, JPEG, WebP or BMP file.",
        "damaged": "The picture is damaged or incomplete; open it elsewhere and save it again, or choose another.",
        "missing_file": "There is no file {name}; check its name and folder.",
        "unreadable_file": "The file {name} cannot be read; check that it is a file and that you may open it.",
        "no_face": "No face was found that looks at the camera; choose a picture of one.",
        "unknown_sample": "There is no sample {name!r}; choose one of: {choices}.",
    }


def decode(data: bytes) -> Image:
    """Decode an untrusted file: PNG, JPEG, WebP or BMP, which its content tells and not its name.

    Limits on bytes and pixels are checked before decoding. EXIF rotation is applied, transparency laid over white,
    grey, palette, CMYK and 16 bit brought to RGB; an image larger than `MAX_SIDE` is reduced to it. Of an animation
    the first frame is taken. Nothing is written to disk.

    Raises:
        ImageError: whatever is wrong with the file.
    """
    if not data:
        raise ImageError("empty")
    if len(data) > MAX_BYTES:
        raise ImageError("too_many_bytes", megabytes=len(data) / 1000**2, limit=MAX_BYTES / 1000**2)
    try:
        picture = Pillow.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # Pillow's readers raise nearly anything on hostile headers
        raise _refused(data) from None
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageError("too_many_pixels", width=width, height=height, limit=MAX_PIXELS / 1000**2)
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", width=width, height=height, limit=MIN_SIDE)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise ImageError("too_narrow", width=width, height=height, limit=MAX_RATIO)
    if picture.info.get("progressive") and data.count(b"\xff\xda") > MAX_SCANS:
        raise ImageError("damaged")
    try:
        return _decoded(picture)
    except Exception:  # the same: what cannot be decoded is damaged, however the decoder says so
        raise ImageError("damaged") from None


def _decoded(picture: Pillow.Image) -> Image:
    """Reduced in bytes before it becomes float32, which would take a gigabyte for a large photo."""
    picture.draft(None, _reduced(picture.size, 2 * MAX_SIDE))  # a large JPEG is decoded at a half, quarter or eighth
    picture.load()
    with suppress(Exception):  # an image whose EXIF is broken is shown as it is stored
        ImageOps.exif_transpose(picture, in_place=True)
    picture = _eight_bits(picture).resize(_reduced(picture.size, MAX_SIDE), Pillow.Resampling.BOX)
    if picture.mode == "RGBA":
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return from_uint8(np.asarray(picture))


def _reduced(size: tuple[int, int], limit: int) -> tuple[int, int]:
    """Width and height in the same proportion, no side longer than `limit`."""
    share = min(1, limit / max(size))
    return round(size[0] * share), round(size[1] * share)


def _eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """A decoded image of any mode as RGB, or as RGBA where something is transparent."""
    if picture.mode.startswith("I"):  # 16 bit grey, which Pillow would clip to 255
        picture = Pillow.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _refused(data: bytes) -> ImageError:
    """Why Pillow did not open the file, by its first bytes."""
    if data[4:8] == b"ftyp":
        kind = next((kind for brand, kind in _BRANDS.items() if brand in data[8:40]), "MP4/MOV")
        return ImageError("other_format", received=kind)
    for offset, signature, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return ImageError("other_format", received=kind)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for tag, kind in ((b"<html", "HTML"), (b"<!doctype html", "HTML"), (b"<svg", "SVG")):
        if start.startswith(b"<") and tag in start:
            return ImageError("other_format", received=kind)
    return ImageError("damaged" if any(data.startswith(mark, offset) for offset, mark in _OWN) else "not_a_picture")


def read_file(path: Path) -> Image:
    """Decode the file at `path` as `decode` does; ImageError also where it is missing or cannot be opened."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError("too_many_bytes", megabytes=path.stat().st_size / 1000**2, limit=MAX_BYTES / 1000**2)
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise ImageError("missing_file", name=str(path)) from None
    except OSError:
        raise ImageError("unreadable_file", name=str(path)) from None


def to_uint8(image: Image) -> np.ndarray:
    """[0, 1] -> 0 to 255, rounded; values outside are clipped."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def from_uint8(pixels: np.ndarray) -> Image:
    """0 to 255 -> float32 in [0, 1]."""
    return pixels.astype(np.float32) / 255


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an image `(h, w, 3)` or a map `(h, w)`: averaged where it shrinks, bilinear where it grows."""
    shrinks = height * width < image.shape[0] * image.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(image, np.float32), (width, height), interpolation=way)


def encode(image: Image, format: str = "webp", quality: int = 90) -> bytes:
    """An image as a "webp", "png" or "jpeg" file; `quality` from 1 to 100 (PNG has none)."""
    file = io.BytesIO()
    options = {} if format == "png" else {"quality": quality}
    Pillow.fromarray(to_uint8(image)).save(file, format.upper(), **options)
    return file.getvalue()


def digest(image: Image) -> str:
    """Sixteen hexadecimal digits that name the image's pixels and shape (SHA-256)."""
    pixels = np.ascontiguousarray(image, np.float32)
    return hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Box:
    """A square in an image, in pixels; it may reach beyond the image's edges."""

    left: int
    top: int
    size: int


FACE_OF_PICTURE = 0.585
"""Side of the detector's box as a share of the image, median over portraits as MiniFace was trained on."""
FACE_CENTRE = 0.554
"""Height of that box's centre, from the image's top, in the same portraits."""
CLOSE = 0.4
"""A face that fills more of the image than this was framed by hand: the image is taken as it is."""


def centre_box(image: Image) -> Box:
    """The largest square in the middle of the image."""
    height, width = image.shape[:2]
    size = min(height, width)
    return Box((width - size) // 2, (height - size) // 2, size)


def detect_face(image: Image) -> Box | None:
    """The largest frontal face, or None; from brows to mouth, as the detector frames it.

    OpenCV's Haar cascade (Viola and Jones 2001, https://doi.org/10.1109/CVPR.2001.990517).
    """
    grey = cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2GRAY)
    smallest = max(min(grey.shape) // 10, 24)
    with _DETECTING:
        faces = _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest))
    if len(faces) == 0:
        return None
    left, top, size, _ = max(faces, key=lambda face: face[2])
    return Box(int(left), int(top), int(size))


_DETECTING = Lock()
"""OpenCV's cascade keeps the image inside itself: two threads at once get each other's faces, or a crash."""


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(haarcascades + "haarcascade_frontalface_alt2.xml")


def face_box(image: Image) -> Box:
    """The square to give to a face network: the face framed as in the captures that it was trained on.

    The middle of the image where no face is found, or where the face already fills it.
    """
    return box_around_face(detect_face(image), image)


def box_around_face(face: Box | None, image: Image) -> Box:
    """The same, where the face was looked for already: `face` is what `detect_face` gave."""
    if face is None or face.size >= CLOSE * min(image.shape[:2]):
        return centre_box(image)
    size = round(face.size / FACE_OF_PICTURE)
    return Box(round(face.left + face.size / 2 - size / 2), round(face.top + face.size / 2 - FACE_CENTRE * size), size)


def subject_box(image: Image, subject: str) -> Box:
    """The square to give to a network that looks at a "face" or an "object": the face, or the middle."""
    return face_box(image) if subject == "face" else centre_box(image)


def crop(image: Image, box: Box) -> Image:
    """The part of the image in `box`, `(size, size, 3)`; beyond its edges the image is mirrored."""
    height, width = image.shape[:2]
    rows = _mirrored(np.arange(box.top, box.top + box.size), height)
    columns = _mirrored(np.arange(box.left, box.left + box.size), width)
    return image[rows[:, None], columns]


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Indices beyond `0 ... length - 1` folded back into it."""
    folded = places % (2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
"""Names of images that ship inside scikit-image."""


@lru_cache(maxsize=len(SAMPLES))
def sample(name: str) -> Image:
    """A photo that ships inside scikit-image, at most `MAX_SIDE` pixels a side; ImageError for an unknown name."""
    if name not in SAMPLES:
        raise ImageError("unknown_sample", name=name, choices=", ".join(SAMPLES))
    from skimage import data  # slow to import

    image = from_uint8(getattr(data, name)())
    image.setflags(write=False)
    return image
