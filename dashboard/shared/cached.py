"""The only place of Streamlit's caches, and the dashboard's way to the workers.

What is computed from a picture of the session (upload, webcam) is cached for that session alone; what is computed from
a rendered person or a sample is shared by everybody. Keys are names and the picture's digest, never its pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core import faces, images
from core.masking import Disguise, Mask, evolution, presets
from core.neighbours.collection import Collection, Settings
from core.networks.entry import Entry, Guest, LayerRow

if TYPE_CHECKING:
    from core.deployment import DeploymentError
from dashboard.shared.door import compute
from dashboard.shared.selected import SelectedImage

HASH = {Entry: hash, Disguise: hash, Settings: hash}
"""A network is known by all that its entry says: two that were brought under one name are two."""


FILM_SECONDS, FILM_SIDE = 4.0, 224
"""How long an animation takes, and its side in pixels."""


MOST_CACHED = "128mb"
"""Of an early layer of a large network one picture's maps take 13 MB."""


@dataclass(frozen=True, eq=False)
class Data:
    """The embedded pictures that a page works on; None while they are made."""

    digest: str
    content: Collection | None
    private: bool = False


NETWORK_ALONE = SelectedImage(np.zeros((0, 0, 3), np.float32), "", "")
"""In place of a picture where a question is about the network alone; its answer is shared like one about a sample."""


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=HASH)
def kernels(network: Entry, layer: str) -> np.ndarray:
    """The kernels of a convolution, `(kh, kw, c_in, c_out)`."""
    from core.networks import tasks

    return compute().call(tasks.kernels, network, layer)


@st.cache_data(max_entries=64, max_size=MOST_CACHED, show_spinner=False, hash_funcs=HASH)
def channel_health(network: Entry, layer: str) -> Any:
    """Dead and duplicate channels of a layer."""
    from core.features import health

    return compute().call(health.channel_health, network, layer)


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=HASH)
def top_patches(network: Entry, layer: str, channel: int) -> Any:
    """The patches of rendered captures that excite a channel most."""
    from core.features import tasks

    return compute().call(tasks.top_patches, network, layer, channel)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=HASH, scope="session")
def own_patches(digest: str, _photos: np.ndarray, network: Entry, layer: str, channel: int) -> Any:
    """The patches of the session's own photos `(n, s, s, 3)` that excite a channel most."""
    from core.features import tasks

    return compute().call(tasks.top_patches, network, layer, channel, photos=_photos)


@st.cache_data(max_entries=16, show_spinner=False, scope="session")
def inspect(path: str) -> Guest:
    """What a `.keras` file of the session says of its network."""
    from core.networks import tasks

    return compute().call(tasks.inspect, path)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=HASH)
def recognise(network: Entry, captures: int, seed: int) -> Any:
    """Whom a network takes rendered people for."""
    from core.features import recognition

    return compute().call(recognition.recognise_people, network, captures, seed)


def _per_picture(max_entries: int, max_size: str = MOST_CACHED) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Cache a function of `(digest, _image, *rest)`, now called with an image, or `Data`, in place of the two.

    For everybody where the picture is nobody's, for the session alone where it is private.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        shared = st.cache_data(max_entries=max_entries, max_size=max_size, show_spinner=False, hash_funcs=HASH)(
            function
        )
        own = st.cache_data(
            max_entries=max_entries, max_size=max_size, show_spinner=False, hash_funcs=HASH, scope="session"
        )(function)

        @wraps(function)
        def call(picture: SelectedImage | Data, *rest: Any) -> Any:
            content = picture.image if isinstance(picture, SelectedImage) else picture.content

            return (own if picture.private else shared)(picture.digest, content, *rest)

        return call

    return decorate


@_per_picture(max_entries=64)
def predict(digest: str, _image: np.ndarray, network: Entry) -> np.ndarray:
    """Probabilities of the classes, `(classes,)`."""
    from core.networks import tasks

    return compute().call(tasks.predict, network, small(_image, network)[None])[0]


@_per_picture(max_entries=32)
def feature_maps(digest: str, _image: np.ndarray, network: Entry, layer: str) -> np.ndarray:
    """Feature maps of a layer, `(h, w, k)`."""
    from core.networks import tasks

    return compute().call(tasks.feature_maps, network, layer, small(_image, network))


@_per_picture(max_entries=64)
def explain(
    digest: str,
    _image: np.ndarray,
    network: Entry,
    method: str,
    class_index: int | None,
    layer: str | None,
    params: tuple[tuple[str, Any], ...] = (),
) -> Any:
    """A fast method's saliency map with what led to it, and the probabilities; `params` are the method's own."""
    from core.attribution import tasks

    return compute().call(tasks.explain, network, method, small(_image, network), class_index, layer, **dict(params))


@_per_picture(max_entries=64)
def mask_presets(
    digest: str, _image: np.ndarray, person: int | None, capture: faces.Capture | None
) -> dict[str, tuple[Mask, ...]]:
    """Masks over the parts of the face; exact ones on a rendered picture."""
    if person is None or capture is None:
        return presets(_image)
    return presets(_image, faces.render(faces.person(person), capture, _image.shape[0])[1])


@_per_picture(max_entries=64)
def hide(
    digest: str,
    _image: np.ndarray,
    network: Entry,
    disguise: Disguise,
    class_index: int | None,
    person: int | None,
) -> Any:
    """What the network says of the picture and of the same in disguise."""
    from core.masking import tasks

    return compute().call(tasks.hide, network, _image, disguise, class_index, person)


@_per_picture(max_entries=8)
def film(digest: str, _image: np.ndarray, disguises: tuple[Disguise, ...], shares: tuple[float, ...]) -> bytes:
    """The picture in one disguise after the other as a GIF; `shares` are what its bar shows."""
    return evolution.film(_image, disguises, shares, FILM_SECONDS, FILM_SIDE)


@_per_picture(max_entries=64)
def finished(digest: str, _image: np.ndarray, job: tuple[Any, ...], _found: Any = None) -> Any:
    """What a job found before, told what it was by `job`; `_found` is what it found now, and is kept.

    LookupError where nothing is known.
    """
    if _found is None:
        raise LookupError(job)
    return _found


def small(image: np.ndarray, network: Entry) -> np.ndarray:
    """The picture at the network's input size, so that no more than needed travels to the worker."""
    size = network.input_size
    return images.resize(image, size, size)


@st.cache_data(max_entries=512, show_spinner=False)
def atlas_tile(network: str, layer: str, channel: int) -> np.ndarray | None:
    """The picture that the atlas has of a channel, `(s, s, 3)`; None where it has none."""
    from core.features import atlas

    if layer not in atlas.layers(network):
        return None
    tiles = atlas.tiles(network, layer)
    return tiles[channel] if channel < len(tiles) else None


@st.cache_data(max_entries=64, max_size=MOST_CACHED, show_spinner=False, hash_funcs=HASH)
def recognise_digits(network: Entry) -> Any:
    """What a digits network takes digits for that it never learned from."""
    from core.features import recognition

    return compute().call(recognition.recognise_digits, network)


@_per_picture(max_entries=16)
def path(digest: str, _image: np.ndarray, network: Entry) -> dict[str, np.ndarray]:
    """What a picture becomes on its way through the network, layer by layer."""
    from core.features import statistics

    return compute().call(statistics.path, network, small(_image, network))


@st.cache_data(max_entries=2, show_spinner=False)
def digits_here(mnist: bool) -> Any:
    """Which digits the worker learns from, and how many there are; `mnist` is whether its file is here."""
    from core.training import tasks

    return compute().call(tasks.facts)


@st.cache_data(max_entries=2, show_spinner=False)
def examples(source: str) -> np.ndarray:
    """The first test digits of every class, `(10, k, 28, 28, 1)` uint8."""
    from core.training import tasks

    return compute().call(tasks.examples)


@st.cache_data(max_entries=64, show_spinner=False)
def digits_layers(widths: tuple[int, int, int], kernel_size: int) -> list[LayerRow]:
    """The rows of the table of layers of a digits network with these filters."""
    from core.training import tasks

    return compute().call(tasks.layers, widths, kernel_size)


@st.cache_data(max_entries=16, max_size=MOST_CACHED, show_spinner=False, hash_funcs=HASH)
def stored_people(network: Entry, source: str, count: int) -> Collection:
    """Rendered people whose embeddings are stored."""
    from core.neighbours import tasks

    return compute().call(tasks.collect, network, "network", source, count)


@st.cache_data(max_entries=1, show_spinner=False, hash_funcs=HASH)
def stored_crowd(network: Entry) -> Collection:
    """A thousand of them."""
    from core.neighbours import tasks

    return compute().call(tasks.crowd, network)


@_per_picture(max_entries=32)
def compare_heads(digest: str, _collection: Collection, settings: Settings) -> Any:
    """Which pictures are asked about, and what kNN says of them."""
    from core.neighbours import tasks

    return compute().call(tasks.compare, _collection, settings)


@_per_picture(max_entries=32)
def learned_heads(digest: str, _collection: Collection, settings: Settings) -> Any:
    """What the other heads that need little time say of them."""
    from core.neighbours import tasks

    return compute().call(tasks.ask_learned, _collection, settings)


@_per_picture(max_entries=32)
def principal_map(digest: str, _collection: Collection, settings: Settings, dimensions: int) -> np.ndarray:
    """Places of the pictures on their principal components."""
    from core.neighbours import tasks

    return compute().call(tasks.lay_out, _collection, settings, "pca", dimensions)


@_per_picture(max_entries=32)
def decision_regions(digest: str, _collection: Collection, settings: Settings) -> Any:
    """Whom two heads name everywhere on that map."""
    from core.neighbours import tasks

    return compute().call(tasks.regions, _collection, settings)


@_per_picture(max_entries=64)
def deployed(digest: str, _image: np.ndarray, network: Entry) -> dict[str, np.ndarray]:
    """Keras' answer as every exported file gives it: probabilities, logits and embedding."""
    from core.deployment import tasks

    return compute().call(tasks.answers, network, small(_image, network))


@_per_picture(max_entries=32)
def traps(digest: str, _image: np.ndarray, network: Entry) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the network gets of the picture, and says, by each mistake of preparation."""
    from core.deployment import tasks

    return compute().call(tasks.traps, network, _image)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=HASH)
def no_flat_file(network: Entry) -> DeploymentError | None:
    """Why a network cannot be written as a flat file, or None."""
    from core.deployment import tasks

    return compute().call(tasks.refusal, network)
