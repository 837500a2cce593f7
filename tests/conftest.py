"""Two processes share the tests: what a file prepares is prepared once, and so are server and browser."""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # each of the two processes has a core


class OneBrowser(LoadFileScheduling):
    """A file goes to one process, and all files that need the browser to the same one, which begins with them."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "browser" if "/browser/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneBrowser:
    """How pytest-xdist asks who tests what."""
    return OneBrowser(config, log)
