"""The network picker in each of its states."""

import functools
import http.server
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.memory import write_published_layout
from core.networks import entry as networks_entry
from core.networks import files, loading, tasks
from core.networks.entry import State
from core.networks.files import PublishedFile
from core.networks.table import NETWORKS
from dashboard.grad_cam.presets import PRESETS
from dashboard.shared import selected
from dashboard.shared.text import label
from dashboard.shared.workers import ask

NAME = "MobileNet-0.25"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A cache folder of our own, and a server from which the weights of a small network can be fetched."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    served = tmp_path / "served"
    served.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=served)
    handler.log_message = lambda *arguments: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GLASSBOX_MIRROR", f"http://127.0.0.1:{server.server_port}/")
    entry = replace(NETWORKS[NAME], names=PublishedFile("names.txt", "models", "https://example.org/names.txt"))
    monkeypatch.setitem(NETWORKS, NAME, entry)
    yield served
    server.shutdown()


def said(app) -> str:
    return " ".join(str(part.value) for part in (*app.info, *app.warning, *app.error, *app.caption))


def test_a_network_that_is_not_here_is_offered_and_fetched(open_page, elsewhere, monkeypatch):
    app = open_page("pages/look/grad_cam.py", network=NAME)
    assert not app.exception
    assert label("en", "network.meanwhile", name="MiniFace") in said(app)
    button = next(button for button in app.button if button.label == label("en", "network.download"))
    button.click().run()
    assert "status 404" in wait(app)  # the server has nothing yet
    write_published_layout(loading._model(NETWORKS[NAME]), elsewhere / "mobilenet_2_5_224_tf.h5")
    (elsewhere / "names.txt").write_text("\n".join(f"thing {number}" for number in range(1000)))
    monkeypatch.setitem(files.SIGNATURES, ".txt", b"thing")
    next(button for button in app.button if button.label == label("en", "network.download")).click().run()
    wait(app)
    assert NETWORKS[NAME].state is State.CACHED
    app.run()
    assert not app.exception
    assert label("en", "network.meanwhile", name="MiniFace") not in said(app)
    assert "thing 7" in NETWORKS[NAME].labels


def test_an_experiment_waits_for_its_network(open_page, elsewhere, monkeypatch):
    chosen = {"network": NAME, "class": 281, "method": "fem"}
    monkeypatch.setitem(PRESETS, "cat", chosen)
    app = open_page("pages/look/grad_cam.py")
    next(button for button in app.button if button.label == label("en", "presets.grad_cam_cat")).click().run()
    assert label("en", "network.meanwhile", name="MiniFace") in said(app)
    weights = NETWORKS[NAME].weights.path
    weights.parent.mkdir(parents=True)
    write_published_layout(loading._model(NETWORKS[NAME]), weights)
    (weights.parent / "names.txt").write_text("\n".join(f"thing {number}" for number in range(1000)))
    app.run()
    assert not app.exception
    assert {key: app.session_state[key] for key in chosen} == chosen
    app.session_state["method"] = "grad_cam"
    app.run()
    assert app.session_state["method"] == "grad_cam"  # set once, and free from then on


def wait(app) -> str:
    """Run until the download is over; what the page says then."""
    deadline = time.monotonic() + 15
    while app.session_state["jobs"]:
        assert time.monotonic() < deadline, (app.session_state["jobs"], said(app), app.exception)
        time.sleep(0.1)
        app.run()
    return said(app)


def test_a_network_that_is_too_large_is_refused_with_what_fits(open_page, elsewhere, monkeypatch):
    monkeypatch.setenv("GLASSBOX_MEMORY_GB", "1")
    networks_entry.memory_for_networks.cache_clear()
    try:
        app = open_page("pages/look/grad_cam.py", network="VGG16")
        assert not app.exception
        assert "MobileNet" in app.warning[0].value and "ResNet50" not in app.warning[0].value
        assert label("en", "network.meanwhile", name="MiniFace") in said(app)
    finally:
        networks_entry.memory_for_networks.cache_clear()


def test_a_picture_is_explained_by_a_network_of_ones_own(open_page, tmp_path):
    """A guest is known to the caches by its file and its settings, not by its name alone."""
    one, other = (replace(NETWORKS["MiniFace-untrained"], name="mine", preprocessing=mode) for mode in ("tf", "unit"))
    picture = selected.SelectedImage(np.full((112, 112, 3), 0.25, np.float32), "digest", "grey")
    open_page()
    first, second = (ask(tasks.predict, entry, picture.at(112), scope="shared") for entry in (one, other))
    assert not np.allclose(first, second)
