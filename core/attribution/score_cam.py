"""Score-CAM: how much of the score is left when only what a feature map shows is seen?

Wang et al. 2019, https://arxiv.org/abs/1910.01279
"""

from __future__ import annotations

import numpy as np

from core.attribution import SaliencyMap
from core.attribution.target import ClassTarget, hide
from core.images import resize
from core.networks.network import Network, feature_maps, softmax
from core.progress import Report


def score_cam(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    layer: str | None = None,
    maps: int = 128,
    baseline: float = 0.5,
    report: Report | None = None,
) -> SaliencyMap:
    """`ReLU(sum_k w_k A_k)`, `w` the softmax over k of the logits of the image seen through each map.

    A map is enlarged to the image and scaled to [0, 1]; where it is 0 the image gives way to the grey `baseline` in
    [0, 1]. Only the `maps` that vary most take part, as in Faster Score-CAM
    (https://github.com/tabayashi0117/Score-CAM), each of which costs one call. No gradient.

    `image` is `(h, w, 3)` in [0, 1]; `layer` is by default the network's default layer, after its activation; any layer
    with feature maps will do. The map has their size. NetworkError: no such layer or class, or no feature maps.
    """
    layer = layer or network.entry.default_layer
    target = ClassTarget(network, image, class_index, report)
    layer_maps = feature_maps(network, target.image, layer)[0]
    target.calls += 1
    channels = np.sort(np.argsort(-layer_maps.std(axis=(0, 1)), kind="stable")[:maps])
    layer_maps = layer_maps[..., channels]
    scores = np.zeros(len(channels), np.float32)
    for batch in target.batches(len(channels)):
        masks = np.stack([_mask(layer_maps[..., place], target.image) for place in range(batch.start, batch.stop)])
        scores[batch] = target.scores(hide(target.image, masks, baseline))
        weights = softmax(scores[: batch.stop])
        weighted = layer_maps[..., : batch.stop] @ weights
        target.report_progress(batch.stop, len(channels), np.maximum(weighted, 0))
    steps = {"feature_maps": layer_maps, "channels": channels, "scores": scores, "weights": weights}
    return target.saliency_map(np.maximum(weighted, 0), layer, **steps)


def _mask(feature_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map at the image's size, from 0 to 1; a flat one hides everything."""
    enlarged = resize(feature_map, *image.shape[:2])
    return (enlarged - enlarged.min()) / max(np.ptp(enlarged), np.finfo(np.float32).tiny)
