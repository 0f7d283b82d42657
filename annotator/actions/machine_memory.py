"""What is remembered of machines for a while only, for who looks at them: how busy they were in the last minutes.

It lies in the cache, which all web processes share where there are several; it is nobody's loss when it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.core.cache import cache
from django.utils import timezone

from tracking.protocol import Load

KEPT_S = 600.0
"""For how long it is known how busy a machine was."""

Moment = tuple[float, tuple[tuple[float | None, int], ...]]
"""When, in seconds since 1970, and of each device its share of busy time (None: not known) and its bytes in use."""


def remember_load(agent_id: int, load: Load) -> None:
    """Keep how busy the devices of a machine are now."""
    if not load.devices:
        return
    now = timezone.now().timestamp()
    moment = (now, tuple((device.busy, device.memory_bytes) for device in load.devices))
    kept = [each for each in loads_of(agent_id) if each[0] > now - KEPT_S]
    cache.set(_key(agent_id), [*kept, moment], KEPT_S)


def loads_of(agent_id: int) -> Sequence[Moment]:
    """How busy a machine was lately, oldest first."""
    found: Sequence[Moment] = cache.get(_key(agent_id), ())
    return found


def _key(agent_id: int) -> str:
    return f"framewise.load.{agent_id}"
