"""What makes records of an older version of the file those of the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from annotator.actions.parcels.records import VERSION

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

UPGRADES: dict[int, Mapping[str, Upgrade]] = {1: {}}
"""By the version that is left, by member, how its records become those of the version after it; members that aren't
named stay as they are. Every version but the newest has a line, if only an empty one."""


def upgraded(record: dict[str, Any], *, member: str, version: int) -> dict[str, Any]:
    """A record as the newest version has it."""
    for each in range(version, VERSION):
        if upgrade := UPGRADES[each].get(member):
            record = upgrade(record)
    return record
