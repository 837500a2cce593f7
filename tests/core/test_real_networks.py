"""Published weights and labels on real pictures, where they are beside the project."""

import os

import numpy as np
import pytest
from real_data import DATA

from core import images
from core.attribution import tasks as attribution_tasks
from core.networks import files, labels
from core.networks import tasks as networks_tasks
from core.networks.table import IMAGENET_NAMES, NETWORKS

ELEPHANT = 386
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no real weights: set GLASSBOX_DATA to their folder")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder with the published files that are there, found under the names that Keras gives them."""
    folder = tmp_path_factory.mktemp("keras")
    (folder / "models").mkdir()
    before = os.environ.get("KERAS_HOME")
    os.environ["KERAS_HOME"] = str(folder)
    for file, name in (
        (NETWORKS["MobileNet-0.25"].weights, "mobilenet_v1_0.25_224.h5"),
        (IMAGENET_NAMES, "imagenet_class_index.json"),
    ):
        file.path.symlink_to((DATA / "weights" / name).resolve())
    yield folder
    if before is None:
        del os.environ["KERAS_HOME"]
    else:
        os.environ["KERAS_HOME"] = before


def test_the_class_index_is_the_published_one(cache):
    assert files.check(IMAGENET_NAMES) is None
    names = labels.read_labels(IMAGENET_NAMES.path)
    assert (names[281], names[386], names[295]) == ("tabby", "African_elephant", "American_black_bear")
    assert (names[805], names[655], names[345]) == ("soccer_ball", "miniskirt", "ox")


def test_the_cat_is_a_cat(cache):
    cat = images.sample("chelsea")
    probabilities = networks_tasks.predict("MobileNet-0.25", images.crop(cat, images.centre_box(cat)))[0]
    assert probabilities[281] == pytest.approx(0.41, abs=0.01)  # tabby
    assert probabilities[285] == pytest.approx(0.36, abs=0.01)  # Egyptian cat


def test_animals_are_recognised(cache):
    """Elephants are elephants, bears bears, whatever their kind."""
    wanted = {"elephant": ("elephant", "tusker"), "bear": ("bear",), "cat": ("cat", "tabby", "lynx", "tiger")}
    right, seen = 0, 0
    names = NETWORKS["MobileNet-0.25"].labels
    for file in sorted((DATA / "photos").rglob("*")):
        animal = next((name for name in wanted if name in file.stem.lower()), None)
        if animal is None or file.suffix.lower() not in (".jpg", ".jpeg", ".png"):
            continue
        picture = images.read_file(file)
        top = np.argsort(
            -networks_tasks.predict("MobileNet-0.25", images.crop(picture, images.centre_box(picture)))[0]
        )[:5]
        right += any(word in names[index].lower() for index in top for word in wanted[animal])
        seen += 1
    assert seen >= 4
    assert right >= 0.75 * seen


def test_grad_cam_of_the_elephant_lies_on_the_elephant(cache):
    """Beside it stands a zebra. In a box around the elephant the map is more than twice as strong as elsewhere."""
    photo = images.read_file(DATA / "photos" / "hila_el1.png")
    square = images.crop(photo, images.centre_box(photo))
    found = attribution_tasks.explain("MobileNet-0.25", "grad_cam", square, ELEPHANT)
    energy = images.resize(found.map.values, 100, 100)
    inside = np.zeros((100, 100), bool)
    inside[7:90, 48:] = True
    assert energy[inside].mean() > 2 * energy[~inside].mean()
    assert inside[np.unravel_index(energy.argmax(), energy.shape)]


def test_the_names_of_vggface():
    names = labels.read_labels(DATA / "vggface_labels" / "names_vggface1.txt")
    assert len(names) == NETWORKS["VGGFace-VGG16"].classes
    assert (names.index("Steven_Soderbergh"), names.index("Chin_Han")) == (2369, 349)


def test_a_network_of_another_library_is_a_guest(cache):
    facts = networks_tasks.inspect(str(DATA / "weights" / "mobilefacenet_insightface.keras"))
    assert (facts.input_size, facts.classes) == (112, 128)
