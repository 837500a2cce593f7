"""Reading pictures: every broken or hostile file gets a sentence, every good one the right pixels."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from core import images
from core.images import Box, ImageError

DATA = Path(os.environ.get("GLASSBOX_DATA", Path(__file__).parents[3] / "shared" / "data"))


def file_of(picture: Pillow.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def noise(mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> Pillow.Image:
    width, height = size
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Pillow.fromarray(pixels).convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """The smallest PNG that claims a size: a decompression bomb where the size is large."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


PNG, JPEG = file_of(noise(), "PNG"), file_of(noise(), "JPEG")
WEBP, BMP = file_of(noise(), "WEBP"), file_of(noise(), "BMP")

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "one byte": (b"\x89", "not_a_picture"),
    "only zeros": (bytes(4096), "not_a_picture"),
    "random bytes": (np.random.default_rng(1).bytes(5000), "not_a_picture"),
    "text": (b"Dear Sir or Madam,\n", "not_a_picture"),
    "python": (b"import os; os.system('echo')", "not_a_picture"),
    "pickle": (b"\x80\x04\x95\x10\x00\x00\x00", "not_a_picture"),
    "executable": (b"\x7fELF\x02\x01\x01" + bytes(200), "not_a_picture"),
    "html": (b"<!DOCTYPE html><html><body>404</body></html>", "other_format"),
    "html with space before it": (b"\n\n  <HTML><img src=x onerror=alert(1)>", "other_format"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "other_format"),
    "svg with a prologue": (b'<?xml version="1.0"?>\n<svg width="9"></svg>', "other_format"),
    "heic": (b"\x00\x00\x00\x18ftypheic" + bytes(100), "other_format"),
    "heic of another brand": (b"\x00\x00\x00\x18ftypmif1" + bytes(100), "other_format"),
    "avif": (b"\x00\x00\x00\x20ftypavif" + bytes(100), "other_format"),
    "mp4": (b"\x00\x00\x00\x20ftypisom" + bytes(100), "other_format"),
    "webm": (b"\x1aE\xdf\xa3" + bytes(100), "other_format"),
    "avi": (b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(100), "other_format"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "other_format"),
    "gif": (file_of(noise("P"), "GIF"), "other_format"),
    "tiff": (file_of(noise(), "TIFF"), "other_format"),
    "big-endian tiff": (b"MM\x00*" + bytes(100), "other_format"),
    "photoshop": (b"8BPS\x00\x01" + bytes(100), "other_format"),
    "zip": (b"PK\x03\x04" + bytes(100), "other_format"),
    "jpeg cut in its header": (JPEG[:30], "damaged"),
    "jpeg cut in its middle": (JPEG[: len(JPEG) // 2], "damaged"),
    "png cut in its header": (PNG[:20], "damaged"),
    "png cut in its middle": (PNG[: len(PNG) // 2], "damaged"),
    "png of a broken chunk": (PNG[:60] + b"\xff\xff\xff\xff" + PNG[64:], "damaged"),
    "png without data": (png_header(24, 16), "damaged"),
    "png of no size": (png_header(0, 0), "damaged"),
    "webp cut in its middle": (WEBP[: len(WEBP) // 2], "damaged"),
    "webp of nothing": (b"RIFF\x04\x00\x00\x00WEBP", "damaged"),
    "bmp cut in its middle": (BMP[: len(BMP) // 2], "damaged"),
    "bmp of a strange header": (b"BM" + b"\xff" * 100, "damaged"),
    "bomb": (png_header(100_000, 100_000), "too_many_pixels"),
    "bomb just over the limit": (png_header(6000, 4001), "too_many_pixels"),
    "one pixel": (file_of(noise(size=(1, 1)), "PNG"), "too_small"),
    "a thread": (file_of(noise(size=(7, 400)), "PNG"), "too_small"),
    "a ribbon": (file_of(noise(size=(900, 10)), "PNG"), "too_narrow"),
    "too many bytes": (PNG + bytes(images.MAX_BYTES), "too_many_bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(name: str) -> None:
    data, reason = HOSTILE[name]
    with pytest.raises(ImageError) as caught:
        images.read(data, "holiday.png")
    assert caught.value.reason == reason
    sentence = str(caught.value)
    assert sentence.endswith(".") and ";" in sentence, "what arrived; what to do"


def test_mutations_of_good_files_give_a_picture_or_an_image_error() -> None:
    rng = np.random.default_rng(2)
    outcomes = {"picture": 0, "error": 0}
    for turn in range(600):
        data = bytearray((PNG, JPEG, WEBP, BMP)[turn % 4])
        for place in rng.integers(0, len(data), rng.integers(1, 12)):
            data[place] = rng.integers(256)
        if turn % 3 == 0:
            del data[rng.integers(len(data)) :]
        try:
            image = images.read(bytes(data))
        except ImageError:
            outcomes["error"] += 1
        else:
            outcomes["picture"] += 1
            assert image.ndim == 3 and np.isfinite(image).all() and 0 <= image.min() and image.max() <= 1
    assert min(outcomes.values()) > 50


@pytest.mark.parametrize("format", ["PNG", "WEBP", "BMP"])
def test_lossless_formats_come_back_exactly(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    image = images.read(file_of(noise(), format, **options))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(images.to_uint8(image), np.asarray(noise()))


def test_jpeg_comes_back_nearly() -> None:
    flat = Pillow.new("RGB", (24, 16), (200, 100, 50))
    image = images.read(file_of(flat, "JPEG", quality=95))
    np.testing.assert_allclose(image, np.broadcast_to(np.array([200, 100, 50]) / 255, (16, 24, 3)), atol=0.02)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int) -> None:
    """Stored as an upright 16 x 8 picture whose left half is red; where the red half is seen tells the turn."""
    stored = np.zeros((8, 16, 3), np.uint8)
    stored[:, :8, 0] = 255
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    image = images.read(file_of(Pillow.fromarray(stored), "PNG", exif=exif))
    red = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[orientation]
    assert image.shape == ((8, 16, 3) if orientation <= 4 else (16, 8, 3))
    height, width = image.shape[:2]
    halves = {
        "left": image[:, : width // 2],
        "right": image[:, width // 2 :],
        "top": image[: height // 2],
        "bottom": image[height // 2 :],
    }
    assert halves[red][..., 0].min() == 1 and image[..., 0].mean() == 0.5


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Pillow.new("L", (9, 8), 51), (0.2, 0.2, 0.2)),
        (Pillow.new("1", (9, 8), 1), (1, 1, 1)),
        (Pillow.new("LA", (9, 8), (0, 0)), (1, 1, 1)),
        (Pillow.new("RGBA", (9, 8), (255, 0, 0, 51)), (1, 0.8, 0.8)),
        (Pillow.new("RGB", (9, 8), (255, 0, 51)).quantize(4), (1, 0, 0.2)),
        (Pillow.new("I;16", (9, 8), 13107), (0.2, 0.2, 0.2)),
    ],
    ids=["grey", "one bit", "grey with alpha", "alpha over white", "palette", "16 bit grey"],
)
def test_modes(picture: Pillow.Image, expected: tuple[float, float, float]) -> None:
    image = images.read(file_of(picture, "PNG"))
    np.testing.assert_allclose(image, np.broadcast_to(expected, (8, 9, 3)), atol=1e-3)


def test_transparent_palette_lies_over_white() -> None:
    image = images.read(file_of(Pillow.new("P", (9, 8), 0), "PNG", transparency=0))
    np.testing.assert_array_equal(image, np.ones((8, 9, 3)))


def test_cmyk_jpeg() -> None:
    image = images.read(file_of(Pillow.new("CMYK", (16, 8), (0, 255, 255, 0)), "JPEG"))
    np.testing.assert_allclose(image, np.broadcast_to((1, 0, 0), (8, 16, 3)), atol=0.02)


def test_a_wrong_suffix_does_not_matter() -> None:
    np.testing.assert_array_equal(images.read(PNG, "notes.pdf"), images.read(PNG, "photo.png"))


def test_large_pictures_are_reduced_in_proportion() -> None:
    assert images.read(file_of(Pillow.new("RGB", (3000, 1500)), "PNG")).shape == (512, 1024, 3)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    np.testing.assert_array_equal(images.read_file(tmp_path / "a.png"), images.read(PNG))
    for path, reason in ((tmp_path / "b.png", "missing_file"), (tmp_path, "unreadable_file")):
        with pytest.raises(ImageError) as caught:
            images.read_file(path)
        assert caught.value.reason == reason


def test_resize_takes_height_first() -> None:
    assert images.resize(np.zeros((4, 6, 3)), 10, 20).shape == (10, 20, 3)
    np.testing.assert_allclose(images.resize(np.array([[0.0, 1.0], [2.0, 3.0]]), 1, 2), [[1, 2]])
    np.testing.assert_allclose(images.resize(np.array([[0.0, 4.0]]), 1, 4), [[0, 1, 3, 4]])


@pytest.mark.parametrize("format", ["webp", "png", "jpeg"])
def test_encode_round_trip(format: str) -> None:
    image = np.broadcast_to(np.linspace(0, 1, 16, dtype=np.float32)[:, None, None], (16, 24, 3))
    np.testing.assert_allclose(images.read(images.encode(image, format)), image, atol=0.02)


def test_digest_tells_pictures_apart() -> None:
    image = images.read(PNG)
    assert images.digest(image) == images.digest(image.copy())
    assert images.digest(image) != images.digest(image[::-1])
    assert images.digest(np.zeros((2, 8, 3))) != images.digest(np.zeros((8, 2, 3)))


def test_square_mirrors_beyond_the_edges() -> None:
    image = np.arange(6, dtype=np.float32).reshape(2, 3, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(images.square(image, Box(0, 0, 2))[..., 0], [[0, 1], [3, 4]])
    np.testing.assert_array_equal(images.square(image, Box(-1, 0, 3))[..., 0], [[0, 0, 1], [3, 3, 4], [3, 3, 4]])
    np.testing.assert_array_equal(images.square(image, Box(2, -1, 2))[..., 0], [[2, 2], [2, 2]])


def test_centre_box() -> None:
    assert images.centre_box(np.zeros((10, 16, 3))) == Box(3, 0, 10)


def test_the_astronaut_has_a_face_and_the_cat_has_none() -> None:
    face = images.find_face(images.sample("astronaut"))
    assert face is not None
    assert abs(face.left + face.size / 2 - 224) < 12 and abs(face.top + face.size / 2 - 114) < 12
    box = images.face_box(images.sample("astronaut"))
    assert box.size > face.size and abs(box.left + box.size / 2 - 224) < 12
    coffee = images.sample("coffee")
    assert images.face_box(coffee) == images.centre_box(coffee)


def test_a_face_that_fills_the_picture_is_left_as_it_is() -> None:
    from core.faces import PORTRAIT, person, render

    portrait, _ = render(person(6), PORTRAIT, 224)
    assert images.face_box(portrait) == Box(0, 0, 224)


def test_an_unknown_sample() -> None:
    with pytest.raises(ImageError, match="astronaut"):
        images.sample("dog")


@pytest.mark.skipif(not DATA.is_dir(), reason="no real pictures: set GLASSBOX_DATA to the folder that holds them")
def test_real_faces_are_found() -> None:
    files = sorted((DATA / "faces" / "fairface_samples" / "test").glob("*.jpg"))
    assert files
    assert sum(images.find_face(images.read_file(file)) is not None for file in files) >= 0.8 * len(files)
