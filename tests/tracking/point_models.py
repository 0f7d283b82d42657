"""Every model of points, small enough to be tried without weights."""

from __future__ import annotations

from collections.abc import Callable

from tracking.layers.point_tracker import PointTracker
from tracking.models.cotracker import tracker as cotracker
from tracking.models.flow import tracker as flow
from tracking.models.pips import tracker as pips
from tracking.models.tapir import tracker as tapir
from tracking.models.tapir import windows
from tracking.models.tapnet import tracker as tapnet
from tracking.models.tapnext import tracker as tapnext

POINT_MODELS: dict[str, Callable[[], PointTracker]] = {
    "flow": flow.create,
    "tapir online": tapir.tiny,
    "tapir": windows.tiny,
    "tapnet": tapnet.tiny,
    "tapnext": tapnext.tiny,
    "pips": pips.tiny,
    "cotracker online": cotracker.tiny,
    "cotracker offline": lambda: cotracker.tiny(cotracker.OFFLINE),
}
