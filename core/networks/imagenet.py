"""Networks of `keras.applications`, trained on ImageNet's 1,000 classes; their output here are logits."""

from __future__ import annotations

import keras


def build(network: str, alpha: float = 1.0) -> keras.Model:
    """Build `keras.applications.<network>` with random weights, such as "VGG16".

    `alpha` is the width of a MobileNet (Howard et al. 2017, https://arxiv.org/abs/1704.04861).
    """
    width = {} if alpha == 1 else {"alpha": alpha}
    return getattr(keras.applications, network)(weights=None, classifier_activation=None, **width)
