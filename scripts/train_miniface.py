"""Makes the weights of MiniFace and of its siblings: renders captures, trains with BatchNormalization, folds it.

    python scripts/train_miniface.py render miniface    # captures -> build/miniface/*.npy (uint8)
    python scripts/train_miniface.py train miniface     # -> assets/weights/miniface.npz (float16) and its history
    python scripts/train_miniface.py render shares      # the captures of all three siblings
    python scripts/train_miniface.py train miniface_a90 # and miniface_a50, miniface_a10

The siblings differ from each other in one thing: of their captures, 90, 50 or 10 % show people of group A.
`scripts/evaluate_miniface.py` measures MiniFace. With the same seeds the captures are the same; the weights differ in
the last digits between machines.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core.faces import PEOPLE, PORTRAIT, Capture, Identity, group_of, person, render, sample_capture  # noqa: E402

BUILD = ROOT / "build" / "miniface"
WEIGHTS = ROOT / "assets" / "weights"
SIZE, MAPS = 112, 7
"""Sides of a picture and of conv5_3's maps."""
SEED = 20_261_121
"""First entry of every training capture's seed: no capture of the app starts with it."""
TRUNK = range(100, 400)
PUPILS = (*range(PEOPLE), *TRUNK)
CAPTURES = {
    "miniface": {"mild": (64, 20), "full": (240, 48)},
    "shares": {"mild": (54, 18), "full": (180, 36)},
}
"""Set -> stage -> captures rendered of each class and of each trunk person. A network of this depth starts to learn on
mild captures, whose light, pose and disguise are a third of what they are later."""


@dataclass(frozen=True)
class Recipe:
    """What a network is trained on: captures of which set, which share of group A's and of B's, and for how long."""

    captures: str
    shares: dict[str, float]
    epochs: dict[str, int]


EPOCHS = {"mild": 7, "full": 8}
RECIPES = {
    "miniface": Recipe("miniface", {"A": 1, "B": 1}, {"mild": 4, "full": 12}),
    "miniface_a90": Recipe("shares", {"A": 1, "B": 1 / 9}, EPOCHS),
    "miniface_a50": Recipe("shares", {"A": 5 / 9, "B": 5 / 9}, EPOCHS),
    "miniface_a10": Recipe("shares", {"A": 1 / 9, "B": 1}, EPOCHS),
}
"""Network -> recipe. The groups are of one size, so that the siblings see as many captures, 5/9 of those rendered."""
BATCH, LEARNING_RATE, WEIGHT_DECAY = 64, 1.5e-3, 1e-4
OCCLUDED = 0.45
"""Share of the full stage's pictures that get bars or patches: a network that never saw one breaks under any."""
WEIGHTS_OF_TASKS = {"fc8": 1.0, "traits": 3.0, "capture": 1.0, "conv5_3_relu": 3.0}
"""Beside naming the person (fc8), the network is taught to measure the person's traits and how the picture was taken:
richer teachers than one label, without which little is learned for hours. And what conv5_3 answers where there is no
head counts against it: a network that recognises faces shall look at them (Ross 2017, Right for the right reasons,
https://arxiv.org/abs/1703.03717). All this is dropped for shipping."""


def mild(capture: Capture) -> Capture:
    """The same capture, its numbers brought two thirds of the way to a plain portrait's."""
    numbers = [part.name for part in fields(Capture) if "range" in part.metadata]
    plain = {name: getattr(PORTRAIT, name) for name in numbers}
    return replace(capture, **{name: plain[name] + (getattr(capture, name) - plain[name]) / 3 for name in numbers})


def capture_of(stage: str, number: int, index: int) -> Capture:
    """How the picture `index` of a person is taken in a stage."""
    capture = sample_capture(np.random.default_rng([SEED, number, index]))
    return mild(capture) if stage == "mild" else capture


def tasks_of(captures: str, stage: str) -> list[tuple[str, int, int]]:
    """(stage, person, number of captures) of everybody in a stage of a set."""
    of_class, of_trunk = CAPTURES[captures][stage]
    return [(stage, n, of_class if n < PEOPLE else of_trunk) for n in PUPILS]


def render_captures(task: tuple[str, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """`(stage, number, count)` -> pictures `(count, SIZE, SIZE, 3)` uint8, and where conv5_3 sees no head.

    The second is `(count, MAPS, MAPS, 1)` float32, 1 for a place without head.
    """
    stage, number, count = task
    images, outside = [], []
    for index in range(count):
        image, regions = render(person(number), capture_of(stage, number, index), SIZE)
        images.append(np.rint(image * 255).astype(np.uint8))
        background = regions["background"].reshape(MAPS, SIZE // MAPS, MAPS, SIZE // MAPS)
        outside.append(background.mean(axis=(1, 3)) > 0.85)
    return np.stack(images), np.stack(outside)[..., None].astype(np.float32)


def render_all(captures: str, stage: str) -> None:
    """Render every capture of a stage once, people spread over the cores."""
    BUILD.mkdir(parents=True, exist_ok=True)
    tasks = tasks_of(captures, stage)
    total = sum(count for *_, count in tasks)
    images = np.lib.format.open_memmap(BUILD / f"{captures}_{stage}_images.npy", "w+", np.uint8, (total, SIZE, SIZE, 3))
    outside = np.zeros((total, MAPS, MAPS, 1), np.float32)
    started, place = time.time(), 0
    with ProcessPoolExecutor() as pool:
        for pictures, without_head in pool.map(render_captures, tasks):
            rows = slice(place, place := place + len(pictures))
            images[rows], outside[rows] = pictures, without_head
            print(f"\r{place} of {total} captures, {place / (time.time() - started):.0f} a second", end="", flush=True)
    np.save(BUILD / f"{captures}_{stage}_outside.npy", outside)
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


def measures(thing: Identity | Capture) -> list[float]:
    """Every number of an identity or a capture, scaled from its range to [-1, 1]."""
    ranges = {part.name: part.metadata["range"] for part in fields(thing) if "range" in part.metadata}
    return [(2 * getattr(thing, name) - low - high) / (high - low) for name, (low, high) in ranges.items()]


def train(name: str) -> None:
    """Train on classes and trunk people together, keep the classes' rows of the head, fold, write float16."""
    import keras

    from core.networks import miniface
    from core.networks.preprocessing import PREPROCESSING
    from core.networks.table import MINIFACE

    recipe = RECIPES[name]
    geometry = np.array([measures(person(n)) for n in PUPILS], np.float32)
    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy("mixed_bfloat16")  # a quarter faster where the processor has it; weights stay float32

    class Batches(keras.utils.PyDataset):
        """Shuffled batches, some pictures occluded anew each time they are seen."""

        def __init__(self, stage: str) -> None:
            super().__init__()
            self.images = np.load(BUILD / f"{recipe.captures}_{stage}_images.npy", mmap_mode="r")
            self.outside = np.load(BUILD / f"{recipe.captures}_{stage}_outside.npy")
            tasks = tasks_of(recipe.captures, stage)
            self.labels = np.repeat(np.arange(len(tasks)), [count for *_, count in tasks])
            captures = (capture_of(stage, number, index) for _, number, count in tasks for index in range(count))
            self.captures = np.array([measures(capture) for capture in captures], np.float32)
            kept = [np.arange(count) < round(count * recipe.shares[group_of(n)]) for _, n, count in tasks]
            self.rows = np.flatnonzero(np.concatenate(kept))
            self.occluded = OCCLUDED if stage == "full" else 0.0
            self.epoch = 0
            self.on_epoch_end()

        def __len__(self) -> int:
            return len(self.rows) // BATCH

        def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            rows = np.sort(self.order[index * BATCH : (index + 1) * BATCH])
            batch = self.images[rows].copy()
            rng = np.random.default_rng([SEED, self.epoch, index])
            for picture in batch:
                if rng.random() < self.occluded:
                    occlude(picture, rng)
            gain = rng.uniform(0.85, 1.15, (len(rows), 1, 1, 3)).astype(np.float32)
            pictures = np.clip(batch / np.float32(255) * gain, 0, 1)
            people = self.labels[rows]
            taught = {"fc8": people, "traits": geometry[people], "capture": self.captures[rows]}
            taught["conv5_3_relu"] = self.outside[rows]
            return PREPROCESSING[MINIFACE.preprocessing](pictures), taught

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = np.random.default_rng([SEED, self.epoch]).permutation(self.rows)

    stages = {stage: Batches(stage) for stage in recipe.epochs}
    steps = sum(recipe.epochs[stage] * len(batches) for stage, batches in stages.items())
    network = miniface.build(len(geometry), normalize=True, seed=SEED)
    embedding, seen = network.get_layer("fc8").input, network.get_layer("flatten").output
    measured = keras.layers.Dense(geometry.shape[1], name="traits", dtype="float32")(embedding)
    taken = keras.layers.Dense(256, activation="relu", name="capture_hidden")(seen)
    taken = keras.layers.Dense(stages["full"].captures.shape[1], name="capture", dtype="float32")(taken)
    maps = network.get_layer("conv5_3_relu").output
    outputs = {"fc8": network.output, "traits": measured, "capture": taken, "conv5_3_relu": maps}
    pupil = keras.Model(network.input, outputs)
    schedule = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 10, steps, warmup_target=LEARNING_RATE, warmup_steps=200
    )
    losses = {
        "fc8": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "traits": "mse",
        "capture": "mse",
        "conv5_3_relu": lambda outside, maps: keras.ops.mean(outside * keras.ops.cast(maps, "float32"), axis=(1, 2, 3)),
    }
    pupil.compile(
        keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY),
        losses,
        loss_weights=WEIGHTS_OF_TASKS,
        metrics={"fc8": "accuracy"},
    )

    def record(epoch: int, logs: dict[str, float]) -> None:
        plain = miniface.fold(network, list(range(PEOPLE)))
        arrays = {w.path.removeprefix("miniface/"): np.asarray(w, np.float16) for w in plain.weights}
        np.savez(WEIGHTS / f"{name}.npz", **arrays)
        seconds = round(time.time() - started)
        history.append({"seconds": seconds, **{k: round(float(v), 4) for k, v in logs.items()}})
        (BUILD / f"{name}_history.json").write_text(json.dumps(history, indent=1))

    history: list[dict[str, float]] = []
    started = time.time()
    for stage, batches in stages.items():
        recorder = keras.callbacks.LambdaCallback(on_epoch_end=record)
        pupil.fit(batches, epochs=recipe.epochs[stage], verbose=2, callbacks=[recorder])


if __name__ == "__main__":
    command, name = sys.argv[1:]
    if command == "render":
        for stage in CAPTURES[name]:
            render_all(name, stage)
    else:
        train(name)
