"""LIME: a linear model of the network around one image, fitted to its answers when superpixels are hidden.

Ribeiro et al. 2016, https://arxiv.org/abs/1602.04938; the model is that of the authors' library `lime`.
"""

from __future__ import annotations

import numpy as np
from lime.lime_image import LimeImageExplainer

from core.attribution import SaliencyMap
from core.attribution.superpixels import mean_colours, split
from core.attribution.target import ClassTarget, hide
from core.networks.network import Network
from core.progress import Report


def lime(
    network: Network,
    image: np.ndarray,
    class_index: int | None = None,
    *,
    superpixels: int = 50,
    samples: int = 500,
    seed: int = 0,
    report: Report | None = None,
) -> SaliencyMap:
    """The weight of each superpixel in the linear model: `(h, w)` of the network's size, signed, in logits.

    In each of `samples` images, the first excepted, every superpixel is hidden with probability 1/2, that is, shown
    in its mean colour. The model is a ridge regression in which an image counts more the less of it is hidden; there
    are about as many `superpixels` as wanted. No gradient.

    `image` is `(h, w, 3)` in [0, 1]. NetworkError: no such class.
    """
    target = ClassTarget(network, image, class_index, report)
    parts = split(target.image, superpixels)
    background = mean_colours(target.image, parts)
    explainer = LimeImageExplainer(random_state=seed)
    shown = explainer.random_state.randint(0, 2, (samples, parts.max() + 1))  # as the library draws them
    shown[0] = 1
    distances = 1 - np.sqrt(shown.mean(axis=1))  # by cosine, from the image with nothing hidden
    scores = np.zeros((samples, 1))
    for batch in target.batches(samples):
        scores[batch, 0] = target.scores(hide(target.image, shown[batch][:, parts], background))
        so_far = slice(batch.stop)
        _, weights, _, _ = explainer.base.explain_instance_with_data(
            shown[so_far], scores[so_far], distances[so_far], 0, shown.shape[1], feature_selection="none"
        )
        coefficients = np.array([weight for _, weight in sorted(weights)])
        target.report_progress(batch.stop, samples, coefficients[parts])
    return target.saliency_map(coefficients[parts], superpixels=parts, weights=coefficients)
