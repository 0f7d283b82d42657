"""How far a sweep has come, and about how long it will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils import timezone

from annotator.actions.runs.dispatch import able_agents, has_free_agent, needed
from annotator.actions.sweeps.advance import OVER
from annotator.announce.waiting import RECENT_RUNS, speed_of
from annotator.models import RunState, Sweep, SweepState, SweptState, SweptVideo


@dataclass(frozen=True, slots=True)
class VideoStanding:
    """``done`` of ``total`` object-frames, ``tracks`` of them followed. ``seconds``: about how long it takes from now
    on, None where nothing tells. ``message``: what is left out, or why it ended, or stands still."""

    swept: SweptVideo
    done: int
    total: int
    tracks: int
    seconds: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Of all videos together. ``message``: why nothing goes on; empty: it does, or is over."""

    videos: list[VideoStanding]
    seconds: float | None
    message: str

    @property
    def done(self) -> int:
        return sum(video.done for video in self.videos)

    @property
    def total(self) -> int:
        """Of videos that are over, what they have."""
        return sum(video.done if video.swept.state in OVER else video.total for video in self.videos)


def standing_of(sweep: Sweep) -> Standing:
    """As the database has it now."""
    rows = sweep.videos.select_related("sweep", "video", "layer").prefetch_related("runs")
    found = [_standing(swept) for swept in rows]
    going = sweep.state == SweepState.RUNNING
    agents = able_agents(sweep) if going else []
    speed = (_speed(found) or speed_of(sweep.model)) if going else None
    left = sum(max(0, each.total - each.done) for each in found if each.swept.state not in OVER)
    seconds = left / speed / max(1, len(agents)) if speed and agents else None
    message = sweep.message or (_why_still(sweep, found, has_agents=bool(agents)) if going else "")
    return Standing([_with_seconds(each, speed) for each in found], seconds, message)


def _standing(swept: SweptVideo) -> VideoStanding:
    done, total, tracks, message = swept.done, swept.total, swept.tracks, swept.message
    if swept.state == SweptState.RUNNING:
        runs = sorted(swept.runs.all(), key=lambda run: run.created_at)
        done, total = sum(run.frames_done for run in runs), sum(run.frames_total for run in runs)
        tracks = sum(len(run.objects_state) for run in runs)
        if swept.sweep.state == SweepState.RUNNING:
            message = "\n".join(dict.fromkeys(filter(None, (message, runs[-1].said if runs else ""))))
    return VideoStanding(swept, done, max(done, total), tracks, None, message)


def _with_seconds(each: VideoStanding, speed: float | None) -> VideoStanding:
    if each.swept.state != SweptState.RUNNING or not speed:
        return each
    seconds = (each.total - each.done) / speed
    return VideoStanding(each.swept, each.done, each.total, each.tracks, seconds, each.message)


def _speed(found: Sequence[VideoStanding]) -> float | None:
    """Object-frames a second on one agent, as the latest of its videos took."""
    now = timezone.now()
    begun = [(each.swept.began_at, each) for each in found if each.swept.began_at is not None]
    latest = sorted(begun, key=lambda item: item[0], reverse=True)[:RECENT_RUNS]
    speeds = [_speed_of_video(each, began, now) for began, each in latest]
    known = [speed for speed in speeds if speed > 0]
    return median(known) if known else None


def _speed_of_video(each: VideoStanding, began: datetime, now: datetime) -> float:
    spent = ((each.swept.ended_at or now) - began).total_seconds()
    return (each.done - each.swept.done_before) / spent if spent > 0 else 0.0


def _why_still(sweep: Sweep, found: Sequence[VideoStanding], *, has_agents: bool) -> str:
    """Why no agent works at it; empty: one does."""
    if any(run.state == RunState.RUNNING for each in found for run in each.swept.runs.all()):
        return ""
    if not has_agents:
        what = needed(sweep.model, {"find": sweep.find})
        what = needed(sweep.model, {"find": sweep.find})
        return f"It waits for an agent that can run {what}."
    if has_free_agent(sweep):
        return ""
    return "It waits until an agent is free: what people track in the editor goes first."
