"""A network outside Python: the engine by hand, every file and runtime against Keras, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import core.__main__ as cli
from core.deployment import (
    FORMATS,
    OUTPUTS,
    PRECISIONS,
    DeploymentError,
    compare,
    flat,
    libraries,
    record,
    runtimes,
    standalone,
    tasks,
)
from core.deployment import export as exporting
from core.deployment.graph import compiled, preparation
from core.deployment.runtimes import RUNTIMES, Runtime
from core.deployment.standalone import WEB
from core.deployment.traps import TRAPS, trapped
from core.networks import loading
from core.networks.loading import load
from core.networks.network import Network
from core.networks.preprocessing import PREPROCESSING
from core.networks.table import MINIFACE, NETWORKS, UNTRAINED

ROOT = Path(cli.__file__).parents[1]
NODE = shutil.which("node")
STRANGER, SEED = 105, 7
"""Somebody whom MiniFace never met, so that its answer is no certainty."""


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C++ program of these sources; skipped with a reason where there is no compiler, unless a release needs it."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        assert os.environ.get("REQUIRE_BROWSER") != "1", "REQUIRE_BROWSER=1, but there is no C++ compiler"
        pytest.skip("no C++ compiler")
    program = tmp_path_factory.mktemp("engine") / "glassbox-engine"
    subprocess.run([compiler, "-std=c++17", "-O3", "-Wall", "-Werror", runtimes.ENGINE, "-o", program], check=True)
    return program


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One PNG for all runtimes."""
    from core import faces, images

    file = tmp_path_factory.mktemp("photo") / "stranger.png"
    file.write_bytes(images.encode(faces.render_capture(STRANGER, SEED, 0, MINIFACE.input_size)[0], "png"))
    return file


@pytest.fixture(scope="session")
def pixels(photo: Path) -> np.ndarray:
    return np.asarray(Image.open(photo))


@pytest.fixture(scope="session")
def truth(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Keras' answer."""
    outputs = compiled(load(MINIFACE))(pixels)
    assert 0.01 < outputs["probabilities"].max() < 0.9999
    return outputs


def file_of(format: str, precision: str = "float32") -> bytes:
    return tasks.export(MINIFACE, format, precision).data


def run_program(command: list[str], data: bytes, image: Path | np.ndarray, folder: Path) -> dict:
    """The JSON of a program that is given a network and a PNG, or raw pixels by its standard input."""
    (folder / "network").write_bytes(data)
    raw = isinstance(image, np.ndarray)
    arguments = ["-" if raw else str(image), "2", "--json"]
    done = subprocess.run(
        [*command, str(folder / "network"), *arguments], input=image.tobytes() if raw else None, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


# --- the engine by hand -----------------------------------------------------------------------------------------------

RAMP = np.zeros((3, 4, 3), np.uint8)
RAMP[..., 0] = np.arange(1, 13).reshape(3, 4)
"""Red 1 to 12, row by row; what is green and blue must not count."""
BOX = np.zeros((3, 3, 3, 1), np.float32)
BOX[:, :, 0] = 1
BY_HAND = [
    flat.Record(flat.CONVOLUTION, 1, 3, 1, same=1, relu=1, weights=BOX, bias=np.array([-20], np.float32)),
    flat.Record(flat.MAX_POOLING, 0, 2, 2),
    flat.Record(flat.FLATTEN, embedding=1),
    flat.Record(
        flat.DENSE, 2, weights=np.array([[[[1, 0.5], [0, -1]]]], np.float32), bias=np.array([-33, 26], np.float32)
    ),
    flat.Record(flat.SOFTMAX),
]
"""Sums of 3 x 3 neighbours less 20, at least 0: 0 4 10 2 / 13 34 43 25 / 10 28 34 18. Largest of the first four: 34 and
43. Then 34 - 33 = 1 and 17 - 43 + 26 = 0, whose softmax is e / (e + 1) and 1 / (e + 1)."""
ABOUT = {"name": "by hand", "labels": ["one", 'a "second"']}
EXPECTED = {"embedding": [34, 43], "logits": [1, 0], "probabilities": [np.e / (np.e + 1), 1 / (np.e + 1)]}


def by_hand(precision: str) -> bytes:
    return flat.write(BY_HAND, RAMP.shape, ABOUT, precision)


def is_by_hand(answer: dict) -> None:
    for name, values in EXPECTED.items():
        np.testing.assert_allclose(answer[name], values, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_engine_by_hand_in_numpy(precision: str) -> None:
    data = by_hand(precision)
    assert len(data) % 4 == 0 and flat.parse(data)[1:] == (
        RAMP.shape,
        {"name": "by hand", "labels": ["one", 'a "second"']},
    )
    if precision != "int8":  # 0.5 is no whole part of 127
        is_by_hand(flat.interpreter(data)(RAMP))


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_the_engine_by_hand_in_cpp(precision: str, engine: Path, tmp_path: Path) -> None:
    is_by_hand(run_program([str(engine)], by_hand(precision), RAMP, tmp_path))


def test_the_cpp_program_tells_names_and_times(engine: Path, tmp_path: Path) -> None:
    (tmp_path / "network").write_bytes(by_hand("float32"))
    command = [str(engine), str(tmp_path / "network"), "-", "3"]
    output = subprocess.run(command, input=RAMP.tobytes(), capture_output=True, check=True).stdout.decode()
    assert output.splitlines()[:2] == [" 73.1 %  one", ' 26.9 %  a "second"']
    assert "over 3 runs" in output


@pytest.mark.parametrize("cut", [0, 20, 60, -4])
def test_the_engine_refuses_what_is_no_flat_file(cut: int, engine: Path, tmp_path: Path) -> None:
    (tmp_path / "network").write_bytes(by_hand("float32")[:cut])
    done = subprocess.run([str(engine), str(tmp_path / "network"), "-"], input=RAMP.tobytes(), capture_output=True)
    assert done.returncode == 2 and b"no flat file" in done.stderr


GEOMETRIES = [("same", 1, 3, 9), ("same", 2, 3, 11), ("valid", 2, 5, 3), ("same", 3, 2, 8)]


@pytest.mark.parametrize(("padding", "stride", "kernel", "channels"), GEOMETRIES)
def test_every_geometry_is_keras(padding, stride, kernel, channels, engine: Path, tmp_path: Path) -> None:
    inputs = keras.Input((13, 18, 3))
    x = keras.layers.Conv2D(channels, kernel, stride, padding, activation="relu", bias_initializer="normal")(inputs)
    x = keras.layers.MaxPooling2D(2, padding=padding)(x)
    x = keras.layers.Flatten()(keras.layers.Conv2D(5, 2, use_bias=False)(x))
    x = keras.layers.Activation("relu", name="bent")(keras.layers.Dropout(0.5)(keras.layers.Dense(7)(x)))
    model = keras.Model(inputs, keras.layers.Dense(4)(x))
    records = flat.records_of(model, "bent", "tiny")
    assert [record.relu for record in records] == [1, 0, 0, 0, 1, 0, 0]
    assert [record.embedding for record in records] == [0, 0, 0, 0, 1, 0, 0]
    image = np.random.default_rng(0).integers(0, 256, (13, 18, 3), np.uint8)
    expected = np.asarray(model(image[None].astype(np.float32)))[0]
    data = flat.write(records, image.shape, {"labels": []}, "float32")
    for outputs in (flat.interpreter(data)(image), run_program([str(engine)], data, image, tmp_path)):
        np.testing.assert_allclose(outputs["logits"], expected, rtol=1e-4, atol=1e-3)


def test_half_precision_is_read_as_numpy_reads_it(engine: Path, tmp_path: Path) -> None:
    values = np.array([1.5, -0.1, 6.1e-5, 3e-7, -65504, 0.333], np.float16).astype(np.float32)
    dense = flat.Record(flat.DENSE, 6, weights=np.tile(values, (1, 1, 3, 1)), bias=np.zeros(6, np.float32))
    data = flat.write([dense, flat.Record(flat.SOFTMAX)], (1, 1, 3), {"labels": []}, "float16")
    pixel = np.array([[[1, 0, 0]]], np.uint8)
    logits = run_program([str(engine)], data, pixel, tmp_path)["logits"]
    np.testing.assert_array_equal(np.array(logits, np.float32), values)


def test_int8_weights_are_at_most_half_a_step_away() -> None:
    weights = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    record = flat.Record(flat.CONVOLUTION, 5, 3, weights=weights, bias=np.zeros(5, np.float32))
    data = flat.write([record, flat.Record(flat.SOFTMAX)], (8, 8, 4), {}, "int8")
    steps = np.abs(weights).max(axis=(0, 1, 2)) / 127
    assert (np.abs(flat.parse(data)[0][0].weights - weights) <= steps / 2 + 1e-7).all()


# --- preparation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", PREPROCESSING)
def test_every_preparation_is_one_matrix(mode: str) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (5, 1, 1, 3)).astype(np.uint8)
    matrix, offset = preparation(mode)
    expected = PREPROCESSING[mode](colours.astype(np.float32) / 255)
    np.testing.assert_allclose(colours.astype(np.float32) @ matrix + offset, expected, atol=1e-4)


def test_traps_are_what_they_are_called(pixels: np.ndarray) -> None:
    by_trap = trapped(pixels.astype(np.float32) / 255, 56)
    assert by_trap.keys() == TRAPS.keys() and all(wrong.shape == (56, 56, 3) for wrong in by_trap.values())
    right = by_trap["right"]
    np.testing.assert_array_equal(by_trap["bgr"], right[..., [2, 1, 0]])
    np.testing.assert_array_equal(by_trap["rows_for_columns"][3, 5], right[5, 3])
    assert by_trap["scaled_twice"].max() == 1
    np.testing.assert_array_equal(by_trap["planes"].reshape(-1)[:56], right[0, :, 0])
    np.testing.assert_array_equal((by_trap["centred"].astype(int) + 128) % 256, right)


# --- every file and runtime against Keras -----------------------------------------------------------------------------


def is_keras(answer: dict, truth: dict[str, np.ndarray], tolerance: float = 1e-5) -> None:
    assert np.abs(np.asarray(answer["probabilities"]) - truth["probabilities"]).max() <= tolerance
    for name in ("logits", "embedding"):
        np.testing.assert_allclose(answer[name], truth[name], atol=2e-4 * max(tolerance / 1e-5, 1))


def test_keras_in_the_graph_is_the_network(pixels: np.ndarray, truth: dict[str, np.ndarray]) -> None:
    network = load(MINIFACE)
    image = pixels / np.float32(255)
    np.testing.assert_allclose(truth["probabilities"], network.predict(image)[0], atol=1e-5)
    np.testing.assert_allclose(truth["embedding"], network.run(image, MINIFACE.embedding_layer)[0], atol=1e-4)


@pytest.mark.parametrize(
    "runtime", [runtime for runtime in RUNTIMES.values() if runtime.open], ids=lambda one: one.name
)
def test_runtimes_of_python_answer_as_keras(runtime: Runtime, pixels: np.ndarray, truth: dict[str, np.ndarray]) -> None:
    network = load(MINIFACE) if runtime.format is None else file_of(runtime.format)
    is_keras(runtime.open(network)(pixels), truth)


def test_the_engine_answers_as_keras(engine: Path, pixels, photo: Path, truth, tmp_path: Path) -> None:
    is_keras(flat.interpreter(file_of("flat"))(pixels), truth)
    is_keras(run_program([str(engine)], file_of("flat"), pixels, tmp_path), truth)


@pytest.mark.skipif(NODE is None, reason="no Node")
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_webassembly_in_node_answers_as_keras(precision: str, photo: Path, truth, tmp_path: Path) -> None:
    runner = [str(NODE), str(ROOT / "deploy" / "node" / "classify.mjs")]
    is_keras(
        run_program(runner, file_of("flat", precision), photo, tmp_path),
        truth,
        1e-5 if precision == "float32" else 1e-3,
    )


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where CMake built the C++ programs whose libraries are here."""
    if shutil.which("cmake") is None:
        pytest.skip("no CMake")
    build = tmp_path_factory.mktemp("build")
    configure = ["-S", str(ROOT / "deploy" / "cpp"), "-B", str(build), f"-DPython3_EXECUTABLE={sys.executable}"]
    for step in (configure, ["--build", str(build)]):
        done = subprocess.run(["cmake", *step], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    if "WITH_PNG" not in (build / "CMakeFiles/glassbox-engine.dir/flags.make").read_text():
        pytest.skip("no libpng")
    return build


@pytest.mark.parametrize("name", ["engine", "opencv", "openvino"])
def test_cpp_programs_read_the_png_and_answer_as_keras(name: str, programs: Path, photo: Path, truth, tmp_path) -> None:
    program = programs / f"glassbox-{name}"
    if not program.is_file():
        pytest.skip(f"no headers of {name}: its program was not built")
    is_keras(run_program([str(program)], file_of("flat" if name == "engine" else "onnx"), photo, tmp_path), truth)


def test_a_picture_of_another_size_is_refused(programs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.new("RGB", (64, 64)).save(other)
    (tmp_path / "network").write_bytes(file_of("flat"))
    done = subprocess.run([programs / "glassbox-engine", tmp_path / "network", other], capture_output=True, text=True)
    assert done.returncode == 2 and "expected a picture of 112 x 112 pixels" in done.stderr


CAPTURES = {"onnx": 480, "litert": 480, "flat": 120}
"""The flat file is read by NumPy here, which takes longest."""


@pytest.fixture(scope="session")
def captures() -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    keras_ = compiled(load(MINIFACE))
    taken = exporting.captures(MINIFACE, max(CAPTURES.values()), SEED)
    return taken, [keras_(pixels) for pixels in taken]


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_int8_names_the_same_person(format: str, captures) -> None:
    run = runtimes.READERS[format](file_of(format, "int8"))
    count = CAPTURES[format]
    comparison = compare([run(pixels) for pixels in captures[0][:count]], captures[1][:count])
    print(f"agreement | int8 {format} | {count} captures | {comparison.agreement:.4f}")
    assert comparison.pictures == count and comparison.agreement >= 0.99


@pytest.mark.parametrize("format", ["onnx", "litert"])
def test_a_network_with_batch_normalization_answers_as_keras(format: str) -> None:
    """MobileNet with random weights, depthwise convolutions and ReLUs that end at 6 included."""
    entry = NETWORKS["MobileNet-0.25"]
    network = Network(entry, loading._model(entry))
    run, keras_ = runtimes.READERS[format](exporting._WRITERS[format](network, "float32")), compiled(network)
    for pixels in exporting.captures(entry, 2, SEED):
        is_keras(run(pixels), keras_(pixels))


@pytest.mark.parametrize("format", FORMATS)
def test_a_network_of_grey_digits_is_calibrated_and_compared_on_digits(format: str) -> None:
    assert tasks.export("Digits", format, "float32").comparison.probabilities <= 1e-5
    assert tasks.export("Digits", format, "int8").comparison.agreement >= 0.95


# --- what is handed out -----------------------------------------------------------------------------------------------


def test_every_export_is_compared_before_it_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    export = tasks.export(MINIFACE, "flat", "float32")
    assert export.comparison.pictures == 32 and export.comparison.agreement == 1
    assert export.comparison.probabilities <= 1e-5
    assert tasks.export(MINIFACE, "flat", "float32") is export

    def wrong(data: bytes):
        run = flat.interpreter(data)
        return lambda pixels: run(pixels[..., ::-1])

    monkeypatch.setitem(runtimes.READERS, "flat", wrong)
    with pytest.raises(DeploymentError, match="otherwise than Keras"):
        exporting.export(load(MINIFACE), "flat", "float32")


def test_files_say_what_they_are() -> None:
    import onnx

    model = onnx.load_from_string(file_of("onnx"))
    assert {value.name for value in model.graph.output} == set(OUTPUTS)
    (pixels,) = model.graph.input
    assert pixels.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    properties = {prop.key: prop.value for prop in model.metadata_props}
    with zipfile.ZipFile(BytesIO(file_of("litert"))) as archive:
        behind = json.loads(archive.read("metadata.json"))
    inside = flat.parse(file_of("flat"))[2]
    parsed = {"labels": json.loads(properties["labels"]), "input_size": json.loads(properties["input_size"])}
    assert behind == inside == properties | parsed
    assert inside["labels"] == list(MINIFACE.labels) and inside["input_size"] == 112 and len(inside["digest"]) == 64
    assert inside["digest"] != flat.parse(tasks.export(UNTRAINED, "flat", "int8").data)[2]["digest"]


def test_precision_is_size() -> None:
    sizes = [len(file_of("flat", precision)) for precision in PRECISIONS]
    assert sizes[0] == pytest.approx(MINIFACE.size, rel=0.01)
    assert sizes[1] == pytest.approx(sizes[0] / 2, rel=0.02) and sizes[2] == pytest.approx(sizes[0] / 4, rel=0.02)


def test_a_network_with_branches_is_no_flat_file() -> None:
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(3, 3, padding="same")(inputs)
    model = keras.Model(
        inputs, keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.Add(name="sum")([x, inputs])))
    )
    with pytest.raises(DeploymentError, match="the layer sum"):
        flat.records_of(model, "", "branched")


@pytest.mark.parametrize(
    "layer",
    [keras.layers.ReLU(max_value=6), keras.layers.ReLU(negative_slope=0.1), keras.layers.Activation("tanh")],
)
@pytest.mark.parametrize("first", [False, True])
def test_an_activation_that_the_engine_does_not_know_is_refused(layer: keras.layers.Layer, first: bool) -> None:
    layer = type(layer).from_config(layer.get_config())
    inputs = keras.Input((6,))
    outputs = keras.layers.Dense(2)(layer(inputs)) if first else layer(keras.layers.Dense(2)(inputs))
    with pytest.raises(DeploymentError, match=layer.name):
        flat.records_of(keras.Model(inputs, outputs), "", "bent")


def test_a_chain_that_begins_with_dropout_is_refused_in_a_sentence() -> None:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dropout(0.5, name="drop")(inputs)))
    with pytest.raises(DeploymentError, match="the layer drop"):
        flat.records_of(model, "", "dropped")


def test_vgg16_is_no_network_for_a_browser_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeploymentError, match="would take 553 MB of a browser tab, after 138 MB"):
        standalone.check(NETWORKS["VGG16"], "int8")
    standalone.check(MINIFACE, "float32")
    monkeypatch.setattr(tasks, "MOST_BYTES", 10**6)
    with pytest.raises(DeploymentError, match="python -m core export --network MiniFace --format onnx"):
        tasks.export(MINIFACE, "onnx", "float32")


def test_a_runtime_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None)
    with pytest.raises(DeploymentError, match="pip install ai-edge-litert"):
        exporting.export(load(MINIFACE), "litert", "float32")
    with pytest.raises(DeploymentError, match="pip install onnxruntime"):
        RUNTIMES["onnxruntime"].command()


def test_measuring_runs_every_runtime_and_reports(pixels: np.ndarray, engine: Path) -> None:
    reports = []
    measurements = tasks.measure(
        MINIFACE, "float32", pixels / np.float32(255), 3, report=lambda *step: reports.append(step)
    )
    assert measurements.keys() == RUNTIMES.keys()
    for name, measurement in measurements.items():
        assert not isinstance(measurement, Exception), f"{name}: {measurement}"
        assert (
            measurement.same and measurement.difference < 1e-3 and len(measurement.times) == 3 and measurement.first > 0
        )
        assert (measurement.cold is None) == (RUNTIMES[name].format is None)
        assert measurement.memory is None or measurement.memory > 1e6
    assert reports[0] == (0, len(measurements)) and reports[-1] == (len(measurements), len(measurements))


def test_a_program_that_is_cancelled_is_ended(pixels: np.ndarray) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runtimes.measure_process([sys.executable, "-c", "import time; time.sleep(60)"], b"", pixels, 1, stop)


def test_the_page_of_ones_own_classifier_asks_nobody() -> None:
    page = standalone.page(file_of("flat", "int8"), "My <network>").decode()
    assert "My &lt;network&gt;" in page and "http://" not in page and "https://" not in page
    assert "default-src 'none'" in page and "/*" not in page.replace("image/*", "")


def test_libraries_for_the_browser_are_asked_for_by_exact_version() -> None:
    wanted = json.loads((WEB / "package.json").read_text())["dependencies"]
    locked = json.loads((WEB / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    for library in libraries.LIBRARIES.values():
        for path in library.files:
            assert re.fullmatch(
                r"https://cdn\.jsdelivr\.net/npm/[@\w/-]+@\d+\.\d+\.\d+/dist/.+", libraries.delivered(path)
            )


@pytest.mark.skipif(not libraries.here(), reason="no node_modules: run npm ci in deploy/web")
def test_digests_are_those_of_the_packages() -> None:
    for library in libraries.LIBRARIES.values():
        for path, digest in library.files.items():
            assert libraries.digest((libraries.MODULES / path).read_bytes()) == digest, path
    files = [libraries.MODULES / path for library in libraries.LIBRARIES.values() for path in library.files]
    assert sum(file.stat().st_size for file in files) / 1e6 == pytest.approx(libraries.MEGABYTES, abs=1)


def test_the_webassembly_was_built_of_these_sources() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import build_wasm

    about = json.loads((build_wasm.OUT / "engine.json").read_text())
    assert about["sources"] == build_wasm.digest(), "run: python scripts/build_wasm.py"
    assert standalone.WASM.stat().st_size < 16_000


def test_the_record_has_what_the_page_shows() -> None:
    stored = record.stored()
    assert stored["network"] == MINIFACE.name and stored["measured"].keys() == PRECISIONS.keys()
    for rows in stored["measured"].values():
        assert {runtime.name for runtime in RUNTIMES.values() if runtime.format is None} <= rows.keys()
        for row in rows.values():
            assert 0 < row["p50"] <= row["p95"] and row["size"] > 0
    assert all(row["by"] in ("test", "hand", "built") for row in stored["platforms"])


def test_export_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mini.flat"
    arguments = ["export", "--network", "miniface-untrained", "--format", "flat", "--precision", "float16"]
    assert cli.main([*arguments, "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bytes"] == out.stat().st_size and report["pictures"] == 32 and report["same_first_choice"] >= 0.9
    assert cli.main(["export", "--format", "zip", "--out", str(out)]) == 2
    assert "choose one of: onnx, litert, flat" in capsys.readouterr().err


def test_export_as_a_process_of_its_own_says_nothing_but_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core", "export", "--out", str(tmp_path / "mini.onnx"), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert json.loads(done.stdout)["same_first_choice"] == 1
