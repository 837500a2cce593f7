"""Explainers side by side: tf-keras-vis, the Keras Grad-CAM example, `lime` and ours, in one run.

    python -m benchmarks.explainers [--quick] [--json] [--rounds 3]

Networks are MiniFace and VGG16's shape with random weights (a seed: no download). Programs that do the same take turns,
round by round, so that whatever else the machine does meets all of them; a figure is the median over the rounds, and a
ratio the median of the rounds' ratios. Everything is compiled and warmed up before the clock starts, and every program
gets the same picture, class and layer, one picture at a time.

Methods that hide parts of the picture are held against the bare cost of their forward passes: the same network, as
compiled, called as often on batches of the same sizes that are ready in memory. `lime` is used as its manual says, with
Keras' own `model.predict`, and with our superpixels, so that both fit the same model.

"limit" is the share of the machine's own convolution speed that a program reaches: multiplications of its passes
through the network, forward and where need be back to the picture, a second, by those of a bare 3 x 3 convolution.
Memory is the largest resident size of a process that runs the methods one after the other on VGG16 without its top.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from lime.lime_image import LimeImageExplainer
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.scores import CategoricalScore

from benchmarks.common import convolution_speed, multiplications, options, random_vgg16
from core.attribution import METHODS
from core.attribution.superpixels import split
from core.networks.loading import load
from core.networks.network import Network, batch_size, layer_function

CLASS = 5
NOISE = 20
"""Percent, tf-keras-vis' own."""
SUPERPIXELS = 50

Program = Callable[[], Any]


@dataclass(frozen=True)
class Work:
    """How much each method does: enough to be timed, and on VGG16 not so much that nobody waits for it."""

    samples: int  # of SmoothGrad
    maps: int  # of Score-CAM
    grid: int  # of occlusion, a side
    masks: int  # of RISE
    perturbations: int  # of LIME
    often: int = 20  # rounds of a Grad-CAM for one of the others, as it is short


FULL = {"MiniFace": Work(50, 64, 15, 2000, 500), "VGG16": Work(50, 32, 15, 200, 100, 5)}
QUICK = {"MiniFace": Work(20, 32, 15, 200, 100, 10), "VGG16": Work(2, 2, 3, 8, 4, 2)}
MOST_MEGABYTES = 1200


def ours(network: Network, image: np.ndarray, method: str, **options: Any) -> Program:
    """A method of the table."""
    function = METHODS[method].load()
    return lambda: function(network, image, CLASS, **options).values


def tf_keras_vis_cam(kind: Any, network: Network, image: np.ndarray, **options: Any) -> Program:
    """A class activation map of tf-keras-vis, at the layer's own size as ours."""
    inputs, score = network.inputs(image), CategoricalScore(CLASS)
    program = kind(network.model, clone=False)
    options |= {"penultimate_layer": network.entry.default_layer, "seek_penultimate_conv_layer": False}
    return lambda: program(score, inputs, expand_cam=False, normalize_cam=False, **options)[0]


def tf_keras_vis_smooth_grad(network: Network, image: np.ndarray, samples: int) -> Program:
    """SmoothGrad of tf-keras-vis."""
    inputs, score, program = network.inputs(image), CategoricalScore(CLASS), Saliency(network.model, clone=False)
    return lambda: program(score, inputs, smooth_samples=samples, smooth_noise=NOISE / 100, normalize_map=False)[0]


def keras_example(network: Network, image: np.ndarray) -> Program:
    """The Keras example, from its description: one model with two outputs, differentiated eagerly.

    https://keras.io/examples/vision/grad_cam
    """
    inputs = tf.constant(network.inputs(image))
    both = keras.Model(
        network.model.inputs, [network.model.get_layer(network.entry.default_layer).output, network.model.output]
    )

    def run() -> np.ndarray:
        with tf.GradientTape() as tape:
            maps, scores = both(inputs)
            score = scores[:, CLASS]
        weights = tf.reduce_mean(tape.gradient(score, maps), axis=(0, 1, 2))
        return tf.maximum(tf.squeeze(maps[0] @ weights[:, tf.newaxis]), 0).numpy()

    return run


def lime_library(network: Network, image: np.ndarray, samples: int) -> Program:
    """The library with Keras' `predict`."""
    parts = split(image, SUPERPIXELS)

    def scores(pictures: np.ndarray) -> np.ndarray:
        return network.model.predict(network.inputs(pictures))

    def run() -> Any:
        explainer = LimeImageExplainer(random_state=0)
        return explainer.explain_instance(
            image.astype(np.float64),
            scores,
            labels=(CLASS,),
            top_labels=None,
            num_samples=samples,
            segmentation_fn=lambda _: parts,
        )

    return run


def bare_forward(network: Network, calls: int) -> Program:
    """As many pictures through the compiled network, in batches as ours, with nothing around it."""
    run = layer_function(network, network.model.layers[-1].name)
    size = batch_size(network.entry)
    whole = np.zeros((size, *network.model.input_shape[1:]), np.float32)
    sizes = [size] * (calls // size) + ([calls % size] if calls % size else [])
    return lambda: [run(whole[:count]) for count in sizes]


@dataclass(frozen=True)
class Contest:
    """Programs that do the same, and the passes through the network that each needs, one back to the picture counting
    as one more; they take turns `often` times in a round.
    """

    method: str
    programs: dict[str, Program]
    passes: int
    amount: str = ""
    often: int = 1

    @property
    def title(self) -> str:
        """The method and how much of it."""
        return f"{METHODS[self.method].title} {self.amount}".rstrip()


def contests(network: Network, image: np.ndarray, work: Work) -> Iterator[Contest]:
    """All of them, one after the other: against libraries, then against the bare forward passes."""
    cam = partial(tf_keras_vis_cam, network=network, image=image)

    def contest(
        method: str, passes: int, others: dict[str, Program], amount: str = "", often: int = 1, **options: Any
    ) -> Contest:
        return Contest(method, {"ours": ours(network, image, method, **options), **others}, passes, amount, often)

    others = {"tf_keras_vis": cam(Gradcam), "keras_example": keras_example(network, image)}
    yield contest("grad_cam", 1, others, often=work.often)
    yield contest("grad_cam_plus_plus", 1, {"tf_keras_vis": cam(GradcamPlusPlus)}, often=work.often)
    n = work.samples
    others = {"tf_keras_vis": tf_keras_vis_smooth_grad(network, image, n)}
    yield contest("smooth_grad", 2 * n, others, f"{n}", samples=n, noise=NOISE)
    n = work.maps
    yield contest("score_cam", 1 + n, {"tf_keras_vis": cam(Scorecam, max_N=n)}, f"{n}", maps=n)
    n = work.perturbations
    others = {"library": lime_library(network, image, n)}
    yield contest("lime", n, others, f"{n}", superpixels=SUPERPIXELS, samples=n)
    n = 1 + work.grid**2
    others = {"bare_forward": bare_forward(network, n)}
    yield contest("occlusion", n, others, f"{work.grid} x {work.grid}", grid=work.grid)
    n = work.masks
    yield contest("rise", n, {"bare_forward": bare_forward(network, n)}, f"{n}", samples=n)


def measure(network: Network, work: Work, rounds: int) -> dict[str, Any]:
    """Seconds of every program, theirs by ours, and the share of the machine's limit; by method."""
    size = network.entry.input_size
    image = np.random.default_rng(0).random((size, size, 3), dtype=np.float32)
    multiplications_a_pass = multiplications(network, network.model.layers[-1].name)
    results: dict[str, Any] = {}
    for contest in contests(network, image, work):
        maps = {name: program() for name, program in contest.programs.items()}  # warms up
        seconds, speed = timed(contest, rounds)
        rows = results[contest.method] = {
            name: {
                "seconds": statistics.median(times),
                "by_ours": statistics.median(a / b for a, b in zip(times, seconds["ours"], strict=True)),
                "limit": contest.passes * multiplications_a_pass / statistics.median(times) / speed,
            }
            for name, times in seconds.items()
        }
        print(f"\n{network.entry.name}, {contest.title}")
        for name, row in rows.items():
            print(f"{name:16}{row['seconds']:10.4f} s{row['by_ours']:8.2f} x ours{row['limit']:7.0%} of the limit")
        if contest.method == "grad_cam":
            for name in ("tf_keras_vis", "keras_example"):
                difference = float(np.abs(maps[name] - maps["ours"]).max() / maps["ours"].max())
                rows[name]["largest_difference"] = difference
                print(f"{name}: largest difference {difference:.0e} of the largest value")
    return results


def timed(contest: Contest, rounds: int) -> tuple[dict[str, list[float]], float]:
    """Seconds of every run of every program, which take turns; and the machine's convolution speed before and after."""
    seconds: dict[str, list[float]] = {name: [] for name in contest.programs}
    before = convolution_speed()
    for _ in range(rounds * contest.often):
        for name, program in contest.programs.items():
            began = time.perf_counter()
            program()
            seconds[name].append(time.perf_counter() - began)
    return seconds, statistics.median((before, convolution_speed()))


def memory() -> dict[str, float]:
    """The largest resident megabytes after each method, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--methods"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peaks: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return peaks


def main() -> None:
    """Run, print tables; with --json, one JSON object as the last line."""
    given = options(__doc__.splitlines()[0], "within a minute: less of everything, no memory")
    warnings.simplefilter("ignore")
    keras.utils.disable_interactive_logging()
    rounds = 2 if given.quick else given.rounds
    work = QUICK if given.quick else FULL
    peaks = {} if given.quick else memory()
    network = load("MiniFace")
    cases = {"MiniFace": measure(network, work["MiniFace"], rounds)}
    cases["VGG16"] = measure(random_vgg16(), work["VGG16"], rounds)
    if peaks:
        print(f"\nlargest resident MB after each method on VGG16 without top; at most {MOST_MEGABYTES} are wanted:")
        print("  " + ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items()))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, medians of {rounds}")
    if given.json:
        print(json.dumps(summary(cases) | {"peak_megabytes": peaks, "cases": cases}))


def summary(cases: dict[str, Any]) -> dict[str, float]:
    """The ratios that matter: how often as fast as a library, and how often as slow as the bare passes."""
    ratios = {}
    for network, suffix in (("VGG16", ""), ("MiniFace", "_miniface")):
        for method, programs in cases[network].items():
            for name, row in programs.items():
                if name != "ours":
                    ratio = 1 / row["by_ours"] if name == "bare_forward" else row["by_ours"]
                    ratios[f"{method}_vs_{name}{suffix}"] = ratio
    return ratios


if __name__ == "__main__":
    main()
