"""Network dissection: by hand, against an independent computation, and what is stored."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import jaccard_score

from core import faces
from core.features import dissection
from core.networks.entry import NetworkError
from core.networks.layers import kernel_layers
from core.networks.loading import load
from core.networks.network import Network
from core.networks.table import UNTRAINED


def reads_colours(pool: int = 1, shape: tuple[int, int] = (2, 4)) -> Network:
    """Three channels: red, green and nothing; averaged over `pool` x `pool` pixels."""
    inputs = keras.Input((*shape, 3))
    x = keras.layers.Conv2D(3, 1, name="colours")(inputs)
    x = keras.layers.AveragePooling2D(pool, name="maps")(x)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="logits")(x))
    model.get_layer("colours").set_weights([np.diag([1.0, 1.0, 0.0])[None, None].astype(np.float32), np.zeros(3)])
    return Network(replace(UNTRAINED, name="Tiny", preprocessing="unit", default_layer="maps"), model)


def test_by_hand():
    """Two pictures of 2 x 4; a quarter of 16 values are strong answers: the 4 of 1, none of the 12 of 0.

    Red lies on region 1 in three of its four places, and region 1 has five: IoU 3 / 6. It shares one place with region
    0, which has eleven: 1 / 14. Green is red's left half alone: 2 of 2 in region 1, so 2 / 5. Nothing is nowhere.
    """
    images = np.zeros((2, 2, 4, 3), np.float32)
    images[0, 0, :3, 0] = 1
    images[1, 1, 3, 0] = 1
    images[0, 0, :2, 1] = 1
    regions = np.zeros((2, 2, 4), np.uint8)
    regions[0, 0, :] = 1
    regions[0, 1, 0] = 1
    found = dissection.dissect(reads_colours(), "maps", images, regions, 2, quantile=0.25)
    np.testing.assert_allclose(found.iou, [[1 / 14, 3 / 6], [0, 2 / 5], [0, 0]])


def test_against_another_computation():
    """TensorFlow's enlargement and scikit-learn's Jaccard score, channel by channel, on maps of half the size."""
    rng = np.random.default_rng(0)
    network = reads_colours(pool=2, shape=(6, 10))
    images, regions = rng.random((7, 6, 10, 3), np.float32), rng.integers(0, 3, (7, 6, 10))
    found = dissection.dissect(network, "maps", images, regions, 3, quantile=0.2)
    maps = network.run(images, "maps")
    assert maps.shape == (7, 3, 5, 3)
    enlarged = tf.image.resize(maps, (6, 10), "bilinear").numpy()
    for channel in range(2):
        threshold = np.sort(maps[..., channel].ravel())[::-1][21]  # 105 values: 21 are above the 22nd
        cut = enlarged[..., channel] > np.quantile(maps[..., channel], 0.8)
        assert (maps[..., channel] > found.thresholds[channel]).sum() == 21
        assert found.thresholds[channel] >= threshold
        for region in range(3):
            expected = jaccard_score((regions == region).ravel(), cut.ravel())
            assert found.iou[channel, region] == pytest.approx(expected, abs=1e-6)


def test_a_layer_without_maps_is_refused():
    with pytest.raises(NetworkError, match="no feature maps"):
        dissection.dissect(reads_colours(), "logits", np.zeros((1, 2, 4, 3)), np.zeros((1, 2, 4), int), 1)


def test_captures_are_people_in_turn_with_their_regions():
    shots = list(dissection.captures_with_regions(3, 32))
    image, masks = faces.render_capture(2, dissection.SEED, 2, 32)
    np.testing.assert_array_equal(shots[2][0], image)
    for number, name in enumerate(faces.REGIONS):
        np.testing.assert_array_equal(shots[2][1] == number, masks[name])


@pytest.mark.parametrize("name", dissection.NETWORKS)
def test_every_channel_of_every_convolution_was_measured(name):
    model, rows = load(name).model, dissection.stored_iou(name)
    assert list(rows) == kernel_layers(model)
    for layer, channels in rows.items():
        assert np.shape(channels) == (model.get_layer(layer).filters, len(faces.REGIONS))
        assert np.min(channels) >= 0 and np.max(channels) <= 1
    assert dissection.iou_path(name).stat().st_size < 100_000


def test_what_is_stored_is_what_the_network_answers():
    """Measured anew on a tenth of the captures, the IoU of conv4_3 is much the same."""
    network = load("MiniFace")
    images, regions = (np.stack(part) for part in zip(*dissection.captures_with_regions(50, 112), strict=True))
    found = dissection.dissect(network, "conv4_3", images, regions, len(faces.REGIONS)).iou
    stored = np.array(dissection.stored_iou("MiniFace")["conv4_3"])
    assert np.corrcoef(found.ravel(), stored.ravel())[0, 1] > 0.9


def test_the_trained_network_detects_more_than_the_untrained_one():
    best = {
        name: np.mean([max(row) for layer in ("conv4_3", "conv5_3") for row in dissection.stored_iou(name)[layer]])
        for name in dissection.NETWORKS
    }
    assert best["MiniFace"] > best["MiniFace-untrained"]


def test_a_meaning_names_the_best_region_first():
    found = dissection.meaning("MiniFace", "conv4_3", 3)
    assert list(found.iou.values()) == sorted(found.iou.values(), reverse=True)
    row = dissection.stored_iou("MiniFace")["conv4_3"][3]
    assert found.region == faces.REGIONS[int(np.argmax(row))]
    assert found.detects == (max(row) > dissection.DETECTOR)
    assert dissection.meaning("VGG16", "conv4_3", 3) is None
    assert dissection.meaning("MiniFace", "fc7", 3) is None
    assert dissection.meaning("MiniFace", "conv1_1", 16) is None
