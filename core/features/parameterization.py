"""What is optimized in place of the image: its pixels, or its spectrum with decorrelated colours."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from core import faces
from core.features import CONTRAST
from core.features.regularizers import blurred
from core.networks.network import Network, cached_on_network
from core.networks.preprocessing import PREPROCESSING

NOISE = 0.125
"""Largest deviation of the first image from grey, in the network's own range."""
SPECTRUM_NOISE = 0.01
"""Standard deviation of the first coefficients."""
IMAGENET_COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], np.float32)
"""Square root of the covariance of red, green and blue over ImageNet, in [0, 1] (Olah 2017)."""
CAPTURES, CAPTURES_SEED = 64, 3
"""Rendered captures that a face network's colours are estimated from."""


class Pixels:
    """The image itself, in the network's own range, `(n, h, w, c)`."""

    def __init__(self, network: Network, shape: tuple[int, int]) -> None:
        prepare = PREPROCESSING[network.entry.preprocessing]
        black, self.grey, white = prepare(np.array([[0] * 3, [0.5] * 3, [1] * 3], np.float32))
        self.range = float(np.abs(white - black).mean())
        self.contrast = CONTRAST * self.range
        self.radius = self.contrast * float(np.sqrt(len(self.grey) * np.prod(shape)))
        self.shape = shape

    def initial(self, seed: int) -> np.ndarray:
        """Grey plus uniform noise of at most `NOISE`: `(1, h, w, c)`."""
        noise = np.random.default_rng(seed).uniform(-NOISE, NOISE, (1, *self.shape, len(self.grey)))
        return (self.grey + noise).astype(np.float32)

    def inputs(self, state: tf.Tensor) -> tf.Tensor:
        """What the network receives."""
        return state

    def state(self, inputs: np.ndarray) -> np.ndarray:
        """The way back from `inputs`."""
        return inputs

    def onto_sphere(self, state: tf.Tensor) -> tf.Tensor:
        """The images with mean grey and the contrast of an image on display."""
        deviation = state - self.grey
        deviation -= tf.reduce_mean(deviation, axis=(1, 2, 3), keepdims=True)
        contrast = tf.math.reduce_std(deviation, axis=(1, 2, 3), keepdims=True) + 1e-8
        return self.grey + self.contrast * deviation / contrast

    def blurred(self, state: tf.Tensor, share: tf.Tensor, circular: bool) -> tf.Tensor:
        """The images blurred; see `core.features.regularizers.blurred`."""
        return blurred(state, share, circular)


class Fourier:
    """A spectrum `(n, 3, h, w // 2 + 1, 2)` of decorrelated colours, scaled by 1 / frequency, as natural images are.

    All frequencies of a photograph carry about the same energy, its colours go together: in these coordinates every
    direction is as steep as the others, and a step makes no noise. A sigmoid keeps the image in [0, 1] (Olah 2017,
    https://distill.pub/2017/feature-visualization, "Preconditioning and parameterization").
    """

    def __init__(self, network: Network, shape: tuple[int, int]) -> None:
        self.prepare = PREPROCESSING[network.entry.preprocessing]
        self.deprocess = Deprocess(network)
        self.colours = colour_matrix(network)
        self.shape = height, width = shape
        frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
        scale = np.sqrt(height * width) / np.maximum(frequencies, 1 / max(shape)) / 4
        self.scale = scale[..., None].astype(np.float32)
        self.radius = 1.0

    def initial(self, seed: int) -> np.ndarray:
        """Almost grey: coefficients of standard deviation `SPECTRUM_NOISE`."""
        shape = (1, 3, self.shape[0], self.shape[1] // 2 + 1, 2)
        return np.random.default_rng(seed).normal(0, SPECTRUM_NOISE, shape).astype(np.float32)

    def inputs(self, state: tf.Tensor) -> tf.Tensor:
        """What the network receives."""
        scaled = state * self.scale
        planes = tf.signal.irfft2d(tf.complex(scaled[..., 0], scaled[..., 1]), self.shape)
        return self.prepare(tf.sigmoid(tf.einsum("nchw,dc->nhwd", planes, self.colours)))

    def state(self, inputs: np.ndarray) -> np.ndarray:
        """The way back from `inputs`, which are clipped where they leave [0.001, 0.999] as images."""
        images = np.clip(self.deprocess(inputs), 1e-3, 1 - 1e-3)
        planes = np.einsum("nhwd,cd->nchw", np.log(images / (1 - images)), np.linalg.inv(self.colours))
        spectrum = np.fft.rfft2(planes)
        return np.asarray(np.stack([spectrum.real, spectrum.imag], axis=-1) / self.scale, np.float32)

    def onto_sphere(self, state: tf.Tensor) -> tf.Tensor:
        """The spectrum as it is: the sigmoid bounds it."""
        return state

    def blurred(self, state: tf.Tensor, share: tf.Tensor, circular: bool) -> tf.Tensor:
        """The spectrum as it is: its scale smooths it."""
        return state


PARAMETERIZATIONS: dict[str, type[Pixels] | type[Fourier]] = {"pixels": Pixels, "fourier": Fourier}


class Deprocess:
    """From what a network receives to RGB in [0, 1], not clipped: the way back from its preprocessing."""

    def __init__(self, network: Network) -> None:
        prepare = PREPROCESSING[network.entry.preprocessing]
        self.black = prepare(np.zeros(3, np.float32))
        colours = np.stack([prepare(colour) - self.black for colour in np.eye(3, dtype=np.float32)])
        self.matrix = np.linalg.inv(colours) if colours.shape == (3, 3) else np.ones((1, 3)) / colours.sum()  # grey

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        return np.asarray((inputs - self.black) @ self.matrix, np.float32)


@cached_on_network
def colour_matrix(network: Network) -> np.ndarray:
    """`(3, 3)`: independent numbers of variance 1, times this, are as coloured as the network's training images.

    Its longest column is 1. A face network's is the square root of the covariance of red, green and blue in rendered
    captures, that of a network of objects ImageNet's published one.
    """
    root = IMAGENET_COLOURS
    if network.entry.subject == "face":
        rng = np.random.default_rng(CAPTURES_SEED)
        captures = faces.render_portraits((number % faces.PEOPLE for number in range(CAPTURES)), rng, 64)
        variances, axes = np.linalg.eigh(np.cov(captures.reshape(-1, 3), rowvar=False))
        root = axes * np.sqrt(variances)
    return np.asarray(root / np.linalg.norm(root, axis=0).max(), np.float32)
