"""What an explanation is about: the score of one class, which a network gives to images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.attribution import SaliencyMap
from core.networks.network import Network, batch_size
from core.progress import Report


class ClassTarget:
    """The logit of one class for one image and for others like it; the network is called in batches, and counted.

    `image` `(h, w, 3)` in [0, 1] is stretched to the network's size; `class_index` is by default the predicted class.
    `calls` counts the images that went through the network. NetworkError: no image, or no such class.
    """

    def __init__(
        self, network: Network, image: np.ndarray, class_index: int | None = None, report: Report | None = None
    ) -> None:
        self.network = network
        self.image = network.resized(image)[0]
        self.class_index = (
            int(network.run(self.image)[0].argmax()) if class_index is None else network.check_class(class_index)
        )
        self.calls = 0
        self.report = report

    @property
    def inputs(self) -> np.ndarray:
        """The image as the network takes it: `(1, h, w, c)` float32."""
        return self.network.inputs(self.image)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """The logit of the class for images `(n, h, w, 3)` in [0, 1]: `(n,)`."""
        self.calls += len(images)
        return self.network.run(images)[:, self.class_index]

    def batches(self, count: int, *, backward: bool = False) -> Iterator[slice]:
        """Slices of a range of `count`, each as long as a batch of the network, or half of it where a `backward` pass
        follows: until then all feature maps are kept.
        """
        size = batch_size(self.network.entry) // (2 if backward else 1)
        return (slice(start, min(start + size, count)) for start in range(0, count, size))

    def report_progress(self, step: int, steps: int, values: np.ndarray | None = None) -> None:
        """Report how far the method is, with the map so far `(h, w)`; what the report raises ends the method."""
        if self.report:
            self.report(step, steps, None if values is None else np.float32(values), calls=self.calls)

    def saliency_map(self, values: np.ndarray, layer: str | None = None, **steps: np.ndarray) -> SaliencyMap:
        """The map `(h, w)`; `steps` are its intermediate results, in the order of the formula."""
        return SaliencyMap(np.asarray(values, np.float32), self.class_index, layer, self.calls, steps)


def hide(image: np.ndarray, masks: np.ndarray, baseline: float | np.ndarray) -> np.ndarray:
    """The image `(h, w, 3)` under each of the masks `(n, h, w)`, 1 where it is seen: `(n, h, w, 3)` float32.

    `baseline` is seen where a mask is 0: a shade of grey in [0, 1], or another image.
    """
    background = np.broadcast_to(np.float32(baseline), image.shape)
    return background + masks[..., None].astype(np.float32) * (image - background)
