"""Threads that compute take turns. At a real-time priority they wouldn't: see ``leave_real_time``."""

from __future__ import annotations

import logging
import os

log = logging.getLogger("framewise.tracking")


def leave_real_time() -> None:
    """Let the calling thread, and those that it starts from now on, run at an ordinary priority.

    MKL's allocator and OpenMP wait by spinning, without ever letting go of the processor. Two threads that spin at the
    same real-time priority on two cores keep the one that they wait for from running, for ever: the kernel never takes
    a processor from a real-time thread for another one of the same priority. A thread can get there unasked: it
    inherits its priority from the thread that starts it, and as root the AV1 encoder SVT-AV1 raises that of the thread
    that opens it (``docs/decisions/0016-no-torch-at-real-time-priority.md``).

    Elsewhere than on Linux, where threads inherit nothing of the kind, this does nothing.
    """
    if not hasattr(os, "SCHED_FIFO"):
        return
    # 0 is the calling thread; giving up a priority needs no right.
    if os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        log.warning("Models compute at an ordinary priority: at a real-time one their threads could wait for ever.")
