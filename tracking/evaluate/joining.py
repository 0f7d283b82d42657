"""Tracks as they are once all that is proposed after the run was accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracking.association.linking import Tracklet, chained
from tracking.association.proposing import Proposal, Proposing
from tracking.evaluate.track_clips import Rows, TrackClip
from tracking.types import Frame


@dataclass(frozen=True, slots=True)
class _Pictures:
    clip: TrackClip

    def read(self, frame: int) -> Frame:
        found = self.clip.frame(frame)
        if found is None:
            raise AssertionError("Only clips with pictures are looked at.")
        return found


def accepted(told: Rows, clip: TrackClip, least: float) -> tuple[Rows, tuple[Proposal, ...]]:
    """The tracks of a clip with all proposals made that are at least so sure, gaps interpolated; and these."""
    tracklets = _tracklets(told)
    proposing = Proposing(clip.rate)
    for one in tracklets:
        proposing.take(str(one.track), str(one.track), one.label, one.frames, one.boxes)
    proposals = proposing.end(_Pictures(clip) if clip.pictures else None, least=least).proposals
    followers = {int(one.tracks[0]): int(one.tracks[1]) for one in proposals if one.kind == "join"}
    rows = _rows(chained(tracklets, followers))
    roots = {later: earlier for earlier, later in followers.items()}
    for proposal in proposals:
        if proposal.kind == "swap":
            first, second = (_root(roots, int(track)) for track in proposal.tracks)
            later = rows.frame >= proposal.frame
            mine, theirs = later & (rows.track == first), later & (rows.track == second)
            rows.track[mine], rows.track[theirs] = second, first
    return rows, proposals


def _root(earlier: dict[int, int], track: int) -> int:
    while track in earlier:
        track = earlier[track]
    return track


def _tracklets(rows: Rows) -> list[Tracklet]:
    order = np.lexsort((rows.frame, rows.track))
    frames, boxes = rows.frame[order], rows.boxes[order]
    tracks, starts = np.unique(rows.track[order], return_index=True)
    parts = zip(np.split(frames, starts[1:]), np.split(boxes, starts[1:]), strict=True)
    return [Tracklet(track, "", *part) for track, part in zip(tracks.tolist(), parts, strict=True)]


def _rows(tracklets: Sequence[Tracklet]) -> Rows:
    if not tracklets:
        return Rows(np.empty(0, np.intp), np.empty(0, np.intp), np.empty((0, 4)))
    return Rows(
        np.concatenate([one.frames for one in tracklets]),
        np.repeat([one.track for one in tracklets], [len(one.frames) for one in tracklets]).astype(np.intp),
        np.concatenate([one.boxes for one in tracklets]),
    )
