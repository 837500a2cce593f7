"""Measures MiniFace on captures it was never trained on; writes `assets/weights/miniface.json`.

    python scripts/evaluate_miniface.py [CAPTURES_A_PERSON]     # 100 by default: 4,800 captures

Accuracy (all, group A, group B), accuracy with a region covered, the share of Grad-CAM's energy inside the head, and
nearest-neighbour accuracy on fc7 for people it never saw.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.faces import NEW_PEOPLE, PEOPLE, group_of, render_capture  # noqa: E402

SIZE = 112
SEED = 7
COVERS = {"eyes": ("eyes", "brows"), "lower face": ("nose", "mouth", "jaw")}
"""What is covered -> the regions that it hides."""
GRADCAM_CAPTURES = 480
NEWCOMERS, ENROLLED = 40, 5


def photograph(captures: int, number: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """`captures` pictures of a person, `(n, SIZE, SIZE, 3)` float16, and masks of covers and head `(n, SIZE, SIZE)`."""
    images, masks = [], {name: [] for name in (*COVERS, "head")}
    for index in range(captures):
        image, regions = render_capture(number, SEED, index, SIZE)
        images.append(image.astype(np.float16))
        masks["head"].append(~regions["background"])
        for name, hidden in COVERS.items():
            masks[name].append(np.any([regions[r] for r in hidden], axis=0))
    return np.stack(images), {name: np.stack(m) for name, m in masks.items()}


def bars(masks: np.ndarray) -> np.ndarray:
    """The upright rectangle around each mask: `(n, h, w)` boolean -> the same."""
    rows, columns = masks.any(axis=2), masks.any(axis=1)

    def filled(line: np.ndarray) -> np.ndarray:
        return np.logical_or.accumulate(line, axis=1) & np.logical_or.accumulate(line[:, ::-1], axis=1)[:, ::-1]

    return filled(rows)[:, :, None] & filled(columns)[:, None, :]


def main(captures: int = 100) -> None:
    """Measure and write."""
    from core.attribution.grad_cam import grad_cam
    from core.images import resize
    from core.networks.layers import cut
    from core.networks.loading import load

    network = load("MiniFace")
    with ProcessPoolExecutor() as pool:
        shots = list(pool.map(partial(photograph, captures), range(PEOPLE)))
        newcomers = list(pool.map(partial(photograph, 20), range(NEW_PEOPLE, NEW_PEOPLE + NEWCOMERS)))

    def percent(values: list[np.ndarray]) -> dict[str, float]:
        groups = {g: [v for n, v in enumerate(values) if group_of(n) == g] for g in ("A", "B")}
        return {name: round(100 * float(np.mean(v)), 2) for name, v in {"all": values, **groups}.items()}

    def accuracy(change: str | None = None, shape: str = "bar", fill: float = 0.0) -> dict[str, float]:
        right = []
        for number, (images, masks) in enumerate(shots):
            pictures = images.astype(np.float32)
            if change:
                hidden = bars(masks[change]) if shape == "bar" else masks[change]
                pictures[hidden] = fill
            right.append(network.predict(pictures).argmax(axis=1) == number)
        return percent(right)

    results: dict[str, object] = {"captures": captures * PEOPLE, "accuracy": accuracy()}
    for name in COVERS:
        for shape, fill in (("bar", 0.0), ("region", 0.0), ("region", 0.5)):
            results[f"accuracy, {name} covered, {shape} filled with {fill}"] = accuracy(name, shape, fill)

    inside = []
    for images, masks in shots:
        for index in range(GRADCAM_CAPTURES // PEOPLE):
            saliency = grad_cam(network, images[index].astype(np.float32), len(inside) // (GRADCAM_CAPTURES // PEOPLE))
            energy = resize(saliency.values, SIZE, SIZE)
            inside.append(float(energy[masks["head"][index]].sum() / max(energy.sum(), 1e-9)))
    results["share of Grad-CAM energy inside the head, percent"] = round(100 * float(np.mean(inside)), 2)
    results["share of the picture that is head, percent"] = round(
        100 * float(np.mean([m["head"].mean() for _, m in shots])), 2
    )

    embed = cut(network.model, network.entry.embedding_layer)
    codes = np.stack([np.asarray(embed(network.inputs(images.astype(np.float32)))) for images, _ in newcomers])
    codes /= np.linalg.norm(codes, axis=-1, keepdims=True)
    gallery = codes[:, :ENROLLED].reshape(-1, codes.shape[-1])
    nearest = (codes[:, ENROLLED:] @ gallery.T).argmax(axis=-1) // ENROLLED
    right = list(nearest == np.arange(NEWCOMERS)[:, None])
    results[f"nearest neighbour on fc7, {NEWCOMERS} new people, {ENROLLED} enrolled each"] = percent(right)

    text = json.dumps(results, indent=2)
    (ROOT / "assets" / "weights" / "miniface.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
