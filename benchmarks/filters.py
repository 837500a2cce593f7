"""Activation maximization side by side: the Keras example's loop, tf-keras-vis and ours, in one run.

    python -m benchmarks.filters [--quick] [--json] [--rounds 3]

Networks are VGG16's shape with random weights (a seed: no download; its inputs in [-1, 1], as in the Keras example)
and MiniFace. The programs take turns, round by
round, so that whatever else the machine does meets all of them; a figure is the median over the rounds. Everything is
compiled and warmed up before the clock starts.

Equal result: finished images of both are cropped, set to the same mean and the same contrast, and the network says
how strongly the channel answers: the median over channels of ours by the loop's is printed as `activation`.

"limit" is the share of the machine's own convolution speed that a climb reaches: multiplications of its forward passes
and of their way back, a second, by those of a bare 3 x 3 convolution.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tf_keras_vis.activation_maximization import ActivationMaximization
from tf_keras_vis.utils.scores import CategoricalScore

from benchmarks.common import convolution_speed, multiplications, options, random_vgg16
from core.features import CONTRAST
from core.features.ascent import maximize
from core.features.parameterization import Pixels
from core.networks.layers import cut
from core.networks.loading import load
from core.networks.network import Network

SIZE, ITERATIONS, RATE, SEED = 180, 30, 10.0, 0
"""The lab report's climb."""
CASES = (
    ("VGG16", "block4_conv3", 64),
    ("VGG16", "block5_conv3", 16),
    ("MiniFace", "conv4_3", 64),
    ("MiniFace", "conv5_3", 64),
)
"""Network, layer, and how many channels."""
VIS_BATCH = 8
EDGE = 25
"""Pixels cut from each side before images are compared, as on display."""

Climb = Callable[..., np.ndarray]
"""From channels to inputs `(n, h, w, 3)` of the network; with `short`, after the fewest steps that have
everything compiled."""


def keras_loop(network: Network, layer: str, size: int) -> Climb:
    """The Keras example, from its description: channel by channel, one compiled step, normalized gradient, 30 steps.

    https://keras.io/examples/vision/visualizing_what_convnets_learn
    """
    extractor = cut(network.model, layer, linear=True, size=size)

    @tf.function
    def step(image: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            activation = extractor(image, training=False)
            loss = tf.reduce_mean(tf.gather(activation[:, 2:-2, 2:-2], channel, axis=3))
        gradients = tf.math.l2_normalize(tape.gradient(loss, image))
        return image + RATE * gradients

    def climb(channels: list[int], short: bool = False) -> np.ndarray:
        inputs = []
        for channel in channels:
            image = tf.constant(Pixels(network, (size, size)).initial(SEED))
            for _ in range(1 if short else ITERATIONS):
                image = step(image, tf.constant(channel))
            inputs.append(image.numpy()[0])
        return np.stack(inputs)

    return climb


def tf_keras_vis(network: Network, layer: str, size: int) -> Climb:
    """tf-keras-vis with its own settings for images, as many steps as the loop, channels in batches."""
    part = cut(network.model, layer, linear=True, size=size)
    program = ActivationMaximization(part, clone=False)
    initial = Pixels(network, (size, size)).initial(SEED)
    half = Pixels(network, (size, size)).range / 2

    def climb(channels: list[int], short: bool = False) -> np.ndarray:
        inputs = []
        for start in range(0, len(channels), VIS_BATCH):
            some = channels[start : start + VIS_BATCH]
            seeds = np.repeat(initial, len(some), axis=0)
            steps = 1 if short else ITERATIONS
            inputs.append(np.asarray(program(CategoricalScore(some), seeds, input_range=(-half, half), steps=steps)))
        return np.concatenate(inputs)

    return climb


def ours(network: Network, layer: str, size: int, preset: str, precision: str = "float32") -> Climb:
    """A preset of this program, with its own defaults."""

    def climb(channels: list[int], short: bool = False) -> np.ndarray:
        # A short climb has one size only where a whole one has two.
        return maximize(network, layer, channels, preset=preset, size=size, seed=SEED, precision=precision).inputs

    return climb


def activations(network: Network, layer: str, inputs: np.ndarray, channels: list[int]) -> np.ndarray:
    """Mean activation of each image's channel, all images cropped and of one mean and contrast: `(n,)`."""
    pixels = Pixels(network, inputs.shape[1:3])
    part = cut(network.model, layer, linear=True, size=inputs.shape[1])
    inner = inputs[:, EDGE:-EDGE, EDGE:-EDGE] if inputs.shape[1] >= 150 else inputs
    mean, deviation = (f(inner - pixels.grey, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    equal = pixels.grey + CONTRAST * pixels.range * (inputs - pixels.grey - mean) / deviation
    means = []
    for image, channel in zip(equal, channels, strict=True):
        maps = part(image[None].astype(np.float32), training=False).numpy()[0, ..., channel]
        means.append(maps[2:-2, 2:-2].mean() if min(maps.shape) >= 8 else maps.mean())
    return np.array(means)


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16."""
    info = Path("/proc/cpuinfo")
    return info.exists() and any(flag in info.read_text() for flag in ("avx512_bf16", "amx_bf16"))


def measure(network: Network, layer: str, size: int, channels: list[int], rounds: int) -> dict[str, Any]:
    """Seconds a channel of every program, and what its images reach by what the loop's reach.

    Slow programs climb other channels in every round, an eighth of them; images are compared for those.
    """
    few = max(1, len(channels) // 8)
    slow: dict[str, Climb] = {
        "keras_loop": keras_loop(network, layer, size),
        "tf_keras_vis": tf_keras_vis(network, layer, size),
        "course": ours(network, layer, size, "course"),
    }
    fast: dict[str, Climb] = {"fast": ours(network, layer, size, "fast")}
    if has_bfloat16():
        fast["fast_bfloat16"] = ours(network, layer, size, "fast", "bfloat16")
    programs = slow | fast
    for name, climb in programs.items():
        climb(channels[: few if name in slow else VIS_BATCH], short=True)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    inputs: dict[str, list[np.ndarray]] = {name: [] for name in programs}
    speeds = []
    for number in range(rounds):
        speeds.append(convolution_speed("float32"))
        for name, climb in programs.items():
            some = channels[number * few : (number + 1) * few] if name in slow else channels
            began = time.perf_counter()
            results = climb(some)
            seconds[name].append((time.perf_counter() - began) / len(some))
            inputs[name] = [*inputs[name], *results] if name in slow else list(results)
    compared = channels[: rounds * few]
    first = {name: np.stack(images[: len(compared)]) for name, images in inputs.items()}
    loop = activations(network, layer, first["keras_loop"], compared)
    base = statistics.median(seconds["keras_loop"])
    rows = {
        name: {
            "seconds_a_channel": statistics.median(times),
            "times_the_loop": base / statistics.median(times),
            "activation": float(np.median(activations(network, layer, first[name], compared) / loop)),
        }
        for name, times in seconds.items()
    }
    rows["course"]["largest_difference"] = float(np.abs(first["course"] - first["keras_loop"]).max())
    work = 2 * ITERATIONS * multiplications(network, layer, size)  # forward, and back to the image
    rows["keras_loop"]["limit"] = work / base / statistics.median(speeds)
    rows["course"]["limit"] = work / rows["course"]["seconds_a_channel"] / statistics.median(speeds)
    return rows


def first_frame(network: Network, layer: str, size: int) -> float:
    """Seconds until the first image of one channel is reported, once everything is compiled."""

    class Reported(Exception):
        pass

    def stop(iteration: int, *_: Any) -> None:
        if iteration == 1:
            raise Reported

    times = []
    for _ in range(4):
        began = time.perf_counter()
        try:
            maximize(network, layer, [0], size=size, report=stop)
        except Reported:
            times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def main() -> None:
    """Run, print a table; with --json, one JSON object as the last line."""
    arguments = options(__doc__.splitlines()[0], "about a minute: conv4_3 alone, eight channels")
    rounds = arguments.rounds
    vgg16 = random_vgg16(SEED)
    cases = {}
    for name, layer, count in [(*CASES[0][:2], 8)] if arguments.quick else CASES:
        network, size = (vgg16, SIZE) if name == "VGG16" else (load(name), 112)
        cases[f"{name} {layer}"] = rows = measure(network, layer, size, list(range(count)), rounds)
        print(f"\n{name} {layer}, {size} px, {count} channels, medians of {rounds}")
        print(f"{'':16}{'s a channel':>12}{'x loop':>9}{'activation':>12}{'limit':>8}")
        for program, row in rows.items():
            limit = f"{row['limit']:8.0%}" if "limit" in row else ""
            print(
                f"{program:16}{row['seconds_a_channel']:12.3f}{row['times_the_loop']:9.2f}{row['activation']:12.3f}{limit}"
            )
        print(f"course against the loop: largest difference {rows['course']['largest_difference']:.1e}")
    frame = first_frame(vgg16, CASES[0][1], SIZE)
    print(f"\nfirst frame of VGG16 {CASES[0][1]}: {frame:.2f} s; {platform.processor()}, {os.cpu_count()} CPUs")
    main_case = cases[" ".join(CASES[0][:2])]
    result = {
        "fast_vs_keras_loop": main_case["fast"]["times_the_loop"],
        "fast_vs_tf_keras_vis": main_case["tf_keras_vis"]["seconds_a_channel"] / main_case["fast"]["seconds_a_channel"],
        "activation_vs_keras_loop": main_case["fast"]["activation"],
        "course_vs_keras_loop": main_case["course"]["times_the_loop"],
        "fast_bfloat16_vs_keras_loop": main_case.get("fast_bfloat16", {}).get("times_the_loop"),
        "first_frame_seconds": frame,
        "rounds": rounds,
        "cases": cases,
    }
    if arguments.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
