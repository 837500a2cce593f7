"""What a session held is gone some time after its tab was closed, though nobody else comes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[3]
PAGE = """
    import tempfile
    import streamlit as st

    st.session_state.setdefault("folder", tempfile.TemporaryDirectory(prefix="held-", dir={folder!r}))
"""
APP = """
    import streamlit as st
    from dashboard.shared import sessions

    sessions.EVERY_SECONDS = 0.5
    app = st.App({page!r}, lifespan=sessions.lifespan)
"""


@pytest.fixture
def server(tmp_path: Path):
    """Address of a server whose page holds a folder for each session, in `tmp_path/held`."""
    (tmp_path / "held").mkdir()
    page, app = tmp_path / "page.py", tmp_path / "app.py"
    page.write_text(textwrap.dedent(PAGE.format(folder=str(tmp_path / "held"))))
    app.write_text(textwrap.dedent(APP.format(page=str(page))))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.headless=true"]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.disconnectedSessionTTL=1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, *options], cwd=ROOT, env=environment)
    yield f"ws://127.0.0.1:{port}/_stcore/stream"
    process.terminate()
    process.wait(timeout=20)


def visit(address: str, held: Path) -> None:
    """Open the page, see that it holds something, and leave."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with connect(address, subprotocols=["streamlit"], max_size=None) as tab:
                message = BackMsg()
                message.rerun_script.query_string = ""
                tab.send(message.SerializeToString())
                while ForwardMsg.FromString(tab.recv()).WhichOneof("type") != "script_finished":
                    pass
                assert len(list(held.iterdir())) == 1
                return
        except OSError:  # the server is not there yet
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)


def test_a_departed_session_is_freed_though_nobody_comes(server: str, tmp_path: Path) -> None:
    held = tmp_path / "held"
    visit(server, held)
    deadline = time.monotonic() + 30
    while list(held.iterdir()):
        assert time.monotonic() < deadline, "the session's folder is still there"
        time.sleep(0.2)
