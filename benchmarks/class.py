"""A class at once: many sessions move the Grad-CAM layer slider, others open Home meanwhile.

    streamlit run streamlit_app.py                                   # in another terminal
    python benchmarks/class.py --sessions 30 --seconds 60 [--kill-worker] [--json]

Each session is a websocket that speaks Streamlit's protocol, as a browser does: it moves the slider every three
seconds and waits for its script to finish. The clock starts when everybody has the page open. Printed are the median
and the 95th percentile of the times between.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.asyncio.client import ClientConnection, connect

PAGE, SLIDER_KEY = "grad_cam", "layer"
PAUSE = 3.0
ALLOWED = 30.0
"""Seconds after which an answer counts as lost."""


@dataclass
class Session:
    """One browser tab on one page."""

    socket: ClientConnection
    page: str
    query: str = ""
    sliders: dict[str, tuple[Slider, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    async def open(self) -> float:
        """Open the page; seconds until its script finished."""
        return await self._run(self._message())

    async def move(self, key: str, index: int) -> float:
        """Move a slider to the option `index`; seconds until the answer was complete."""
        slider, fragment = next(pair for name, pair in self.sliders.items() if f"-{key}" in name)
        message = self._message()
        message.rerun_script.fragment_id = fragment
        state = message.rerun_script.widget_states.widgets.add(id=slider.id)
        state.string_array_value.data.append(slider.options[index])
        return await self._run(message)

    def _message(self) -> BackMsg:
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.query_string = self.query
        return message

    def options(self, key: str) -> int:
        """How many options a slider has."""
        return next(len(slider.options) for name, (slider, _) in self.sliders.items() if f"-{key}" in name)

    async def _run(self, message: BackMsg) -> float:
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), ALLOWED)
            answer = ForwardMsg.FromString(data)
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                element = answer.delta.new_element
                if element.WhichOneof("type") == "slider":
                    self.sliders[element.slider.id] = (element.slider, answer.delta.fragment_id)
                elif element.WhichOneof("type") == "exception":
                    self.problems.append(element.exception.message)
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return time.perf_counter() - began


async def student(
    url: str, seated: asyncio.Barrier, seconds: float, times: list[float], problems: list[str], seed: int
) -> None:
    """Open the page; once everybody has, move the slider every `PAUSE` seconds."""
    dice = random.Random(seed)
    async with connect(url, subprotocols=["streamlit"], max_size=None) as socket:
        session = Session(socket, PAGE, f"person={2 * seed % 48}&capture={seed}")  # everybody has another picture
        await session.open()
        await seated.wait()
        until = time.monotonic() + seconds
        await asyncio.sleep(dice.uniform(0, PAUSE))
        while time.monotonic() < until:
            began = time.perf_counter()
            try:
                times.append(await session.move(SLIDER_KEY, dice.randrange(session.options(SLIDER_KEY))))
            except TimeoutError:
                problems.append(f"no answer within {ALLOWED:.0f} s")
            await asyncio.sleep(max(PAUSE - (time.perf_counter() - began), 0))
        problems += session.problems


async def visitor(url: str, seated: asyncio.Barrier, seconds: float, times: list[float]) -> None:
    """Open Home in a new session every second."""
    await seated.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        async with connect(url, subprotocols=["streamlit"], max_size=None) as socket:
            times.append(await Session(socket, "").open())
        await asyncio.sleep(1)


async def kill_worker(seated: asyncio.Barrier, after: float, port: int) -> None:
    """Kill the embedded worker of the server at `port`, as the system does when memory runs out."""
    await seated.wait()
    await asyncio.sleep(after)
    server = next(c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port)
    workers = psutil.Process(server).children(recursive=True)
    max(workers, key=lambda process: process.memory_info().rss).kill()


def summary(times: list[float]) -> dict[str, float]:
    """Milliseconds: median, 95th percentile, maximum; and how many."""
    p50, p95, most = np.percentile(times, [50, 95, 100]) * 1000
    rounded = {"p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1), "max_ms": round(float(most), 1)}
    return {"count": len(times), **rounded}


async def run(options: argparse.Namespace) -> dict[str, object]:
    """One class; what was measured."""
    url = options.url.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
    slides: list[float] = []
    homes: list[float] = []
    problems: list[str] = []
    async with connect(url, subprotocols=["streamlit"], max_size=None) as socket:
        first = await Session(socket, PAGE).open()  # the worker may still be starting: not part of the class
    seated = asyncio.Barrier(options.sessions + 1 + options.kill_worker)
    crowd = [student(url, seated, options.seconds, slides, problems, seed) for seed in range(options.sessions)]
    port = urlsplit(options.url).port or 80
    extra = [kill_worker(seated, options.seconds / 2, port)] if options.kill_worker else []
    await asyncio.gather(visitor(url, seated, options.seconds, homes), *crowd, *extra)
    return {
        "sessions": options.sessions,
        "first_page_s": round(first, 2),
        "slide": summary(slides),
        "home": summary(homes),
        "problems": sorted(set(problems)),
        "worker_killed": options.kill_worker,
    }


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:8501")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kill-worker", action="store_true", help="kill the embedded worker half way")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    measured = asyncio.run(run(options))
    for name in ("slide", "home"):
        print(name, measured[name])
    print("problems:", measured["problems"] or "none")
    if options.json:
        print(json.dumps(measured))


if __name__ == "__main__":
    main()
