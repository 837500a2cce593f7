"""The course's experiments with explanations. Classes are numbers of ImageNet, which has no cow but an ox, and of
VGGFace.
"""

from __future__ import annotations

from dashboard.shared.presets import Preset

PRESETS: dict[str, Preset] = {
    "soderbergh": {"network": "VGGFace-VGG16", "source": "upload", "class": 2369, "method": "grad_cam"},
    **{
        f"{animal}_{network.lower()}_{method}": {
            "network": network,
            "source": "upload",
            "class": class_index,
            "method": method,
        }
        for animal, class_index in (("elephant", 386), ("bear", 295))
        for network in ("ResNet50", "Xception")
        for method in ("grad_cam", "fem")
    },
    "cat": {"network": "ResNet50", "source": "samples", "sample": "chelsea", "class": 281, "method": "grad_cam"},
    **{
        name: {"network": "ResNet50", "source": "upload", "class": class_index, "method": "grad_cam"}
        for name, class_index in (("soccer_ball", 805), ("miniskirt", 655), ("cow", 345))
    },
}
