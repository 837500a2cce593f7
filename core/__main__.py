"""The command line: `python -m core networks|prefetch|faces|predict|filters|explain|embed|export`.

Progress goes to standard error and only to a terminal; `--json` prints one JSON object on standard output and nothing
else. Bad input ends with exit code 2 and one line on standard error that says what was expected.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it once, when it is imported

import cv2
import numpy as np
import typer
from PIL import Image
from typer.exceptions import TyperException

from core import attribution, colours, deployment, faces, features, images, params
from core import digits as digits_data
from core.attribution import Method
from core.attribution import tasks as attribution_tasks
from core.errors import ReasonedError
from core.features import tasks as features_tasks
from core.images import Box
from core.neighbours import tasks as neighbours
from core.networks import loading, table
from core.networks import tasks as networks_tasks
from core.networks.entry import Entry
from core.networks.files import fetch
from core.networks.labels import normalized
from core.networks.table import NETWORKS
from core.params import Param

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SHEET_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
ORIENTATION, LYING = 0x0112, (5, 6, 7, 8)
"""EXIF tag, and its values that swap height and width."""
FACE_SIZES = (32, 1024)
MOST_NAMES = 8
"""Names of classes that an error proposes."""
TILE, TITLE, LETTERS = 320, 24, 0.45
"""Height in pixels of an image in a grid, and of the line above it; OpenCV's size of the letters in it."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__)

NetworkName = Annotated[str, typer.Option("--network", help=f"One of: {', '.join(NETWORKS)}.")]
ImagePath = Annotated[Path, typer.Option("--image", help="A picture, or a folder of pictures.")]
Folder = Annotated[Path, typer.Option("--out", help="Folder for the results; made if missing.")]
LayerName = Annotated[str | None, typer.Option("--layer", help="By default the network's default layer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class BadInput(ValueError):
    """What arrived and what was expected, in one sentence."""


class Display(StrEnum):
    """One picture for all maps, or one picture a map."""

    grid = "grid"
    singles = "singles"


# --- commands ---------------------------------------------------------------------------------------------------------


@app.command(name="networks")
def list_networks(as_json: AsJson = False) -> None:
    """List the networks."""
    rows = [
        {
            "name": entry.name,
            "parameters": entry.parameters,
            "available": entry.available,
            "default_layer": entry.default_layer,
            "input_size": entry.input_size,
            "classes": entry.classes,
        }
        for entry in NETWORKS.values()
    ]
    print_result({"networks": rows}, as_json)


@app.command()
def prefetch(
    network: Annotated[list[str], typer.Option("--network", help="One or several, with commas or one after another.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="More networks.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the files of networks, or MNIST, the evening before class. What is here is checked, not fetched again."""
    rows = []
    names = ",".join([*network, *(more or [])]).split(",")
    for entry in dict.fromkeys(map(fetchable, names)):
        for file in entry.files:
            with progress_of(1, file.name) as report:
                changed = fetch(file, report)
            if changed:
                print(f"{file.name} is another file than the one first seen here ({changed}).", file=sys.stderr)
            rows.append({"network": entry.name, "file": str(file.path), "bytes": file.path.stat().st_size})
    print_result({"files": rows}, as_json)


@app.command(name="faces")
def render_faces(
    out: Folder,
    people: Annotated[str, typer.Option(help="Numbers of people, such as 0-47 or 3,7.")] = f"0-{faces.PEOPLE - 1}",
    captures: Annotated[int, typer.Option(min=1, help="Pictures of each person.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other captures.")] = 0,
    size: Annotated[int, typer.Option(min=FACE_SIZES[0], max=FACE_SIZES[1], help="Side of a picture in pixels.")] = 224,
    as_json: AsJson = False,
) -> None:
    """Render synthetic people, with the mask of every region."""
    shots = [(number, index) for number in ranges(people, "--people") for index in range(captures)]
    folder, rows = writable_folder(out), []
    for number, index in progress(shots):
        image, regions = faces.render_capture(number, seed, index, size)
        file = folder / f"person_{number:02d}_{index:03d}.png"
        file.write_bytes(images.encode(image, "png"))
        masks: dict[str, Any] = {name: regions[name] for name in faces.REGIONS}
        np.savez_compressed(file.with_suffix(".npz"), **masks)
        rows.append(
            {
                "file": str(file),
                "regions_file": str(file.with_suffix(".npz")),
                "identity": number,
                "group": faces.group_of(number),
            }
        )
    print_result({"faces": rows}, as_json)


@app.command()
def predict(
    image: ImagePath,
    network: NetworkName = "MiniFace",
    top: Annotated[int, typer.Option(min=1, help="Classes to show, the most probable first.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Say who is on pictures."""
    files = image_files(image)
    (entry,), rows = load_networks(network, most=1), []
    for file in progress(files):
        probabilities = networks_tasks.predict(entry.name, read_subject(file, entry))[0]
        first = np.argsort(-probabilities, kind="stable")[:top]
        predictions = [
            {"class_index": int(n), "label": entry.labels[n], "probability": float(probabilities[n])} for n in first
        ]
        rows.append({"file": str(file), "predictions": predictions})
    print_result({"images": rows}, as_json)


@app.command()
def filters(
    out: Annotated[Path, typer.Option("--out", help="The contact sheet, a .png, .jpg or .webp file.")],
    network: NetworkName = "MiniFace",
    layer: LayerName = None,
    channels: Annotated[str, typer.Option(help="Channels, such as 0-15 or 0-3,7.")] = "0-15",
    preset: Annotated[
        str, typer.Option(help=f"How to climb: {', '.join(features.PRESETS)}.")
    ] = features.DEFAULT_PRESET,
    iterations: Annotated[int | None, typer.Option(help="Steps up the gradient; by default the preset's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Length of a step; by default the preset's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first picture.")] = 0,
    size: Annotated[
        int | None,
        typer.Option(
            min=features.SIZES[0], max=features.SIZES[1], help="Side in pixels; by default the network's own."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the pictures that excite channels of a layer."""
    chosen = ranges(channels, "--channels")
    if preset not in features.PRESETS:
        raise BadInput(f"--preset {preset}: choose one of: {', '.join(features.PRESETS)}.")
    climb = features.PRESETS[preset]
    values = {
        "learning_rate": climb.learning_rate if learning_rate is None else learning_rate,
        "iterations": climb.iterations if iterations is None else iterations,
        "seed": seed,
    }
    for param in features.PARAMS:
        check_range(param, values[param.name])
    if out.suffix.lower() not in SHEET_FORMATS:
        raise BadInput(f"--out {out}: expected a file name that ends in {', '.join(SHEET_FORMATS)}.")
    writable_folder(out.parent)
    (entry,) = load_networks(network, most=1)
    started, layer = time.perf_counter(), layer or entry.default_layer
    with progress_of(int(values["iterations"])) as report:
        result = features_tasks.maximize(entry.name, layer, chosen, report, preset=preset, size=size, **values)
    out.write_bytes(images.encode(colours.contact_sheet(result.images), SHEET_FORMATS[out.suffix.lower()]))
    print_result(
        {
            "layer": layer,
            "channels": chosen,
            "activations": result.activations[:, -1].tolist(),
            "seconds": round(time.perf_counter() - started, 3),
            "file": str(out),
        },
        as_json,
    )


@app.command()
def explain(
    image: ImagePath,
    out: Folder,
    network: Annotated[str, typer.Option(help=f"One or several, with commas: {', '.join(NETWORKS)}.")] = "MiniFace",
    method: Annotated[
        str, typer.Option(help=f"One or several, with commas: {', '.join(attribution.METHODS)}.")
    ] = attribution.DEFAULT,
    layer: LayerName = None,
    class_index: Annotated[int | None, typer.Option(help="By default the network's first choice.")] = None,
    class_name: Annotated[str | None, typer.Option(help="The class by its name, in place of its number.")] = None,
    channels: Annotated[
        str | None, typer.Option(help="Channels that take part in Grad-CAM, such as 0-15 or 0-3,7; by default all.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD.NAME=NUMBER", help="A number of a method, such as rise.samples=2000; repeatable."),
    ] = None,
    display: Annotated[Display, typer.Option(help="One picture for all maps, or one picture a map.")] = Display.grid,
    as_json: AsJson = False,
) -> None:
    """Show where networks look: pictures for people, raw maps (.npy) for programs.

    A map file is float32 `(h, w)` of the picture as it is seen, unscaled, zero outside the part that the network got.
    """
    methods = list(dict.fromkeys(attribution.find(name) for name in method.split(",")))
    options = method_options(methods, param or [], channels)
    if class_name is not None and class_index is not None:
        raise BadInput(f"--class-index {class_index} --class-name {class_name}: expected one of the two.")
    files, folder = image_files(image), writable_folder(out)
    classes = {
        entry: class_index if class_name is None else class_named(entry, class_name) for entry in load_networks(network)
    }
    request, rows = ExplainRequest(methods, options, classes, layer, display), []
    for file in progress(files):
        unique = [other.stem for other in files].count(file.stem) == 1
        rows += explain_file(file, folder, file.stem if unique else file.name.replace(".", "_"), request)
    print_result({"maps": rows}, as_json)


@dataclass(frozen=True)
class ExplainRequest:
    """What `explain` makes of every image: a map a network and method, of each network's class, None being its first
    choice; `options` are the methods' own arguments by their names.
    """

    methods: Sequence[Method]
    options: dict[str, dict[str, Any]]
    classes: dict[Entry, int | None]
    layer: str | None
    display: Display


def explain_file(file: Path, folder: Path, stem: str, request: ExplainRequest) -> list[dict[str, Any]]:
    """Write the maps of one image, and them over it, under names that begin with `stem`; one row a map."""
    image, rows, tiles = read_image(file), [], []
    grid = folder / f"{stem}_grid.png"
    for entry, class_index in request.classes.items():
        box = images.subject_box(image, entry.subject)
        inside = images.crop(image, box)
        tiles.append(titled(image, prediction_title(entry, inside, class_index)))
        for method in request.methods:
            options = request.options[method.name]
            explanation = attribution_tasks.explain(
                entry.name, method.name, inside, class_index, request.layer, **options
            )
            values = explanation.map.values
            overlay = colours.overlay(
                image,
                colours.uncrop(values, box, *image.shape[:2]),
                high=colours.colour_limit(values),
                signed=method.signed,
            )
            tiles.append(titled(overlay, f"{method.title}, {entry.name}"))
            parts = (stem, method.name, entry.name, explanation.layer, explanation.class_index)
            name = "_".join(str(part) for part in parts if part is not None)
            np.save(folder / f"{name}.npy", full_size_map(file, values, box, image))
            if request.display is Display.singles:
                (folder / f"{name}.png").write_bytes(images.encode(overlay, "png"))
            rows.append(
                {
                    "image": str(file),
                    "method": method.name,
                    "network": entry.name,
                    "layer": explanation.layer,
                    "class_index": explanation.class_index,
                    "map_file": str(folder / f"{name}.npy"),
                    "picture_file": str(grid if request.display is Display.grid else folder / f"{name}.png"),
                    "seconds": round(explanation.seconds, 4),
                }
            )
    if request.display is Display.grid:
        sheet = colours.contact_sheet(tiles, columns=1 + len(request.methods))
        grid.write_bytes(images.encode(sheet, "png"))
    return rows


@app.command()
def embed(
    image: ImagePath,
    out: Annotated[Path, typer.Option("--out", help="The embeddings, an .npz file.")],
    network: NetworkName = "MiniFace",
    as_json: AsJson = False,
) -> None:
    """Write the embedding of every picture: arrays `embeddings` `(n, d)` float32 and `files` `(n,)`.

    It is what the network's embedding layer answers, not scaled to length 1.
    """
    if out.suffix.lower() != ".npz":
        raise BadInput(f"--out {out}: expected a file name that ends in .npz.")
    files = image_files(image)
    writable_folder(out.parent)
    (entry,), vectors = load_networks(network, most=1), []
    for file in progress(files):
        vectors.append(neighbours.embed(entry.name, read_subject(file, entry)[None]))
    embeddings = np.concatenate(vectors)
    np.savez(out, embeddings=embeddings, files=np.array([str(file) for file in files]))
    print_result(
        {
            "network": entry.name,
            "layer": entry.embedding_layer,
            "images": len(files),
            "dimensions": embeddings.shape[1],
            "file": str(out),
        },
        as_json,
    )


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="The file for another runtime.")],
    network: NetworkName = "MiniFace",
    format: Annotated[str, typer.Option(help=f"One of: {', '.join(deployment.FORMATS)}.")] = "onnx",
    precision: Annotated[str, typer.Option(help=f"One of: {', '.join(deployment.PRECISIONS)}.")] = "float32",
    as_json: AsJson = False,
) -> None:
    """Write a network for another runtime, preparation of the picture included, and compare it with Keras."""
    for option, name, choices in (
        ("--format", format, deployment.FORMATS),
        ("--precision", precision, deployment.PRECISIONS),
    ):
        if name not in choices:
            raise BadInput(f"{option} {name}: choose one of: {', '.join(choices)}.")
    (entry,) = load_networks(network, most=1)
    writable_folder(out.parent)
    with quiet():
        from core.deployment import export as exporting

        exported = exporting.export(loading.load(entry.name), format, precision)
    out.write_bytes(exported.data)
    comparison = exported.comparison
    print_result(
        {
            "file": str(out),
            "bytes": len(exported.data),
            "pictures": comparison.pictures,
            "largest_difference_of_a_probability": comparison.probabilities,
            "largest_difference_of_a_logit": comparison.logits,
            "same_first_choice": comparison.agreement,
        },
        as_json,
    )


# --- what arrives -----------------------------------------------------------------------------------------------------


def fetchable(name: str) -> Entry | digits_data.Dataset:
    """What can be fetched under a name: a network, or the digits to train on."""
    digits = digits_data.DATASET
    return digits if name.strip().casefold() == digits.name.casefold() else table.find(name)


def load_networks(names: str, most: int | None = None) -> list[Entry]:
    """Networks of names with commas between, each loaded once so that what is missing shows before work begins."""
    entries = list(dict.fromkeys(map(table.find, names.split(","))))
    if most and len(entries) > most:
        raise BadInput(f"--network {names}: expected one network, of: {', '.join(NETWORKS)}.")
    with quiet():
        for entry in entries:
            loading.load(entry.name)
    return entries


@contextmanager
def quiet() -> Iterator[None]:
    """Silence standard error below Python: TensorFlow greets there while it is imported, whatever its log level."""
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def ranges(text: str, option: str) -> list[int]:
    """The numbers of an option, as `core.params.parse_ranges` reads them; BadInput for anything else."""
    try:
        return params.parse_ranges(text)
    except ValueError as error:
        raise BadInput(f"{option} {error}") from None


def check_range(param: Param, value: float, option: str = "") -> None:
    """BadInput where a number lies outside of what its Param allows."""
    if not param.minimum <= value <= param.maximum:
        option = option or "--" + param.name.replace("_", "-")
        raise BadInput(f"{option} {value:g}: expected a number from {param.minimum:g} to {param.maximum:g}.")


def method_options(methods: Sequence[Method], texts: Sequence[str], channels: str | None) -> dict[str, dict[str, Any]]:
    """Each method's own arguments, of texts such as "rise.samples=2000" and of the channels of Grad-CAM."""
    options: dict[str, dict[str, Any]] = {method.name: {} for method in methods}
    known = {f"{method.name}.{param.name}": (method, param) for method in methods for param in method.params}
    for text in texts:
        name, _, number = text.partition("=")
        if name.strip() not in known:
            raise BadInput(f"--param {text}: expected NAME=NUMBER with a name of: {', '.join(known) or 'none here'}.")
        method, param = known[name.strip()]
        try:
            value = int(number) if param.whole else float(number)
        except ValueError:
            kind = "a whole number" if param.whole else "a number"
            raise BadInput(f"--param {text}: expected {kind} behind {name}=.") from None
        check_range(param, value, f"--param {name}")
        options[method.name][param.name] = value
    if channels is not None:
        picking = [method.name for method in methods if method.picks_channels]
        if not picking:
            names = ", ".join(method.name for method in attribution.METHODS.values() if method.picks_channels)
            raise BadInput(f"--channels {channels}: only {names} can leave channels out; add it to --method.")
        for name in picking:
            options[name]["channels"] = ranges(channels, "--channels")
    return options


def class_named(entry: Entry, name: str) -> int:
    """The number of a network's class by its `normalized` name, or a part of it that no other name has."""
    words, labels = normalized(name), [normalized(label) for label in entry.labels]
    containing = [label for label in labels if words in label]
    if words in labels or len(containing) == 1:
        return labels.index(words if words in labels else containing[0])
    likely = dict.fromkeys([*containing, *get_close_matches(words, labels, MOST_NAMES, 0.4), *labels])
    names = ", ".join(entry.labels[labels.index(label)] for label in list(likely)[:MOST_NAMES])
    raise BadInput(f"--class-name {name}: {entry.name} has no one class of this name; choose one, such as {names}.")


def image_files(path: Path) -> list[Path]:
    """The file itself, or the pictures of a folder, sorted by name."""
    if not path.exists():
        raise BadInput(f"--image {path}: there is no such file or folder.")
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise BadInput(f"--image {path}: no picture in this folder; expected files that end in {', '.join(SUFFIXES)}.")
    return files


def writable_folder(path: Path) -> Path:
    """The folder, made if missing; OSError where that cannot be, or nothing can be written there."""
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return path


def read_image(file: Path) -> images.Image:
    """The image of a file; BadInput names the file where it cannot be read."""
    try:
        return images.read_file(file)
    except images.ImageError as error:
        raise BadInput(f"{file}: {error}") from error


def read_subject(file: Path, entry: Entry) -> images.Image:
    """The square of an image that a network looks at; BadInput where the file cannot be read."""
    image = read_image(file)
    return images.crop(image, images.subject_box(image, entry.subject))


# --- what is drawn ----------------------------------------------------------------------------------------------------


def full_size_map(file: Path, values: np.ndarray, box: Box, image: images.Image) -> np.ndarray:
    """A map of the square `box` of an image as one of the whole picture in its file, before it was reduced."""
    with Image.open(file) as picture:
        width, height = picture.size
        if picture.getexif().get(ORIENTATION) in LYING:
            width, height = height, width
    factor = height / len(image)
    scaled = Box(round(box.left * factor), round(box.top * factor), round(box.size * factor))
    return colours.uncrop(values, scaled, height, width)


def prediction_title(entry: Entry, image: images.Image, class_index: int | None) -> str:
    """A class, by default the most probable one, and its probability."""
    probabilities = networks_tasks.predict(entry.name, image)[0]
    index = int(probabilities.argmax()) if class_index is None else loading.load(entry.name).check_class(class_index)
    return f"{entry.labels[index]}, {probabilities[index]:.0%}"


def titled(image: images.Image, title: str) -> images.Image:
    """The image, `TILE` pixels high, under a line of text."""
    height, width = image.shape[:2]
    tile = images.resize(image, TILE, max(round(width * TILE / height), 1))
    line = np.ones((TITLE, tile.shape[1], 3), np.float32)
    title = title.replace("×", "x")  # OpenCV's letters are those of ASCII
    (length, _), _ = cv2.getTextSize(title, cv2.FONT_HERSHEY_SIMPLEX, LETTERS, 1)
    size = LETTERS * min(1, (tile.shape[1] - 4) / max(length, 1))
    cv2.putText(line, title, (2, TITLE - 8), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([line, tile])


# --- what is said -----------------------------------------------------------------------------------------------------


def print_result(result: dict[str, Any], as_json: bool) -> None:
    """Print the result: one JSON object, or lines for people."""
    print(json.dumps(result) if as_json else "\n".join(format_lines(result)))


def format_lines(value: Any, indent: str = "") -> Iterator[str]:
    """ "name: value" line by line, what belongs to a name indented below it."""
    for name, item in value.items():
        if not isinstance(item, list):
            yield f"{indent}{name}: {item}"
        elif not item or not isinstance(item[0], dict):
            yield f"{indent}{name}: {', '.join(map(str, item))}"
        else:
            yield f"{indent}{name}:"
            for number, row in enumerate(item):
                if number:
                    yield ""
                yield from format_lines(row, indent + "  ")


def progress(items: Sequence[Any]) -> Iterator[Any]:
    """The items one by one, with a bar on standard error if that is a terminal."""
    with typer.progressbar(items, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield from bar


@contextmanager
def progress_of(steps: int, label: str = "") -> Iterator[Callable[..., None]]:
    """A bar as in `progress`; it gives a report of the steps done, and of how many if that changed."""
    with typer.progressbar(length=steps, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def report(step: int, steps: int = steps, *_: Any, **values: float) -> None:
            bar.length = steps or None
            bar.update(step - bar.pos)

        yield report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 2 for bad input, or 130 when interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    commands = typer.main.get_group(app).commands
    try:
        if not arguments or (arguments[0] not in commands and not arguments[0].startswith("-")):
            raise BadInput(f"Received {' '.join(arguments[:1]) or 'no command'}; choose one of: {', '.join(commands)}.")
        return app(arguments, prog_name="python -m core", standalone_mode=False) or 0
    except (BadInput, ReasonedError) as error:
        message = str(error)
    except TyperException as error:
        message = error.format_message()
    except OSError as error:
        message = f"Cannot write to {error.filename}: {error.strerror}; choose another --out."
    print(" ".join(message.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
