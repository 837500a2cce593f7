"""Two processes share the tests: what a file prepares is prepared once, and so are server and browser."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator

import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # each of the two processes has a core
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")  # oneDNN's own gives no memory back

LONGEST = (
    "/browser/",
    "test_whole_table",
    "test_deployment",
    "test_recipes",
    "test_neighbours",
    "test_features",
    "test_vggface",
)
"""Parts of the names of the files that take longest: they come first, so that no process waits for the other's last."""


class OneBrowser(LoadFileScheduling):
    """A file goes to one process, and all files that need the browser to the same one, which begins with them."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "browser" if "/browser/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneBrowser:
    """How pytest-xdist asks who tests what."""
    return OneBrowser(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; all else stays in its order."""
    items.sort(
        key=lambda item: next((place for place, part in enumerate(LONGEST) if part in item.nodeid), len(LONGEST))
    )


def pytest_collection_finish() -> None:
    """What was imported until now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def release_memory() -> Iterator[None]:
    """Networks that a file loaded, and all that was compiled of them, go when it ends."""
    yield
    if loading := sys.modules.get("core.networks.loading"):
        loading._residents = loading.Residents()
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
