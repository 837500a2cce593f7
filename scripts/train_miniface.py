"""Makes `assets/weights/miniface.npz`: renders the captures, trains with BatchNormalization, folds it, writes float16.

    python scripts/train_miniface.py render    # captures -> build/miniface/*.npy (uint8), all cores
    python scripts/train_miniface.py train     # -> assets/weights/miniface.npz and build/miniface/history.json

`scripts/evaluate_miniface.py` measures the result. With the same seeds the captures are the same; the weights differ
in the last digits between machines.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.faces import PEOPLE, Identity, person, render, sample_capture  # noqa: E402

BUILD = ROOT / "build" / "miniface"
WEIGHTS = ROOT / "assets" / "weights" / "miniface.npz"
SIZE = 112
SEED = 20_261_121
"""First entry of every training capture's seed: no capture of the app starts with it."""
TRUNK = range(100, 400)
CAPTURES = {"classes": 240, "trunk": 48}
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 15, 64, 2e-3, 1e-4
OCCLUDED, OCCLUDED_FROM = 0.45, 3
"""Share of the training pictures that get bars or patches, and the epoch in which they start: a network that never
saw one breaks under any, one that sees them from the start learns slowly."""
TRAITS_WEIGHT = 10.0
"""Weight of the second task, to name the person's traits: a richer teacher than one label; dropped for shipping."""


def render_captures(task: tuple[int, int]) -> np.ndarray:
    """`(number, count)` -> `(count, SIZE, SIZE, 3)` uint8."""
    number, count = task
    identity = person(number)
    rngs = (np.random.default_rng([SEED, number, index]) for index in range(count))
    return np.stack([np.rint(render(identity, sample_capture(rng), SIZE)[0] * 255) for rng in rngs]).astype(np.uint8)


def render_all() -> None:
    """Render every training capture once, people spread over the cores."""
    BUILD.mkdir(parents=True, exist_ok=True)
    numbers = [*range(PEOPLE), *TRUNK]
    tasks = [(n, CAPTURES["classes"] if n < PEOPLE else CAPTURES["trunk"]) for n in numbers]
    total = sum(count for _, count in tasks)
    images = np.lib.format.open_memmap(BUILD / "images.npy", "w+", np.uint8, (total, SIZE, SIZE, 3))
    labels = np.repeat(np.arange(len(tasks)), [count for _, count in tasks])
    started, place = time.time(), 0
    with ProcessPoolExecutor() as pool:
        for captures in pool.map(render_captures, tasks):
            images[place : place + len(captures)] = captures
            place += len(captures)
            print(f"\r{place} of {total} captures, {place / (time.time() - started):.0f} a second", end="", flush=True)
    np.save(BUILD / "labels.npy", labels)
    print()


def occlude(image: np.ndarray, rng: np.random.Generator) -> None:
    """Hide one to three rectangles or ellipses of a uint8 picture, in place, each under a fill drawn by lot."""
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.5:  # a bar: wide and low, as over eyes or mouth
            width, height = rng.integers(30, 100), rng.integers(10, 36)
        else:
            width, height = rng.integers(10, 56, 2)
        left, top = rng.integers(0, SIZE - width), rng.integers(0, SIZE - height)
        place = image[top : top + height, left : left + width]
        fill = rng.integers(6)
        if fill == 0:
            hidden = np.zeros_like(place)
        elif fill == 1:
            hidden = np.broadcast_to(image.mean((0, 1)), place.shape)
        elif fill == 2:
            hidden = np.broadcast_to(rng.integers(0, 256, 3), place.shape)
        elif fill == 3:
            hidden = rng.integers(0, 256, place.shape)
        elif fill == 4:
            hidden = cv2.GaussianBlur(place, (0, 0), rng.uniform(5, 12))
        else:
            blocks = cv2.resize(place, (max(width // 12, 1), max(height // 12, 1)), interpolation=cv2.INTER_AREA)
            hidden = cv2.resize(blocks, (int(width), int(height)), interpolation=cv2.INTER_NEAREST)
        if rng.random() < 0.25:
            y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
            place[:] = np.where((x * x + y * y < 1)[..., None], hidden, place)
        else:
            place[:] = hidden


def traits(number: int) -> list[float]:
    """The person's geometry, each trait scaled to [-1, 1]."""
    identity = person(number)
    ranges = {trait.name: trait.metadata["range"] for trait in fields(Identity)}
    return [(2 * getattr(identity, name) - low - high) / (high - low) for name, (low, high) in ranges.items()]


def train() -> None:
    """Train on classes and trunk people together, keep the classes' rows of the head, fold, write float16."""
    import keras

    from core.networks import miniface

    images, labels = np.load(BUILD / "images.npy", mmap_mode="r"), np.load(BUILD / "labels.npy")
    geometry = np.array([traits(n) for n in (*range(PEOPLE), *TRUNK)], np.float32)
    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy("mixed_bfloat16")  # a quarter faster where the processor has it; weights stay float32

    class Batches(keras.utils.PyDataset):
        """Shuffled batches, some pictures occluded anew each time they are seen."""

        def __init__(self) -> None:
            super().__init__(workers=1, use_multiprocessing=False)
            self.epoch = 0
            self.on_epoch_end()

        def __len__(self) -> int:
            return len(labels) // BATCH

        def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            rows = np.sort(self.order[index * BATCH : (index + 1) * BATCH])
            batch = images[rows].copy()
            rng = np.random.default_rng([SEED, self.epoch, index])
            share = OCCLUDED if self.epoch >= OCCLUDED_FROM else 0.0
            for picture in batch:
                if rng.random() < share:
                    occlude(picture, rng)
            gain = rng.uniform(0.85, 1.15, (len(rows), 1, 1, 3)).astype(np.float32)
            pictures = np.clip(batch / np.float32(255) * gain, 0, 1)
            return miniface.preprocess(pictures), {"fc8": labels[rows], "traits": geometry[labels[rows]]}

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = np.random.default_rng([SEED, self.epoch]).permutation(len(labels))

    batches = Batches()
    network = miniface.build(int(labels.max()) + 1, normalize=True, seed=SEED)
    named = keras.layers.Dense(geometry.shape[1], name="traits", dtype="float32")(network.get_layer("fc8").input)
    pupil = keras.Model(network.input, {"fc8": network.output, "traits": named})
    schedule = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 10, EPOCHS * len(batches), warmup_target=LEARNING_RATE, warmup_steps=200
    )
    pupil.compile(
        keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY),
        {"fc8": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "traits": "mse"},
        loss_weights={"fc8": 1.0, "traits": TRAITS_WEIGHT},
        metrics={"fc8": "accuracy"},
    )

    def save(epoch: int, logs: dict[str, float]) -> None:
        plain = miniface.fold(network, list(range(PEOPLE)))
        arrays = {w.path.removeprefix("miniface/"): np.asarray(w, np.float16) for w in plain.weights}
        np.savez(WEIGHTS, **arrays)
        seconds = round(time.time() - started)
        history.append({"epoch": epoch + 1, "seconds": seconds, **{k: round(float(v), 4) for k, v in logs.items()}})
        network.save(BUILD / "network.keras")
        (BUILD / "history.json").write_text(json.dumps(history, indent=1))

    history: list[dict[str, float]] = []
    started = time.time()
    pupil.fit(batches, epochs=EPOCHS, verbose=1, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=save)])


if __name__ == "__main__":
    {"render": render_all, "train": train}[sys.argv[1]]()
