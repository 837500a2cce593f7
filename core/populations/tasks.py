"""What a worker can be asked about groups of people. All raise NetworkError."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from core.images import resize
from core.intervals import Estimate, bootstrap_means
from core.networks.entry import Entry
from core.networks.loading import load
from core.networks.network import Network, batch_size
from core.populations.alignment import align, typical_regions
from core.populations.energy import areas, energies
from core.populations.groups import Face, Source
from core.populations.statistics import Difference, difference
from core.populations.verification import Verification, pool, verify
from core.progress import Report

FACE_SIDE = 112
"""Pixels a side of a mean face."""


@dataclass(frozen=True, eq=False)
class GroupResult:
    """A network's results on a group: so many `images` of so many `people`.

    `face` `(FACE_SIDE, FACE_SIDE, 3)` is the mean aligned image. `maps` `(people, SIDE, SIDE)` are the mean aligned
    Grad-CAM of each person, in multiples of a map's own mean over its image. `energies` has the share of a map in
    each of `REGIONS`, `areas` `(8,)` what a map that is the same everywhere would give. Of `labelled` images the true
    class is known, of which `correct` are classified correctly. `confidence` is the probability of the first choice.
    """

    people: int
    images: int
    face: np.ndarray
    maps: np.ndarray
    energies: list[Estimate]
    areas: np.ndarray
    labelled: int
    correct: int
    confidence: Estimate
    verification: Verification


@dataclass(frozen=True, eq=False)
class Comparison:
    """Groups by name, in their order; where the maps of the first less those of the second differ; which region a place
    usually is, numbers of `REGIONS` `(SIDE, SIDE)`; and the pairs of both groups `pooled`, as in one deployment.
    """

    groups: dict[str, GroupResult]
    difference: Difference
    regions: np.ndarray
    pooled: Verification


def compare(
    network: str | Entry,
    sources: Mapping[str, Source],
    *,
    layer: str | None = None,
    channels: Sequence[int] | None = None,
    true_class: bool = True,
    report: Report | None = None,
) -> Comparison:
    """Compare two groups by Grad-CAM of a layer and some of its channels (None: all).

    The maps explain the true class where it is known and wanted, else the network's first choice. `report` is called
    before every image.
    """
    loaded = load(network)
    steps = sum(source.count for source in sources.values())
    results, done = {}, 0
    for name, source in sources.items():

        def report_image(step: int, before: int = done) -> None:
            if report:
                report(before + step, steps)

        results[name] = analyse_group(loaded, source, layer, channels, true_class, report_image)
        done += source.count
    one, other = results.values()
    pooled = pool([result.verification for result in results.values()])
    return Comparison(results, difference(one.maps, other.maps), typical_regions(), pooled)


@dataclass(frozen=True, eq=False)
class _ImageResult:
    """A network's results on one image, as `GroupResult` averages them."""

    person: int | str
    face: np.ndarray
    map: np.ndarray
    energies: np.ndarray
    areas: np.ndarray
    correct: bool | None
    confidence: float
    embedding: np.ndarray


def analyse_group(
    network: Network,
    source: Source,
    layer: str | None,
    channels: Sequence[int] | None,
    true_class: bool,
    report_image: Callable[[int], None],
) -> GroupResult:
    """A network's results on a group; `report_image(step)` is called before every image."""

    def reported_faces() -> Iterator[Face]:
        faces = source.faces(network.entry.input_size)
        for step in range(source.count):
            report_image(step)
            yield next(faces)

    results = list(_image_results(network, reported_faces(), layer, channels, true_class))
    people = np.array([str(result.person) for result in results])
    names = np.unique(people)

    def by_person(values: list[np.ndarray] | list[float]) -> np.ndarray:
        """Means over the images of each person: `(people, ...)`."""
        rows = np.asarray(values)
        return np.stack([rows[people == name].mean(axis=0) for name in names])

    correct = [result.correct for result in results if result.correct is not None]
    return GroupResult(
        people=len(names),
        images=len(results),
        face=np.mean([result.face for result in results], axis=0),
        maps=by_person([result.map for result in results]),
        energies=bootstrap_means(by_person([result.energies for result in results])),
        areas=np.mean([result.areas for result in results], axis=0),
        labelled=len(correct),
        correct=sum(correct),
        confidence=bootstrap_means(by_person([result.confidence for result in results])[:, None])[0],
        verification=verify(np.stack([result.embedding for result in results]), people),
    )


def _image_results(
    network: Network, faces: Iterator[Face], layer: str | None, channels: Sequence[int] | None, true_class: bool
) -> Iterator[_ImageResult]:
    """Image by image; a batch at a time goes through the network, its maps are made one by one."""
    from core.attribution.grad_cam import grad_cam
    from core.masking.scores import predict

    while batch := list(islice(faces, batch_size(network.entry))):
        predictions = predict(network, np.stack([face.image for face in batch]))
        for face, probabilities, embedding in zip(
            batch, predictions.probabilities, predictions.embeddings, strict=True
        ):
            predicted, truth = int(probabilities.argmax()), face.class_index
            explained = truth if true_class and truth is not None else predicted
            values = grad_cam(network, face.image, explained, layer=layer, channels=channels).values
            aligned = _aligned_map(values, face)
            # Where the regions of an image are not known, the average proportions lie over the aligned face.
            energy = energies(aligned, typical_regions()) if face.regions is None else energies(values, face.regions)
            yield _ImageResult(
                face.person,
                align(face.image, face.landmarks, FACE_SIDE),
                aligned,
                energy,
                areas(typical_regions() if face.regions is None else face.regions),
                None if truth is None else predicted == truth,
                float(probabilities[predicted]),
                embedding,
            )


def _aligned_map(values: np.ndarray, face: Face) -> np.ndarray:
    """A map in multiples of its mean, aligned: `(SIDE, SIDE)` float32; one that is 0 everywhere stays so."""
    whole = resize(values, *face.image.shape[:2])
    mean = float(whole.mean())
    return align(whole / mean if mean > 0 else whole, face.landmarks)
