"""Where does it look? One table of methods, one file a method; a method's file holds only its idea.

Importing this module imports no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import ClassVar

import numpy as np

from core.errors import ReasonedError
from core.params import SEED, Param


class AttributionError(ReasonedError):
    """A method that does not exist, or a network that it cannot explain."""

    reasons: ClassVar[dict[str, str]] = {
        "unknown_method": "There is no method {name!r}; choose one of: {choices}.",
        "no_head": "CAM needs a global average and one dense layer behind layer {name!r}, or pictures to fit such a "
        "head; {network} has neither: choose the layer before its global average, or take Grad-CAM.",
        "no_relu": "Guided backpropagation changes the way back through ReLUs, and {network} has none; take another.",
    }


@dataclass(frozen=True, eq=False)
class SaliencyMap:
    """`values` `(h, w)` float32, raw and signed, at the method's own resolution.

    `class_index` is None for a method that knows no class, `layer` for one that needs none. `calls` counts the images
    that went through the network. `steps` are the intermediate results by name, in the order of the method's formula.
    """

    values: np.ndarray
    class_index: int | None
    layer: str | None
    calls: int
    steps: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A method of the table: its function is named like its module.

    `family` says what it works with: "activations", "gradients", "hiding" or "surrogate". `params` are its own numbers,
    with the defaults of the function; one that `picks_channels` takes `channels` too, the only ones that take part. A
    `slow` one takes a `report`; the map of a `signed` one also says what speaks against the class.
    """

    name: str
    title: str
    family: str
    paper: str
    link: str
    params: tuple[Param, ...] = ()
    needs_layer: bool = False
    picks_channels: bool = False
    per_class: bool = True
    slow: bool = False
    signed: bool = False

    @property
    def module(self) -> str:
        """Where the function stands."""
        return f"core.attribution.{self.name}"

    @property
    def seeded(self) -> bool:
        """Whether its map depends on random numbers."""
        return SEED in self.params

    def load(self) -> Callable[..., SaliencyMap]:
        """Import the function; with it comes Keras, if it needs it."""
        return getattr(import_module(self.module), self.name)


SUPERPIXELS = Param("superpixels", default=50, minimum=10, maximum=200, step=5)
_TABLE = (
    Method(
        name="cam",
        title="CAM",
        family="activations",
        paper="Zhou et al. 2016, Learning deep features for discriminative localization",
        link="https://arxiv.org/abs/1512.04150",
        params=(Param("captures", default=4, minimum=1, maximum=20, step=1), SEED),
        needs_layer=True,
        slow=True,
        signed=True,
    ),
    Method(
        name="grad_cam",
        title="Grad-CAM",
        family="activations",
        paper="Selvaraju et al. 2016, Grad-CAM: Visual explanations from deep networks via gradient-based localization",
        link="https://arxiv.org/abs/1610.02391",
        needs_layer=True,
        picks_channels=True,
    ),
    Method(
        name="hires_cam",
        title="HiResCAM",
        family="activations",
        paper="Draelos and Carin 2020, Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional "
        "neural networks",
        link="https://arxiv.org/abs/2011.08891",
        needs_layer=True,
    ),
    Method(
        name="grad_cam_plus_plus",
        title="Grad-CAM++",
        family="activations",
        paper="Chattopadhyay et al. 2017, Grad-CAM++: Improved visual explanations for deep convolutional networks",
        link="https://arxiv.org/abs/1710.11063",
        needs_layer=True,
    ),
    Method(
        name="score_cam",
        title="Score-CAM",
        family="activations",
        paper="Wang et al. 2019, Score-CAM: Score-weighted visual explanations for convolutional neural networks",
        link="https://arxiv.org/abs/1910.01279",
        params=(
            Param("maps", default=128, minimum=8, maximum=2048, step=8),
            Param("baseline", default=0.5, minimum=0, maximum=1, step=0.05),
        ),
        needs_layer=True,
        slow=True,
    ),
    Method(
        name="fem",
        title="FEM",
        family="activations",
        paper="Fuad et al. 2020, Features understanding in 3D CNNs for actions recognition in video",
        link="https://doi.org/10.1109/IPTA50016.2020.9286629",
        params=(Param("k", default=2, minimum=0, maximum=3, step=0.1),),
        needs_layer=True,
        per_class=False,
    ),
    Method(
        name="saliency",
        title="Saliency",
        family="gradients",
        paper="Simonyan et al. 2013, Deep inside convolutional networks: Visualising image classification models and "
        "saliency maps",
        link="https://arxiv.org/abs/1312.6034",
    ),
    Method(
        name="gradient_x_input",
        title="Gradient × input",
        family="gradients",
        paper="Shrikumar et al. 2016, Not just a black box: Learning important features through propagating "
        "activation differences",
        link="https://arxiv.org/abs/1605.01713",
        signed=True,
    ),
    Method(
        name="smooth_grad",
        title="SmoothGrad",
        family="gradients",
        paper="Smilkov et al. 2017, SmoothGrad: Removing noise by adding noise",
        link="https://arxiv.org/abs/1706.03825",
        params=(
            Param("samples", default=32, minimum=1, maximum=256, step=1),
            Param("noise", default=15, minimum=0, maximum=50, step=1, unit="%"),
            SEED,
        ),
        slow=True,
    ),
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        family="gradients",
        paper="Sundararajan et al. 2017, Axiomatic attribution for deep networks",
        link="https://arxiv.org/abs/1703.01365",
        params=(
            Param("steps", default=64, minimum=8, maximum=512, step=8),
            Param("baseline", default=0, minimum=0, maximum=1, step=0.05),
        ),
        slow=True,
        signed=True,
    ),
    Method(
        name="guided_backpropagation",
        title="Guided backpropagation",
        family="gradients",
        paper="Springenberg et al. 2014, Striving for simplicity: The all convolutional net",
        link="https://arxiv.org/abs/1412.6806",
    ),
    Method(
        name="guided_grad_cam",
        title="Guided Grad-CAM",
        family="gradients",
        paper="Selvaraju et al. 2016, Grad-CAM: Visual explanations from deep networks via gradient-based localization",
        link="https://arxiv.org/abs/1610.02391",
        needs_layer=True,
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        family="hiding",
        paper="Zeiler and Fergus 2013, Visualizing and understanding convolutional networks",
        link="https://arxiv.org/abs/1311.2901",
        params=(
            Param("grid", default=14, minimum=4, maximum=28, step=1),
            Param("size", default=20, minimum=5, maximum=60, step=5, unit="%"),
            Param("baseline", default=0.5, minimum=0, maximum=1, step=0.05),
        ),
        slow=True,
        signed=True,
    ),
    Method(
        name="rise",
        title="RISE",
        family="hiding",
        paper="Petsiuk et al. 2018, RISE: Randomized input sampling for explanation of black-box models",
        link="https://arxiv.org/abs/1806.07421",
        params=(
            Param("samples", default=1000, minimum=100, maximum=8000, step=100),
            Param("cells", default=7, minimum=3, maximum=14, step=1),
            Param("visible", default=50, minimum=10, maximum=90, step=5, unit="%"),
            Param("baseline", default=0, minimum=0, maximum=1, step=0.05),
            SEED,
        ),
        slow=True,
        signed=True,
    ),
    Method(
        name="lime",
        title="LIME",
        family="surrogate",
        paper='Ribeiro et al. 2016, "Why should I trust you?" Explaining the predictions of any classifier',
        link="https://arxiv.org/abs/1602.04938",
        params=(SUPERPIXELS, Param("samples", default=500, minimum=50, maximum=4000, step=50), SEED),
        slow=True,
        signed=True,
    ),
    Method(
        name="shap",
        title="SHAP",
        family="surrogate",
        paper="Lundberg and Lee 2017, A unified approach to interpreting model predictions",
        link="https://arxiv.org/abs/1705.07874",
        params=(SUPERPIXELS, Param("permutations", default=5, minimum=1, maximum=50, step=1), SEED),
        slow=True,
        signed=True,
    ),
)
METHODS: dict[str, Method] = {method.name: method for method in _TABLE}
DEFAULT = "grad_cam"


def find(name: str) -> Method:
    """The method of this name or title; case and punctuation do not count, but a plus does ("GRADCAM", "Grad-CAM++").

    AttributionError for an unknown name.
    """

    def letters(text: str) -> str:
        return "".join(filter(str.isalnum, text.replace("+", "plus"))).casefold()

    for method in METHODS.values():
        if letters(name) in (letters(method.name), letters(method.title)):
            return method
    raise AttributionError("unknown_method", name=name, choices=", ".join(METHODS))


def top_channels(weights: np.ndarray, n: int) -> list[int]:
    """Indices of the `n` largest weights `(k,)`, largest first: the channels that speak most for the class."""
    return [int(index) for index in np.argsort(-np.asarray(weights), kind="stable")[:n]]
