"""Sessions whose tab is open keep their jobs; those that have ended are forgotten, whether or not a visitor comes.

Streamlit keeps the session of a closed tab for `server.disconnectedSessionTTL` seconds, so that a reload finds it, but
lets go of it only when the next session is stored, and Python of what it held when it collects garbage. Until then its
uploads, which may be faces, would stay in memory.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from streamlit import runtime

from dashboard.shared import workers

EVERY_SECONDS = 10.0


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Look after the sessions as long as the app lives; `st.App` takes it as its `lifespan`."""
    watch = asyncio.create_task(_look_after_sessions())
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _look_after_sessions() -> None:
    """Renew the leases of open tabs, and drop what is left of sessions that nobody can come back to, again and again.

    In the server's own loop, since Streamlit's storage is not made for several threads. There is no public way to it.
    """
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        if not runtime.exists():
            continue
        manager: Any = runtime.get_instance()._session_mgr
        workers.renew_leases({info.session.id for info in manager.list_active_sessions()})
        if _expire(manager):
            gc.collect()  # cycles hold what a session held, and `postScriptGC` is off


def _expire(manager: Any) -> int:
    """Shut down the sessions that were stored for long enough; how many there were."""
    expired = manager._session_storage._cache.expire()
    for _, info in expired:
        info.session.shutdown()
        info.session.session_state.clear()  # Streamlit's loop goes on holding the session that it served last
    return len(expired)
