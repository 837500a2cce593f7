"""keras-vggface on today's Keras, held against itself on Keras 2 (tf_keras), for which it was written."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from core.networks import loading, vggface
from core.networks.entry import NetworkError
from core.networks.files import FileError
from core.networks.table import NETWORKS

PUBLISHED = {
    ("VGG16", True): 145_002_878,
    ("VGG16", False): 14_714_688,
    ("ResNet50", True): 41_246_071,
    ("ResNet50", False): 23_561_152,
    ("SENet50", True): 43_777_063,
    ("SENet50", False): 26_092_144,
}
"""(variant, with its top) -> parameters."""

OLD_KERAS = textwrap.dedent(
    """
    import sys, types
    import numpy as np
    import tf_keras

    for name in ("", ".layers", ".models", ".backend", ".utils"):
        sys.modules["keras" + name] = sys.modules["tf_keras" + name] if not name else getattr(tf_keras, name[1:])
    for name in ("engine", "engine.topology", "utils.data_utils", "utils.layer_utils"):
        sys.modules["keras." + name] = types.ModuleType(name)
    sys.modules["keras.engine.topology"].get_source_inputs = None
    sys.modules["keras.utils.data_utils"].get_file = None
    tf_keras.utils.layer_utils = None
    from keras_vggface import models

    for line in sys.stdin:  # a variant, with its top or without, and a folder
        variant, top, folder = line.split(maxsplit=2)
        folder = folder.rstrip()
        model = getattr(models, variant.upper())(include_top=top == "True", weights=None, input_shape=(224, 224, 3))
        rng = np.random.default_rng(1)
        for layer in model.layers:  # the statistics of a normalization, too, are not what a new network has
            if type(layer).__name__ == "BatchNormalization":
                gamma, beta, mean, variance = layer.get_weights()
                layer.set_weights([gamma, beta, rng.normal(0, 0.1, mean.shape), rng.uniform(0.5, 1.5, variance.shape)])
        model.save_weights(folder + "/weights.h5", save_format="h5")
        pictures = np.load(folder + "/pictures.npy")
        np.save(folder + "/outputs.npy", model(pictures, training=False).numpy())
        print("done", flush=True)
    """
)


@pytest.fixture(scope="module")
def old_keras():
    """A process with Keras 2, which takes long to start: it answers one line after the other."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", OLD_KERAS], text=True, **pipes) as process:
        yield process


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "top"), PUBLISHED)
def test_published_weights_give_the_same_outputs_as_on_keras_2(variant, top, old_keras, tmp_path):
    pictures = np.random.default_rng(0).uniform(-120, 150, (1, 224, 224, 3)).astype(np.float32)
    np.save(tmp_path / "pictures.npy", pictures)
    print(variant, top, tmp_path, file=old_keras.stdin, flush=True)
    assert old_keras.stdout.readline() == "done\n"
    model = vggface.build(variant, top=top)
    assert model.count_params() == PUBLISHED[variant, top]
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
    loading._set_h5_weights(model, tmp_path / "weights.h5")
    (tmp_path / "weights.h5").unlink()  # up to 580 MB
    outputs, expected = np.asarray(model(pictures, training=False)), np.load(tmp_path / "outputs.npy")
    if top:
        outputs = np.asarray(keras.ops.softmax(outputs))
        assert np.ptp(expected) > 0
    np.testing.assert_allclose(outputs, expected, atol=1e-5 * max(1, float(np.abs(expected).max())))


def test_nothing_is_left_in_sys_modules():
    code = textwrap.dedent(
        """
        import sys, keras
        from core.networks import vggface
        before = set(sys.modules)
        vggface.build("ResNet50", top=False)
        new = set(sys.modules) - before
        print(sorted(name for name in new if name.startswith("keras.")), any(map(sys.modules.get, vggface.GONE)))
        from keras_vggface import models
        print(models.Conv2D is keras.layers.Conv2D)
        """
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[] False", "True"]


def test_names_are_the_same_however_often_it_is_built():
    first, again = (loading._model(NETWORKS["VGGFace-ResNet50"]) for _ in range(2))
    assert [layer.name for layer in first.layers] == [layer.name for layer in again.layers]
    assert "conv1_7x7_s2_bn" in [layer.name for layer in first.layers]


def test_weights_of_another_variant_are_refused(tmp_path, monkeypatch):
    entry = NETWORKS["VGGFace-ResNet50"]
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    entry.weights.path.parent.mkdir(parents=True)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(tmp_path / "other.weights.h5")
    (tmp_path / "other.weights.h5").rename(entry.weights.path)
    with pytest.raises(FileError, match="not complete or not readable"):
        loading._build(entry)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save(tmp_path / "old.h5")
    (tmp_path / "old.h5").replace(entry.weights.path)
    entry.weights.path.with_name(entry.weights.name + ".sha256").unlink(missing_ok=True)
    with pytest.raises(NetworkError, match="holds weights of 1 layers, expected 107"):
        loading._build(entry)
