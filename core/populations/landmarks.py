"""Eyes and mouth of a real face, detected by MTCNN: the package `mtcnn`, whose weights come with it.

Zhang et al. 2016, Joint face detection and alignment using multi-task cascaded convolutional networks,
https://arxiv.org/abs/1604.02878
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


def detect(image: np.ndarray) -> np.ndarray | None:
    """Left eye, right eye (as seen by the viewer) and middle of the mouth of the most certain face on an image
    `(h, w, 3)` uint8: `(3, 2)`, x and y in shares of the image; None where no face is detected.
    """
    faces = _detector().detect_faces(image)
    if not faces:
        return None
    points = max(faces, key=lambda face: face["confidence"])["keypoints"]
    mouth = np.mean([points["mouth_left"], points["mouth_right"]], axis=0)
    height, width = image.shape[:2]
    return (np.array([points["left_eye"], points["right_eye"], mouth]) + 0.5) / (width, height)


@lru_cache(maxsize=1)
def _detector() -> Any:
    from mtcnn import MTCNN  # it imports TensorFlow

    return MTCNN(device="CPU:0")
