"""Trains the digits network that ships with the app, on the digits inside scikit-learn -> `assets/weights/digits.npz`.

    python scripts/train_digits.py

With the same seed the digits and the first weights are the same; the weights differ a little between machines.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from core import digits as data  # noqa: E402
from core.training import network  # noqa: E402

WEIGHTS = ROOT / "assets" / "weights" / "digits.npz"
EPOCHS, BATCH, RATE, SHIFT, SEED = 60, 32, 2e-3, 2, 0
"""`SHIFT`: pixels that a digit is moved at most, each way, every time it is seen."""


class Shifted(keras.utils.PyDataset):
    """Digits in another order and at another place in every epoch."""

    def __init__(self, part: data.Part) -> None:
        super().__init__()
        self.part, self.rng = part, np.random.default_rng(SEED)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.part.labels) // BATCH)

    def on_epoch_end(self) -> None:
        """Draw another order."""
        self.order = self.rng.permutation(len(self.part.labels))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[index * BATCH : (index + 1) * BATCH]
        moves = self.rng.integers(-SHIFT, SHIFT + 1, (len(chosen), 2))
        moved = [np.roll(self.part.images[n], move, axis=(0, 1)) for n, move in zip(chosen, moves, strict=True)]
        return np.stack(moved).astype(np.float32) / 255, self.part.labels[chosen]


def main() -> None:
    """Train, write, and say what the written weights reach."""
    keras.utils.set_random_seed(SEED)
    digits, model = data.embedded(), network.build(seed=SEED)
    rates = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * len(Shifted(digits.train)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rates), loss, metrics=["accuracy"])
    held = digits.validation.images / np.float32(255), digits.validation.labels
    model.fit(Shifted(digits.train), epochs=EPOCHS, validation_data=held, verbose=2)
    arrays = {f"{layer.name}/{w.name}": np.asarray(w, np.float16) for layer in model.layers for w in layer.weights}
    np.savez(WEIGHTS, **arrays)
    model.set_weights([np.asarray(w).astype(np.float16) for w in model.weights])
    for name in ("train", "validation", "test"):
        part = getattr(digits, name)
        found, accuracy = model.evaluate(part.images / np.float32(255), part.labels, verbose=0)
        print(f"{name}: {len(part.labels)} digits, loss {found:.4f}, accuracy {accuracy:.4f}")
    print("sha256", hashlib.sha256(WEIGHTS.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
