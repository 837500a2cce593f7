"""The head as a surface: which point of it every pixel sees, and how that point is turned to the light.

The head is an ellipsoid narrowed towards the chin, with smooth bumps on it (nose, brow ridge, sockets, cheeks, lips).
Head coordinates are right / down / towards the viewer, in half-heights of the head, from its middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.faces.capture import Capture
from core.faces.identity import Identity

Map = np.ndarray
"""`(h, w)` float32: one number a pixel."""

HEAD = (0.76, 1.0, 0.84)
"""Half-axes of the head: width, height, depth."""


@dataclass(frozen=True)
class Surface:
    """What each pixel sees of an ellipsoid: `inside` above 0 within its outline, the point seen, its depth."""

    inside: Map
    x: Map
    y: Map
    z: Map
    depth: Map


@dataclass(frozen=True)
class View:
    """The image's pixels in the head's frame: `p`, `q` across and down, and the turn of the head."""

    p: Map
    q: Map
    turn: np.ndarray
    pixel: float

    @classmethod
    def of(cls, capture: Capture, size: int) -> View:
        """Pixels of a `size` x `size` image, after roll, scale and shift are undone."""
        line = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
        u, v = np.meshgrid(line - capture.shift_x, line - capture.shift_y)
        roll = np.deg2rad(capture.roll)
        unit = np.float32(2 / capture.scale)
        p = (u * np.cos(roll) + v * np.sin(roll)) * unit
        q = (v * np.cos(roll) - u * np.sin(roll)) * unit
        yaw, pitch = np.deg2rad(capture.yaw), np.deg2rad(capture.pitch)
        around_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        around_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        turn = (around_x @ around_y).astype(np.float32)
        return cls(p.astype(np.float32), q.astype(np.float32), turn, float(unit / size))


def bump(x: Map, y: Map, at_x: float, at_y: float, width: float, height: float) -> Map:
    """A smooth hill of height 1, `width` and `height` being its standard deviations."""
    return np.exp(-(((x - at_x) / width) ** 2 + ((y - at_y) / height) ** 2) / 2)


def step(value: Map, low: float, high: float) -> Map:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def narrowing(y: Map, identity: Identity) -> Map:
    """Width of the head at height `y` as a share of the ellipsoid's: jaw and chin."""
    jaw = 1 + (identity.jaw_width - 1) * step(y, 0.1, 0.62)
    chin = (identity.chin_width * 0.85 + 0.43) * identity.chin_length
    return jaw * (1 + (chin - 1) * step(y, 0.55, 1.0))


def ellipsoid(view: View, identity: Identity, axes: tuple[float, float, float], lift: float = 0.0) -> Surface:
    """The point of a turned, narrowed ellipsoid that each pixel sees; `lift` moves it up.

    Along a pixel's line of sight `o + t d` the ellipsoid is a quadratic in `t`; its larger root faces the viewer.
    """
    o = [view.p * view.turn[0, i] + view.q * view.turn[1, i] for i in range(3)]
    d = view.turn[2]
    a_x, a_y, a_z = axes
    lower = np.float32(identity.chin_length)
    width: Map | np.float32 = np.float32(1.0)
    for _ in range(2):  # the width depends on the height of the point, which depends on the width
        height = np.where(o[1] > 0, a_y * lower, a_y)
        scaled_o = (o[0] / (a_x * width), (o[1] + lift) / height, o[2] / a_z)
        scaled_d = (d[0] / (a_x * width), d[1] / height, d[2] / a_z)
        a = sum(s * s for s in scaled_d)
        b = sum(s * t for s, t in zip(scaled_o, scaled_d, strict=True))
        inside = b * b - a * (sum(s * s for s in scaled_o) - 1)
        t = (np.sqrt(np.maximum(inside, 0)) - b) / a
        width = narrowing(o[1] + t * d[1], identity)
    return Surface(inside / a, o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2], t)


def relief(x: Map, y: Map, identity: Identity, capture: Capture) -> Map:
    """Height of the face's bumps above the ellipsoid at `(x, y)`."""
    side = np.abs(x)
    eye_y, eye_x = identity.eye_level, identity.eye_spacing
    tip_y = identity.eye_level + identity.nose_length
    along = step(y, eye_y - 0.12, tip_y) * (1 - step(y, tip_y + 0.02, tip_y + 0.11))
    nose_sigma = identity.nose_bridge + (0.055 + identity.nose_width * 0.22) * step(y, eye_y + 0.08, tip_y)
    nose = identity.nose_height * along * np.exp(-((x / nose_sigma) ** 2) / 2)
    nose += 0.05 * bump(x, y, 0, tip_y - 0.01 - identity.nose_tip, 0.055, 0.05)
    wings = 0.055 * bump(side, y, identity.nose_width * 0.8, tip_y + 0.015, 0.042, 0.045)
    brow_y = identity.eye_level - identity.brow_gap
    ridge = (0.02 + 0.02 * identity.eye_depth) * bump(side, y, eye_x * 0.85, brow_y, 0.2, 0.06)
    socket = (0.05 + 0.05 * identity.eye_depth) * bump(side, y, eye_x - 0.03, eye_y - 0.01, 0.15, 0.1)
    ball = 0.05 * bump(side, y, eye_x, eye_y, identity.eye_width * 0.5, identity.eye_height)
    cheeks = (0.05 + 0.03 * max(capture.smile, 0)) * bump(side, y, 0.4, 0.3 - 0.04 * capture.smile, 0.13, 0.14)
    mouth_y, half = identity.mouth_level, mouth_half_width(identity, capture)
    across = 1 - step(side, half * 0.55, half * 1.1)
    lips = (
        0.045
        * across
        * (
            bump(x, y, 0, mouth_y - identity.upper_lip * 0.6, 9.0, identity.upper_lip * 0.7)
            + bump(x, y, 0, mouth_y + identity.lower_lip * 0.6 + opening(capture), 9.0, identity.lower_lip * 0.7)
        )
    )
    fold = 0.03 * bump(x, y, 0, mouth_y + identity.lower_lip + 0.05 + opening(capture), 0.16, 0.035)
    philtrum = 0.014 * bump(x, y, 0, (tip_y + mouth_y) / 2 + 0.03, 0.022, 0.06)
    chin_y = 0.84 * identity.chin_length
    chin = (0.05 + identity.chin_height) * bump(x, y, 0, chin_y, 0.13 + 0.06 * identity.chin_width, 0.085)
    cleft = 0.035 * max(identity.chin_cleft, 0.0) * bump(x, y, 0, chin_y + 0.01, 0.02, 0.06)
    return nose + wings + ridge - socket + ball + cheeks + lips - fold - philtrum + chin - cleft


def opening(capture: Capture) -> float:
    """How far the lower lip is down, in half-heights of the head."""
    return 0.1 * capture.mouth_open


def mouth_half_width(identity: Identity, capture: Capture) -> float:
    """Half the mouth's width with its expression, in half-heights of the head."""
    return identity.mouth_width * (1 + 0.14 * capture.smile - 0.08 * capture.mouth_open)


def face(view: View, identity: Identity, capture: Capture) -> Surface:
    """The face: the ellipsoid with its relief, each pixel seeing the point that the turn of the head brings there."""
    width, height, depth = HEAD
    base = ellipsoid(view, identity, (width * capture.head_width, height, depth))
    d_x, d_y, d_z = (float(v) for v in view.turn[2])
    x, y = base.x, base.y
    for _ in range(3):  # along the line of sight, until the point lies as high as the relief there
        raised = relief(x, y, identity, capture) / max(d_z, 0.5)
        x, y = base.x + raised * d_x, base.y + raised * d_y
    return Surface(base.inside, x, y, base.z + raised * d_z, base.depth + raised)


def light(surface_depth: Map, pixel: float, capture: Capture, softness: float = 0.25) -> tuple[Map, Map]:
    """Lambert shading and gloss of a surface from its depth: two maps, about 0 to 1.

    Lambert's cosine is wrapped by `softness` (light that skin scatters softens the edge of the shadow); gloss is
    Blinn's half-vector term.
    """
    slope_y, slope_x = np.gradient(surface_depth, pixel)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    azimuth, elevation = np.deg2rad(capture.light_x), np.deg2rad(capture.light_y)
    to_light = np.array([np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
    cosine = (-slope_x * to_light[0] - slope_y * to_light[1] + to_light[2]) / length
    half = to_light + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    shine = np.clip((-slope_x * half[0] - slope_y * half[1] + half[2]) / length, 0, 1) ** 24
    lambert = np.clip((cosine + softness) / (1 + softness), 0, 1)
    return lambert.astype(np.float32), shine.astype(np.float32)
