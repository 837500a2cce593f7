"""Everything works on every kind of network of the table, here with random weights and a small random picture."""

import keras
import numpy as np
import pytest
from distinct import DISTINCT

from core.__main__ import main
from core.attribution import AttributionError, guided_backpropagation
from core.attribution import tasks as attribution_tasks
from core.features import health
from core.features import tasks as features_tasks
from core.images import encode
from core.neighbours import tasks as neighbour_tasks
from core.neighbours.album import new_people
from core.neighbours.collection import Settings
from core.networks import layers, loading
from core.networks import tasks as networks_tasks
from core.networks.network import Network
from core.networks.table import NETWORKS


@pytest.fixture(scope="module", params=DISTINCT)
def name(request):
    """A network, resident without its weights file; for all others there is no room meanwhile."""
    entry = NETWORKS[request.param]
    loading._residents = loading.Residents()
    model = loading._model(entry)
    loading._residents._networks[entry] = Network(entry, model)
    yield entry.name
    loading._residents = loading.Residents()


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)


def channels(entry):
    return 1 if entry.preprocessing == "grey" else 3


def test_the_table_tells_what_the_network_is(name):
    entry, model = NETWORKS[name], loading.load(name).model
    assert model.count_params() == entry.parameters
    assert model.input_shape == (None, entry.input_size, entry.input_size, channels(entry))
    assert model.output_shape == (None, entry.classes) == (None, len(entry.labels))
    assert getattr(model.layers[-1], "activation", keras.activations.linear) is keras.activations.linear  # logits
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)  # flat
    rows = {row.name: row for row in layers.describe(model)}
    assert rows[entry.default_layer].spatial and rows[entry.default_layer].splittable
    assert entry.embedding_layer in rows
    assert entry.subject in ("face", "object", "digit")


def test_the_network_page_has_what_it_shows(name, image):
    rows = networks_tasks.describe(name)
    assert sum(row.parameters for row in rows) == NETWORKS[name].parameters
    row = next(row for row in rows if row.name == NETWORKS[name].default_layer)
    maps = networks_tasks.feature_maps(name, row.name, image)
    assert maps.shape == row.shape and np.isfinite(maps).all()
    first = next(row.name for row in rows if row.kind == "Conv2D")
    assert networks_tasks.kernels(name, first).shape[2] == channels(NETWORKS[name])
    assert health.channel_health(name, row.name).dead.shape == (row.shape[2],)


def test_grad_cam_at_the_last_and_the_middle_layer_that_all_passes(name, image):
    splittable = [row for row in networks_tasks.describe(name) if row.spatial and row.splittable]
    middle = splittable[len(splittable) // 2]
    for row in (middle, next(row for row in splittable if row.name == NETWORKS[name].default_layer)):
        found = attribution_tasks.explain(name, "grad_cam", image, 3, row.name)
        assert found.map.values.shape == row.shape[:2]
        assert np.isfinite(found.map.values).all() and found.map.values.min() >= 0
        steps = found.map.steps
        expected = (steps["feature_maps"] * steps["gradients"].mean(axis=(0, 1))).sum(axis=-1)
        np.testing.assert_allclose(steps["weighted"], expected, rtol=1e-2, atol=1e-5)


def test_cam_is_grad_cam_where_the_head_is_an_average_and_says_so_where_not(name, image):
    """Selvaraju et al. 2016, section 3.1: with such a head the gradients, summed over the places, are its weights."""
    if "VGG16" in name or "Digits" in name:
        with pytest.raises(AttributionError, match="global average"):
            attribution_tasks.explain(name, "cam", image, 3)
    elif "MiniFace" not in name:  # for which a head is fitted
        cam, grad_cam = (attribution_tasks.explain(name, method, image, 3).map for method in ("cam", "grad_cam"))
        expected = grad_cam.steps["feature_maps"] @ grad_cam.steps["gradients"].sum(axis=(0, 1))
        np.testing.assert_allclose(cam.values, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_guided_backpropagation_leaves_the_network_as_it_is(name, image):
    network = loading.load(name)
    guided = guided_backpropagation.guided(network)
    np.testing.assert_allclose(guided(network.inputs(image), training=False), network.run(image), rtol=1e-3, atol=1e-4)
    assert {id(weight) for weight in guided.weights} == {id(weight) for weight in network.model.weights}
    assert np.isfinite(attribution_tasks.explain(name, "guided_backpropagation", image, 3).map.values).all()
    layer = NETWORKS[name].default_layer
    np.testing.assert_array_equal(networks_tasks.feature_maps(name, layer, image), network.run(image, layer)[0])


def test_a_filter_climbs(name):
    first = next(row.name for row in networks_tasks.describe(name) if row.kind == "Conv2D")
    climbed = features_tasks.maximize(name, first, [1], iterations=2).activations[0]
    assert climbed[2] > climbed[1] > climbed[0]
    found = features_tasks.maximize(name, NETWORKS[name].default_layer, [1], iterations=2)
    assert np.isfinite(found.images).all() and np.isfinite(found.activations).all()


@pytest.mark.parametrize("name", ["MobileNet-0.25"], indirect=True)
def test_its_embedding_is_given_to_the_heads_and_to_a_verification(name):
    entry, settings = NETWORKS[name], Settings(people=2, samples=2)
    collection = neighbour_tasks.embed_album(entry, "network", new_people(2, 3))
    layer = next(row for row in networks_tasks.describe(name) if row.name == entry.embedding_layer)
    assert collection.vectors.shape == (6, np.prod(layer.shape)) and np.isfinite(collection.vectors).all()
    assert neighbour_tasks.compare(collection, settings).neighbours.shape == (2, 3)
    assert set(neighbour_tasks.predict_learned(collection, settings)) == {"linear"}
    verification = neighbour_tasks.verify(entry, collection, settings, (0, 1), grid=2)
    assert verification.distance >= 0 and all(np.isfinite(values).all() for values in verification.maps)


def test_the_command_line(name, image, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    picture.write_bytes(encode(image, "png"))
    assert main(["predict", "--network", name, "--image", str(picture), "--json"]) == 0
    assert '"class_index"' in capsys.readouterr().out
    assert main(["explain", "--network", name, "--image", str(picture), "--out", str(tmp_path), "--json"]) == 0
    assert NETWORKS[name].default_layer in capsys.readouterr().out
