"""The command line: `python -m core networks|faces|predict|filters|explain`.

Progress goes to standard error and only to a terminal; `--json` prints one JSON object on standard output and nothing
else. Bad input ends with exit code 2 and one line on standard error that says what was expected.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it once, when it is imported

import numpy as np
import typer
from PIL import Image

from core import attribution, faces, features, images, tasks
from core.attribution.overlay import lay_out, overlay
from core.networks import BATCH, NETWORKS, Entry, NetworkError, find
from core.params import Param

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
ROTATED = (5, 6, 7, 8)
"""Values of the EXIF orientation that swap height and width."""
SIZES = (32, 1024)
SIDE = 224
"""Height of a picture in a grid, in pixels."""
T = TypeVar("T")

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=False, help=__doc__)

NetworkName = Annotated[str, typer.Option("--network", help=f"One of: {', '.join(NETWORKS)}.")]
Pictures = Annotated[Path, typer.Option("--image", help="A picture, or a folder of pictures.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class BadInput(ValueError):
    """What arrived and what was expected, in one sentence."""


# --- commands ---------------------------------------------------------------------------------------------------------


@app.command()
def networks(as_json: AsJson = False) -> None:
    """List the networks."""
    rows = [
        {
            "name": entry.name,
            "parameters": entry.parameters,
            "available": entry.available,
            "default_layer": entry.default_layer,
            "input_size": entry.input_size,
            "classes": len(entry.labels),
        }
        for entry in NETWORKS.values()
    ]
    answer({"networks": rows}, as_json)


@app.command(name="faces")
def render_faces(
    out: Out,
    people: Annotated[str, typer.Option(help="Numbers of people, such as 0-47 or 3,7.")] = f"0-{faces.PEOPLE - 1}",
    captures: Annotated[int, typer.Option(min=1, help="Pictures of each person.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other captures.")] = 0,
    size: Annotated[int, typer.Option(min=SIZES[0], max=SIZES[1], help="Side of a picture in pixels.")] = 224,
    as_json: AsJson = False,
) -> None:
    """Render synthetic people, with the mask of every region."""
    shots = [(number, index) for number in numbers(people, "--people") for index in range(captures)]
    folder, rows = folder_for(out), []
    for number, index in progress(shots):
        capture = faces.sample_capture(np.random.default_rng([seed, number, index]))
        image, regions = faces.render(faces.person(number), capture, size)
        file = folder / f"person_{number:02d}_{index:03d}.png"
        file.write_bytes(images.encode(image, "png"))
        np.savez_compressed(file.with_suffix(".npz"), **{name: regions[name] for name in faces.REGIONS})
        rows.append(
            {
                "file": str(file),
                "regions_file": str(file.with_suffix(".npz")),
                "identity": number,
                "group": faces.group_of(number),
            }
        )
    answer({"faces": rows}, as_json)


@app.command()
def predict(
    image: Pictures,
    network: NetworkName = "MiniFace",
    top: Annotated[int, typer.Option(min=1, help="Classes to show, the most probable first.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Say who or what is on pictures."""
    entry, files, rows = find(network), pictures(image), []
    for file in progress(files):
        picture = images.read_file(file)
        probabilities = tasks.predict(entry.name, images.crop(picture, box_of(entry, picture))[None])[0]
        first = np.argsort(-probabilities, kind="stable")[:top]
        rows.append(
            {
                "file": str(file),
                "predictions": [
                    {"class_index": int(n), "label": entry.labels[n], "probability": float(probabilities[n])} for n in first
                ],
            }
        )
    answer({"images": rows}, as_json)


@app.command()
def filters(
    out: Annotated[Path, typer.Option("--out", help="The contact sheet: .png, .jpg or .webp.")],
    network: NetworkName = "MiniFace",
    layer: Annotated[str | None, typer.Option(help="By default the network's default layer.")] = None,
    channels: Annotated[str, typer.Option(help="Channels, such as 0-15 or 0-3,7.")] = "0-15",
    iterations: Annotated[float, typer.Option(help="Steps up the gradient.")] = 30,
    learning_rate: Annotated[float, typer.Option(help="Length of a step.")] = 10.0,
    seed: Annotated[float, typer.Option(help="Seed of the first picture.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Make the pictures that excite channels of a layer most."""
    entry, chosen = find(network), numbers(channels, "--channels")
    given = {"learning_rate": learning_rate, "iterations": iterations, "seed": seed}
    values = {param.name: in_range(param, given[param.name]) for param in features.PARAMS}
    steps, started = int(values["iterations"]), time.perf_counter()
    file, kind = picture_file(out)
    with bar(steps) as advance:
        result = tasks.maximize(
            entry.name,
            layer or entry.default_layer,
            chosen,
            values["learning_rate"],
            steps,
            int(values["seed"]),
            report=lambda step, *_, **__: advance(step),
        )
    file.write_bytes(images.encode(features.contact_sheet(result.images), kind))
    answer(
        {
            "layer": layer or entry.default_layer,
            "channels": chosen,
            "activations": result.activations[:, -1].tolist(),
            "seconds": round(time.perf_counter() - started, 3),
            "file": str(file),
        },
        as_json,
    )
