"""Ends a process that hangs in native code, where no exception and no signal handler of Python's reaches it.

Whoever started it starts it again (``framewise/supervision.py``), and what it was doing goes on from what is stored.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys

from tracking.engine import Engine

HUNG_S = 600.0
"""No model step, and no turn of the event loop, takes so long."""
HUNG = 70
"""Exit code of a process whose run hangs; one whose event loop hangs ends with 1."""

log = logging.getLogger("framewise.agent")


async def watch(engine: Engine, *, hung_s: float = HUNG_S) -> None:
    """End the process, with the stacks of all threads in its log, once its event loop or a run's thread has hung for
    ``hung_s`` seconds. Until cancelled.

    The event loop is watched by a thread of the interpreter's that needs no lock (``faulthandler``): native code that
    keeps the lock stops everything else.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(hung_s, exit=True)
            if (hanging := engine.hanging_s()) >= hung_s:
                _end(hanging)
            await asyncio.sleep(hung_s / 20)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _end(hanging: float) -> None:
    log.critical(
        "A thread hasn't got on for %.0f s: this agent ends, to be started again. Its runs go on from what is stored. "
        "What its threads do:",
        hanging,
    )
    sys.stderr.flush()
    faulthandler.dump_traceback(all_threads=True)
    os._exit(HUNG)
