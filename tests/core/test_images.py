"""Reading pictures: every broken or hostile file gets a sentence, every good one the right pixels."""

import io
import pickle
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from real_data import DATA

from core import faces, images
from core.images import Box, ImageError


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


def png(width: int, height: int, rows: bytes = b"", depth: int = 8, colour: int = 2) -> bytes:
    """A PNG written by hand; without rows a decompression bomb where the size is large."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp_header(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def webp_header(width: int, height: int) -> bytes:
    """A lossless WebP that claims a size of up to 16384 pixels a side."""
    size = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return b"RIFF" + struct.pack("<I", 24) + b"WEBPVP8L" + struct.pack("<I", 12) + b"\x2f" + size + bytes(7)


def jpeg_claiming(width: int, height: int) -> bytes:
    frame = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:frame] + struct.pack(">HH", height, width) + JPEG[frame + 4 :]


def jpeg_with_exif(exif: bytes) -> bytes:
    return JPEG[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\x00\x00" + exif + JPEG[2:]


def scans(times: int) -> bytes:
    """A progressive JPEG whose last pass stands there many times: few bytes, minutes of work in a large picture."""
    data = file_of(Pillow.new("RGB", (24, 16)), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * times + data[-2:]


def container(brands: bytes) -> bytes:
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(100)


PNG, JPEG = file_of(noise(), "PNG"), file_of(noise(), "JPEG")
WEBP, BMP = file_of(noise(), "WEBP"), file_of(noise(), "BMP")

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "one byte": (b"\x89", "not_a_picture"),
    "only zeros": (bytes(4096), "not_a_picture"),
    "random bytes": (np.random.default_rng(1).bytes(5000), "not_a_picture"),
    "text": (b"Dear Sir or Madam,\n", "not_a_picture"),
    "text of two bytes a letter": ("<p>Dear Sir".encode("utf-16"), "not_a_picture"),
    "python": (b"import os; os.system('echo')", "not_a_picture"),
    "pickle": (b"\x80\x04\x95\x10\x00\x00\x00", "not_a_picture"),
    "executable": (b"\x7fELF\x02\x01\x01" + bytes(200), "not_a_picture"),
    "sound": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100), "not_a_picture"),
    "html": (b"<!DOCTYPE html><html><body>404</body></html>", "other_format HTML"),
    "html with space before it": (b"\n\n  <HTML><img src=x onerror=alert(1)>", "other_format HTML"),
    "html with a drawing inside": (b"<html><svg></svg></html>", "other_format HTML"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "other_format SVG"),
    "svg with a prologue": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- Inkscape --><svg></svg>', "other_format SVG"),
    "heic": (container(b"heic\x00\x00\x00\x00mif1heic"), "other_format HEIC"),
    "heic burst": (container(b"hevc\x00\x00\x00\x00msf1hevc"), "other_format HEIC"),
    "heic of a general brand": (container(b"mif1\x00\x00\x00\x00mif1heic"), "other_format HEIC"),
    "avif": (container(b"avif\x00\x00\x00\x00avifmif1miaf"), "other_format AVIF"),
    "avif of a general brand": (container(b"mif1\x00\x00\x00\x00mif1avif"), "other_format AVIF"),
    "mp4": (container(b"isom\x00\x00\x02\x00isomiso2avc1mp41"), "other_format MP4/MOV"),
    "webm": (b"\x1aE\xdf\xa3" + bytes(100), "other_format WebM/MKV"),
    "avi": (b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(100), "other_format AVI"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "other_format PDF"),
    "gif": (file_of(noise("P"), "GIF"), "other_format GIF"),
    "tiff": (file_of(noise(), "TIFF"), "other_format TIFF"),
    "big-endian tiff": (b"MM\x00*" + bytes(100), "other_format TIFF"),
    "photoshop": (b"8BPS\x00\x01" + bytes(100), "other_format PSD"),
    "zip": (b"PK\x03\x04" + bytes(100), "other_format ZIP"),
    "jpeg 2000": (file_of(noise(), "JPEG2000"), "other_format JPEG 2000"),
    "jpeg xl": (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(100), "other_format JPEG XL"),
    "jpeg cut in its header": (JPEG[:30], "damaged"),
    "jpeg cut in its middle": (JPEG[: len(JPEG) // 2], "damaged"),
    "jpeg of no size": (jpeg_claiming(0, 0), "damaged"),
    "jpeg of a thousand passes": (scans(1000), "damaged"),
    "png cut in its header": (PNG[:20], "damaged"),
    "png cut in its middle": (PNG[: len(PNG) // 2], "damaged"),
    "png of a broken chunk": (PNG[:60] + b"\xff\xff\xff\xff" + PNG[64:], "damaged"),
    "png of a wrong checksum": (PNG[:29] + bytes(4) + PNG[33:], "damaged"),
    "png without rows": (png(24, 16), "damaged"),
    "png of no size": (png(0, 0), "damaged"),
    "png of an unknown colour": (png(24, 16, depth=3, colour=5), "damaged"),
    "png that went through a text editor": (PNG.replace(b"\r\n", b"\n"), "damaged"),
    "webp cut in its middle": (WEBP[: len(WEBP) // 2], "damaged"),
    "webp of nothing": (b"RIFF\x04\x00\x00\x00WEBP", "damaged"),
    "bmp cut in its middle": (BMP[: len(BMP) // 2], "damaged"),
    "bmp of a strange header": (b"BM" + b"\xff" * 100, "damaged"),
    "png bomb": (png(100_000, 100_000), "too_many_pixels"),
    "png bomb just over the limit": (png(6000, 4001), "too_many_pixels"),
    "jpeg bomb": (jpeg_claiming(65_000, 65_000), "too_many_pixels"),
    "webp bomb": (webp_header(16_000, 16_000), "too_many_pixels"),
    "bmp bomb": (bmp_header(100_000, 100_000), "too_many_pixels"),
    "one pixel": (file_of(noise(size=(1, 1)), "PNG"), "too_small"),
    "a thread": (file_of(noise(size=(7, 400)), "PNG"), "too_small"),
    "a ribbon": (file_of(noise(size=(900, 10)), "PNG"), "too_narrow"),
    "a tower": (file_of(noise(size=(10, 900)), "JPEG"), "too_narrow"),
    "too many bytes": (PNG + bytes(images.MAX_BYTES), "too_many_bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(name: str) -> None:
    data, expected = HOSTILE[name]
    reason, _, found = expected.partition(" ")
    with pytest.raises(ImageError) as caught:
        images.decode(data)
    assert caught.value.reason == reason
    sentence = str(caught.value)
    assert sentence.endswith(".") and ";" in sentence, "what arrived; what to do"
    assert found in sentence


def test_every_reason_says_what_to_do() -> None:
    for reason, sentence in images.ImageError.reasons.items():
        arrived, _, advice = sentence.partition(";")
        assert arrived and advice.strip() and sentence.endswith("."), reason


def test_an_error_travels_between_processes() -> None:
    error = ImageError("too_small", width=1, height=2, limit=8)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason, copy.details) == (str(error), error.reason, error.details)


def turned(orientation: int) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    return exif


GOOD = {
    "png": PNG,
    "jpeg": JPEG,
    "webp": WEBP,
    "bmp": BMP,
    "palette png": file_of(noise("P"), "PNG", transparency=3),
    "16 bit png": file_of(Pillow.new("I;16", (24, 16), 30_000), "PNG", exif=turned(6)),
    "progressive jpeg": file_of(noise(), "JPEG", progressive=True, exif=turned(5)),
    "cmyk jpeg": file_of(noise("CMYK"), "JPEG"),
    "lossless webp": file_of(noise("RGBA"), "WEBP", lossless=True, exif=turned(8)),
    "animated webp": file_of(noise(), "WEBP", lossless=True, save_all=True, append_images=[noise("L")]),
    "animated png": file_of(noise(), "PNG", save_all=True, append_images=[noise("L")]),
    "palette bmp": file_of(noise("P"), "BMP"),
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("name", GOOD)
def test_mutations_of_a_good_file_give_a_picture_or_an_image_error(name: str) -> None:
    rng = np.random.default_rng(2)
    images.decode(GOOD[name])
    for turn in range(100):
        data = bytearray(GOOD[name])
        # The first half of the turns strikes the header, where the decoders decide.
        end = 120 if turn < 50 else len(data)
        for place in rng.integers(0, min(end, len(data)), rng.integers(1, 8)):
            data[place] = rng.integers(256)
        if turn % 3 == 0:
            del data[rng.integers(len(data)) :]
        if turn % 5 == 0:
            place = rng.integers(len(data) + 1)
            data[place:place] = rng.bytes(rng.integers(1, 20))
        try:
            image = images.decode(bytes(data))
        except ImageError:
            continue
        assert image.dtype == np.float32 and image.ndim == 3 and image.shape[2] == 3
        assert np.isfinite(image).all() and 0 <= image.min() and image.max() <= 1


@pytest.mark.parametrize("name", GOOD)
def test_a_cut_file_gives_a_picture_or_an_image_error(name: str) -> None:
    for length in range(0, len(GOOD[name]), 7):
        try:
            assert images.decode(GOOD[name][:length]).shape[2] == 3
        except ImageError as error:
            assert str(error)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "BMP"])
def test_lossless_formats_come_back_exactly(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    image = images.decode(file_of(noise(), format, **options))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(images.to_uint8(image), np.asarray(noise()))


def test_jpeg_comes_back_nearly() -> None:
    flat = Pillow.new("RGB", (24, 16), (200, 100, 50))
    image = images.decode(file_of(flat, "JPEG", quality=95))
    np.testing.assert_allclose(image, np.broadcast_to(np.array([200, 100, 50]) / 255, (16, 24, 3)), atol=0.02)


UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored, 1),
}


@pytest.mark.parametrize("format", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation(orientation: int, format: str) -> None:
    """Two rows of three colours, all different: each of the eight ways to hold a camera gives another picture."""
    six = [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[255, 255, 255], [0, 0, 0], [255, 255, 0]]]
    stored = np.array(six, np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(format, {})
    image = images.decode(file_of(Pillow.fromarray(stored), format, exif=turned(orientation), **options))
    np.testing.assert_allclose(image, UPRIGHT[orientation](stored) / 255, atol=0.02 if format == "JPEG" else 1e-6)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"", b"garbage!" * 3, b"II*\x00\x08\x00\x00\x00\x05\x00\x12\x01\x03\x00"])
def test_broken_exif_does_not_lose_the_picture(exif: bytes) -> None:
    np.testing.assert_array_equal(images.decode(jpeg_with_exif(exif)), images.decode(JPEG))


def test_an_unknown_orientation_is_none() -> None:
    np.testing.assert_array_equal(images.decode(file_of(noise(), "PNG", exif=turned(99))), images.decode(PNG))


@pytest.mark.parametrize("name", ["animated png", "animated webp"])
def test_of_an_animation_the_first_frame_is_taken(name: str) -> None:
    np.testing.assert_array_equal(images.decode(GOOD[name]), images.decode(PNG))


def test_a_phone_photo_that_holds_a_second_one() -> None:
    both = file_of(noise(), "MPO", save_all=True, append_images=[noise("L")])
    np.testing.assert_array_equal(images.decode(both), images.decode(JPEG))


def test_16_bit_colours() -> None:
    row = b"\x00" + struct.pack(">HHH", 0xFFFF, 0x3333, 0) * 9
    np.testing.assert_allclose(images.decode(png(9, 8, row * 8, depth=16)), np.broadcast_to((1, 0.2, 0), (8, 9, 3)))


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
    image = images.decode(file_of(picture, "PNG"))
    np.testing.assert_allclose(image, np.broadcast_to(expected, (8, 9, 3)), atol=1e-3)


def test_transparent_palette_lies_over_white() -> None:
    image = images.decode(file_of(Pillow.new("P", (9, 8), 0), "PNG", transparency=0))
    np.testing.assert_array_equal(image, np.ones((8, 9, 3)))


def test_cmyk_jpeg() -> None:
    image = images.decode(file_of(Pillow.new("CMYK", (16, 8), (0, 255, 255, 0)), "JPEG"))
    np.testing.assert_allclose(image, np.broadcast_to((1, 0, 0), (8, 16, 3)), atol=0.02)


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_bytes(PNG)
    np.testing.assert_array_equal(images.read_file(tmp_path / "notes.pdf"), images.decode(PNG))


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_large_pictures_are_reduced_in_proportion(format: str) -> None:
    """Wide, red on the left: neither the sides nor the halves may be exchanged."""
    large = np.zeros((2000, 5000, 3), np.uint8)
    large[:, :2500, 0] = 255
    image = images.decode(file_of(Pillow.fromarray(large), format))
    assert image.shape == (410, 1024, 3)
    np.testing.assert_allclose(image[:, :508, 0], 1, atol=0.02)
    np.testing.assert_allclose(image[:, 516:], 0, atol=0.02)


def test_hidden_colours_do_not_shine_through_when_a_picture_is_reduced() -> None:
    """Opaque white beside transparent black is white everywhere, also where the reduction mixes the two."""
    large = np.full((30, 2001, 4), 255, np.uint8)
    large = np.concatenate([large] * 6)
    large[:, ::2] = 0
    assert images.decode(file_of(Pillow.fromarray(large), "PNG")).min() > 0.99


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    np.testing.assert_array_equal(images.read_file(tmp_path / "a.png"), images.decode(PNG))
    for path, reason in ((tmp_path / "b.png", "missing_file"), (tmp_path, "unreadable_file")):
        with pytest.raises(ImageError) as caught:
            images.read_file(path)
        assert caught.value.reason == reason


def test_resize_takes_height_first() -> None:
    assert images.resize(np.zeros((4, 6)), 3, 5).shape == (3, 5)
    assert images.resize(np.zeros((4, 6, 3)), 10, 20).shape == (10, 20, 3)
    np.testing.assert_allclose(images.resize(np.array([[0.0, 1.0], [2.0, 3.0]]), 1, 2), [[1, 2]])
    np.testing.assert_allclose(images.resize(np.array([[0.0, 4.0]]), 1, 4), [[0, 1, 3, 4]])


@pytest.mark.parametrize("format", ["webp", "png", "jpeg"])
def test_encode_round_trip(format: str) -> None:
    image = np.broadcast_to(np.linspace(0, 1, 16, dtype=np.float32)[:, None, None], (16, 24, 3))
    np.testing.assert_allclose(images.decode(images.encode(image, format)), image, atol=0.02)


def test_digest_tells_pictures_apart() -> None:
    image = images.decode(PNG)
    assert images.digest(image) == images.digest(image.copy())
    assert images.digest(image) != images.digest(image[::-1])
    assert images.digest(np.zeros((2, 8, 3))) != images.digest(np.zeros((8, 2, 3)))


def test_square_mirrors_beyond_the_edges() -> None:
    image = np.arange(6, dtype=np.float32).reshape(2, 3, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(images.crop(image, Box(0, 0, 2))[..., 0], [[0, 1], [3, 4]])
    np.testing.assert_array_equal(images.crop(image, Box(-1, 0, 3))[..., 0], [[0, 0, 1], [3, 3, 4], [3, 3, 4]])
    np.testing.assert_array_equal(images.crop(image, Box(2, -1, 2))[..., 0], [[2, 2], [2, 2]])


def test_centre_box() -> None:
    assert images.centre_box(np.zeros((10, 16, 3))) == Box(3, 0, 10)


def test_the_astronaut_has_a_face() -> None:
    face = images.detect_face(images.sample("astronaut"))
    assert face is not None
    np.testing.assert_allclose((face.left, face.top, face.size), (177, 66, 96), atol=6)
    box = images.face_box(images.sample("astronaut"))
    assert box.left < face.left and box.top < face.top
    assert box.left + box.size > face.left + face.size and box.top + box.size > face.top + face.size


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_without_a_face_the_middle_is_taken(name: str) -> None:
    image = images.sample(name)
    assert images.detect_face(image) is None
    assert images.face_box(image) == images.centre_box(image)


def test_a_face_that_fills_the_picture_is_left_as_it_is() -> None:
    portrait, _ = faces.render(faces.person(6), faces.PORTRAIT, 224)
    assert images.face_box(portrait) == Box(0, 0, 224)


@pytest.mark.parametrize("number", range(0, 12, 3))
def test_a_face_is_framed_as_in_the_captures(number: int) -> None:
    """A portrait put somewhere into a wide picture is found again, near its own frame."""
    portrait, _ = faces.render(faces.person(number), faces.PORTRAIT, 224)
    image = np.full((600, 900, 3), 0.5, np.float32)
    image[120:344, 500:724] = portrait
    box = images.face_box(image)
    np.testing.assert_allclose((box.left, box.top, box.size), (500, 120, 224), atol=16)


def test_faces_are_found_in_many_threads_at_once() -> None:
    image = images.sample("astronaut")
    sizes = [150, 256, 180, 210] * 4
    alone = {side: images.detect_face(images.resize(image, side, side)) for side in sizes}
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda side: images.detect_face(images.resize(image, side, side)), sizes)
        assert list(together) == [alone[side] for side in sizes]


def test_an_unknown_sample() -> None:
    with pytest.raises(ImageError, match="astronaut"):
        images.sample("dog")


@pytest.mark.skipif(not DATA.is_dir(), reason="no real pictures: set GLASSBOX_DATA to the folder that holds them")
def test_real_faces_are_found() -> None:
    files = sorted((DATA / "faces" / "fairface_samples" / "test").glob("*.jpg"))
    assert files
    assert sum(images.detect_face(images.read_file(file)) is not None for file in files) >= 0.8 * len(files)
