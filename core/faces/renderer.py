"""Renders a synthetic person: image and exact region masks, in NumPy, about 20 ms at 112 px.

Every part of the face is an implicit function over the head's surface, positive inside; `cover` turns it into an
anti-aliased share of each pixel. Parts are painted from back to front, then lit, then taken by a camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.faces import surface as geometry
from core.faces.capture import Capture
from core.faces.identity import Identity
from core.faces.surface import Map, Surface, View, bump, step

REGIONS = ("eyes", "brows", "nose", "mouth", "jaw", "hair", "skin", "background")
"""The regions share out the image: every pixel belongs to exactly one."""

Colour = np.ndarray
"""`(3,)` float32, red, green, blue in [0, 1]."""

SKIN_TONES = [(0.96, 0.81, 0.72), (0.90, 0.71, 0.58), (0.78, 0.57, 0.43), (0.58, 0.39, 0.28), (0.36, 0.23, 0.16)]
HAIR_COLOURS = [
    (0.05, 0.045, 0.045),
    (0.16, 0.10, 0.07),
    (0.33, 0.20, 0.12),
    (0.48, 0.23, 0.11),
    (0.72, 0.54, 0.31),
    (0.70, 0.69, 0.68),
]
IRIS_COLOURS = [(0.10, 0.06, 0.04), (0.32, 0.18, 0.08), (0.45, 0.36, 0.15), (0.28, 0.46, 0.30), (0.40, 0.62, 0.85)]


@dataclass
class Canvas:
    """The image while it is painted, with the region that each pixel belongs to so far."""

    image: np.ndarray
    region: np.ndarray

    def paint(self, share: Map, colour: np.ndarray, region: str | None = None) -> None:
        """Lay `colour` (one, or one a pixel) over the share of each pixel; more than half makes it `region`."""
        self.image += share[..., None] * (colour - self.image)
        if region is not None:
            self.region[share > 0.5] = REGIONS.index(region)


def between(colours: list[tuple[float, float, float]], share: float) -> Colour:
    """The colour at `share` of the way along a list of colours."""
    table = np.array(colours, dtype=np.float32)
    places = np.linspace(0, 1, len(table))
    return np.array([np.interp(share, places, table[:, c]) for c in range(3)], dtype=np.float32)


def from_hue(hue: float, saturation: float, value: float) -> Colour:
    """Hue in turns, saturation and value in [0, 1] -> colour."""
    wheel = np.abs((hue * 6 + np.array([0, 4, 2])) % 6 - 3) - 1
    return (value * (1 + saturation * (np.clip(wheel, 0, 1) - 1))).astype(np.float32)


def cover(inside: Map) -> Map:
    """Share of each pixel that an implicit shape (positive inside) covers, from its distance to the outline."""
    down, across = np.gradient(inside)
    return np.clip(inside / (np.sqrt(down * down + across * across) + 1e-6) + 0.5, 0, 1)


def clouds(rng: np.random.Generator, size: int, cells: int) -> Map:
    """Smooth noise in about [0, 1] with `cells` blobs across the image."""
    return cv2.resize(rng.random((cells, cells), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC)


def render(identity: Identity, capture: Capture, size: int = 224) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Render `identity` as `capture` took it.

    Returns:
        The image, `(size, size, 3)` float32 in [0, 1], and a boolean mask `(size, size)` for each of `REGIONS`;
        every pixel is in exactly one. The same arguments give the same image.

    Raises:
        ValueError: the size is not between 16 and 1024 pixels.
    """
    if not 16 <= size <= 1024:
        raise ValueError(f"received a size of {size} pixels, expected 16 to 1024")
    rng = np.random.default_rng(capture.texture)
    view = View.of(capture, size)
    face = geometry.face(view, identity, capture)
    canvas = Canvas(_background(rng, capture, size), np.full((size, size), REGIONS.index("background"), np.uint8))
    hair = _Hair(rng, view, identity, capture)
    skin = between(SKIN_TONES, capture.skin_tone)
    _shoulders(canvas, view, capture)
    hair.paint_behind(canvas)
    _neck_and_ears(canvas, view, identity, capture, skin)
    _head(canvas, rng, view, face, identity, capture, skin, hair.colour)
    hair.paint_front(canvas)
    if capture.glasses > 0.5:
        _glasses(canvas, view, face, identity, capture)
    return _camera(canvas.image, rng, capture), {r: canvas.region == i for i, r in enumerate(REGIONS)}


def _background(rng: np.random.Generator, capture: Capture, size: int) -> np.ndarray:
    line = np.linspace(-1, 1, size, dtype=np.float32)
    u, v = np.meshgrid(line, line)
    near, far = from_hue(capture.background_hue, 0.35, 0.75), from_hue(capture.background_hue + 0.12, 0.5, 0.35)
    slope = rng.uniform(-1, 1, 2)
    share = np.clip(0.5 + 0.35 * (slope[0] * u + slope[1] * v) + 0.25 * (clouds(rng, size, 4) - 0.5), 0, 1)
    image = near + share[..., None] * (far - near)
    if capture.background == "bokeh":
        for _ in range(14):
            x, y, radius = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.06, 0.25)
            disc = step(radius - np.hypot(u - x, v - y), -0.02, 0.02) * rng.uniform(0.15, 0.5)
            image += disc[..., None] * (from_hue(rng.random(), 0.5, 1.0) - image)
    elif capture.background == "stripes":
        turn = rng.uniform(0, np.pi)
        wave = np.sin((u * np.cos(turn) + v * np.sin(turn)) * rng.uniform(8, 30)) * rng.uniform(0.05, 0.25)
        image *= 1 + wave[..., None]
    elif capture.background == "wall":
        rows = np.floor((v + 1) * rng.uniform(4, 9))
        brick = rng.random((64, 64), dtype=np.float32)[rows.astype(int), ((u + 1) * 4 + 0.5 * (rows % 2)).astype(int)]
        image *= (0.7 + 0.3 * brick + 0.15 * (clouds(rng, size, 40) - 0.5))[..., None]
    elif capture.background == "window":
        for _ in range(4):
            x, y, w, h = rng.uniform(-1, 0.6), rng.uniform(-1, 0.6), rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.9)
            pane = step(np.minimum(w - np.abs(u - x), h - np.abs(v - y)), -0.03, 0.03) * rng.uniform(0.3, 0.8)
            image += pane[..., None] * (from_hue(rng.random(), 0.25, rng.uniform(0.3, 1.0)) - image)
    else:
        image *= (0.8 + 0.4 * clouds(rng, size, 6 if capture.background == "gradient" else 14))[..., None]
    return np.clip(image, 0, 1).astype(np.float32)


def _shoulders(canvas: Canvas, view: View, capture: Capture) -> None:
    top = 1.36 + 0.55 * np.maximum(np.abs(view.p) - 0.38, 0) ** 1.4
    folds = 0.85 + 0.15 * np.sin(view.p * 9 + view.q * 4)
    depth = np.sqrt(np.maximum(2.6 - view.p**2, 0.01)) * 0.7
    shade, _ = geometry.light(depth.astype(np.float32), view.pixel, capture)
    lit = capture.ambient + (1 - capture.ambient) * shade * folds
    canvas.paint(cover(view.q - top), from_hue(capture.clothes_hue, 0.45, 0.6) * lit[..., None], "background")


def _neck_and_ears(canvas: Canvas, view: View, identity: Identity, capture: Capture, skin: Colour) -> None:
    yaw = np.deg2rad(capture.yaw)
    neck_x = view.p + 0.12 * np.sin(yaw)
    half = 0.36 + 0.10 * step(view.q, 1.15, 1.6)
    neck = np.minimum(half - np.abs(neck_x), np.minimum(view.q - 0.2, 1.5 - 0.35 * neck_x**2 - view.q))
    depth = np.sqrt(np.maximum(half**2 - neck_x**2, 1e-3))
    shade, _ = geometry.light(depth.astype(np.float32), view.pixel, capture)
    under_chin = 0.5 + 0.5 * step(view.q, 0.95, 1.5)
    lit = (capture.ambient + (1 - capture.ambient) * shade) * under_chin
    canvas.paint(cover(neck), skin * _tint(lit), "skin")
    for side in (-1, 1):
        centre = side * 0.765 * capture.head_width * np.cos(yaw) - 0.1 * np.sin(yaw)
        x, y = (view.p - centre) / 0.115, (view.q - 0.08 - 0.1 * np.sin(np.deg2rad(capture.pitch))) / 0.215
        lean = x - 0.25 * side * -y
        radius = np.sqrt(lean**2 + y**2)
        fold = 1 - 0.35 * np.exp(-(((radius - 0.62) / 0.13) ** 2)) - 0.4 * np.exp(-((radius / 0.3) ** 2))
        facing = 0.75 + 0.25 * side * np.sin(np.deg2rad(capture.light_x))
        lit = (capture.ambient + (1 - capture.ambient) * facing * 0.8) * fold
        canvas.paint(cover(1 - radius), skin * np.array([1.0, 0.93, 0.91]) * _tint(lit), "skin")


def _tint(lit: Map) -> np.ndarray:
    """Light on skin: what is scattered under it makes shadows warm, not grey. `(h, w)` -> `(h, w, 3)`."""
    return np.stack([lit**0.88, lit, lit**1.08], axis=-1)


def _head(
    canvas: Canvas,
    rng: np.random.Generator,
    view: View,
    face: Surface,
    identity: Identity,
    capture: Capture,
    skin: Colour,
    hair: Colour,
) -> None:
    """The lit face: its skin, then what is painted on it, then the light over all of it."""
    size = view.p.shape[0]
    x, y = face.x, face.y
    skin_map = np.broadcast_to(skin, (size, size, 3)).astype(np.float32).copy()
    painting = Canvas(skin_map, np.full((size, size), REGIONS.index("skin"), np.uint8))
    _complexion(painting, rng, x, y, identity, capture, hair)
    _lower_regions(painting, x, y, identity)
    _mouth(painting, x, y, identity, capture, skin)
    _nostrils(painting, x, y, identity, skin)
    _marks(painting, x, y, identity, skin)
    _eyes(painting, x, y, identity, capture, skin)
    _brows(painting, rng, x, y, identity, capture, hair)

    lambert, shine = geometry.light(face.depth, view.pixel, capture)
    height = geometry.relief(x, y, identity, capture).astype(np.float32)
    hollow = np.clip((cv2.GaussianBlur(height, (0, 0), 0.09 / view.pixel) - height) * 3.5, -0.12, 0.3)
    lit = (capture.ambient * (1 - hollow) + (1 - capture.ambient) * lambert * (1 - 0.5 * hollow)) * 1.12
    oily = 0.10 * shine * (1 - 0.6 * capture.makeup)
    shaded = painting.image * _tint(np.maximum(lit, 0.02)) + oily[..., None]
    outline = cover(face.inside)
    canvas.paint(outline, shaded)
    inside = outline > 0.5
    canvas.region[inside] = painting.region[inside]


def _complexion(
    skin: Canvas, rng: np.random.Generator, x: Map, y: Map, identity: Identity, capture: Capture, hair: Colour
) -> None:
    """Blush, mottles, freckles, lines of age and beard: all of the capture, nothing of the person."""
    size, side = x.shape[0], np.abs(x)
    blush = 0.28 * capture.skin_redness * (bump(side, y, 0.42, 0.3, 0.16, 0.13) + 0.7 * bump(x, y, 0, 0.34, 0.1, 0.1))
    skin.image *= 1 - blush[..., None] * np.array([0.05, 0.45, 0.4], np.float32)
    mottle = clouds(rng, size, max(size // 4, 2)) * 0.5 + clouds(rng, size, max(size // 10, 2)) * 0.5 - 0.5
    skin.image *= (1 + (0.05 + 0.07 * capture.age) * mottle)[..., None]
    spots = step(clouds(rng, size, max(size // 3, 2)), 0.72, 0.9) * bump(side, y, 0.25, 0.27, 0.3, 0.16)
    skin.image *= 1 - (0.4 * capture.freckles * spots)[..., None] * np.array([0.35, 0.6, 0.7], np.float32)

    old = capture.age**1.5
    lines = sum(np.exp(-(((y - at - 0.05 * x**2) / 0.014) ** 2)) for at in (-0.5, -0.43, -0.36))
    lines = lines * step(-side, -0.45, -0.2)
    laugh = np.exp(-(((side - 0.2 - 0.45 * (y - 0.36)) / 0.022) ** 2)) * step(y, 0.36, 0.42) * step(-y, -0.66, -0.55)
    bags = bump(side, y, 0.32, 0.17, 0.11, 0.018)
    skin.image *= 1 - (old * (0.22 * lines + 0.3 * laugh + 0.22 * bags))[..., None] * np.array([0.7, 1, 1], np.float32)

    if capture.beard > 0:
        chin = step(y, 0.42, 0.62) * step(0.42 * (y - 0.25) + side * 0.55, 0.16, 0.3)
        moustache = bump(side, y, 0.1, 0.47, 0.13, 0.045) * 0.9
        bare = bump(x, y, 0, 0.6, 0.2, 0.07)
        stubble = 0.55 + 0.9 * (clouds(rng, size, size) - 0.35)
        density = (0.25 + 0.4 * capture.beard) * capture.beard**0.5
        skin.paint(np.clip(np.maximum(chin - bare, moustache) * stubble, 0, 1) * density, hair * 0.9)


def _lower_regions(skin: Canvas, x: Map, y: Map, identity: Identity) -> None:
    """Which part of the skin is nose and which is jaw: these have no painted outline of their own."""
    tip_y = identity.eye_level + identity.nose_length
    half = identity.nose_bridge + 0.05 + (identity.nose_width * 1.15 - identity.nose_bridge) * step(y, 0.08, tip_y)
    nose = (np.abs(x) < half) & (y > identity.eye_level + 0.06) & (y < tip_y + 0.1)
    jaw = (y > 0.42 + 0.25 * (1 - np.clip(np.abs(x) / 0.6, 0, 1))) & ~nose
    skin.region[jaw] = REGIONS.index("jaw")
    skin.region[nose] = REGIONS.index("nose")


def _mouth(skin: Canvas, x: Map, y: Map, identity: Identity, capture: Capture, tone: Colour) -> None:
    half = geometry.mouth_half_width(identity, capture)
    along = x / half
    taper = np.sqrt(np.clip(1 - along**2, 0, 1))
    line = identity.mouth_level - 0.075 * capture.smile * along**2 * half / 0.24
    gap = geometry.opening(capture) * taper
    dip, peaks = np.exp(-((along / 0.16) ** 2)), np.exp(-(((np.abs(along) - 0.3) / 0.2) ** 2))
    bow = 1 - 0.45 * identity.cupid_bow * dip + 0.15 * peaks
    thin = 1 - 0.2 * max(capture.smile, 0)
    upper = identity.upper_lip * 1.35 * thin * taper**0.9 * bow
    lower = identity.lower_lip * 1.3 * thin * taper**0.8
    top, bottom = line - upper, line + gap + lower

    red = np.array([0.72, 0.30, 0.30], np.float32)
    lip = tone * (1 - 0.45 * identity.lip_redness) + red * 0.45 * identity.lip_redness
    lip = lip * np.array([0.96, 0.78, 0.78], np.float32)
    lip += capture.makeup * 0.5 * (np.array([0.65, 0.12, 0.18], np.float32) - lip)
    skin.paint(cover(np.minimum(y - top, bottom - y)) * (np.abs(along) < 1), lip)
    furrow = np.exp(-(((y - line - gap / 2) / 0.012) ** 2)) * (np.abs(along) < 1.04) * (1 - gap / 0.11)
    skin.paint(np.clip(0.75 * furrow, 0, 1), lip * 0.3)
    if capture.mouth_open > 0:
        inner = cover(np.minimum(y - line, line + gap - y)) * step(gap, 0.0, 0.015)
        skin.paint(inner, np.array([0.16, 0.05, 0.05], np.float32))
        teeth = cover(np.minimum(y - line - 0.004, line + gap * 0.55 - y)) * step(gap, 0.01, 0.04)
        skin.paint(0.95 * teeth, np.array([0.9, 0.88, 0.83], np.float32))
    zone = (np.abs(along) < 1.15) & (y > line - identity.upper_lip * 1.5 - 0.02) & (y < bottom + 0.02)
    skin.region[zone] = REGIONS.index("mouth")


def _nostrils(skin: Canvas, x: Map, y: Map, identity: Identity, tone: Colour) -> None:
    tip_y = identity.eye_level + identity.nose_length
    hole = bump(np.abs(x), y, identity.nose_width * 0.5, tip_y + 0.055, 0.012 + 0.09 * identity.nose_width, 0.014)
    skin.paint(np.clip(1.2 * hole, 0, 0.8), tone * 0.28)
    crease = bump(np.abs(x), y, identity.nose_width * 1.08, tip_y + 0.01, 0.014, 0.05)
    skin.paint(0.35 * crease, tone * 0.45)


def _marks(skin: Canvas, x: Map, y: Map, identity: Identity, tone: Colour) -> None:
    for at_x, at_y, radius in (
        (identity.upper_mole_x, identity.upper_mole_y, identity.upper_mole_size),
        (identity.lower_mole_x, identity.lower_mole_y, identity.lower_mole_size),
    ):
        if radius > 0:
            skin.paint(np.clip(1.4 * bump(x, y, at_x, at_y, radius * 0.7, radius * 0.7), 0, 0.9), tone * 0.25)


def _eyes(skin: Canvas, x: Map, y: Map, identity: Identity, capture: Capture, tone: Colour) -> None:
    tilt = np.deg2rad(identity.eye_tilt)
    iris = between(IRIS_COLOURS, identity.iris_colour)
    open_share = (1 - capture.blink) * (1 - 0.12 * max(capture.smile, 0))
    for side in (-1, 1):
        from_centre = (x - side * identity.eye_spacing) * side
        level = y - identity.eye_level
        along = (from_centre * np.cos(tilt) - level * np.sin(tilt)) / identity.eye_width
        across = from_centre * np.sin(tilt) + level * np.cos(tilt)
        arc = np.clip(1 - along**2, 0, 1)
        upper = -identity.eye_height * 1.15 * arc**0.65 * (1 - 0.15 * along) * open_share
        lower = identity.eye_height * 0.72 * arc**0.85 * (1 + 0.15 * along) * (0.55 + 0.45 * open_share)
        within = np.abs(along) < 1
        opening = cover(np.minimum(across - upper, lower - across)) * within
        reach = np.hypot(along * 0.8, across / (identity.eye_height * 2.1 + 0.03))

        shadow = (0.3 + 0.25 * capture.makeup) * np.exp(-(reach**2) * 1.3)
        skin.paint(np.clip(shadow, 0, 1), tone * np.array([0.62, 0.52, 0.52], np.float32))
        crease_at = upper - (0.018 + 0.035 * identity.lid_crease)
        crease = np.exp(-(((across - crease_at) / 0.011) ** 2)) * step(arc, 0.0, 0.35)
        skin.paint(0.6 * crease, tone * 0.42)

        white = np.array([0.93, 0.91, 0.89], np.float32) * (0.72 + 0.28 * step(across - upper, 0, 0.045))[..., None]
        skin.paint(opening, white)
        gaze = 0.045 * capture.gaze_x * side
        seen_x = from_centre - gaze
        seen_y = level - 0.016 * capture.gaze_y + 0.008
        radius = np.hypot(seen_x, seen_y) / identity.iris_radius
        rays = 0.85 + 0.15 * np.sin(np.arctan2(seen_y, seen_x) * 14)
        ring = 1 - 0.6 * step(radius, 0.72, 1.0)
        coloured = iris * (rays * ring * (1.25 - 0.35 * step(radius, 0.2, 0.9)))[..., None]
        skin.paint(cover(1 - radius) * opening, coloured)
        skin.paint(cover(0.42 - radius) * opening, np.array([0.02, 0.02, 0.02], np.float32))
        glint = bump(from_centre * side, level, gaze * side - 0.018, -0.022, 0.013, 0.013)
        skin.paint(np.clip(1.3 * glint, 0, 0.95) * opening, np.ones(3, np.float32))

        lashes = np.exp(-(((across - upper) / (0.013 + 0.008 * capture.makeup)) ** 2)) * (np.abs(along) < 1.03)
        skin.paint(np.clip(lashes, 0, 0.92), np.array([0.06, 0.04, 0.035], np.float32))
        rim = np.exp(-(((across - lower) / 0.009) ** 2)) * within
        skin.paint(0.45 * rim, tone * 0.4)
        corner = bump(along, across, -1.0, 0.0, 0.09, 0.012)
        skin.paint(0.6 * corner, np.array([0.75, 0.4, 0.38], np.float32))
        skin.region[reach < 0.95] = REGIONS.index("eyes")


def _brows(
    skin: Canvas, rng: np.random.Generator, x: Map, y: Map, identity: Identity, capture: Capture, hair: Colour
) -> None:
    tilt = np.tan(np.deg2rad(identity.brow_tilt))
    level = identity.eye_level - identity.brow_gap - 0.035 * capture.brow_raise
    for side in (-1, 1):
        from_centre = x * side - identity.eye_spacing - identity.brow_inset
        along = from_centre / identity.brow_length
        middle = level - identity.brow_arch * np.cos(np.clip(along - 0.25, -1.2, 1.2) * 1.5) - tilt * from_centre
        thickness = identity.brow_thickness * (1 - 0.55 * step(along, 0.0, 1.0)) * step(1.05 - np.abs(along), 0, 0.25)
        strokes = np.sin((from_centre * 2.2 + (y - middle) * side * 0.9) * 130 + 5 * rng.random())
        share = cover(thickness - np.abs(y - middle)) * (thickness > 0) * (0.78 + 0.14 * strokes)
        skin.paint(share, hair * 0.55 + np.array([0.03, 0.02, 0.02], np.float32))
        skin.region[(np.abs(y - middle) < thickness + 0.022) & (np.abs(along) < 1.1)] = REGIONS.index("brows")


class _Hair:
    """A shell around the head whose lower edge is the hairline, with strands that run from the crown."""

    def __init__(self, rng: np.random.Generator, view: View, identity: Identity, capture: Capture) -> None:
        self.view, self.capture, self.style = view, capture, capture.hair_style
        self.colour = between(HAIR_COLOURS, capture.hair_colour)
        volume = {"bald": 0.0, "buzz": 0.025, "short": 0.07, "side": 0.09, "fringe": 0.09, "bob": 0.12, "long": 0.1}
        self.volume = volume.get(self.style, 0.2)
        width, height, depth = geometry.HEAD
        axes = (width * capture.head_width + self.volume, height + self.volume, depth + self.volume * 0.6)
        plain = Identity()  # hair hides the jaw of whoever wears it: its outline is nobody's own
        self.shell = geometry.ellipsoid(view, plain, axes, lift=self.volume * 0.25)
        size = view.p.shape[0]
        x, y = self.shell.x, self.shell.y
        parting = 0.3 if self.style in ("side", "bob") else 0.0
        angle = np.arctan2(x - parting, 1.05 - y)
        wobble = clouds(rng, size, 7)
        if self.style == "curly":
            self.strands = np.clip(0.35 * clouds(rng, size, 60) + 0.65 * clouds(rng, size, 28), 0, 1)
        else:
            table = rng.random(512, dtype=np.float32)
            place = (angle / np.pi + 1) * 90 + wobble * 3
            fine = np.interp(place % 512, np.arange(512), table)
            broad = np.interp((place / 5) % 512, np.arange(512), table)
            self.strands = (0.5 * fine + 0.5 * broad).astype(np.float32)
        self.jitter = (self.strands - 0.5) * 0.05

    def _lit(self) -> np.ndarray:
        shade, _ = geometry.light(self.shell.depth, self.view.pixel, self.capture)
        band = np.exp(-(((self.shell.y + 0.62 + 0.1 * self.strands) / 0.16) ** 2)) * shade
        lit = (self.capture.ambient + (1 - self.capture.ambient) * shade) * (0.55 + 0.6 * self.strands)
        return self.colour * lit[..., None] + (0.16 * band * self.strands)[..., None] * (0.4 + 0.6 * self.colour)

    def paint_behind(self, canvas: Canvas) -> None:
        """What of the hair lies behind neck and face."""
        if self.style not in ("bob", "long", "curly"):
            return
        p, q = self.view.p, self.view.q
        reach = {"bob": 0.95, "long": 1.75, "curly": 0.75}[self.style]
        half = 0.76 + self.volume + 0.06 * np.sin(q * 5 + 1) + 0.12 * step(q, 0.2, 1.4)
        body = np.minimum(half - np.abs(p), reach + self.jitter * 3 - q)
        cap = 1 - np.hypot(p / (0.78 + self.volume), (q + 0.05) / (1.02 + self.volume))
        shape = np.maximum(np.where(q > -0.1, body, -1.0), cap)
        canvas.paint(cover(shape + self.jitter), self._lit() * 0.6, "hair")

    def paint_front(self, canvas: Canvas) -> None:
        """What of the hair lies before forehead and temples."""
        if self.style == "bald":
            return
        x, y = self.shell.x, self.shell.y
        side = np.abs(x)
        forehead = {"fringe": -0.36, "side": -0.56, "bob": -0.5}.get(self.style, -0.6)
        sideburn = {"bob": 0.95, "long": 1.3, "curly": 0.4, "buzz": -0.08, "short": -0.02}.get(self.style, 0.06)
        edge = forehead + 0.1 * (side / 0.45) ** 2 + (sideburn - forehead) * step(side, 0.5, 0.74)
        if self.style in ("side", "bob"):
            edge = edge - 0.12 * np.exp(-(((x - 0.3) / 0.16) ** 2))
        fade = 0.0 if self.style in ("bob", "long", "curly") else 0.2  # cut shorter towards the ears
        front = np.minimum(edge + self.jitter - y, self.shell.inside - fade * step(y, -0.75, 0.05))
        share = cover(front)
        if self.style == "buzz":
            share = share * 0.8
        canvas.paint(share, self._lit(), "hair")


def _glasses(canvas: Canvas, view: View, face: Surface, identity: Identity, capture: Capture) -> None:
    """Frames of one size for everybody, so that they say nothing about the eyes behind them."""
    rim = from_hue(capture.clothes_hue + 0.5, 0.3, 0.18)
    x, y = face.x, face.y - 0.03
    side = np.abs(x)
    lens = 0.265 - (np.abs((side - 0.335) / 1.0) ** 3 + np.abs(y / 0.82) ** 3) ** (1 / 3)
    frame = cover(0.021 - np.abs(lens))
    bridge = cover(np.minimum(0.018 - np.abs(y + 0.06 + 0.3 * side**2), 0.09 - side))
    temple = cover(np.minimum(0.018 - np.abs(y + 0.04), side - 0.58))
    on_face = cover(face.inside)
    glare = np.clip(np.sin((x + y) * 9 + capture.light_x * 0.1), 0, 1) ** 6 * 0.16
    canvas.paint(cover(lens) * glare * on_face, np.ones(3, np.float32))
    canvas.paint(np.clip(np.maximum(np.maximum(frame, bridge), temple), 0, 1) * on_face, rim)


def _camera(image: np.ndarray, rng: np.random.Generator, capture: Capture) -> np.ndarray:
    """Exposure, colour of the light, blur, noise and compression."""
    size = image.shape[0]
    tint = np.array([1 + 0.09 * capture.warmth, 1.0, 1 - 0.12 * capture.warmth], np.float32)
    image = np.clip(image * capture.exposure * tint, 0, 1).astype(np.float32)
    if capture.blur > 0:
        image = cv2.GaussianBlur(image, (0, 0), max(capture.blur * size / 100, 0.1))
    image = image + capture.noise * rng.standard_normal(image.shape, dtype=np.float32)
    image = np.clip(image, 0, 1)
    if capture.compression > 0:
        quality = round(95 - 60 * capture.compression)
        pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
        data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32)[..., ::-1] / 255
    return np.ascontiguousarray(image, dtype=np.float32)
