"""Pictures: reading untrusted ones, finding the face, and every conversion of size, range and file format.

An image is `(h, w, 3)` float32, red, green, blue in [0, 1].
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

Image = np.ndarray

MAX_BYTES = 10 * 1000**2
MAX_PIXELS = 24 * 1000**2
MIN_SIDE, MAX_SIDE = 8, 1024
"""Sides in pixels: smaller pictures are refused, larger ones reduced."""
MAX_RATIO = 20
"""Largest width for one of height, or height for one of width."""
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
Pillow.MAX_IMAGE_PIXELS = None  # `read` has a lower limit of its own and says so in a sentence

REASONS: dict[str, str] = {
    "empty": "The file is empty; choose a PNG, JPEG, WebP or BMP picture.",
    "too_many_bytes": "The file has {megabytes:.1f} MB, at most {limit:.0f} MB are accepted; save it smaller.",
    "too_many_pixels": "The picture has {width} x {height} pixels, at most {limit:.0f} million are taken; reduce it.",
    "too_small": "The picture has {width} x {height} pixels, at least {limit} each way are needed; take a larger.",
    "too_narrow": "The picture has {width} x {height} pixels, one side more than {limit} times the other; crop it.",
    "other_format": "This is {found}, expected PNG, JPEG, WebP or BMP; save or export it as one of these.",
    "not_a_picture": "This is no picture that can be read; choose a PNG, JPEG, WebP or BMP file.",
    "damaged": "The picture is damaged or incomplete; open it elsewhere and save it again, or choose another.",
    "missing_file": "There is no file {name}; check its name and folder.",
    "unreadable_file": "The file {name} cannot be read; check that it is a file and that you may open it.",
    "unknown_sample": "There is no sample {name!r}; choose one of: {choices}.",
}
"""Reason -> what arrived, what was expected, what to do."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftypheic", "a HEIC photo"),
    (4, b"ftypheix", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypmsf1", "a HEIC photo"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"%PDF", "a PDF document"),
    (0, b"GIF8", "a GIF animation"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
)
"""(offset, bytes, name) of what people upload by mistake."""


class ImageError(ValueError):
    """A picture that cannot be used; `str()` is one English sentence, `reason` and `details` translate it."""

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(REASONS[reason].format(**details))
        self.reason = reason
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes: an exception is otherwise rebuilt from its message alone."""
        return partial(ImageError, self.reason, **self.details), ()


def read(data: bytes, name: str = "") -> Image:
    """Decode an untrusted file: PNG, JPEG, WebP or BMP, told by its content whatever its `name` says.

    Limits on bytes and pixels are checked before decoding. EXIF rotation is applied, transparency laid over white,
    grey, palette, CMYK and 16 bit brought to RGB; a picture larger than `MAX_SIDE` is reduced to it. Of an animation
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
    try:
        picture.load()
        image = _rgb(ImageOps.exif_transpose(picture))
    except Exception:  # the same: what cannot be decoded is damaged, however the decoder says so
        raise ImageError("damaged") from None
    scale = MAX_SIDE / max(width, height)
    if scale < 1:
        height, width = image.shape[:2]
        image = resize(image, max(round(height * scale), 1), max(round(width * scale), 1))
    return image


def _refused(data: bytes) -> ImageError:
    for offset, signature, found in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return ImageError("other_format", found=found)
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return ImageError("other_format", found="an SVG drawing")
    if start.startswith((b"<!doctype html", b"<html")):
        return ImageError("other_format", found="a web page")
    if data[:4] in (b"\x89PNG", b"RIFF") or data[:3] == b"\xff\xd8\xff" or data[:2] == b"BM":
        return ImageError("damaged")
    return ImageError("not_a_picture")


def _rgb(picture: Pillow.Image) -> Image:
    """A decoded picture of any mode -> `(h, w, 3)` float32 in [0, 1]."""
    if picture.mode.startswith(("I", "F")):  # 16 bit grey: Pillow would clip it to 255
        grey = np.asarray(picture, np.float32) / 65535
        return np.ascontiguousarray(np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2))
    if picture.has_transparency_data:
        pixels = from_uint8(np.asarray(picture.convert("RGBA")))
        alpha = pixels[..., 3:]
        return np.ascontiguousarray(pixels[..., :3] * alpha + (1 - alpha))
    return from_uint8(np.asarray(picture.convert("RGB")))


def read_file(path: Path) -> Image:
    """Decode the file at `path` as `read` does; ImageError also where it is missing or cannot be opened."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError("too_many_bytes", megabytes=path.stat().st_size / 1000**2, limit=MAX_BYTES / 1000**2)
        return read(path.read_bytes(), path.name)
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
    """Sixteen hexadecimal digits that name the picture's pixels and shape (SHA-256)."""
    pixels = np.ascontiguousarray(image, np.float32)
    return hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Box:
    """A square in a picture, in pixels; it may reach beyond the picture's edges."""

    left: int
    top: int
    size: int


HEAD_OF_FACE = 1.55
"""Height of a head as a multiple of the face that the detector frames."""
HEAD_OF_PICTURE = 0.75
"""Height of a head as a share of the picture that MiniFace was trained on."""
CLOSE = 0.4
"""A face that fills more of the picture than this was framed by hand: the picture is taken as it is."""


def centre_box(image: Image) -> Box:
    """The largest square in the middle of the picture."""
    height, width = image.shape[:2]
    size = min(height, width)
    return Box((width - size) // 2, (height - size) // 2, size)


def find_face(image: Image) -> Box | None:
    """The largest frontal face, or None; from brows to mouth, as the detector frames it.

    OpenCV's Haar cascade (Viola and Jones 2001, https://doi.org/10.1109/CVPR.2001.990517).
    """
    grey = cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2GRAY)
    smallest = max(min(grey.shape) // 10, 24)
    faces = _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest))
    if len(faces) == 0:
        return None
    left, top, size, _ = max(faces, key=lambda face: face[2])
    return Box(int(left), int(top), int(size))


@lru_cache(maxsize=1)
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")


def face_box(image: Image) -> Box:
    """The square to give to a face network: the face framed as in the captures that it was trained on.

    The middle of the picture where no face is found, or where the face already fills it.
    """
    face = find_face(image)
    if face is None or face.size >= CLOSE * min(image.shape[:2]):
        return centre_box(image)
    size = round(face.size * HEAD_OF_FACE / HEAD_OF_PICTURE)
    return Box(face.left + (face.size - size) // 2, face.top + (face.size - size) // 2, size)


def square(image: Image, box: Box) -> Image:
    """The part of the picture in `box`, `(size, size, 3)`; beyond its edges the picture is mirrored."""
    height, width = image.shape[:2]
    rows = _mirrored(np.arange(box.top, box.top + box.size), height)
    columns = _mirrored(np.arange(box.left, box.left + box.size), width)
    return image[rows[:, None], columns]


def _mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Indices beyond `0 ... length - 1` folded back into it."""
    folded = places % (2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
"""Names of pictures that ship inside scikit-image."""


@lru_cache(maxsize=len(SAMPLES))
def sample(name: str) -> Image:
    """A photo that ships inside scikit-image, at most `MAX_SIDE` pixels a side; ImageError for an unknown name."""
    if name not in SAMPLES:
        raise ImageError("unknown_sample", name=name, choices=", ".join(SAMPLES))
    from skimage import data  # slow to import

    image = from_uint8(getattr(data, name)())
    image.setflags(write=False)
    return image
