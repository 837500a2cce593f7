"""What a worker can be asked about groups of people; as `core.tasks`, which says more. All raise NetworkError."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from core.images import resize
from core.intervals import Estimate, bootstrap_means
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size
from core.populations.alignment import aligned, typical_regions
from core.populations.energy import areas, energies
from core.populations.groups import Face, Source
from core.populations.statistics import Difference, difference
from core.populations.verification import Verification, together, verify
from core.progress import Report

FACE_SIDE = 112
"""Pixels a side of a mean face."""


@dataclass(frozen=True, eq=False)
class Group:
    """What a network makes of a group of `pictures` of some `people`.

    `face` `(FACE_SIDE, FACE_SIDE, 3)` is their mean aligned picture. `maps` `(people, SIDE, SIDE)` are the mean aligned
    Grad-CAM of each person, in multiples of a map's own mean over its picture. `energies` has the share of a map in
    each of `REGIONS`, `areas` `(8,)` what a map that knows nothing would give. Of `named` pictures the true class is
    known, and the network gives it to `right`. `confidence` is the probability of the first choice.
    """

    people: int
    pictures: int
    face: np.ndarray
    maps: np.ndarray
    energies: list[Estimate]
    areas: np.ndarray
    named: int
    right: int
    confidence: Estimate
    verification: Verification


@dataclass(frozen=True, eq=False)
class Comparison:
    """Groups by name, in their order; where the maps of the first less those of the second differ; which region a place
    usually is, numbers of `REGIONS` `(SIDE, SIDE)`; and the pairs of both as one deployment would see them.
    """

    groups: dict[str, Group]
    difference: Difference
    regions: np.ndarray
    together: Verification


def compare(
    network: str | Entry,
    sources: Mapping[str, Source],
    *,
    layer: str | None = None,
    channels: Sequence[int] | None = None,
    true_class: bool = True,
    report: Report | None = None,
) -> Comparison:
    """Look at two groups with Grad-CAM of a layer and some of its channels (None: all), and compare them.

    The maps explain the true class where it is known and wanted, else the network's first choice.
    """
    loaded = load(network)
    steps = sum(source.count for source in sources.values())
    groups, done = {}, 0
    for name, source in sources.items():

        def tell(step: int, before: int = done) -> None:
            if report:
                report(before + step, steps)

        groups[name] = look(loaded, source, layer, channels, true_class, tell)
        done += source.count
    one, other = groups.values()
    pairs = together([group.verification for group in groups.values()])
    return Comparison(groups, difference(one.maps, other.maps), typical_regions(), pairs)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What came of one picture."""

    person: int | str
    face: np.ndarray
    map: np.ndarray
    energies: np.ndarray
    areas: np.ndarray
    right: bool | None
    confidence: float
    embedding: np.ndarray


def look(
    network: Network,
    source: Source,
    layer: str | None,
    channels: Sequence[int] | None,
    true_class: bool,
    tell: Report,
) -> Group:
    """What a network makes of a group; `tell(step)` is called before every picture."""

    def told() -> Iterator[Face]:
        faces = source.faces(network.entry.input_size)
        for step in range(source.count):
            tell(step)
            yield next(faces)

    seen = list(_looked_at(network, told(), layer, channels, true_class))
    people = np.array([str(picture.person) for picture in seen])
    names = np.unique(people)

    def by_person(values: list[np.ndarray] | list[float]) -> np.ndarray:
        """Means over the pictures of each person: `(people, ...)`."""
        rows = np.asarray(values)
        return np.stack([rows[people == name].mean(axis=0) for name in names])

    known = [picture.right for picture in seen if picture.right is not None]
    return Group(
        people=len(names),
        pictures=len(seen),
        face=np.mean([picture.face for picture in seen], axis=0),
        maps=by_person([picture.map for picture in seen]),
        energies=bootstrap_means(by_person([picture.energies for picture in seen])),
        areas=np.mean([picture.areas for picture in seen], axis=0),
        named=len(known),
        right=sum(known),
        confidence=bootstrap_means(by_person([picture.confidence for picture in seen])[:, None])[0],
        verification=verify(np.stack([picture.embedding for picture in seen]), people),
    )


def _looked_at(
    network: Network, faces: Iterator[Face], layer: str | None, channels: Sequence[int] | None, true_class: bool
) -> Iterator[_Seen]:
    """Picture by picture; a batch at a time goes through the network, its maps are made one by one."""
    from core.attribution.grad_cam import grad_cam
    from core.masking.scores import predict

    while batch := list(islice(faces, batch_size(network.entry))):
        answer = predict(network, np.stack([face.image for face in batch]))
        for face, probabilities, embedding in zip(batch, answer.probabilities, answer.embeddings, strict=True):
            first = int(probabilities.argmax())
            wanted = face.class_index if true_class and face.class_index is not None else first
            values = grad_cam(network, face.image, wanted, layer=layer, channels=channels).values
            heat = _heat(values, face)
            labels = face.labels
            shares = energies(heat, typical_regions()) if labels is None else energies(values, labels)
            yield _Seen(
                face.person,
                aligned(face.image, face.points, FACE_SIDE),
                heat,
                shares,
                areas(typical_regions() if labels is None else labels),
                None if face.class_index is None else first == face.class_index,
                float(probabilities[first]),
                embedding,
            )


def _heat(values: np.ndarray, face: Face) -> np.ndarray:
    """A map in multiples of its mean, aligned: `(SIDE, SIDE)` float32; one that is 0 everywhere stays so."""
    whole = resize(values, *face.image.shape[:2])
    mean = float(whole.mean())
    return aligned(whole / mean if mean > 0 else whole, face.points)
