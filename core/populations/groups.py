"""Where a group's images come from: rendered on the spot, or a student's own photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from core import faces, images
from core.archives import unnumbered
from core.faces.identity import Group
from core.images import ImageError, from_uint8, resize, to_uint8
from core.populations import landmarks
from core.populations.alignment import landmarks_in_box

SEED = 64
"""How captures are drawn: other ones than those of the training and of the other pages."""
PHOTO_SIDE = 224
"""Pixels a side at which a photo's face is kept: no face network here takes more."""


@dataclass(frozen=True, eq=False)
class Face:
    """An image `(s, s, 3)` in [0, 1] framed for a face network, its landmarks as in `align`, who it is, the class that
    this person is to the network (None: none, or unknown), and the numbers of `REGIONS` `(s, s)` where known.
    """

    image: np.ndarray
    landmarks: np.ndarray
    person: int | str
    class_index: int | None
    regions: np.ndarray | None


@dataclass(frozen=True)
class RenderedGroup:
    """So many `people` of a group, rendered in so many `captures` each: people that MiniFace was trained to know (at
    most 24 a group) or, where not `known`, people that no network was trained on.
    """

    group: Group
    people: int
    captures: int
    known: bool = True

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.people * self.captures

    def person_numbers(self) -> list[int]:
        """The numbers of its people."""
        first = 0 if self.known else faces.NEW_PEOPLE
        return [first + 2 * place + (self.group == "B") for place in range(self.people)]

    def faces(self, size: int) -> Iterator[Face]:
        """Its images at `size` pixels a side, person after person, rendered one by one."""
        for number in self.person_numbers():
            person = faces.person(number)
            for index in range(self.captures):
                capture = faces.capture_of(number, SEED, index)
                image, masks = faces.render(person, capture, size)
                points = faces.landmarks(person, capture)
                yield Face(image, points, number, number if self.known else None, faces.label_map(masks))


@dataclass(frozen=True, eq=False)
class PhotoGroup:
    """Photos `(n, s, s, 3)` uint8 of faces, who is on each and which class that is.

    `landmarks` `(n, 3, 2)` are where eyes and mouth would be in an average face; they stand in where none are detected.
    """

    images: np.ndarray
    landmarks: np.ndarray
    people: tuple[str, ...]
    classes: tuple[int | None, ...]

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.images)

    def faces(self, size: int) -> Iterator[Face]:
        """Its images at `size` pixels a side, with landmarks as `core.populations.landmarks` detects them."""
        for image, average, person, class_index in zip(
            self.images, self.landmarks, self.people, self.classes, strict=True
        ):
            detected = landmarks.detect(image)
            points = average if detected is None else detected
            yield Face(resize(from_uint8(image), size, size), points, person, class_index, None)


Source = RenderedGroup | PhotoGroup


def read_face(data: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The largest face of an untrusted file, framed for a face network: `(PHOTO_SIDE, PHOTO_SIDE, 3)` uint8, and the
    landmarks `(3, 2)` of an average face there.

    Raises:
        ImageError: no image that can be used, or no face on it.
    """
    image = images.decode(data)
    face = images.detect_face(image)
    if face is None:
        raise ImageError("no_face")
    box = images.box_around_face(face, image)
    return to_uint8(resize(images.crop(image, box), PHOTO_SIDE, PHOTO_SIDE)), landmarks_in_box(face, box)


def people_from_names(names: Sequence[str]) -> tuple[str, ...]:
    """Who is on each of the files `names`: the folder where there are several, else the name without the number at
    its end, so that `anna_1.jpg` and `anna_2.jpg` are one person.
    """
    folders = [str(PurePosixPath(name).parent) for name in names]
    if len(set(folders)) > 1:
        return tuple(folders)
    return tuple(map(unnumbered, names))
