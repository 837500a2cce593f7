"""What a worker can be asked about masks; as `core.tasks`, which says more. All raise NetworkError.

The person of a picture is the class `class_index`, by default the network's first choice for the picture without masks.
`person` is the number of a rendered person whose other pictures the embedding is held against; where there is none it
is held against that of the picture without masks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core import faces
from core.attribution import Report, SaliencyMap
from core.faces import Capture
from core.masking import evolution
from core.masking.fills import Disguise
from core.masking.masks import follow, frame_of
from core.networks import Entry, Network, batch_size, kept, load
from core.tasks import reference_captures

if TYPE_CHECKING:
    from core.masking.scores import Answer

SEED = 77
"""How the captures are drawn that `judge` shows to the attackers; others than those of the gallery."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Of `n` pictures of one person: the `probabilities` and `ranks` `(n,)` of the class, and the cosine `distances`
    `(n,)` of the embedding.
    """

    probabilities: np.ndarray
    ranks: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Hidden:
    """A picture before (place 0) and in its disguise (place 1): `scores` of both, `maps` of Grad-CAM for the class, and
    the disguised one's probabilities of all classes `(classes,)`.
    """

    class_index: int
    scores: Scores
    maps: tuple[SaliencyMap, SaliencyMap]
    probabilities: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """How many of `count` captures an attacker gives the right name: those without masks, and those with them."""

    count: int
    plain: dict[str, int]
    masked: dict[str, int]


def hide(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    class_index: int | None = None,
    person: int | None = None,
) -> Hidden:
    """What the network says of a picture `(h, w, 3)` in [0, 1] and of the same in disguise."""
    from core.attribution.grad_cam import grad_cam
    from core.masking.scores import ask

    loaded = load(network)
    pictures = loaded.stretched(np.stack([image, disguise.on(image)]))
    answer = ask(loaded, pictures)
    index = int(answer.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    scores = _scores(loaded, answer, answer.embeddings[:1], index, person)
    before, after = (grad_cam(loaded, picture, index) for picture in pictures)
    lean = replace(before, walk=None), replace(after, walk=None)
    return Hidden(index, scores, lean, answer.probabilities[1])


def _scores(network: Network, answer: Answer, unmasked: np.ndarray, class_index: int, person: int | None) -> Scores:
    from core.masking.scores import distances, embeddings_of

    reference = unmasked if person is None else embeddings_of(network, person)
    return Scores(
        answer.probabilities[:, class_index],
        answer.ranks(class_index),
        distances(answer.embeddings, reference),
    )


def sweep(
    network: str | Entry,
    image: np.ndarray,
    disguise: Disguise,
    mask: int,
    way: str,
    steps: int,
    class_index: int | None = None,
    person: int | None = None,
    report: Report | None = None,
) -> Scores:
    """The scores at every step of `core.masking.evolution.sequence`, mask number `mask` going its `way`."""
    from core.masking.scores import ask

    loaded = load(network)
    disguises = evolution.sequence(disguise, mask, way, steps)
    plain = ask(loaded, image)
    index = int(plain.logits[0].argmax()) if class_index is None else loaded.check_class(class_index)
    found: list[Scores] = []
    size = batch_size(loaded.entry)
    for start in range(0, len(disguises), size):
        if report:
            report(start, len(disguises))
        pictures = np.concatenate([loaded.stretched(step.on(image)) for step in disguises[start : start + size]])
        found.append(_scores(loaded, ask(loaded, pictures), plain.embeddings, index, person))
    return Scores(
        np.concatenate([part.probabilities for part in found]),
        np.concatenate([part.ranks for part in found]),
        np.concatenate([part.distances for part in found]),
    )


def judge(
    network: str | Entry,
    person: int,
    capture: Capture,
    disguise: Disguise,
    count: int,
    report: Report | None = None,
) -> Verdict:
    """Have two attackers name a person on `count` captures drawn anew, under masks that follow the face.

    The masks were laid over `capture` of the person. "softmax" is the network's first choice; "nearest" is the person
    of the nearest embedding (1-NN, cosine) in a gallery of other captures without masks, of everybody it knows.
    """
    from core.masking.scores import ask

    loaded = load(network)
    size = loaded.entry.input_size
    start = frame_of(faces.render(faces.person(person), capture, size)[1])
    gallery, people = _gallery(loaded)
    plain, masked = (dict.fromkeys(("softmax", "nearest"), 0) for _ in range(2))

    def name(hits: dict[str, int], pictures: list[np.ndarray]) -> None:
        answer = ask(loaded, np.stack(pictures))
        hits["softmax"] += int((answer.logits.argmax(axis=1) == person).sum())
        hits["nearest"] += int((people[(answer.embeddings @ gallery.T).argmax(axis=1)] == person).sum())

    step = batch_size(loaded.entry)
    for first in range(0, count, step):
        if report:
            report(first, count)
        bare, hidden = [], []
        for index in range(first, min(first + step, count)):
            taken = faces.capture_of(person, SEED, index)
            image, regions = faces.render(faces.person(person), taken, size)
            moved = replace(disguise, masks=follow(disguise.masks, start, frame_of(regions)), capture=taken)
            bare.append(image)
            hidden.append(moved.on(image))
        name(plain, bare)
        name(masked, hidden)
    return Verdict(count, plain, masked)


@kept
def _gallery(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings `(n, k)` of captures of everybody, and who it is `(n,)`."""
    from core.masking.scores import ask

    captures, people = reference_captures(network.entry)
    return ask(network, captures).embeddings, people
